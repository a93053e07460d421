package driver

import (
	"context"
	"errors"

	"github.com/ncruces/go-sqlite3"
)

// Controls ask SQLite about a connection and tell it what to do. The schema "" is "main". Errors are *Error.
type Controls interface {
	// Autocommit reports whether no transaction is open.
	Autocommit() bool

	// Filename returns the path of the file of a database, "" if it has none.
	Filename(schema string) string

	// ReadOnly reports whether a database cannot be written; ok is false if there is none of that name.
	ReadOnly(schema string) (readOnly, ok bool)

	// Limit sets a limit of the connection, unless value is negative, and returns what it was, -1 if there is no such
	// limit: https://sqlite.org/c3ref/limit.html
	Limit(id sqlite3.LimitCategory, value int) int

	// Status returns a counter of the connection and its largest value so far, which reset sets back:
	// https://sqlite.org/c3ref/db_status.html
	Status(op sqlite3.DBStatus, reset bool) (current, highest int64, err error)

	// FileControl asks the file of a database something, or tells it something, as in FileControl("main",
	// sqlite3.FCNTL_PERSIST_WAL, true). The opcodes that sqlite3 has are there, with the Go types that
	// (*sqlite3.Conn).FileControl takes; what the file does not know is an error:
	// https://sqlite.org/c3ref/file_control.html
	FileControl(schema string, op sqlite3.FcntlOpcode, arg ...any) (answer any, err error)

	// Checkpoint moves what is in the WAL to the database. It returns how many pages the WAL had and how many of them
	// are in the database now; both are -1 without a WAL. A checkpoint that others are in the way of fails with BUSY
	// when the busy timeout is over, a PASSIVE one moves fewer pages: https://sqlite.org/c3ref/wal_checkpoint_v2.html
	Checkpoint(ctx context.Context, schema string, mode sqlite3.CheckpointMode) (pages, moved int, err error)
}

func (c *session) Filename(schema string) string { return c.Conn.Filename(schemaName(schema)) }

func (c *session) ReadOnly(schema string) (readOnly, ok bool) {
	return c.Conn.ReadOnly(schemaName(schema))
}

func (c *session) Status(op sqlite3.DBStatus, reset bool) (current, highest int64, err error) {
	current, highest, err = c.Conn.Status(op, reset)
	return current, highest, c.fail(err, "", 0)
}

func (c *session) FileControl(schema string, op sqlite3.FcntlOpcode, arg ...any) (any, error) {
	answer, err := c.Conn.FileControl(schemaName(schema), op, arg...)
	return answer, c.fail(err, "", 0)
}

func (c *session) Checkpoint(ctx context.Context, schema string, mode sqlite3.CheckpointMode) (pages, moved int, err error) {
	pages, moved, err = c.Conn.Checkpoint(ctx, schemaName(schema), mode)
	if err == nil {
		return pages, moved, nil
	}
	err = c.fail(err, "", 0)
	if e, ok := errors.AsType[*Error](err); ok && e.PrimaryCode() == int(sqlite3.BUSY) && e.holder == "" {
		if reader, ok := c.OldestReader(); ok {
			e.setHolder(reader.String())
		}
	}
	return pages, moved, err
}
