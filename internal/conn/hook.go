package conn

import (
	"context"
	"slices"

	"github.com/ncruces/go-sqlite3"
)

// hooks are the functions that SQLite calls at certain events. SQLite knows one function for each event; a connection
// has any number, so that whoever needs one does not take it from another. They are called in the order in which they
// were added. Only the connection's own goroutine uses them.
type hooks struct {
	commit    chain[func() bool]
	rollback  chain[func()]
	update    chain[func(sqlite3.AuthorizerActionCode, string, string, int64)]
	preUpdate chain[func(sqlite3.PreUpdateData)]
	authorize chain[func(sqlite3.AuthorizerActionCode, string, string, string, string) sqlite3.AuthorizerReturnCode]
	trace     chain[tracer]
	wal       chain[func(string, int) error]

	count          int  // functions in all of the lists
	autoCheckpoint int  // what SQLite's own WAL hook would do: a checkpoint from so many pages on
	walReplaced    bool // SQLite has put its own WAL hook in place of the list
}

type tracer struct {
	mask sqlite3.TraceEvent
	f    func(evt sqlite3.TraceEvent, arg1, arg2 any) error
}

// chain is a list of functions. It is replaced rather than changed: a function may remove itself while it runs.
type chain[F any] []*F

// add adds f to list. sync makes SQLite call the list, or nothing if it is empty.
func add[F any](c *Conn, list *chain[F], f F, sync func()) (remove func()) {
	if c.err != nil {
		return func() {}
	}
	entry := &f
	*list = append(slices.Clone(*list), entry)
	c.hooks.count++
	sync()
	return func() {
		i := slices.Index(*list, entry)
		if i < 0 {
			return
		}
		*list = slices.Delete(slices.Clone(*list), i, i+1)
		c.hooks.count--
		if c.err == nil {
			sync()
		}
	}
}

// OnCommit adds f to what is asked before a transaction that has written commits. If f returns false the transaction is
// rolled back, and functions added later are not asked.
func (c *Conn) OnCommit(f func() (ok bool)) (remove func()) {
	return add(c, &c.hooks.commit, f, c.installCommit)
}

// installCommit makes SQLite ask before a commit.
func (c *Conn) installCommit() { c.db.CommitHook(c.committing) }

// committing is the commit hook. What comes last is for a commit that nobody can refuse any more, and that waits for no
// lock: those of the database are held. SQLite looks once more whether it shall stop when the commit is done. It must not
// then, or the caller would be told that there was none. Who steps statements on the bare connection has set its context
// himself, for more than one of them. A connection that a panic has ended commits nothing: SQLite takes the statement that
// was cut short for one that is reset.
func (c *Conn) committing() bool {
	if c.err != nil && c.err != ErrClosed {
		return false
	}
	for _, f := range c.hooks.commit {
		if !(*f)() {
			return false
		}
	}
	if c.gather.running || c.steps&(1<<c.depth) != 0 {
		c.db.SetInterrupt(context.Background())
	}
	c.window.Open()
	return true
}

// OnRollback adds f to what is called after a transaction was rolled back.
func (c *Conn) OnRollback(f func()) (remove func()) {
	return add(c, &c.hooks.rollback, f, func() {
		if len(c.hooks.rollback) == 0 {
			c.db.RollbackHook(nil)
			return
		}
		c.db.RollbackHook(func() {
			for _, f := range c.hooks.rollback {
				(*f)()
			}
		})
	})
}

// OnUpdate adds f to what is called after a row was changed.
func (c *Conn) OnUpdate(f func(op sqlite3.AuthorizerActionCode, schema, table string, rowID int64)) (remove func()) {
	return add(c, &c.hooks.update, f, func() {
		if len(c.hooks.update) == 0 {
			c.db.UpdateHook(nil)
			return
		}
		c.db.UpdateHook(func(op sqlite3.AuthorizerActionCode, schema, table string, rowID int64) {
			for _, f := range c.hooks.update {
				(*f)(op, schema, table, rowID)
			}
		})
	})
}

// OnPreUpdate adds f to what is called before a row is changed.
func (c *Conn) OnPreUpdate(f func(sqlite3.PreUpdateData)) (remove func()) {
	return add(c, &c.hooks.preUpdate, f, func() {
		if len(c.hooks.preUpdate) == 0 {
			c.db.PreUpdateHook(nil)
			return
		}
		c.db.PreUpdateHook(func(data sqlite3.PreUpdateData) {
			for _, f := range c.hooks.preUpdate {
				(*f)(data)
			}
		})
	})
}

// OnAuthorize adds f to what is asked while a statement is compiled. The strictest answer counts: to deny, then to
// ignore.
func (c *Conn) OnAuthorize(f func(action sqlite3.AuthorizerActionCode, name3rd, name4th, schema, inner string) sqlite3.AuthorizerReturnCode) (remove func()) {
	return add(c, &c.hooks.authorize, f, func() {
		if len(c.hooks.authorize) == 0 {
			_ = c.db.SetAuthorizer(nil) // fails only without a connection, here and below
			return
		}
		_ = c.db.SetAuthorizer(c.authorize)
	})
}

func (c *Conn) authorize(action sqlite3.AuthorizerActionCode, name3rd, name4th, schema, inner string) sqlite3.AuthorizerReturnCode {
	answer := sqlite3.AUTH_OK
	for _, f := range c.hooks.authorize {
		switch (*f)(action, name3rd, name4th, schema, inner) {
		case sqlite3.AUTH_OK:
		case sqlite3.AUTH_IGNORE:
			answer = sqlite3.AUTH_IGNORE
		default:
			return sqlite3.AUTH_DENY // also for an answer that SQLite would refuse
		}
	}
	return answer
}

// OnTrace adds f to what is called at the events of mask.
func (c *Conn) OnTrace(mask sqlite3.TraceEvent, f func(evt sqlite3.TraceEvent, arg1, arg2 any) error) (remove func()) {
	return add(c, &c.hooks.trace, tracer{mask, f}, func() {
		var all sqlite3.TraceEvent
		for _, t := range c.hooks.trace {
			all |= t.mask
		}
		_ = c.db.Trace(all, func(evt sqlite3.TraceEvent, arg1, arg2 any) error {
			for _, t := range c.hooks.trace {
				if t.mask&evt != 0 {
					_ = t.f(evt, arg1, arg2) // SQLite does nothing with it
				}
			}
			return nil
		})
	})
}

// OnWAL adds f to what is called after a commit to a database in WAL mode, with the number of pages in the WAL. An
// error is the error of the statement that committed; the commit stays. Checkpoints go on as PRAGMA wal_autocheckpoint
// has set them.
func (c *Conn) OnWAL(f func(schema string, pages int) error) (remove func()) {
	if c.err == nil && len(c.hooks.wal) == 0 {
		c.hooks.autoCheckpoint = c.readAutoCheckpoint()
	}
	return add(c, &c.hooks.wal, f, func() {
		if len(c.hooks.wal) == 0 {
			_ = c.db.WALAutoCheckpoint(c.hooks.autoCheckpoint)
			return
		}
		c.db.WALHook(c.committedToWAL)
	})
}

// WALHookReplaced implements vfs.Owner.
func (h *hooks) WALHookReplaced(pages int) {
	h.autoCheckpoint = pages
	h.walReplaced = true
}

// restoreWALHook installs the list again if SQLite has replaced it in the call that returns now.
func (c *Conn) restoreWALHook() {
	if !c.hooks.walReplaced {
		return
	}
	c.hooks.walReplaced = false
	if len(c.hooks.wal) > 0 {
		c.db.WALHook(c.committedToWAL)
	}
}

func (c *Conn) committedToWAL(db *sqlite3.Conn, schema string, pages int) error {
	for _, f := range c.hooks.wal {
		if err := (*f)(schema, pages); err != nil {
			return err
		}
	}
	if n := c.hooks.autoCheckpoint; n > 0 && pages >= n {
		_, _, _ = db.WALCheckpoint(schema, sqlite3.CHECKPOINT_PASSIVE) // the next commit tries again
	}
	return nil
}
