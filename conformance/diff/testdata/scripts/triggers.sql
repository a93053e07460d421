-- Triggers and what they do to changes() and last_insert_rowid().
CREATE TABLE t(id INTEGER PRIMARY KEY, v);
CREATE TABLE log(n INTEGER PRIMARY KEY AUTOINCREMENT, what, old, new);
CREATE TRIGGER t_insert AFTER INSERT ON t BEGIN
  INSERT INTO log(what, new) VALUES ('insert', new.v);
  INSERT INTO log(what, new) VALUES ('rowid', last_insert_rowid());
END;
CREATE TRIGGER t_update BEFORE UPDATE OF v ON t WHEN new.v IS NOT old.v BEGIN
  INSERT INTO log(what, old, new) VALUES ('update', old.v, new.v);
END;
CREATE TRIGGER t_delete AFTER DELETE ON t BEGIN
  INSERT INTO log(what, old) SELECT 'delete', old.v;
  DELETE FROM t WHERE id = old.id + 1;
END;
INSERT INTO t VALUES (10, 'a'), (11, 'b'), (12, 'c'), (20, 'd');
UPDATE t SET v = 'b' WHERE id < 12;
DELETE FROM t WHERE id = 10;
SELECT * FROM t;
SELECT * FROM log;
PRAGMA recursive_triggers = ON;
DELETE FROM t WHERE id = 12;
INSERT INTO t VALUES (1, 1), (2, 2), (3, 3);
DELETE FROM t WHERE id = 1;
SELECT * FROM t;
CREATE TRIGGER t_refuse BEFORE INSERT ON t WHEN new.v = 'refuse' BEGIN
  SELECT RAISE(ABORT, 'refused: ' || new.id);
END;
CREATE TRIGGER t_ignore BEFORE INSERT ON t WHEN new.v = 'ignore' BEGIN
  SELECT RAISE(IGNORE);
END;
CREATE TRIGGER t_fail AFTER INSERT ON t WHEN new.v = 'fail' BEGIN
  SELECT RAISE(FAIL, 'failed');
END;
CREATE TRIGGER t_rollback AFTER INSERT ON t WHEN new.v = 'rollback' BEGIN
  SELECT RAISE(ROLLBACK, 'rolled back');
END;
INSERT INTO t VALUES (30, 'x'), (31, 'refuse'), (32, 'x');
INSERT INTO t VALUES (40, 'x'), (41, 'ignore'), (42, 'x');
INSERT INTO t VALUES (50, 'x'), (51, 'fail'), (52, 'x');
BEGIN;
INSERT INTO t VALUES (60, 'x');
INSERT INTO t VALUES (61, 'rollback');
COMMIT;
SELECT * FROM t;
CREATE VIEW v AS SELECT id, v AS value FROM t;
INSERT INTO v VALUES (1, 2);
CREATE TRIGGER v_insert INSTEAD OF INSERT ON v BEGIN
  INSERT INTO t VALUES (new.id * 100, new.value);
END;
CREATE TRIGGER v_update INSTEAD OF UPDATE ON v BEGIN
  UPDATE t SET v = new.value || '!' WHERE id = old.id;
END;
INSERT INTO v VALUES (1, 2) RETURNING id, value;
UPDATE v SET value = 'via' WHERE id > 30;
SELECT * FROM v;
CREATE TRIGGER loop AFTER INSERT ON log BEGIN
  INSERT INTO log(what) VALUES ('loop');
END;
INSERT INTO log(what) VALUES ('start');
DROP TRIGGER loop;
CREATE TRIGGER v_after AFTER INSERT ON v BEGIN SELECT 1;
END;
CREATE TRIGGER nowhere AFTER INSERT ON nothing BEGIN SELECT 1;
END;
CREATE TEMP TRIGGER temporary AFTER UPDATE ON t BEGIN
  INSERT INTO log(what, new) VALUES ('temp', new.v);
END;
UPDATE t SET v = v WHERE id = 40;
SELECT what, count(*) FROM log GROUP BY 1 ORDER BY 1;
DROP TABLE t;
SELECT name FROM sqlite_schema WHERE type = 'trigger';
SELECT name FROM sqlite_temp_schema;
