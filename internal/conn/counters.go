package conn

import (
	"errors"

	"github.com/ncruces/go-sqlite3"
)

// counters are the three numbers that SQLite keeps for a connection and that say what its last statements did. A
// statement that another connection has run for this one has left them there; so they are kept here, and SQL finds them
// by functions that take the place of SQLite's own. The last rowid needs none of this: it can be set.
type counters struct {
	elsewhere bool  // the last statement that changes data ran on another connection, or another's on this one
	changes   int64 // what it changed, if so
	// What SQLite counted then, in all and by the last statement: when a trigger of a later statement has changed
	// something, that counts.
	at, last int64
	total    int64 // to be added to what SQLite counts on this connection
}

// errCounters ends a statement that asks for a number of the connection it was meant for while another one runs it.
var errCounters = errors.New("the statement asks for a counter of its own connection")

// installCounters puts functions in the place of changes() and total_changes(), and of last_insert_rowid() to notice its use.
func (c *Conn) installCounters() error {
	var errs []error
	for name, f := range map[string]func() int64{
		"changes":           c.Changes,
		"total_changes":     c.TotalChanges,
		"last_insert_rowid": c.LastInsertRowID,
	} {
		errs = append(errs, c.db.CreateFunction(name, 0, sqlite3.INNOCUOUS, func(ctx sqlite3.Context, _ ...sqlite3.Value) {
			if c.gather.running {
				c.gather.counters = true
				ctx.ResultError(errCounters)
				return
			}
			ctx.ResultInt64(f())
		}))
	}
	return errors.Join(errs...)
}

// Changes returns the number of rows changed by the last INSERT, UPDATE or DELETE.
// https://sqlite.org/c3ref/changes.html
func (c *Conn) Changes() int64 {
	switch {
	case c.err != nil:
		return 0
	case c.counters.elsewhere && c.db.TotalChanges() == c.counters.at && c.db.Changes() == c.counters.last:
		return c.counters.changes
	}
	return c.db.Changes()
}

// TotalChanges returns the number of rows changed since the connection was opened, also by triggers and foreign keys.
// https://sqlite.org/c3ref/total_changes.html
func (c *Conn) TotalChanges() int64 {
	if c.err != nil {
		return 0
	}
	return c.db.TotalChanges() + c.counters.total
}

// LastInsertRowID returns the rowid of the last row inserted. https://sqlite.org/c3ref/last_insert_rowid.html
func (c *Conn) LastInsertRowID() int64 {
	if c.err != nil {
		return 0
	}
	return c.db.LastInsertRowID()
}
