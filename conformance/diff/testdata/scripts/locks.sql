-- Two connections, b beside a: who sees what, and who has to wait. Nobody waits here: the timeouts are 0.
PRAGMA busy_timeout = 0;
CREATE TABLE t(id INTEGER PRIMARY KEY, v);
INSERT INTO t(v) VALUES ('one');
--@ b
PRAGMA busy_timeout = 0;
SELECT * FROM t;
BEGIN IMMEDIATE;
INSERT INTO t(v) VALUES ('from b');
--@ a
SELECT * FROM t;
INSERT INTO t(v) VALUES ('from a');
BEGIN IMMEDIATE;
BEGIN EXCLUSIVE;
CREATE TABLE u(a);
PRAGMA user_version = 3;
--@ b
COMMIT;
--@ a
INSERT INTO t(v) VALUES ('from a');
BEGIN;
SELECT count(*) FROM t;
--@ b
INSERT INTO t(v) VALUES ('behind the back of a reader');
--@ a
SELECT count(*) FROM t;
INSERT INTO t(v) VALUES ('an upgrade');
COMMIT;
ROLLBACK;
SELECT count(*) FROM t;
--@ b
BEGIN;
SELECT count(*) FROM t;
--@ a
BEGIN;
SELECT count(*) FROM t;
INSERT INTO t(v) VALUES ('first to write');
--@ b
INSERT INTO t(v) VALUES ('second to write');
--@ a
COMMIT;
--@ b
COMMIT;
ROLLBACK;
--@ a
COMMIT;
ROLLBACK;
--@ b
CREATE TABLE u(a, b);
--@ a
SELECT * FROM u;
INSERT INTO u VALUES (1, 2);
ALTER TABLE u ADD COLUMN c DEFAULT 3;
--@ b
SELECT * FROM u;
BEGIN EXCLUSIVE;
--@ a
SELECT * FROM u;
INSERT INTO u VALUES (4, 5, 6);
PRAGMA schema_version;
--@ b
ROLLBACK;
--@ a
PRAGMA locking_mode = EXCLUSIVE;
INSERT INTO u VALUES (7, 8, 9);
--@ b
SELECT * FROM u;
INSERT INTO u VALUES (0, 0, 0);
--@ a
PRAGMA locking_mode = NORMAL;
SELECT count(*) FROM u;
--@ b
SELECT * FROM u;
PRAGMA data_version;
--@ a
UPDATE u SET c = 0;
--@ b
SELECT a, c FROM u;
DROP TABLE u;
VACUUM;
--@ a
SELECT * FROM u;
SELECT * FROM t;
PRAGMA integrity_check;
