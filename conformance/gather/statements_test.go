package gather

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// schema has whatever can make a statement mean something else in a transaction with others than by itself: every
// conflict clause, every RAISE, foreign keys that are checked at once and at the end, a rowid that is never used again,
// counters asked for by triggers.
const schema = `
CREATE TABLE t(id INTEGER PRIMARY KEY, a INT UNIQUE, b TEXT NOT NULL DEFAULT 'b', c INT CHECK(c < 90));
CREATE TABLE auto(id INTEGER PRIMARY KEY AUTOINCREMENT, a INT);
CREATE TABLE strict_(id INTEGER PRIMARY KEY, n INTEGER UNIQUE ON CONFLICT REPLACE, r REAL, x BLOB) STRICT;
CREATE TABLE fails(a UNIQUE ON CONFLICT FAIL, b UNIQUE ON CONFLICT IGNORE);
CREATE TABLE wr(k TEXT PRIMARY KEY, n INT, g AS (n * 2) STORED) WITHOUT ROWID;
CREATE TABLE parent(id INTEGER PRIMARY KEY, v INT);
CREATE TABLE child(id INTEGER PRIMARY KEY, p INT REFERENCES parent ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE late(id INTEGER PRIMARY KEY, p INT REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE orphan(p INT REFERENCES parent ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE log(id INTEGER PRIMARY KEY, what TEXT, n INT);
CREATE TABLE raises(a INT);
CREATE TRIGGER raise_ignore BEFORE INSERT ON raises WHEN new.a = 1 BEGIN INSERT INTO log(what) VALUES('ignore'); SELECT RAISE(IGNORE); END;
CREATE TRIGGER raise_abort BEFORE INSERT ON raises WHEN new.a = 2 BEGIN INSERT INTO log(what) VALUES('abort'); SELECT RAISE(ABORT, 'aborted'); END;
CREATE TRIGGER raise_fail BEFORE INSERT ON raises WHEN new.a = 3 BEGIN INSERT INTO log(what) VALUES('fail'); SELECT RAISE(FAIL, 'failed'); END;
CREATE TRIGGER raise_rollback BEFORE INSERT ON raises WHEN new.a = 4 BEGIN INSERT INTO log(what) VALUES('rollback'); SELECT RAISE(ROLLBACK, 'rolled back'); END;
CREATE TRIGGER logged AFTER UPDATE ON parent BEGIN INSERT INTO log(what, n) VALUES('parent', new.v); END;
CREATE TABLE counted(id INTEGER PRIMARY KEY, a INT, n INT);
CREATE TRIGGER counts AFTER INSERT ON counted BEGIN UPDATE counted SET n = last_insert_rowid() * 1000 + changes() WHERE id = new.id; END;
CREATE VIEW v AS SELECT id, a FROM t;
CREATE TRIGGER v_insert INSTEAD OF INSERT ON v BEGIN INSERT INTO t(a, c) VALUES(new.a, new.a); INSERT INTO log(what, n) VALUES('view', new.a); END;
`

// tables are those whose content is compared in the end.
var tables = []string{"t", "auto", "strict_", "fails", "wr", "parent", "child", "late", "orphan", "log", "raises", "counted", "sqlite_sequence"}

// statement is what a caller runs.
type statement struct {
	sql    string
	args   []any
	query  bool // by Query, for its rows
	asks   bool // the caller asks for its counters afterwards
	cancel int  // after so many yields its context ends; 0 is never
}

// nothing is a statement that changes no row.
var nothing = statement{sql: "UPDATE t SET a = a WHERE false"}

// random returns a statement. Values come from a small range, so that statements meet. What rolls a whole group back is
// rare, so that groups are committed as well.
func random(r *rand.Rand) statement {
	s := statement{asks: r.IntN(8) == 0}
	if r.IntN(100) == 0 {
		s.cancel = 1 + r.IntN(200)
	}
	n := func() any { return int64(r.IntN(30)) }
	or := []string{"", "", "OR ABORT", "OR FAIL", "OR IGNORE", "OR REPLACE"}[r.IntN(6)]
	if r.IntN(40) == 0 {
		or = "OR ROLLBACK"
	}
	kind := r.IntN(24)
	if 18 <= kind && kind <= 21 && r.IntN(4) > 0 {
		kind = r.IntN(18)
	}
	switch kind {
	case 0, 1:
		s.sql, s.args = fmt.Sprintf("INSERT %s INTO t(a, c) VALUES(?, ?)", or), []any{n(), int64(r.IntN(92))}
	case 2:
		s.sql, s.args = fmt.Sprintf("INSERT %s INTO t(a, b, c) VALUES(?1, 'x', 1), (?2, nullif(?3, 3), 2), (?3, 'z', 91)", or), []any{n(), n(), n()}
	case 3:
		s.sql, s.args = "UPDATE "+or+" t SET a = a + 1 WHERE a BETWEEN ? AND ?", []any{n(), n()}
	case 4:
		s.sql, s.args = "DELETE FROM t WHERE a > ?", []any{n()}
	case 5:
		s.sql, s.args, s.query = "INSERT INTO t(a, c) VALUES(?, 1) ON CONFLICT(a) DO UPDATE SET c = coalesce(c, 0) + 40 RETURNING id, a, c", []any{n()}, true
	case 6:
		s.sql, s.args = "INSERT INTO t(a) VALUES(?) ON CONFLICT DO NOTHING", []any{n()}
	case 7:
		s.sql, s.args = "INSERT INTO auto(a) VALUES(?)", []any{n()}
	case 8:
		s.sql, s.args = "DELETE FROM auto WHERE id > (SELECT max(id) - ? FROM auto)", []any{n()}
	case 9:
		value := []any{int64(5), 2.5, "7", "no number", []byte{0, 255}, nil}[r.IntN(6)]
		s.sql, s.args = "INSERT "+or+" INTO strict_(n, r, x) VALUES(?, ?, x'00')", []any{n(), value}
	case 10:
		s.sql, s.args = "INSERT INTO fails VALUES(?, ?), (?, ?), (?, ?)", []any{n(), n(), n(), n(), n(), n()}
	case 11:
		s.sql, s.args = "DELETE FROM fails WHERE a % ? = 1", []any{int64(2 + r.IntN(3))}
	case 12:
		s.sql, s.args = "WITH d(k, n) AS (VALUES(?1, ?2), (?1 || 'x', ?2 + 1)) INSERT INTO wr SELECT k, n FROM d WHERE true ON CONFLICT(k) DO UPDATE SET n = excluded.n + wr.n WHERE wr.n < 1000", []any{strings.Repeat("k", 1+r.IntN(5)), n()}
	case 13:
		s.sql, s.args, s.query = "DELETE FROM wr WHERE n % 7 = ? RETURNING k, g", []any{int64(r.IntN(7))}, true
	case 14:
		s.sql, s.args = "INSERT "+or+" INTO parent VALUES(?, ?)", []any{n(), n()}
	case 15:
		s.sql, s.args = "UPDATE parent SET v = v + 1 WHERE id < ?", []any{n()}
	case 16:
		s.sql, s.args = "DELETE FROM parent WHERE id = ?", []any{n()}
	case 17:
		s.sql, s.args = "INSERT INTO child(p) VALUES(?)", []any{n()}
	case 18:
		s.sql, s.args = "INSERT INTO late(p) VALUES(?), (?)", []any{n(), n()}
	case 19:
		s.sql, s.args = []string{"INSERT INTO orphan VALUES(?)", "DELETE FROM late WHERE p = ?", "DELETE FROM orphan WHERE p IS NOT ?", "UPDATE parent SET id = id + 100 WHERE id = ?"}[r.IntN(4)], []any{n()}
	case 20:
		s.sql, s.args = "INSERT INTO raises VALUES(0), (?), (6)", []any{int64(r.IntN(8))}
	case 21:
		s.sql, s.args = []string{"INSERT INTO counted(a) VALUES(?)", "INSERT INTO log(what, n) VALUES('asked', changes() + ?)"}[r.IntN(2)], []any{n()}
	case 22:
		s.sql, s.args = "INSERT INTO v VALUES(NULL, ?)", []any{int64(80 + r.IntN(12))}
	case 23:
		s.sql = []string{"DELETE FROM log", "DELETE FROM raises", "DELETE FROM child", "DELETE FROM counted", "DELETE FROM no_such_table", "UPDATE t SET c = NULL"}[r.IntN(6)]
	}
	// database/sql may say that rows were canceled whose statement has been committed. And a statement that runs alone
	// waits inside of SQLite: when that ends with its context, it may still find the lock free, and has no serial number.
	if s.query || kind == 21 {
		s.cancel = 0
	}
	return s
}
