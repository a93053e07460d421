package peer

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestMain(m *testing.M) { Main(m) }

// sessions opens a database of its own by every way there is.
func sessions(t *testing.T) map[string]Session {
	t.Helper()
	p := Start(t)
	all := map[string]func(dsn string) (Session, error){
		"turso-coop":            func(dsn string) (Session, error) { return Open(Turso, dsn) },
		"statements":            OpenStatements,
		"turso-coop, a process": func(dsn string) (Session, error) { return p.Open(Turso, dsn) },
		"modernc, a process":    func(dsn string) (Session, error) { return p.Open(Modernc, dsn) },
	}
	if stockBuilt {
		all["stock, a process"] = func(dsn string) (Session, error) { return p.Open(Stock, dsn) }
	}
	opened := map[string]Session{}
	for name, open := range all {
		s, err := open(filepath.Join(t.TempDir(), "test.db"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		opened[name] = s
	}
	return opened
}

// TestSessions: what goes in comes out by every way, and a broken statement is an outcome.
func TestSessions(t *testing.T) {
	for name, s := range sessions(t) {
		run := func(text string, args ...any) *Outcome {
			t.Helper()
			o, err := s.Run(Statement{SQL: text, Args: args})
			if err != nil {
				t.Fatalf("%s: %s: %v", name, text, err)
			}
			return o
		}
		run("CREATE TABLE t(i INTEGER, r REAL, s TEXT, b BLOB, n)")
		text, blob := "NUL \x00, not UTF-8 \xff, \u2028", []byte{0, 0xff}
		o := run("INSERT INTO t VALUES (?,?,?,?,?)", int64(math.MinInt64), math.Copysign(0, -1), text, blob, Null)
		if o.Err != nil || o.Changes != "1" || o.LastInsertRowID != "1" {
			t.Errorf("%s: insert: %s", name, o)
		}
		want := []string{"integer -9223372036854775808", "real 0", `text "NUL \x00, not UTF-8 \xff, \u2028"`, "blob 00ff", "NULL"}
		if o := run("SELECT * FROM t"); len(o.Rows) != 1 || !slices.Equal(o.Rows[0], want) {
			t.Errorf("%s: %s", name, o)
		}
		if o := run("SELECT ?, typeof(?)", math.Inf(-1), []byte{}); o.Rows[0][0] != "real -Inf" || o.Rows[0][1] != `text "blob"` {
			t.Errorf("%s: %s", name, o)
		}
		if o := run("INSERT INTO t(rowid) VALUES (1)"); o.Err == nil || o.Err.Code != 1555 && o.Err.Code != 2579 {
			t.Errorf("%s: a rowid twice: %s", name, o)
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDump: dumps of equal databases are equal, and everything that is stored is in them.
func TestDump(t *testing.T) {
	dumps := map[string][]string{}
	for name, s := range sessions(t) {
		for _, text := range []string{
			"CREATE TABLE t(a DATETIME, b BOOLEAN, c AS (b+1) STORED, \"d \"\"'\" TEXT)",
			"CREATE TABLE w(k TEXT PRIMARY KEY, v) WITHOUT ROWID",
			"INSERT INTO t(a,b) VALUES ('2024-01-01', 1), (5, 0), (x'', NULL), (0.1, 'x')",
			"INSERT INTO w VALUES ('b', CAST(x'00ff' AS TEXT)), ('a', 9e999)",
			"CREATE VIEW v AS SELECT 1",
		} {
			if o, err := s.Run(Statement{SQL: text}); err != nil || o.Err != nil {
				t.Fatal(name, text, o, err)
			}
		}
		lines, err := Dump(s)
		if err != nil {
			t.Fatal(name, err)
		}
		dumps[name] = lines
		s.Close()
	}
	want := dumps["turso-coop"]
	for _, part := range []string{`text "t323032342D30312D3031"`, `text "t00FF"`, "CREATE VIEW", `text "b"`, `text "rInf"`, `text "ok"`} {
		if !strings.Contains(strings.Join(want, "\n"), part) {
			t.Errorf("no %s in\n%s", part, strings.Join(want, "\n"))
		}
	}
	for name, got := range dumps {
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nturso-coop:\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// TestKill: a killed process is gone, and its sessions say so.
func TestKill(t *testing.T) {
	p := Start(t)
	s, err := p.Open(Turso, filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	p.Kill()
	p.Kill()
	if o, err := s.Run(Statement{SQL: "SELECT 1"}); err == nil {
		t.Error("a dead process answered", o)
	}
	if _, err := p.Open(Turso, ":memory:"); err == nil {
		t.Error("a dead process opened a session")
	}
}
