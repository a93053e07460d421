package conn

import (
	"context"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"
)

// hold notes that handle is open in SQLite, which cannot close a connection before what is open on it.
func (c *Conn) hold(handle any, release func() error) {
	if c.held == nil {
		c.held = map[any]func() error{}
	}
	c.held[handle] = release
}

func (c *Conn) drop(handle any) { delete(c.held, handle) }

// Filename returns the path of the file of schema, "" if it has none.
func (c *Conn) Filename(schema string) string {
	if c.err != nil {
		return ""
	}
	return c.db.Filename(schema).String()
}

// ReadOnly reports whether schema cannot be written; ok is false if there is no such database.
// https://sqlite.org/c3ref/db_readonly.html
func (c *Conn) ReadOnly(schema string) (readOnly, ok bool) {
	if c.err != nil {
		return false, false
	}
	readOnly, unknown := c.db.ReadOnly(schema)
	return readOnly, !unknown
}

// Limit sets a limit, unless value is negative, and returns what it was, -1 if there is no such limit.
// https://sqlite.org/c3ref/limit.html
func (c *Conn) Limit(id sqlite3.LimitCategory, value int) int {
	if c.err != nil {
		return -1
	}
	if value >= 0 {
		c.gather.changed = true
	}
	return c.db.Limit(id, value)
}

// Status returns a counter of the connection and its largest value so far. https://sqlite.org/c3ref/db_status.html
func (c *Conn) Status(op sqlite3.DBStatus, reset bool) (current, highest int64, err error) {
	err = c.do(context.Background(), func(db *sqlite3.Conn) error {
		current, highest, err = db.Status(op, reset)
		return err
	})
	return current, highest, err
}

// FileControl asks the file of schema, or tells it, something. https://sqlite.org/c3ref/file_control.html
func (c *Conn) FileControl(schema string, op sqlite3.FcntlOpcode, arg ...any) (answer any, err error) {
	if len(arg) > 0 {
		// The binding panics at a type that it does not expect.
		switch _, isInt := arg[0].(int); op {
		case sqlite3.FCNTL_CHUNK_SIZE, sqlite3.FCNTL_RESERVE_BYTES:
			if !isInt {
				return nil, fmt.Errorf("file control %d: want an int, not %T", op, arg[0])
			}
		case sqlite3.FCNTL_PERSIST_WAL, sqlite3.FCNTL_POWERSAFE_OVERWRITE:
			if _, ok := arg[0].(bool); !ok {
				return nil, fmt.Errorf("file control %d: want a bool, not %T", op, arg[0])
			}
		}
	} else if op == sqlite3.FCNTL_CHUNK_SIZE {
		return nil, fmt.Errorf("file control %d: want an int", op)
	}
	if len(arg) > 0 {
		c.gather.changed = true
	}
	err = c.do(context.Background(), func(db *sqlite3.Conn) error {
		answer, err = db.FileControl(schema, op, arg...)
		return err
	})
	return answer, err
}

// Checkpoint moves what is in the WAL of schema, or of every database if that is "", to the database. It returns how
// many pages were in the WAL and how many of them are in the database now, or -1 without a WAL.
// https://sqlite.org/c3ref/wal_checkpoint_v2.html
func (c *Conn) Checkpoint(ctx context.Context, schema string, mode sqlite3.CheckpointMode) (pages, moved int, err error) {
	err = c.do(ctx, func(db *sqlite3.Conn) error {
		pages, moved, err = db.WALCheckpoint(schema, mode)
		c.wal.blocked = errors.Is(err, sqlite3.BUSY)
		return err
	})
	return pages, moved, err
}

// readAutoCheckpoint asks from how many pages in a WAL on SQLite makes a checkpoint by itself.
func (c *Conn) readAutoCheckpoint() int {
	pages := 1000 // SQLite's default
	_ = c.do(context.Background(), func(db *sqlite3.Conn) error {
		s, _, err := db.Prepare("PRAGMA wal_autocheckpoint")
		if err != nil {
			return err
		}
		if s.Step() {
			pages = s.ColumnInt(0)
		}
		return s.Close()
	})
	return pages
}
