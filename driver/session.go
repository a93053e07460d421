package driver

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/internal/conn"
)

// session is one connection of the pool.
type session struct {
	*conn.Conn
	cfg     *config
	begin   string // starts a transaction
	closers []func() error
	tx      *tx  // begun by database/sql and not ended by it
	broken  bool // the file could not be read or written, or is not a sound database
}

var _ Conn = (*session)(nil)

// prepare compiles the first statement of text at or behind offset base. q is nil if there is none.
func (c *session) prepare(ctx context.Context, text string, base int) (q *query, tail string, err error) {
	var s *conn.Stmt
	if base == 0 {
		s, tail, err = c.Acquire(ctx, text)
	} else {
		s, tail, err = c.Conn.Prepare(ctx, text[base:]) // a piece of a script
	}
	if s == nil || err != nil {
		return nil, "", c.fail(err, text, base)
	}
	if q, kept := s.Aux.(*query); kept {
		return q, tail, nil
	}
	q = &query{Stmt: s, c: c, text: text, base: base}
	s.Aux = q
	return q, tail, nil
}

// fail makes an *Error of err, which came about in the statement at base of text, and takes note of what it says about
// the connection.
func (c *session) fail(err error, text string, base int) error {
	if err == nil {
		return nil
	}
	e := newError(err, c.cfg.profile, c.Conn.Raw(), text, base)
	switch sqlite3.ErrorCode(e.PrimaryCode()) {
	case sqlite3.IOERR, sqlite3.CORRUPT, sqlite3.NOTADB:
		c.broken = true
	case sqlite3.BUSY:
		e.nameHolder(c.Conn)
	}
	if c.tx != nil && c.tx.cause == nil && c.Autocommit() {
		c.tx.cause = e
	}
	return e
}

// ExecContext runs every statement of text. The result is that of the last one. Statements before one that fails stay
// done.
func (c *session) ExecContext(ctx context.Context, text string, args []sqldriver.NamedValue) (sqldriver.Result, error) {
	var res result
	a := c.arguments(args)
	c.resetRowID()
	for base := 0; base < len(text); {
		q, tail, err := c.prepare(ctx, text, base)
		if err != nil {
			return nil, err
		}
		if q == nil {
			break
		}
		if len(args) > 0 {
			if err := q.alone(tail); err != nil {
				return nil, err
			}
		}
		base = len(text) - len(tail)
		if res, err = q.exec(ctx, &a); err != nil {
			_ = q.Close()
			return nil, err
		}
		if err := q.Close(); err != nil {
			return nil, q.fail(err)
		}
	}
	return res, nil
}

// QueryContext runs every statement of text. The rows are those of the last one.
func (c *session) QueryContext(ctx context.Context, text string, args []sqldriver.NamedValue) (sqldriver.Rows, error) {
	a := c.arguments(args)
	for base := 0; ; {
		q, tail, err := c.prepare(ctx, text, base)
		if err != nil {
			return nil, err
		}
		if q == nil {
			return &rows{}, nil
		}
		if err := q.alone(tail); err != nil {
			return nil, err
		}
		if conn.Blank(tail) {
			return q.rows(ctx, &a, true)
		}
		base = len(text) - len(tail)
		_, err = q.exec(ctx, &a)
		if cerr := q.Close(); err == nil && cerr != nil {
			err = q.fail(cerr)
		}
		if err != nil {
			return nil, err
		}
	}
}

// PrepareContext compiles the first statement of text. The others are ignored, or run as well, as the profile says.
func (c *session) PrepareContext(ctx context.Context, text string) (sqldriver.Stmt, error) {
	q, tail, err := c.prepare(ctx, text, 0)
	if err != nil {
		return nil, err
	}
	if q == nil {
		return &stmt{c: c}, nil
	}
	if err := q.alone(tail); err != nil {
		return nil, err
	}
	if c.cfg.profile.whole && !conn.Blank(tail) {
		return &script{c, text}, q.fail(q.Close())
	}
	return &stmt{c: c, q: q}, nil
}

// Prepare implements driver.Conn.
func (c *session) Prepare(text string) (sqldriver.Stmt, error) {
	return c.PrepareContext(context.Background(), text)
}

// Exec runs text as ExecContext does, for code that holds a driver connection.
func (c *session) Exec(text string, args []sqldriver.Value) (sqldriver.Result, error) {
	return c.ExecContext(context.Background(), text, named(args))
}

// Query runs text as QueryContext does, for code that holds a driver connection.
func (c *session) Query(text string, args []sqldriver.Value) (sqldriver.Rows, error) {
	return c.QueryContext(context.Background(), text, named(args))
}

func named(args []sqldriver.Value) []sqldriver.NamedValue {
	list := make([]sqldriver.NamedValue, len(args))
	for i, v := range args {
		list[i] = sqldriver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return list
}

// CheckNamedValue implements driver.NamedValueChecker.
func (c *session) CheckNamedValue(v *sqldriver.NamedValue) error { return checkValue(v) }

// Raw implements Conn.
func (c *session) Raw() *sqlite3.Conn { return c.HandOut() }

// Ping reports whether the connection is usable. It touches no file and waits for no lock.
func (c *session) Ping(context.Context) error { return c.fail(c.Err(), "", 0) }

// ResetSession implements driver.SessionResetter. It does not roll back: programs with a pool of one connection run
// BEGIN and COMMIT by Exec.
func (c *session) ResetSession(context.Context) error {
	if !c.IsValid() {
		return sqldriver.ErrBadConn // nothing has been tried on it: the pool takes another one
	}
	c.Returned()
	return nil
}

// IsValid reports whether the pool may lend the connection again. A database in memory would be lost with it.
func (c *session) IsValid() bool { return c.Err() == nil && (!c.broken || c.cfg.memory) }

// Close closes the connection, then what RegisterKey's functions have added to it. An open transaction is rolled back.
func (c *session) Close() error {
	err := c.Conn.Close()
	if c.tx != nil {
		c.tx.lease.end()
	}
	for i := range c.closers {
		err = errors.Join(err, c.closers[len(c.closers)-1-i]())
	}
	c.closers = nil
	if err == nil {
		return nil
	}
	return newError(err, c.cfg.profile, nil, "", 0)
}

// resetRowID makes LastInsertId 0 until a row is inserted, if the profile wants it.
func (c *session) resetRowID() {
	if c.cfg.profile.resetRowID && c.Err() == nil {
		c.Conn.Raw().SetLastInsertRowID(0)
	}
}

// result is the result of a statement. SQLite keeps both numbers from the last statement that set them.
type result struct{ rowID, changes int64 }

// LastInsertId implements driver.Result.
func (r result) LastInsertId() (int64, error) { return r.rowID, nil }

// RowsAffected implements driver.Result.
func (r result) RowsAffected() (int64, error) { return r.changes, nil }
