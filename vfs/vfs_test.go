package vfs_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/vfs"
)

// onEachEngine runs f with the name of a VFS of its own for every engine that
// can be had, and with that engine.
func onEachEngine(t *testing.T, f func(t *testing.T, name string, e ioengine.Engine)) {
	for _, kind := range []ioengine.Kind{ioengine.Pool, ioengine.Uring} {
		t.Run(string(kind), func(t *testing.T) {
			e, err := ioengine.Open(ioengine.Options{Kind: kind})
			if err != nil {
				t.Skipf("not to be had here: %v", err)
			}
			name := "test-" + t.Name()
			name = strings.ReplaceAll(name, "/", "-")
			vfs.Register(name, vfs.Options{Engine: e})
			f(t, name, e)
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// open opens a database; the connection is closed when the test ends.
func open(t *testing.T, path, vfsName string) *sqlite3.Conn {
	t.Helper()
	c, err := sqlite3.Open("file:" + path + "?vfs=" + vfsName)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func exec(t *testing.T, c *sqlite3.Conn, sql string) {
	t.Helper()
	if err := c.Exec(sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// query returns the rows of a query, columns separated by |, rows by lines.
func query(t *testing.T, c *sqlite3.Conn, sql string) string {
	t.Helper()
	s, _, err := c.Prepare(sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer s.Close()
	var rows []string
	for s.Step() {
		var columns []string
		for i := range s.ColumnCount() {
			columns = append(columns, s.ColumnText(i))
		}
		rows = append(rows, strings.Join(columns, "|"))
	}
	if err := s.Err(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return strings.Join(rows, "\n")
}

// Every kind of file is used: database, WAL, journals of each mode, a
// super-journal, temporary files; and nothing of it goes past the engine.
func TestEveryFileGoesThroughTheEngine(t *testing.T) {
	onEachEngine(t, func(t *testing.T, name string, e ioengine.Engine) {
		dir := t.TempDir()
		c := open(t, filepath.Join(dir, "main.db"), name)
		exec(t, c, `ATTACH '`+filepath.Join(dir, "aux.db")+`' AS aux`)
		exec(t, c, `CREATE TABLE t(a, b); CREATE TABLE aux.u(a, b)`)
		want := 0
		for _, mode := range []string{"DELETE", "TRUNCATE", "PERSIST", "WAL", "DELETE"} {
			if got := query(t, c, "PRAGMA main.journal_mode="+mode); got != strings.ToLower(mode) {
				t.Fatalf("journal_mode=%s: %s", mode, got)
			}
			exec(t, c, `BEGIN; INSERT INTO t SELECT value, randomblob(900) FROM `+series)
			exec(t, c, `INSERT INTO u SELECT a, b FROM t; SAVEPOINT s; DELETE FROM t WHERE a % 2; ROLLBACK TO s; COMMIT`)
			want += 100
			if got := query(t, c, `SELECT count(*), count(DISTINCT b) FROM t`); got != fmt.Sprintf("%d|%d", want, want) {
				t.Fatalf("%s: %s rows, want %d", mode, got, want)
			}
		}
		// A small cache makes the sort and the transient tables spill to temporary files.
		exec(t, c, `PRAGMA cache_size=10; PRAGMA temp_store=FILE; CREATE TEMP TABLE x AS SELECT * FROM t, `+series+` ORDER BY b`)
		exec(t, c, `DELETE FROM t; VACUUM`)
		if got := query(t, c, `PRAGMA integrity_check`); got != "ok" {
			t.Fatal(got)
		}
		s, ok := vfs.StatsOf(c)
		if !ok {
			t.Fatal("no statistics")
		}
		t.Logf("%+v", s)
		g := s.Engine
		if s.Reads == 0 || s.Writes == 0 || s.Truncates == 0 || s.Reads != g.Reads || s.Writes-s.Held+s.Flushes != g.Writes ||
			s.Truncates != g.Truncates || s.Allocates != g.Allocates || s.Syncs > g.Syncs {
			t.Errorf("SQLite asked for %d reads, %d writes, of which %d were made %d, %d truncations, %d allocations, %d syncs; the engine did %+v",
				s.Reads, s.Writes, s.Held, s.Flushes, s.Truncates, s.Allocates, s.Syncs, g)
		}
		if runtime.GOOS == "linux" && g.InlineHits == 0 {
			t.Errorf("%d of %d reads answered inline", g.InlineHits, g.Reads)
		}
	})
}

// series is a table expression of 100 rows.
const series = `(WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value+1 FROM n WHERE value<100) SELECT value FROM n)`

func TestCloseLeavesNothingOpen(t *testing.T) {
	onEachEngine(t, func(t *testing.T, name string, e ioengine.Engine) {
		path := filepath.Join(t.TempDir(), "test.db")
		descriptors := func() int {
			names, _ := filepath.Glob("/proc/self/fd/*")
			return len(names)
		}
		run := func() {
			c, err := sqlite3.Open("file:" + path + "?vfs=" + name)
			if err != nil {
				t.Fatal(err)
			}
			exec(t, c, `PRAGMA journal_mode=WAL; CREATE TABLE IF NOT EXISTS t(a); INSERT INTO t VALUES(1); PRAGMA journal_mode=DELETE; INSERT INTO t VALUES(1)`)
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			if vfs.Abandon(c) != nil {
				t.Error("a closed connection still has files")
			}
		}
		run() // whatever the process opens once is open now
		before := descriptors()
		for range 5 {
			run()
		}
		if after := descriptors(); after != before {
			t.Errorf("%d descriptors, %d before", after, before)
		}
	})
}

// Abandon gives up a connection's locks in the middle of a transaction, and
// closing it later does no harm.
func TestAbandonReleasesTheLocks(t *testing.T) {
	onEachEngine(t, func(t *testing.T, name string, e ioengine.Engine) {
		for _, mode := range []string{"WAL", "DELETE"} {
			path := filepath.Join(t.TempDir(), mode+".db")
			c := open(t, path, name)
			exec(t, c, `PRAGMA journal_mode=`+mode+`; CREATE TABLE t(a); BEGIN IMMEDIATE; INSERT INTO t VALUES(1)`)
			other := open(t, path, name)
			if err := other.Exec(`INSERT INTO t VALUES(2)`); !errors.Is(err, sqlite3.BUSY) {
				t.Fatalf("%s: a second writer got %v", mode, err)
			}
			if err := vfs.Abandon(c); err != nil {
				t.Fatal(err)
			}
			exec(t, other, `INSERT INTO t VALUES(2)`)
			if got := query(t, other, `SELECT a FROM t`); got != "2" {
				t.Errorf("%s: rows %q", mode, got)
			}
		}
	})
}

type owner struct {
	timeout  time.Duration
	replaced int
}

func (o *owner) BusyTimeout() time.Duration          { return o.timeout }
func (o *owner) BusyHandlerReplaced(d time.Duration) { o.timeout = d; o.replaced++ }
func (o *owner) WALHookReplaced(int)                 {}
func (o *owner) WALOnNetwork(string, string) error   { return nil }
func (o *owner) WALGrew(int64)                       {}
func (o *owner) WriteStarts(*vfs.Queue)              {}

// PRAGMA busy_timeout is SQLite's own, whatever handler is installed, and the
// owner is told each time that its handler is gone.
func TestOwnerIsToldOfBusyTimeout(t *testing.T) {
	dir := t.TempDir()
	c := open(t, filepath.Join(dir, "test.db"), vfs.Name)
	exec(t, c, `PRAGMA busy_timeout=77`)
	if got := query(t, c, `PRAGMA busy_timeout`); got != "77" {
		t.Errorf("without an owner: %s", got)
	}
	o := &owner{timeout: 1500 * time.Millisecond}
	if err := vfs.Own(c, o); err != nil {
		t.Fatal(err)
	}
	exec(t, c, `ATTACH '`+filepath.Join(dir, "aux.db")+`' AS aux`)
	for i, test := range []struct{ sql, want string }{
		{`PRAGMA busy_timeout`, "1500"},
		{`PRAGMA aux.busy_timeout`, "1500"},
		{`PRAGMA busy_timeout=20`, "20"},
		{`PRAGMA busy_timeout(30)`, "30"},
		{`PRAGMA busy_timeout='40x'`, "40"},
		{`PRAGMA busy_timeout=soon`, "0"},
		{`PRAGMA busy_timeout=-5`, "0"},
		{`PRAGMA busy_timeout=99999999999`, "0"},
	} {
		if err := c.BusyHandler(func(context.Context, int) bool { return false }); err != nil {
			t.Fatal(err)
		}
		if got := query(t, c, test.sql); got != test.want || o.replaced != i+1 {
			t.Errorf("%s: %s, want %s; told %d times", test.sql, got, test.want, o.replaced)
		}
		if got := o.timeout.Milliseconds(); fmt.Sprint(got) != test.want {
			t.Errorf("%s: the owner knows %d", test.sql, got)
		}
	}
	memory, err := sqlite3.Open(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	if err := vfs.Own(memory, o); err != vfs.ErrNotOurs {
		t.Errorf("owning an in-memory database: %v", err)
	}
}

func TestErrorsNameWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	unreadable := filepath.Join(dir, "unreadable.db")
	if err := os.WriteFile(unreadable, nil, 0); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, path string
		code       sqlite3.ErrorCode
	}{
		{"missing directory", filepath.Join(dir, "no", "such.db"), sqlite3.CANTOPEN},
		{"directory", dir, sqlite3.CANTOPEN},
		{"unreadable", unreadable, sqlite3.CANTOPEN},
	} {
		if test.path == unreadable && os.Getuid() == 0 {
			continue // root reads everything
		}
		c, err := sqlite3.Open("file:" + test.path + "?vfs=" + vfs.Name)
		if err == nil {
			c.Close()
		}
		if !errors.Is(err, test.code) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestNameFor(t *testing.T) {
	for asked, want := range map[string]string{"": vfs.Name, "pool": vfs.Name + "-pool"} {
		if got, err := vfs.NameFor(asked); got != want || err != nil {
			t.Errorf("%q: %q, %v", asked, got, err)
		}
	}
	if _, err := vfs.NameFor("aio"); err == nil || !strings.Contains(err.Error(), "aio") {
		t.Errorf("aio: %v", err)
	}
	t.Setenv("TURSO_COOP_ENGINE", "quick")
	if _, err := vfs.NameFor(""); err == nil || !strings.Contains(err.Error(), "TURSO_COOP_ENGINE") || !strings.Contains(err.Error(), "quick") {
		t.Errorf("wrong environment: %v", err)
	}
	if _, err := sqlite3.Open("file:" + filepath.Join(t.TempDir(), "x.db") + "?vfs=" + vfs.Name); err == nil || !strings.Contains(err.Error(), "TURSO_COOP_ENGINE") {
		t.Errorf("open with a wrong environment: %v", err)
	}
	t.Setenv("TURSO_COOP_ENGINE", "pool")
	c := open(t, filepath.Join(t.TempDir(), "test.db"), vfs.Name)
	if s, ok := vfs.StatsOf(c); !ok || s.Engine.Engine != ioengine.Pool {
		t.Errorf("TURSO_COOP_ENGINE=pool: %+v", s.Engine)
	}
}

// An empty file beside a database is neither a journal nor a WAL: the database
// stays in its mode, as for stock SQLite, and the file stays where it is.
func TestEmptyJournalsAreNone(t *testing.T) {
	for _, suffix := range []string{"-wal", "-journal"} {
		path := filepath.Join(t.TempDir(), "test.db")
		c := open(t, path, vfs.Name)
		exec(t, c, `CREATE TABLE t(a)`)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+suffix, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		c = open(t, path, vfs.Name)
		if got := query(t, c, `PRAGMA journal_mode`) + query(t, c, `SELECT count(*) FROM t`); got != "delete0" {
			t.Errorf("%s: %s", suffix, got)
		}
		if _, err := os.Stat(path + suffix); err != nil {
			t.Errorf("%s: %v", suffix, err)
		}
	}
}
