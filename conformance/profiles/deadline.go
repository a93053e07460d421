package profiles

import (
	"cmp"
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"
	modernc "modernc.org/sqlite"
)

// deadline is a context whose deadline passes at a known point of a statement's run, so that no schedule has a say in what
// comes of it. One that a clock ends may end before the statement's first step, and SQLite forgets an interrupt that comes
// while no statement runs (https://sqlite.org/c3ref/interrupt.html): drivers that interrupt once then wait for ever.
type deadline struct {
	context.Context
	passed chan struct{}
}

// newDeadline returns a context and the function that has its deadline pass.
func newDeadline() (ctx context.Context, pass func()) {
	d := deadline{context.Background(), make(chan struct{})}
	return d, sync.OnceFunc(func() { close(d.passed) })
}

// Done implements context.Context.
func (d deadline) Done() <-chan struct{} { return d.passed }

// Err implements context.Context.
func (d deadline) Err() error {
	select {
	case <-d.passed:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// Endless is a common table expression c(n) without end, which calls the function of [DeadlineIn] as it begins.
const Endless = "WITH RECURSIVE c(n) AS (SELECT deadline() UNION ALL SELECT n + 1 FROM c) "

// DeadlineIn returns a context whose deadline passes when a statement of db calls the SQL function deadline, which
// returns 1. db has no more than one connection. Of modernc's driver only the latest such context counts: its functions
// belong to all connections of the process.
func DeadlineIn(db *sql.DB) (context.Context, error) {
	ctx, pass := newDeadline()
	c, err := db.Conn(context.Background())
	if err != nil {
		return nil, err
	}
	err = c.Raw(func(c any) error {
		switch c := c.(type) {
		case interface { // of turso-coop and mattn's driver
			RegisterFunc(name string, impl any, pure bool) error
		}:
			return c.RegisterFunc("deadline", func() int { pass(); return 1 }, false)
		case interface{ Raw() *sqlite3.Conn }: // of ncruces's driver
			return c.Raw().CreateFunction("deadline", 0, 0, func(ctx sqlite3.Context, _ ...sqlite3.Value) { pass(); ctx.ResultInt(1) })
		}
		passModernc.Store(&pass)
		return nil
	})
	return ctx, cmp.Or(err, c.Close())
}

// passModernc is what the function deadline does in modernc's driver.
var passModernc atomic.Pointer[func()]

func init() {
	modernc.MustRegisterScalarFunction("deadline", 0, func(*modernc.FunctionContext, []sqldriver.Value) (sqldriver.Value, error) {
		(*passModernc.Load())()
		return int64(1), nil
	})
}

// ExecUntilDeadline runs a statement that writes on db, and that cannot commit because of a reader. The deadline of its
// context passes once it waits for that reader. watcher is another pool of the same database, in which there is a table t.
// Both pools have no more than one connection; they are left with other busy time-outs.
func ExecUntilDeadline(db, watcher *sql.DB, text string) error {
	_, err := db.Exec(fmt.Sprintf("PRAGMA busy_timeout=%d", patience(db)))
	if _, werr := watcher.Exec("PRAGMA busy_timeout=0"); err != nil || werr != nil {
		return fmt.Errorf("busy time-outs: %v, %v", err, werr)
	}
	ctx, pass := newDeadline()
	returned, watched := make(chan struct{}), make(chan error)
	go func() { watched <- watch(watcher, returned, pass) }()
	_, err = db.ExecContext(ctx, text)
	close(returned)
	return cmp.Or(<-watched, err)
}

// watch calls waiting once a writer waits for readers to end, which keeps new readers out
// (https://sqlite.org/lockingv3.html, PENDING). It ends without if the writer has returned.
func watch(db *sql.DB, returned <-chan struct{}, waiting func()) error {
	for {
		_, err := db.Exec("SELECT * FROM t")
		if err != nil {
			waiting() // whatever it is, so that the writer ends
			if codeOf(err)&0xff != int(sqlite3.BUSY) {
				return fmt.Errorf("watching for a writer: %w", err)
			}
			return nil
		}
		select {
		case <-returned:
			return nil
		default:
		}
	}
}

// patience returns a busy time-out in milliseconds for a lock that nobody gives up. mattn's driver waits as long, whatever
// its context says, and always fails with BUSY. For the others it is far later than their context's deadline.
func patience(db *sql.DB) int {
	if fmt.Sprintf("%T", db.Driver()) == "*sqlite3.SQLiteDriver" {
		return 1000
	}
	return 3_600_000
}
