// Package conn owns SQLite connections: one [Conn] holds one *sqlite3.Conn, and no other package steps statements.
//
// Everything that depends on a step having returned is here, so that the shapes above it (database/sql, later
// cooperative statements) need not know it:
//
//   - Interrupts. The context of a call is bound to the connection for that call only. Between two calls nothing
//     can be interrupted, so a context that ends late never hits another statement.
//   - Waiting for locks. The busy handler waits for the time-out or the context, whichever ends first.
//   - Turns. Connections of this process that want to write to one database wait in a queue of the VFS. The turn is left
//     when a call has returned and nothing is being written any more: turn.go.
//   - Gathering. Statements that wait for the turn, each a transaction by itself, are run by one connection in one
//     transaction: gather.go.
//   - Panics. A panic inside SQLite, inside a function that it calls, or inside the VFS ends the connection, not the
//     program, and so does a function that ends its goroutine, by runtime.Goexit or T.FailNow: the connection's statements
//     are finalized and its files closed, locks included, and every later call says why.
//     Being out of memory is an ordinary error, unless it was met in a function that SQLite had called.
//
// A Conn, with its statements, is used by one goroutine at a time. A function called by SQLite may call its own
// connection again.
package conn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/vfs"
)

// ErrClosed is what every call on a closed connection returns.
var ErrClosed = errors.New("connection is closed")

// errInUse refuses to close a connection below the feet of a running statement.
var errInUse = errors.New("connection cannot be closed by a function that its own statement called")

// PanicError says that a panic has ended the connection. It is returned by the call in which the panic happened and
// by every later call.
type PanicError struct {
	Value any    // what was passed to panic
	Stack []byte // the stack at the panic
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("connection ended by a panic inside SQLite or a function that it called: %v", e.Value)
}

// Unwrap returns the panic's value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Options say what [Open] opens.
type Options struct {
	// Filename is a path, ":memory:", "" for a temporary database, or a URI that begins with "file:" and whose
	// parameters SQLite reads (https://sqlite.org/uri.html); "mode=ro" in a URI asks for read-only access.
	Filename string

	// VFS is the name of a registered VFS; "" is the operating system's own.
	VFS string

	// BusyTimeout is how long a statement waits for a lock; 0 or less does not wait.
	BusyTimeout time.Duration

	// TimeLayout is how [Stmt.Bind] writes a time, in its own zone; "" is the constant of that name.
	TimeLayout string

	// StmtCache is how many statements that are not in use are kept compiled, see [Conn.Acquire].
	StmtCache int

	// Slow is the time from which a statement is logged as slow, by slog's default logger; 0 logs none.
	Slow time.Duration

	// RefuseNetworkFS refuses WAL mode on a network file system, for which otherwise a warning is logged.
	RefuseNetworkFS bool
}

// Conn is a connection to one database.
type Conn struct {
	db    *sqlite3.Conn
	busy  busyWait
	times string // layout of those that are bound
	depth int    // calls into SQLite under way; above 1 when a function that SQLite calls has called again
	err   error  // why no further call is possible; nil while the connection is open
	steps uint64 // bit n is set while SQLite runs a statement for the call at depth n

	cache  stmtCache
	slow   time.Duration
	state  state
	counts counts

	wal      walWatch
	hooks    hooks
	turns    turns
	gather   gather
	counters counters
	window   *vfs.CommitWindow    // nil if the database is not a file of ours
	held     map[any]func() error // BLOBs and backups that are open, and what closes each
}

// Open opens a database. The context interrupts the opening only.
func Open(ctx context.Context, o Options) (_ *Conn, err error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	c := &Conn{err: ErrClosed, times: cmp.Or(o.TimeLayout, TimeLayout), slow: o.Slow, cache: stmtCache{size: o.StmtCache}}
	c.wal.refuseNetwork = o.RefuseNetworkFS
	c.turns.c = c
	c.depth++
	defer c.leave(context.Background(), &err)
	if c.db, err = sqlite3.OpenContext(ctx, o.uri()); err != nil {
		return nil, withContext(ctx, err)
	}
	if err = c.installBusy(o.BusyTimeout); err != nil {
		return nil, err
	}
	c.turns.queue = vfs.QueueOf(c.db)
	if err = c.installCounters(); err != nil {
		return nil, err
	}
	c.window = vfs.CommitWindowOf(c.db)
	c.installCommit()
	c.err = nil
	c.register()
	return c, nil
}

// enter opens the door to SQLite for one call, under ctx, and returns the context to give to leave. Every call that
// can run SQL passes here and defers leave.
func (c *Conn) enter(ctx context.Context) (outer context.Context, err error) {
	if c.err != nil {
		return nil, c.err
	}
	c.depth++
	return c.db.SetInterrupt(ctx), nil
}

// leave is where a step has returned, whatever way it went.
func (c *Conn) leave(outer context.Context, err *error) {
	running := c.stepped()
	c.depth--
	if p := recover(); p != nil {
		*err = c.panicked(p)
	} else if (running || c.depth == 0 && c.gather.running) && c.err == nil {
		*err = c.panicked(errGoexit)
	}
	switch {
	case c.err == nil:
		c.window.Close()
		c.db.SetInterrupt(outer)
		c.restoreBusy()
		c.restoreWALHook()
		c.reportWAL()
	case c.depth == 0:
		_ = c.release()
	default:
		// SQLite is still running below a function that it called: make it stop, the outermost call releases.
		c.db.SetInterrupt(ended)
	}
	if c.depth == 0 {
		c.abandonGroup(cmp.Or(c.err, c.gather.fallen, *err))
		c.turns.leave()
		c.busy.shared = false
	}
}

// stepping takes note that SQLite is about to run a statement.
func (c *Conn) stepping() { c.steps |= 1 << c.depth }

// stepped takes note that it has returned, if it has. Otherwise the result is true.
func (c *Conn) stepped() (running bool) {
	bit := uint64(1) << c.depth
	running = c.steps&bit != 0
	c.steps &^= bit
	return running
}

// errGoexit stands for what nobody has panicked with: a function that SQLite called has ended the goroutine.
var errGoexit = errors.New("runtime.Goexit was called")

// panicked turns what a call panicked with into an error, and ends the connection if SQLite was cut short.
func (c *Conn) panicked(p any) error {
	if outOfMemory(p) && !cutShort() {
		return sqlite3.NOMEM // SQLite itself had returned
	}
	err := &PanicError{Value: p, Stack: debug.Stack()}
	if c.err == nil {
		c.err = err
	}
	return err
}

// outOfMemory reports whether p is how the binding says that SQLite has no memory left: it panics.
func outOfMemory(p any) bool {
	err, ok := p.(error)
	return ok && err.Error() == sqlite3.NOMEM.Error()
}

// sqliteCode is the import path of SQLite translated to Go.
const sqliteCode = "github.com/ncruces/go-sqlite3-wasm/"

// cutShort reports whether the panic that is being recovered went through code of SQLite.
func cutShort() bool {
	pcs := make([]uintptr, 1024)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, sqliteCode) {
			return true
		}
		if !more {
			return false
		}
	}
}

// ended is a context that has ended.
var ended = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// withContext says of an error that came about because ctx ended that it did: INTERRUPT, or BUSY from a wait that was
// cut short.
func withContext(ctx context.Context, err error) error {
	if err == nil || !errors.Is(err, sqlite3.INTERRUPT) && !errors.Is(err, sqlite3.BUSY) {
		return err
	}
	if cause := ctx.Err(); cause != nil {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

// Do calls f with SQLite's connection, for set-up that steps no statement. f runs under ctx and its panic is an error,
// as in every call. Kept statements are given up: they may mean something else now, for instance call another function.
func (c *Conn) Do(ctx context.Context, f func(*sqlite3.Conn) error) error {
	c.gather.changed = true
	return c.do(ctx, f)
}

// do is Do for what leaves the connection as it was opened.
func (c *Conn) do(ctx context.Context, f func(*sqlite3.Conn) error) (err error) {
	outer, err := c.enter(ctx)
	if err != nil {
		return err
	}
	defer c.leave(outer, &err)
	if err = f(c.db); c.err == nil {
		c.cache.flush()
		c.state.resume(c)
	}
	return withContext(ctx, err)
}

// Script runs the statements of sql and drops their rows.
func (c *Conn) Script(ctx context.Context, sql string) error {
	c.gather.changed = true
	return c.script(ctx, sql)
}

// script is Script for what leaves the connection as it was opened.
func (c *Conn) script(ctx context.Context, sql string) (err error) {
	outer, err := c.enter(ctx)
	if err != nil {
		return err
	}
	defer c.leave(outer, &err)
	c.counters.elsewhere = false
	if err = c.db.Exec(sql); c.err == nil {
		c.state.resume(c)
	}
	return withContext(ctx, err)
}

// Close finalizes the statements that are left, rolls back an open transaction and closes the files. It returns
// [ErrClosed], or what ended the connection, if there is nothing left to close.
func (c *Conn) Close() error {
	if c.err != nil {
		return c.err
	}
	if c.depth > 0 {
		return errInUse
	}
	c.err = ErrClosed
	defer c.turns.leave()
	return c.release()
}

// release gives everything back. SQLite does it if it still can; otherwise the files are closed behind its back,
// which for other connections is as if this process had been killed.
func (c *Conn) release() error {
	db := c.db
	c.db = nil
	if db == nil {
		return nil
	}
	c.unregister()
	c.cache = stmtCache{}
	for _, close := range c.held {
		_ = try(close)
	}
	c.held = nil
	for _, s := range slices.Collect(db.Stmts()) {
		_ = try(s.Close) // repeats the error of the statement's last step
	}
	err := try(db.Close)
	if err != nil {
		err = errors.Join(err, vfs.Abandon(db))
	}
	return err
}

// try calls f and returns a panic as an error.
func try(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	return f()
}

// Err returns why the connection cannot be used any more: [ErrClosed], a [*PanicError], or nil.
func (c *Conn) Err() error { return c.err }

// Raw returns SQLite's connection, nil once it is closed, to be asked for what steps no statement. See also [Conn.HandOut].
func (c *Conn) Raw() *sqlite3.Conn { return c.db }

// Autocommit reports whether no transaction is open. https://sqlite.org/c3ref/get_autocommit.html
func (c *Conn) Autocommit() bool { return c.err != nil || c.db.GetAutocommit() }
