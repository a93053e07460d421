package conn

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/vfs"
	_ "github.com/turso-coop/turso-coop/vfs/oracle" // files are what SQLite asked for
)

// vfsName is the VFS of the tests' files.
const vfsName = vfs.Name

var background = context.Background()

// open opens a database that is closed at the end of the test, without waiting for locks.
func open(t *testing.T, name string) *Conn {
	t.Helper()
	c, err := Open(background, Options{Filename: name, VFS: vfsName})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func script(t *testing.T, c *Conn, sql string) {
	t.Helper()
	if err := c.Script(background, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func prepare(t *testing.T, c *Conn, sql string) *Stmt {
	t.Helper()
	s, _, err := c.Prepare(background, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return s
}

// value returns the one value that a query returns.
func value(t *testing.T, c *Conn, sql string) any {
	t.Helper()
	s := prepare(t, c, sql)
	defer s.Close()
	row := make([]any, 1)
	if ok, err := s.Next(background, row); !ok || err != nil {
		t.Fatalf("%s: %v, %v", sql, ok, err)
	}
	return row[0]
}

const endless = "WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM c) SELECT count(*) FROM c"

func TestInterruptIsBoundToOneCall(t *testing.T) {
	c := open(t, ":memory:")
	ctx, cancel := context.WithCancel(background)
	if _, err := c.Raw().Config(1002, false); err != nil {
		t.Fatal(err)
	}
	// The statement ends its own context: no clock decides when.
	err := c.Raw().CreateFunction("cancel", 0, 0, func(sqlite3.Context, ...sqlite3.Value) { cancel() })
	if err != nil {
		t.Fatal(err)
	}
	s := prepare(t, c, endless+" WHERE cancel() IS NULL")
	_, err = s.Step(ctx)
	if !errors.Is(err, context.Canceled) || !errors.Is(err, sqlite3.INTERRUPT) {
		t.Fatalf("interrupted statement: %v", err)
	}
	if err := s.Reset(); err != nil {
		t.Fatalf("reset repeats the error: %v", err)
	}
	if got := value(t, c, "SELECT 42"); got != int64(42) {
		t.Fatal(got)
	}
	if _, err := s.Step(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("a context that has ended: %v", err)
	}
	if _, _, err := c.Prepare(ctx, "SELECT 1"); !errors.Is(err, context.Canceled) {
		t.Fatalf("preparing under a context that has ended: %v", err)
	}
	if _, err := Open(ctx, Options{Filename: ":memory:"}); !errors.Is(err, context.Canceled) {
		t.Fatalf("opening under a context that has ended: %v", err)
	}
}

func TestErrorsThatTheContextDidNotCause(t *testing.T) {
	c := open(t, ":memory:")
	script(t, c, "CREATE TABLE t(a UNIQUE)")
	ctx, cancel := context.WithCancel(background)
	err := c.Raw().CreateFunction("cancel", 0, 0, func(sqlite3.Context, ...sqlite3.Value) { cancel() })
	if err != nil {
		t.Fatal(err)
	}
	err = prepare(t, c, "INSERT INTO t VALUES (cancel()), (1), (1)").Exec(ctx)
	if errors.Is(err, context.Canceled) || !errors.Is(err, sqlite3.CONSTRAINT_UNIQUE) {
		t.Fatal(err)
	}
}

// TestBusy waits for a lock in fake time.
func TestBusy(t *testing.T) {
	for _, test := range []struct {
		name              string
		timeout, deadline time.Duration
		want              time.Duration
		cause             error
	}{
		{"time-out", 300 * time.Millisecond, time.Hour, 300 * time.Millisecond, nil},
		{"context", 3 * time.Second, 100 * time.Millisecond, 100 * time.Millisecond, context.DeadlineExceeded},
		{"no waiting", 0, time.Hour, 0, nil},
		{"negative", -1, time.Hour, 0, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "a.db")
			holder := open(t, name)
			script(t, holder, "CREATE TABLE t(a); BEGIN IMMEDIATE")
			synctest.Test(t, func(t *testing.T) {
				c := open(t, name)
				c.busy.timeout = test.timeout
				ctx, cancel := context.WithTimeout(background, test.deadline)
				defer cancel()
				begin := time.Now()
				err := prepare(t, c, "INSERT INTO t VALUES (1)").Exec(ctx)
				if !errors.Is(err, sqlite3.BUSY) || test.cause != nil && !errors.Is(err, test.cause) {
					t.Fatal(err)
				}
				if test.cause == nil && ctx.Err() != nil {
					t.Fatal("waited for the context")
				}
				if got := time.Since(begin); got != test.want {
					t.Fatalf("waited %v, want %v", got, test.want)
				}
			})
		})
	}
}

// TestBusyTimeoutPragma: the PRAGMA sets how long our handler waits, it does not put SQLite's in its place.
func TestBusyTimeoutPragma(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.db")
	holder := open(t, name)
	script(t, holder, "CREATE TABLE t(a); BEGIN IMMEDIATE")
	synctest.Test(t, func(t *testing.T) {
		c := open(t, name)
		script(t, c, "PRAGMA busy_timeout=70000")
		if got := fmt.Sprint(value(t, c, "PRAGMA busy_timeout")); got != "70000" || c.busy.BusyTimeout() != 70*time.Second {
			t.Fatal(got, c.busy.BusyTimeout())
		}
		ctx, cancel := context.WithTimeout(background, time.Second)
		defer cancel()
		begin := time.Now()
		err := prepare(t, c, "INSERT INTO t VALUES (1)").Exec(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Second {
			t.Fatalf("%v after %v", err, time.Since(begin))
		}
		script(t, c, "PRAGMA busy_timeout=-1")
		if err := prepare(t, c, "INSERT INTO t VALUES (1)").Exec(background); !errors.Is(err, sqlite3.BUSY) || c.busy.BusyTimeout() != 0 {
			t.Fatal(err)
		}
	})
}

func TestBusyUntilFree(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.db")
	holder := open(t, name)
	script(t, holder, "CREATE TABLE t(a); BEGIN IMMEDIATE")
	synctest.Test(t, func(t *testing.T) {
		c := open(t, name)
		c.busy.timeout = time.Hour
		time.AfterFunc(time.Second, func() {
			if err := holder.Script(background, "COMMIT"); err != nil {
				t.Error(err)
			}
		})
		begin := time.Now()
		script(t, c, "INSERT INTO t VALUES (1)")
		if late := time.Since(begin) - time.Second; late < 0 || late > busyWaitMax {
			t.Fatalf("noticed the free lock %v late", late)
		}
	})
}

func TestClose(t *testing.T) {
	c := open(t, filepath.Join(t.TempDir(), "a.db"))
	script(t, c, "CREATE TABLE t(a); BEGIN; INSERT INTO t VALUES (1)")
	s := prepare(t, c, "SELECT a FROM t")
	if ok, err := s.Step(background); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"closing again": c.Close(),
		"a script":      c.Script(background, "SELECT 1"),
		"a bind":        s.Bind(1, nil),
		"a reset":       s.Reset(),
		"a row":         s.Columns(make([]any, 1)),
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s after Close: %v", name, err)
		}
	}
	if _, err := s.Step(background); !errors.Is(err, ErrClosed) {
		t.Errorf("a step after Close: %v", err)
	}
	if _, _, err := c.Prepare(background, "SELECT 1"); !errors.Is(err, ErrClosed) {
		t.Errorf("Prepare after Close: %v", err)
	}
	if s.ColumnCount() != 0 || s.ColumnName(0) != "" || s.BindCount() != 0 || s.BindName(1) != "" || s.ReadOnly() ||
		c.Changes() != 0 || c.LastInsertRowID() != 0 || !c.Autocommit() || c.Raw() != nil {
		t.Error("a closed connection says something")
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing a statement after its connection: %v", err)
	}
}

func TestClosedStatement(t *testing.T) {
	c := open(t, ":memory:")
	s := prepare(t, c, "SELECT 1")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	if _, err := s.Step(background); !errors.Is(err, ErrStmtClosed) {
		t.Error(err)
	}
	if err := s.Exec(background); !errors.Is(err, ErrStmtClosed) {
		t.Error(err)
	}
}

func TestCloseFromInside(t *testing.T) {
	c := open(t, ":memory:")
	var inner error
	err := c.Raw().CreateFunction("f", 0, 0, func(sqlite3.Context, ...sqlite3.Value) { inner = c.Close() })
	if err != nil {
		t.Fatal(err)
	}
	script(t, c, "SELECT f()")
	if !errors.Is(inner, errInUse) {
		t.Fatal(inner)
	}
}

// TestCloseWithOpenBlob: what was opened through Raw keeps SQLite from closing, but not the files from being closed.
func TestCloseWithOpenBlob(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.db")
	c := open(t, name)
	script(t, c, "CREATE TABLE t(a); INSERT INTO t VALUES (zeroblob(10))")
	if _, err := c.Raw().OpenBlob("main", "t", "a", 1, false); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); !errors.Is(err, sqlite3.BUSY) {
		t.Fatal(err)
	}
	if !errors.Is(c.Err(), ErrClosed) {
		t.Fatal(c.Err())
	}
	script(t, open(t, name), "BEGIN EXCLUSIVE; DELETE FROM t; COMMIT")
}

// TestConcurrentWriters: with a time-out nobody sees the lock.
func TestConcurrentWriters(t *testing.T) {
	for _, journal := range []string{"WAL", "DELETE"} {
		name := filepath.Join(t.TempDir(), "a.db")
		script(t, open(t, name), "PRAGMA journal_mode="+journal+"; CREATE TABLE t(a)")
		var writers sync.WaitGroup
		for range 4 {
			c, err := Open(background, Options{Filename: name, VFS: vfsName, BusyTimeout: time.Hour})
			if err != nil {
				t.Fatal(err)
			}
			writers.Go(func() {
				defer c.Close()
				for range 25 {
					if err := c.Script(background, "PRAGMA synchronous=OFF; INSERT INTO t VALUES (1)"); err != nil {
						t.Error(err)
					}
				}
			})
		}
		writers.Wait()
		if got := value(t, open(t, name), "SELECT count(*) FROM t"); got != int64(100) {
			t.Errorf("%s: %v rows", journal, got)
		}
	}
}

func TestNULInSQL(t *testing.T) {
	c := open(t, ":memory:")
	_, _, err := c.Prepare(background, "SELECT 'a\x00b'")
	if err == nil || !strings.Contains(err.Error(), "NUL byte at offset 9") {
		t.Fatal(err)
	}
	s := prepare(t, c, "SELECT '\xff\xfe'")
	row := make([]any, 1)
	if _, err := s.Next(background, row); err != nil || row[0] != "\xff\xfe" {
		t.Fatalf("invalid UTF-8: %q, %v", row[0], err)
	}
}

func TestValues(t *testing.T) {
	c := open(t, ":memory:")
	s := prepare(t, c, "SELECT ?1, typeof(?1)")
	at := time.Date(2024, 2, 3, 4, 5, 6, 7000, time.FixedZone("", -5*3600))
	for _, test := range []struct {
		in, out any
		typ     string
	}{
		{nil, nil, "null"},
		{int64(-1), int64(-1), "integer"},
		{1.5, 1.5, "real"},
		{"a\x00b", "a\x00b", "text"},
		{"", "", "text"},
		{[]byte("b"), []byte("b"), "blob"},
		{[]byte{}, []byte{}, "blob"},
		{[]byte(nil), nil, "null"},
		{true, int64(1), "integer"},
		{at, "2024-02-03 04:05:06.000007-05:00", "text"},
		{sqlite3.ZeroBlob(2), []byte{0, 0}, "blob"},
	} {
		if err := s.Bind(1, test.in); err != nil {
			t.Fatal(err)
		}
		row := make([]any, 2)
		if ok, err := s.Next(background, row); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if b, ok := test.out.([]byte); ok {
			got, ok := row[0].([]byte)
			if !ok || got == nil || string(got) != string(b) {
				t.Errorf("%#v came back as %#v", test.in, row[0])
			}
		} else if row[0] != test.out {
			t.Errorf("%#v came back as %#v, want %#v", test.in, row[0], test.out)
		}
		if row[1] != test.typ {
			t.Errorf("%#v is %v, want %v", test.in, row[1], test.typ)
		}
		if err := s.Reset(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Bind(1, struct{}{}); err == nil || !strings.Contains(err.Error(), "struct {}") {
		t.Error(err)
	}
	if err := s.Bind(2, nil); !errors.Is(err, sqlite3.RANGE) {
		t.Error(err)
	}
}

// TestEmptyBlobAfterAnother: the binding would leave the first row's value in the slice.
func TestEmptyBlobAfterAnother(t *testing.T) {
	c := open(t, ":memory:")
	s := prepare(t, c, "VALUES (x'0102'), (x'')")
	row := make([]any, 1)
	for _, want := range []string{"\x01\x02", ""} {
		if ok, err := s.Next(background, row); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if got, ok := row[0].([]byte); !ok || got == nil || string(got) != want {
			t.Fatalf("%#v, want %q", row[0], want)
		}
	}
}

func TestURI(t *testing.T) {
	for _, test := range []struct{ filename, vfs, want string }{
		{"a.db", "", "a.db"},
		{"a.db", "v", "file:a.db?vfs=v"},
		{"/tmp/a b%20?#.db", "v", "file:/tmp/a b%2520%3f%23.db?vfs=v"},
		{"//host/a", "v", "file:////host/a?vfs=v"},
		{":memory:", "v", "file::memory:?vfs=v"},
		{"", "v", "file:?vfs=v"},
		{"file:a%20b?mode=ro", "v", "file:a%20b?mode=ro&vfs=v"},
		{"file:a?x#y", "v", "file:a?x&vfs=v"},
	} {
		if got := (Options{Filename: test.filename, VFS: test.vfs}).uri(); got != test.want {
			t.Errorf("%q with VFS %q is %q, want %q", test.filename, test.vfs, got, test.want)
		}
	}
}

func TestBadFilename(t *testing.T) {
	for filename, want := range map[string]string{
		"a\x00b":                             "NUL byte at offset 1",
		strings.Repeat("n/", 3000):           "has 6000 bytes",
		"file:" + strings.Repeat("n/", 3000): "has 6000 bytes",
		"file://host/a.db":                   "invalid uri authority: host",
	} {
		for _, name := range []string{"", vfsName} {
			c, err := Open(background, Options{Filename: filename, VFS: name})
			if err == nil {
				c.Close()
			}
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%.20q: %v, want %q", filename, err, want)
			}
		}
	}
	open(t, "file://localhost"+filepath.Join(t.TempDir(), "a.db"))
}

// A column may be called by a literal that is longer than the binding reads names.
func TestColumnNameBeyondTheBinding(t *testing.T) {
	c := open(t, ":memory:")
	s := prepare(t, c, "SELECT '"+strings.Repeat("x", 2_000_000)+"', 2 AS b")
	if a, b := s.ColumnName(0), s.ColumnName(1); a != "" || b != "b" {
		t.Errorf("names of %d bytes and %q", len(a), b)
	}
	if row, err := s.Step(background); !row || err != nil {
		t.Errorf("%v, %v", row, err)
	}
}
