-- Going from one journal mode to the next, with content in between and another connection open.
CREATE TABLE t(a);
INSERT INTO t VALUES ('as opened');
PRAGMA journal_mode;
PRAGMA journal_mode = WAL;
INSERT INTO t VALUES ('wal');
PRAGMA wal_checkpoint;
PRAGMA wal_checkpoint(FULL);
PRAGMA wal_checkpoint(TRUNCATE);
--@ b
PRAGMA busy_timeout = 0;
SELECT * FROM t;
PRAGMA journal_mode;
PRAGMA journal_mode = DELETE;
INSERT INTO t VALUES ('b');
BEGIN;
SELECT count(*) FROM t;
--@ a
PRAGMA busy_timeout = 0;
INSERT INTO t VALUES ('behind the reader');
PRAGMA wal_checkpoint(RESTART);
PRAGMA wal_checkpoint(PASSIVE);
PRAGMA journal_mode = DELETE;
--@ b
COMMIT;
PRAGMA wal_checkpoint(TRUNCATE);
--@ a
PRAGMA locking_mode = EXCLUSIVE;
SELECT count(*) FROM t;
INSERT INTO t VALUES ('alone');
--@ b
SELECT count(*) FROM t;
--@ a
PRAGMA locking_mode = NORMAL;
INSERT INTO t VALUES ('no longer alone');
--@ b
SELECT count(*) FROM t;
--@ a
PRAGMA journal_mode = PERSIST;
PRAGMA journal_mode = MEMORY;
INSERT INTO t VALUES ('memory');
PRAGMA journal_mode = TRUNCATE;
BEGIN;
INSERT INTO t VALUES ('undone');
ROLLBACK;
PRAGMA journal_mode = PERSIST;
INSERT INTO t VALUES ('persist');
PRAGMA journal_size_limit = 0;
INSERT INTO t VALUES ('persist again');
PRAGMA journal_mode = OFF;
INSERT INTO t VALUES ('off');
PRAGMA journal_mode = DELETE;
INSERT INTO t VALUES ('delete');
PRAGMA journal_mode = WAL2;
PRAGMA wal_checkpoint;
SELECT * FROM t;
--@ b
SELECT count(*) FROM t;
