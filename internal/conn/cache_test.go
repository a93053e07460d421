package conn

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// openCached opens a database whose connection keeps size statements.
func openCached(t *testing.T, name string, size int) *Conn {
	t.Helper()
	c, err := Open(background, Options{Filename: name, VFS: vfsName, StmtCache: size})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func acquire(t *testing.T, c *Conn, sql string) *Stmt {
	t.Helper()
	s, _, err := c.Acquire(background, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return s
}

func release(t *testing.T, s *Stmt) {
	t.Helper()
	if err := s.Release(); err != nil {
		t.Fatal(err)
	}
}

// rowsOf runs sql by a statement that may be kept, and returns the names of its columns and its rows as text.
func rowsOf(t *testing.T, c *Conn, sql string) (text string) {
	t.Helper()
	s, _, err := c.Acquire(background, sql)
	if err != nil {
		return err.Error()
	}
	defer s.Release()
	for {
		row, err := s.Step(background)
		if err != nil {
			return err.Error()
		}
		if text == "" {
			for i := range s.ColumnCount() {
				text += s.ColumnName(i) + " "
			}
		}
		if !row {
			return text
		}
		values := make([]any, s.ColumnCount())
		if err := s.Columns(values); err != nil {
			return err.Error()
		}
		text += fmt.Sprint(values)
	}
}

// stmts returns the texts of the statements that SQLite has of c.
func stmts(c *Conn) (texts []string) {
	for s := range c.Raw().Stmts() {
		texts = append(texts, s.SQL())
	}
	slices.Sort(texts)
	return texts
}

func TestStatementsAreKept(t *testing.T) {
	c := openCached(t, ":memory:", 2)
	s := acquire(t, c, "SELECT ?")
	s.Aux = "mine"
	if err := s.Bind(1, int64(7)); err != nil {
		t.Fatal(err)
	}
	if ok, err := s.Step(background); !ok || err != nil {
		t.Fatal(err)
	}
	second := acquire(t, c, "SELECT ?") // while the first one is in use
	if second == s || second.Aux != nil {
		t.Fatal("a statement in use was lent again")
	}
	release(t, second)
	release(t, s) // finds its place taken
	if got := stmts(c); len(got) != 1 {
		t.Fatalf("%q", got)
	}
	if s = acquire(t, c, "SELECT ?"); s != second {
		t.Fatal("the kept statement was not lent")
	}
	dest := make([]any, 1)
	if ok, err := s.Next(background, dest); !ok || err != nil || dest[0] != nil {
		t.Fatalf("bound still: %v, %v", dest[0], err)
	}
	release(t, s)
	for _, sql := range []string{"SELECT 1", "SELECT ?", "SELECT 2"} {
		release(t, acquire(t, c, sql))
	}
	if got := stmts(c); !slices.Equal(got, []string{"SELECT 2", "SELECT ?"}) {
		t.Fatalf("kept %q: not the two used last", got)
	}
	if n := c.Counts(); n.CacheHits != 2 || n.CacheMisses != 4 {
		t.Fatalf("%+v", n)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Acquire(background, "SELECT 2"); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
}

// TestStatementsAreNotKept: what acts while it is compiled must be compiled each time, and so must what has gone wrong.
func TestStatementsAreNotKept(t *testing.T) {
	c := openCached(t, ":memory:", 8)
	script(t, c, "CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES (1)")
	for _, sql := range []string{
		"PRAGMA foreign_keys", "/**/ pragma user_version", "EXPLAIN SELECT 1", "CREATE TABLE IF NOT EXISTS t(a)", "SELECT 1; SELECT 2",
		"SELECT " + strings.Repeat(" ", maxCachedText) + "1", "SELECT abs(-9223372036854775808)",
	} {
		s := acquire(t, c, sql)
		_, _ = s.Step(background)
		_ = s.Release()
		if got := stmts(c); len(got) != 0 {
			t.Fatalf("kept %.50q", got)
		}
	}
	s := acquire(t, c, "INSERT INTO t VALUES (1)")
	if err := s.Exec(background); !errors.Is(err, sqlite3.CONSTRAINT) {
		t.Fatal(err)
	}
	release(t, s)
	if got := stmts(c); len(got) != 1 {
		t.Fatal("a conflict in the data has cost the statement")
	}
	c = openCached(t, ":memory:", 0)
	release(t, acquire(t, c, "SELECT 1"))
	if got := stmts(c); len(got) != 0 {
		t.Fatalf("kept %q", got)
	}
}

// TestKeptStatementsSeeFunctions: SQLite compiles again when a function is replaced, but not when one is added that fits
// better.
func TestKeptStatementsSeeFunctions(t *testing.T) {
	c := openCached(t, ":memory:", 8)
	for _, args := range []int{-1, 1} { // any number of arguments, one argument
		err := c.Do(background, func(db *sqlite3.Conn) error {
			return db.CreateFunction("f", args, 0, func(ctx sqlite3.Context, _ ...sqlite3.Value) { ctx.ResultInt(args) })
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := rowsOf(t, c, "SELECT f(0)"), fmt.Sprintf("f(0) [%d]", args); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestKeptStatementsSeeTheSchema runs the same queries, again and again while the schema changes, on connections that keep
// statements and on one that does not.
func TestKeptStatementsSeeTheSchema(t *testing.T) {
	queries := []string{"SELECT * FROM t", "SELECT * FROM (SELECT * FROM t)", "SELECT a.*, b.* FROM t a JOIN t b", "INSERT INTO t DEFAULT VALUES RETURNING *", "DELETE FROM t"}
	changes := []string{
		"CREATE TABLE t(a, b)",
		"ALTER TABLE t ADD COLUMN c DEFAULT 3",
		"CREATE INDEX i ON t(b)",
		"ALTER TABLE t DROP COLUMN b", // fails: an index needs it
		"DROP INDEX i",
		"ALTER TABLE t DROP COLUMN b",
		"ALTER TABLE t RENAME COLUMN c TO d",
		"BEGIN; ALTER TABLE t ADD COLUMN e; ROLLBACK",
		"CREATE VIEW v AS SELECT d FROM t",
		"ALTER TABLE t DROP COLUMN d", // fails: the view needs it
		"ALTER TABLE t DROP COLUMN nosuch",
		"DROP VIEW v",
		"ALTER TABLE t RENAME TO u",
		"CREATE TABLE t(x, y, z)",
		"VACUUM",
		"CREATE TEMP TABLE t(q)",
		"DROP TABLE temp.t",
		"ATTACH ':memory:' AS other",
		"CREATE TABLE other.t(o)",
		"ALTER TABLE main.t RENAME TO w", // the name now means the table of the other database
		"CREATE TABLE main.t(m)",
		"DETACH other",
	}
	for name, other := range map[string]bool{"by the connection": false, "by another": true} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			kept, plain := openCached(t, filepath.Join(dir, "kept.db"), 16), openCached(t, filepath.Join(dir, "plain.db"), 0)
			for _, change := range changes {
				for _, c := range []*Conn{kept, plain} {
					by := c
					if other && !strings.Contains(change, "TEMP") && !strings.Contains(change, "temp") && !strings.Contains(change, "other") && !strings.Contains(change, "TACH") {
						by = open(t, c.Raw().Filename("main").String())
					}
					_ = by.Script(background, change)
				}
				for _, q := range queries {
					if got, want := rowsOf(t, kept, q), rowsOf(t, plain, q); got != want {
						t.Errorf("after %s: %s: %s, want %s", change, q, got, want)
					}
				}
			}
			if n := kept.Counts(); n.CacheHits == 0 {
				t.Error("no statement was used again")
			}
		})
	}
}
