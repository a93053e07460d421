package conn

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
	sqlitevfs "github.com/ncruces/go-sqlite3/vfs"

	"github.com/turso-coop/turso-coop/completion"
	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/vfs"
)

// panicking adds a function boom() to c that panics with v.
func panicking(t *testing.T, c *Conn, v any) {
	t.Helper()
	err := c.Raw().CreateFunction("boom", 0, 0, func(sqlite3.Context, ...sqlite3.Value) { panic(v) })
	if err != nil {
		t.Fatal(err)
	}
}

// TestPanic: after a panic in the middle of a transaction's write another connection, which waits 100 ms at most,
// can write, and finds nothing of the transaction.
func TestPanic(t *testing.T) {
	for _, journal := range []string{"DELETE", "WAL"} {
		t.Run(journal, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "a.db")
			c := open(t, name)
			script(t, c, "PRAGMA journal_mode="+journal+"; CREATE TABLE t(a); INSERT INTO t VALUES ('old')")
			panicking(t, c, fmt.Errorf("out of %s", "coffee"))
			other := prepare(t, c, "SELECT a FROM t")
			script(t, c, "PRAGMA cache_size=2; BEGIN; INSERT INTO t SELECT randomblob(5000) FROM json_each('[1,2,3,4,5,6,7,8]')")
			if ok, err := other.Step(background); !ok || err != nil {
				t.Fatal(ok, err)
			}
			s := prepare(t, c, "INSERT INTO t SELECT iif(key < 2, 'new', boom()) FROM json_each('[1,2,3,4]')")
			err := s.Exec(background)
			var p *PanicError
			if !errors.As(err, &p) || !strings.Contains(err.Error(), "out of coffee") {
				t.Fatal(err)
			}
			if !strings.Contains(string(p.Stack), "panicking") {
				t.Error("the stack does not show where the panic was")
			}

			w, err := Open(background, Options{Filename: name, VFS: vfsName, BusyTimeout: 100 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			script(t, w, "INSERT INTO t VALUES ('other')")
			if got := value(t, w, "SELECT group_concat(a) FROM t"); got != "old,other" {
				t.Fatal(got)
			}
			if got := value(t, w, "PRAGMA integrity_check"); got != "ok" {
				t.Fatal(got)
			}

			_, perr := other.Step(background)
			for what, err := range map[string]error{
				"a script":        c.Script(background, "SELECT 1"),
				"a step":          perr,
				"Close":           c.Close(),
				"Err":             c.Err(),
				"a closed one":    c.Close(),
				"another binding": s.Bind(1, nil),
			} {
				if !errors.As(err, &p) || !strings.Contains(err.Error(), "out of coffee") {
					t.Errorf("%s after the panic: %v", what, err)
				}
			}
			if err := s.Close(); err != nil {
				t.Errorf("closing a statement after the panic: %v", err)
			}
		})
	}
}

// TestPanicInside: a function calls its own connection, and the panic is in there. The connection must not be released
// while the statement that called the function still runs.
func TestPanicInside(t *testing.T) {
	c := open(t, ":memory:")
	panicking(t, c, "inner")
	var inner error
	err := c.Raw().CreateFunction("nested", 0, 0, func(sqlite3.Context, ...sqlite3.Value) {
		inner = c.Script(background, "SELECT boom()")
		if c.Raw() == nil {
			t.Error("released below a running statement")
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	err = c.Script(background, endless+" WHERE nested() IS NOT NULL")
	var p *PanicError
	if !errors.As(inner, &p) || p.Value != "inner" {
		t.Fatalf("inner error: %v", inner)
	}
	if !errors.Is(err, sqlite3.INTERRUPT) {
		t.Fatalf("outer error: %v", err)
	}
	if c.Raw() != nil || !errors.As(c.Err(), &p) {
		t.Fatalf("the connection is still there: %v", c.Err())
	}
}

// TestNestedCall: what a function runs does not take the context away from the statement that called it.
func TestNestedCall(t *testing.T) {
	c := open(t, ":memory:")
	err := c.Raw().CreateFunction("nested", 0, 0, func(sqlite3.Context, ...sqlite3.Value) {
		if err := c.Script(background, "SELECT 1"); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := prepare(t, c, "SELECT nested()").Exec(ended); !errors.Is(err, sqlite3.INTERRUPT) {
		t.Fatal(err)
	}
	if got := c.Raw().GetInterrupt(); got.Err() != nil {
		t.Fatal("a context that has ended is left on the connection")
	}
}

// tornCable is an engine whose writes panic when armed.
type tornCable struct {
	ioengine.Engine
	armed bool
}

func (e *tornCable) Open(fd uintptr) (ioengine.File, error) {
	f, err := e.Engine.Open(fd)
	return tornFile{f, e}, err
}

type tornFile struct {
	ioengine.File
	e *tornCable
}

func (f tornFile) WriteAt(c *completion.Completion, p []byte, off int64) {
	if f.e.armed {
		panic("torn cable")
	}
	f.File.WriteAt(c, p, off)
}

// TestPanicInVFS: while writing panics SQLite cannot even roll back, so that the files must be closed behind its back.
func TestPanicInVFS(t *testing.T) {
	for _, journal := range []string{"DELETE", "WAL"} {
		t.Run(journal, func(t *testing.T) {
			engine, err := ioengine.Open(ioengine.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer engine.Close()
			torn := &tornCable{Engine: engine}
			vfs.Register("torn", vfs.Options{Engine: torn})
			defer sqlitevfs.Unregister("torn")

			name := filepath.Join(t.TempDir(), "a.db")
			c, err := Open(background, Options{Filename: name, VFS: "torn"})
			if err != nil {
				t.Fatal(err)
			}
			script(t, c, "PRAGMA journal_mode="+journal+"; PRAGMA cache_size=2; CREATE TABLE t(a); INSERT INTO t VALUES ('old')")
			script(t, c, "BEGIN; INSERT INTO t SELECT randomblob(5000) FROM json_each('[1,2,3,4,5,6,7,8]')")
			torn.armed = true
			var p *PanicError
			err = c.Script(background, "INSERT INTO t SELECT randomblob(5000) FROM json_each('[1,2,3,4,5,6,7,8]'); COMMIT")
			if !errors.As(err, &p) || p.Value != "torn cable" {
				t.Fatal(err)
			}
			if err := c.Close(); !errors.As(err, &p) {
				t.Fatal(err)
			}

			w, err := Open(background, Options{Filename: name, VFS: vfsName, BusyTimeout: 100 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			script(t, w, "INSERT INTO t VALUES ('other')")
			if got := value(t, w, "SELECT group_concat(a) FROM t"); got != "old,other" {
				t.Fatalf("%.20q", got)
			}
			if got := value(t, w, "PRAGMA integrity_check"); got != "ok" {
				t.Fatal(got)
			}
		})
	}
}

// TestOutOfMemory: being out of memory is an ordinary error where SQLite itself has returned it.
func TestOutOfMemory(t *testing.T) {
	const limit = 8 << 20
	ctx := sqlite3.WithMaxMemory(background, limit)
	c, err := Open(ctx, Options{Filename: ":memory:"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	script(t, c, "CREATE TABLE t(a); INSERT INTO t VALUES (1)")

	big := strings.Repeat("x", limit)
	for what, err := range map[string]error{
		"a step":    c.Script(background, "SELECT hex(zeroblob(5000000))"),
		"a bind":    prepare(t, c, "SELECT ?").Bind(1, big),
		"SQL text":  c.Script(background, "SELECT '"+big+"'"),
		"an insert": c.Script(background, "INSERT INTO t SELECT randomblob(100000) FROM json_each(json_array(1,2,3,4,5,6,7,8,9,10)), json_each('[1,2,3,4,5,6,7,8,9,10]')"),
	} {
		if !errors.Is(err, sqlite3.NOMEM) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got := value(t, c, "SELECT count(*) FROM t"); got != int64(1) {
		t.Fatalf("%v rows after errors that were no more than errors", got)
	}

	// In a function that SQLite has called it is a panic like any other.
	panicking(t, c, error(nomem{}))
	var p *PanicError
	if err := c.Script(background, "SELECT boom()"); !errors.As(err, &p) {
		t.Fatal(err)
	}
}

// nomem is an error as the binding panics with.
type nomem struct{}

func (nomem) Error() string { return sqlite3.NOMEM.Error() }

func TestNoMemoryToOpen(t *testing.T) {
	ctx := sqlite3.WithMaxMemory(background, 64<<10)
	c, err := Open(ctx, Options{Filename: ":memory:"})
	if err == nil {
		c.Close()
		t.Fatal("opened in 64 KiB")
	}
	if strings.Contains(err.Error(), ErrClosed.Error()) {
		t.Fatal(err)
	}
}

// TestOutOfMemoryIsToldOnce: the binding panics with it, also when SQLite repeats a step's error at the reset.
func TestOutOfMemoryIsToldOnce(t *testing.T) {
	c := open(t, ":memory:")
	for _, end := range []func(*Stmt) error{(*Stmt).Reset, (*Stmt).Close} {
		s := prepare(t, c, "SELECT printf('%.*c', 2000000000, 'x')")
		if _, err := s.Step(background); !errors.Is(err, sqlite3.NOMEM) && !errors.Is(err, sqlite3.TOOBIG) {
			t.Fatal(err)
		}
		if err := end(s); err != nil {
			t.Error(err)
		}
	}
	if got := value(t, c, "SELECT 1"); got != int64(1) {
		t.Error(got)
	}
}

// A function that ends its goroutine ends the connection too: otherwise that would go on in the middle of a statement, whose
// transaction takes in what is run next and is never committed.
func TestGoexit(t *testing.T) {
	for _, query := range []bool{false, true} {
		name := filepath.Join(t.TempDir(), "a.db")
		c := open(t, name)
		script(t, c, "PRAGMA journal_mode=WAL; CREATE TABLE t(a)")
		err := c.Raw().CreateFunction("leave", 1, 0, func(ctx sqlite3.Context, args ...sqlite3.Value) {
			if args[0].Int() == 3 {
				runtime.Goexit()
			}
			ctx.ResultInt(args[0].Int())
		})
		if err != nil {
			t.Fatal(err)
		}
		s := prepare(t, c, "INSERT INTO t SELECT leave(value) FROM json_each('[1,2,3,4]')")
		done := make(chan struct{})
		go func() {
			defer close(done)
			if query {
				_, _ = s.Step(background)
			} else {
				_, _ = s.ExecArgs(background, nil)
			}
			t.Error("the goroutine has not ended")
		}()
		<-done
		var p *PanicError
		if !errors.As(c.Err(), &p) || c.Raw() != nil {
			t.Errorf("the connection is still there: %v", c.Err())
		}
		w := open(t, name)
		script(t, w, "INSERT INTO t VALUES(5)")
		if got := value(t, w, "SELECT group_concat(a) FROM t"); got != "5" {
			t.Errorf("%v", got)
		}
	}
}
