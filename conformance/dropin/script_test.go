package dropin

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/turso-coop/turso-coop/conformance/profiles"
)

// all notes what Exec, Query and a prepared statement make of a text.
func all(text string, args ...any) func(*seen) {
	return func(s *seen) {
		s.exec("CREATE TABLE t(a)")
		s.exec(text, args...)
		s.query("SELECT a FROM t")
		s.exec("DELETE FROM t")
		s.query(text, args...)
		s.query("SELECT a FROM t")
	}
}

// prepared notes what a prepared statement does.
func prepared(text string, args ...any) func(*seen) {
	return func(s *seen) {
		s.db.SetMaxOpenConns(1)
		s.exec("CREATE TABLE t(a)")
		st, err := s.db.Prepare(text)
		if err != nil {
			s.fail("prepare", err)
			return
		}
		defer st.Close()
		for range 2 {
			if r, err := st.Exec(args...); err != nil {
				s.fail("exec", err)
			} else {
				id, _ := r.LastInsertId()
				n, _ := r.RowsAffected()
				s.note("exec: id %d, %d affected", id, n)
			}
			s.query("SELECT a FROM t")
		}
		rows, err := st.Query(args...)
		if err != nil {
			s.fail("query", err)
		} else {
			s.rows("query", rows)
		}
		s.query("SELECT a FROM t")
	}
}

const (
	tail      = "mattn loses the rows of a statement that comments follow"
	empty     = "mattn's driver passes a null statement to SQLite's C code, which ends the process"
	returning = "mattn steps a statement with RETURNING once, so that its count is of the statement before"
)

// scripts are the probes of texts with no, one or several statements.
var scripts = []probe{
	{name: "two", run: all("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2), (3)")},
	{name: "in turn", run: all("INSERT INTO t VALUES (?); INSERT INTO t VALUES (?)", 10, 11)},
	{name: "in turn, two and one", run: all("INSERT INTO t VALUES (?), (?); INSERT INTO t VALUES (?)", 10, 11, 12)},
	{name: "one short", run: all("INSERT INTO t VALUES (?); INSERT INTO t VALUES (?)", 10)},
	{name: "one too many", run: all("INSERT INTO t VALUES (?); INSERT INTO t VALUES (?)", 10, 11, 12)},
	{name: "by number", run: all("INSERT INTO t VALUES (?1); INSERT INTO t VALUES (?1)", 20)},
	{name: "by number, two", run: all("INSERT INTO t VALUES (?1); INSERT INTO t VALUES (?1)", 20, 21)},
	{name: "named", run: all("INSERT INTO t VALUES (:a); INSERT INTO t VALUES (:b)", sql.Named("a", 1), sql.Named("b", 2))},
	{name: "named, in the other order", run: all("INSERT INTO t VALUES (:a); INSERT INTO t VALUES (:b)", sql.Named("b", 2), sql.Named("a", 1))},
	{name: "rows of the last", run: all("SELECT 1; SELECT 2")},
	{name: "rows after an insert", run: all("INSERT INTO t VALUES (5); SELECT a FROM t")},
	{name: "insert after rows", run: all("SELECT 1; INSERT INTO t VALUES (5)")},
	{name: "trailing semicolon", run: all("SELECT 1;")},
	{name: "trailing space", run: all("SELECT 1 ; \n\t")},
	{name: "trailing semicolons", run: all("SELECT 1;;;"), differs: tail},
	{name: "trailing comment", run: all("SELECT 1; -- tail"), differs: tail},
	{name: "trailing block", run: all("SELECT 1; /* tail */"), differs: tail},
	{name: "comment inside", run: all("SELECT /* ; */ 1 -- ;\n")},
	{name: "leading comment", run: all("-- first;\n/* second; */ SELECT 1")},
	{name: "only semicolons", run: all(";;")},
	{name: "empty", run: all("")},
	{name: "white space", run: all(" \n\t ")},
	{name: "comment", run: all("-- only a comment")},
	{name: "unfinished comment", run: all("/* never ends")},
	{name: "error in the middle", run: all("INSERT INTO t VALUES (1); selec; INSERT INTO t VALUES (2)")},
	{name: "constraint in the middle", run: all(`CREATE TABLE IF NOT EXISTS u(a UNIQUE);
		INSERT INTO u VALUES (1); INSERT INTO u VALUES (1); INSERT INTO t VALUES (2)`)},
	{name: "trigger", run: all("CREATE TRIGGER IF NOT EXISTS r AFTER INSERT ON t BEGIN DELETE FROM t WHERE a=1; SELECT ';'; END; INSERT INTO t VALUES (1), (2)")},
	{name: "what the next one needs", run: all("CREATE TABLE IF NOT EXISTS u(a); INSERT INTO u VALUES (1); INSERT INTO t SELECT count(*) FROM u")},
	{name: "begin and commit", run: all("BEGIN; INSERT INTO t VALUES (1); COMMIT; SELECT count(*) FROM t")},
	{name: "NUL", run: all("SELECT 1\x00; SELECT 2"), differs: "SQLite reads a text up to a NUL byte; turso-coop refuses it rather than run a part of it"},
	{name: "not UTF-8", run: all("SELECT '\xff', 'a' AS \"\xfe\"")},
	{name: "byte order mark", run: all("\ufeffSELECT 1")},
	{name: "returning", run: func(s *seen) {
		s.exec("CREATE TABLE t(a)")
		s.exec("INSERT INTO t VALUES (1), (2), (3) RETURNING a")
		s.query("SELECT a FROM t")
	}, differs: returning},
	{name: "query returning", run: all("INSERT INTO t SELECT 1 UNION ALL SELECT 2")},
	{name: "query without next", run: func(s *seen) {
		s.db.SetMaxOpenConns(1)
		s.exec("CREATE TABLE t(a)")
		for _, text := range []string{"INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2), (3) RETURNING a", "UPDATE t SET a=a+10"} {
			if rows, err := s.db.Query(text); err != nil {
				s.fail(text, err)
			} else {
				s.note("close: %v", rows.Close())
			}
			s.query("SELECT a FROM t")
		}
	}},

	{name: "prepare", run: prepared("INSERT INTO t VALUES (?)", 5)},
	{name: "prepare two", run: prepared("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)")},
	{name: "prepare select", run: prepared("SELECT 1")},
	{name: "prepare syntax error", run: prepared("SELEC 1")},
	{name: "prepare what is not there", run: prepared("SELECT * FROM nothing")},
	{name: "prepare empty", run: prepared(""), crashes: true, differs: empty},
	{name: "prepare comment", run: prepared("-- comment"), crashes: true, differs: empty},
	{name: "prepare and change the schema", run: func(s *seen) {
		s.db.SetMaxOpenConns(1)
		s.exec("CREATE TABLE t(a INT, b TEXT)")
		s.exec("INSERT INTO t VALUES (1, 'x')")
		st, err := s.db.Prepare("SELECT * FROM t")
		if err != nil {
			s.fail("prepare", err)
			return
		}
		defer st.Close()
		for _, text := range []string{"SELECT 1", "ALTER TABLE t ADD COLUMN c DATETIME DEFAULT 0", "ALTER TABLE t DROP COLUMN nothing",
			"ALTER TABLE t DROP COLUMN b", "ALTER TABLE t RENAME COLUMN a TO z", "DROP TABLE t"} {
			s.exec(text)
			rows, err := st.Query()
			if err != nil {
				s.fail("query", err)
				continue
			}
			s.rows("query", rows)
		}
	}},

	{name: "results", run: func(s *seen) {
		s.db.SetMaxOpenConns(1)
		for _, text := range []string{
			"CREATE TABLE t(a UNIQUE)", "INSERT INTO t VALUES (1), (2), (3)", "SELECT 1", "CREATE TABLE u(a)", "UPDATE t SET a=a+10",
			"DELETE FROM t WHERE a=99", "INSERT OR IGNORE INTO t VALUES (11)", "REPLACE INTO t VALUES (11)", "INSERT INTO t VALUES (11)",
			"PRAGMA user_version=1", "BEGIN", "INSERT INTO u VALUES (1)", "ROLLBACK", "DELETE FROM t; INSERT INTO t VALUES (1)",
			"INSERT INTO t VALUES (2), (3); SELECT 1", "",
		} {
			s.exec(text)
		}
	}},
}

// TestScripts goes through the texts.
func TestScripts(t *testing.T) { compare(t, scripts) }

// endless never returns a row.
const endless = profiles.Endless + "SELECT count(*) FROM c"

// ended notes an error of a statement whose context ended: which of the context's errors it is, and how it reads.
func (s *seen) ended(what string, err error) {
	s.note("%s: %v, deadline %t, canceled %t", what, err, errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled))
}

// TestContext: how statements end with their context.
func TestContext(t *testing.T) {
	within := func(f func(s *seen, ctx context.Context)) func(*seen) {
		return func(s *seen) {
			ctx, err := profiles.DeadlineIn(s.db)
			if err != nil {
				s.fail("deadline", err)
				return
			}
			f(s, ctx)
			s.exec("CREATE TABLE IF NOT EXISTS after(a)") // the connection is as before
			s.query("SELECT count(*) FROM after")
		}
	}
	const waits = "mattn waits for a lock until its timeout, whatever the context says"
	const gone = "mattn goes on outside of the transaction that the interrupt has rolled back"
	compare(t, []probe{
		{name: "query", run: within(func(s *seen, ctx context.Context) {
			var n int
			s.ended("query", s.db.QueryRowContext(ctx, endless).Scan(&n))
		})},
		{name: "exec", run: within(func(s *seen, ctx context.Context) {
			_, err := s.db.ExecContext(ctx, "CREATE TABLE t AS "+endless)
			s.ended("exec", err)
		})},
		{name: "second statement", run: within(func(s *seen, ctx context.Context) {
			_, err := s.db.ExecContext(ctx, "CREATE TABLE t(a); INSERT INTO t "+endless)
			s.ended("exec", err)
			s.query("SELECT count(*) FROM t")
		})},
		{name: "next", run: within(func(s *seen, ctx context.Context) {
			rows, err := s.db.QueryContext(ctx, "SELECT 1 UNION ALL SELECT * FROM ("+endless+")")
			if err != nil {
				s.ended("query", err)
				return
			}
			defer rows.Close()
			n := 0
			for rows.Next() {
				n++
			}
			s.ended(fmt.Sprintf("next after %d", n), rows.Err())
		})},
		{name: "prepared", run: within(func(s *seen, ctx context.Context) {
			st, err := s.db.Prepare(endless)
			if err != nil {
				s.fail("prepare", err)
				return
			}
			defer st.Close()
			var n int
			s.ended("query", st.QueryRowContext(ctx).Scan(&n))
			_, err = st.ExecContext(ctx)
			s.ended("exec", err)
		})},
		{name: "canceled before", run: func(s *seen) {
			ctx, cancel := context.WithCancel(background)
			cancel()
			_, err := s.db.ExecContext(ctx, "CREATE TABLE t(a)")
			s.ended("exec", err)
			_, err = s.db.BeginTx(ctx, nil)
			s.ended("begin", err)
			s.ended("ping", s.db.PingContext(ctx))
			s.query("SELECT count(*) FROM sqlite_schema")
		}},
		{name: "waiting for a lock", run: func(s *seen) {
			s.exec("CREATE TABLE t(a)")
			reader, watcher := open(s, s.dsn), open(s, s.dsn)
			defer reader.Close()
			defer watcher.Close()
			tx, err := reader.Begin()
			if err != nil {
				s.fail("begin", err)
				return
			}
			defer tx.Rollback()
			s.queryOn(tx, "SELECT * FROM t")
			s.ended("exec", profiles.ExecUntilDeadline(s.db, watcher, "INSERT INTO t VALUES (2)"))
			s.query("SELECT * FROM t")
		}, differs: waits},
		{name: "interrupted in a transaction", run: func(s *seen) {
			s.exec("CREATE TABLE t(a)")
			ctx, err := profiles.DeadlineIn(s.db)
			if err != nil {
				s.fail("deadline", err)
				return
			}
			tx, err := s.db.Begin()
			if err != nil {
				s.fail("begin", err)
				return
			}
			s.execOn(tx, "INSERT INTO t VALUES (1)")
			_, err = tx.ExecContext(ctx, "INSERT INTO t "+endless)
			s.ended("interrupted", err)
			_, err = tx.Exec("INSERT INTO t VALUES (3)")
			s.note("next: failed %t", err != nil)
			s.note("commit: failed %t", tx.Commit() != nil)
			s.query("SELECT a FROM t")
		}, differs: gone},
	})
}

// TestTransactions: begin, commit and rollback through database/sql.
func TestTransactions(t *testing.T) {
	begin := func(opts *sql.TxOptions) func(*seen) {
		return func(s *seen) {
			s.exec("CREATE TABLE t(a)")
			tx, err := s.db.BeginTx(background, opts)
			if err != nil {
				s.fail("begin", err)
				return
			}
			s.execOn(tx, "INSERT INTO t VALUES (1)")
			s.note("commit: %v", tx.Commit())
			s.query("SELECT a FROM t")
		}
	}
	probes := []probe{
		{name: "read-only", run: begin(&sql.TxOptions{ReadOnly: true})},
		{name: "rollback", run: func(s *seen) {
			s.exec("CREATE TABLE t(a)")
			tx, _ := s.db.Begin()
			s.execOn(tx, "INSERT INTO t VALUES (1)")
			s.note("rollback: %v, again: %v", tx.Rollback(), tx.Rollback())
			s.query("SELECT a FROM t")
		}},
		{name: "deferred foreign key", dsn: "?_fk=1", run: func(s *seen) {
			s.db.SetMaxOpenConns(1)
			s.exec("CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p DEFERRABLE INITIALLY DEFERRED)")
			tx, _ := s.db.Begin()
			s.execOn(tx, "INSERT INTO c VALUES (5)")
			s.fail("commit", tx.Commit())
			s.query("SELECT * FROM c")
			s.exec("BEGIN")
			s.exec("ROLLBACK")
		}},
		{name: "by hand", run: func(s *seen) {
			s.db.SetMaxOpenConns(1)
			s.exec("CREATE TABLE t(a)")
			s.exec("BEGIN")
			s.exec("INSERT INTO t VALUES (1)")
			s.exec("COMMIT")
			s.exec("COMMIT")
			s.query("SELECT a FROM t")
		}},
		{name: "begin inside", run: func(s *seen) {
			tx, _ := s.db.Begin()
			defer tx.Rollback()
			s.execOn(tx, "BEGIN")
			s.execOn(tx, "SAVEPOINT a")
			s.execOn(tx, "RELEASE a")
		}},
		{name: "open rows", run: func(s *seen) {
			s.exec("CREATE TABLE t(a); INSERT INTO t VALUES (1), (2), (3)")
			tx, _ := s.db.Begin()
			rows, err := tx.Query("SELECT a FROM t")
			if err != nil {
				s.fail("query", err)
				return
			}
			defer rows.Close()
			s.note("next: %t", rows.Next())
			s.execOn(tx, "UPDATE t SET a = a + 10")
			s.note("commit: %v", tx.Commit())
			s.note("next: %t", rows.Next())
			s.query("SELECT a FROM t")
		}},
		{name: "upgrade", dsn: "?_journal=WAL&_timeout=0", run: func(s *seen) {
			s.exec("CREATE TABLE t(a)")
			tx, _ := s.db.Begin()
			s.queryOn(tx, "SELECT a FROM t")
			s.exec("INSERT INTO t VALUES (1)")
			s.execOn(tx, "INSERT INTO t VALUES (2)")
			s.note("rollback: %v", tx.Rollback())
		}},
	}
	for level := sql.LevelDefault; level <= sql.LevelLinearizable; level++ {
		probes = append(probes, probe{name: level.String(), run: begin(&sql.TxOptions{Isolation: level})})
	}
	compare(t, probes)
}

// TestInterfaces: what the driver's connection can do for those who reach for it.
func TestInterfaces(t *testing.T) {
	compare(t, []probe{{name: "Raw", run: func(s *seen) {
		c, err := s.db.Conn(background)
		if err != nil {
			s.fail("conn", err)
			return
		}
		defer c.Close()
		err = c.Raw(func(c any) error {
			//lint:ignore SA1019 programs use it in connect hooks
			execer := c.(sqldriver.Execer)
			//lint:ignore SA1019 as above
			queryer := c.(sqldriver.Queryer)
			r, err := execer.Exec("CREATE TABLE t(a, b); INSERT INTO t VALUES (?, ?)", []sqldriver.Value{int64(1), "x"})
			if err != nil {
				return err
			}
			n, _ := r.RowsAffected()
			rows, err := queryer.Query("SELECT * FROM t WHERE a=?", []sqldriver.Value{int64(1)})
			if err != nil {
				return err
			}
			defer rows.Close()
			dest := make([]sqldriver.Value, 2)
			s.note("%d affected, columns %q, next %v: %v", n, rows.Columns(), rows.Next(dest), dest)
			_, prepares := c.(sqldriver.ConnPrepareContext)
			_, begins := c.(sqldriver.ConnBeginTx)
			_, pings := c.(sqldriver.Pinger)
			s.note("%t %t %t", prepares, begins, pings)
			return nil
		})
		s.note("%v", err)
	}}})
}

// TestErrors: codes and texts.
func TestErrors(t *testing.T) {
	one := func(setup, text string) func(*seen) {
		return func(s *seen) {
			s.db.SetMaxOpenConns(1)
			s.exec(setup)
			s.exec(text)
			s.query(text)
		}
	}
	probes := []probe{
		{name: "cannot open", dsn: "DIR/none/test.db", run: one("", "SELECT * FROM t")},
		{name: "a directory", dsn: "DIR", run: one("", "SELECT * FROM t")},
		{name: "busy", dsn: "?_timeout=0", run: func(s *seen) {
			s.exec("CREATE TABLE t(a)")
			other := open(s, s.dsn)
			defer other.Close()
			tx, err := other.Begin()
			if err != nil {
				s.fail("begin", err)
				return
			}
			defer tx.Rollback()
			s.execOn(tx, "INSERT INTO t VALUES (1)")
			s.exec("INSERT INTO t VALUES (2)")
			s.exec("BEGIN IMMEDIATE")
		}},
		{name: "exclusive", dsn: "?_timeout=0", run: func(s *seen) {
			other := open(s, filepath.Join(s.dir, "test.db")+"?_locking=EXCLUSIVE")
			defer other.Close()
			s.execOn(other, "CREATE TABLE t(a)")
			s.exec("SELECT * FROM t")
			s.exec("INSERT INTO t VALUES (1)")
		}},
		{name: "closed", run: func(s *seen) {
			s.db.Close()
			s.exec("SELECT 1")
			s.note("ping: %v, close: %v", s.db.Ping(), s.db.Close())
		}},
		{name: "no row", run: func(s *seen) {
			var n int
			s.note("%v", s.db.QueryRow("SELECT 1 WHERE 0").Scan(&n))
		}},
		{name: "a target too few", run: func(s *seen) {
			var n int
			s.note("%v", s.db.QueryRow("SELECT 1, 2").Scan(&n))
		}},
	}
	for i, c := range []struct{ setup, text string }{
		{"CREATE TABLE u(e UNIQUE); INSERT INTO u VALUES (1)", "INSERT INTO u VALUES (1)"},
		{"CREATE TABLE u(id INTEGER PRIMARY KEY); INSERT INTO u VALUES (1)", "INSERT INTO u VALUES (1)"},
		{"CREATE TABLE u(id TEXT PRIMARY KEY) WITHOUT ROWID; INSERT INTO u VALUES (1)", "INSERT INTO u VALUES (1)"},
		{"CREATE TABLE u(id); INSERT INTO u(rowid) VALUES (1)", "INSERT INTO u(rowid) VALUES (1)"},
		{"CREATE TABLE u(a NOT NULL)", "INSERT INTO u VALUES (NULL)"},
		{"CREATE TABLE u(a CHECK (a > 0))", "INSERT INTO u VALUES (0)"},
		{"CREATE TABLE u(a CONSTRAINT positive CHECK (a > 0))", "INSERT INTO u VALUES (0)"},
		{"PRAGMA foreign_keys=1; CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p)", "INSERT INTO c VALUES (1)"},
		{"CREATE TABLE u(a); CREATE TRIGGER r BEFORE INSERT ON u BEGIN SELECT RAISE(ABORT, 'said so'); END", "INSERT INTO u VALUES (1)"},
		{"CREATE TABLE u(a INT) STRICT", "INSERT INTO u VALUES ('x')"},
		{"CREATE TABLE u(id INTEGER PRIMARY KEY)", "INSERT INTO u VALUES ('x')"},
		{"", "SELEC 1"}, {"", "SELECT"}, {"", "SELECT * FROM nothing"}, {"", "SELECT nothing"},
		{"", "SELECT nothing()"}, {"", "SELECT 'a"}, {"", "SELECT 1,"}, {"", "INSERT INTO nothing VALUES (1)"},
		{"CREATE TABLE u(a)", "CREATE TABLE u(a)"}, {"CREATE TABLE u(a)", "SELECT b FROM u"}, {"CREATE TABLE u(a)", "INSERT INTO u VALUES (1, 2)"},
		{"PRAGMA query_only=1", "CREATE TABLE u(a)"}, {"", "COMMIT"}, {"", "ROLLBACK"}, {"BEGIN", "BEGIN"}, {"BEGIN", "VACUUM"},
		{"CREATE TABLE u(a); PRAGMA max_page_count=3", "INSERT INTO u VALUES (zeroblob(100000))"},
		{"", "SELECT zeroblob(1000000001)"}, {"", "SELECT abs(-9223372036854775808)"}, {"", "SELECT json('{')"},
		{"", "ATTACH 'DIR/none/x' AS x"}, {"", "DETACH x"}, {"", "PRAGMA journal_mode=WAL; VACUUM INTO 'DIR/none/x'"},
		{"CREATE TABLE u(a)", "DROP TABLE sqlite_schema"},
	} {
		probes = append(probes, probe{name: fmt.Sprintf("%d %s", i, c.text), run: one(c.setup, c.text)})
	}
	compare(t, probes)
}
