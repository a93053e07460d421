package driver

import (
	"context"
	sqldriver "database/sql/driver"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/internal/conn"
)

// session is one pooled connection.
type session struct {
	*conn.Conn
	cfg    *config
	tx     *tx  // the open driver.Tx
	broken bool // an I/O error or a corrupt file was met: the pool should not lend the connection again
}

var _ Conn = (*session)(nil)

// query is one compiled statement.
type query struct {
	*conn.Stmt
	c    *session
	text string // what the statement was given in
	base int    // where in text it begins
}

// prepare compiles the first statement at or behind offset base of text; q is nil if there is none.
func (c *session) prepare(ctx context.Context, text string, base int) (q *query, tail string, err error) {
	s, tail, err := c.Conn.Prepare(ctx, text[base:])
	if err != nil {
		return nil, "", c.fail(err, text, base)
	}
	if s == nil {
		return nil, "", nil
	}
	return &query{Stmt: s, c: c, text: text, base: base}, tail, nil
}

// fail makes an *Error of err, and remembers what it says about the connection.
func (c *session) fail(err error, text string, base int) error {
	if err == nil {
		return nil
	}
	err = newError(err, text, base)
	if e, ok := err.(*Error); ok {
		switch sqlite3.ErrorCode(e.PrimaryCode()) {
		case sqlite3.IOERR, sqlite3.CORRUPT, sqlite3.NOTADB:
			c.broken = true
		}
		if c.tx != nil && c.Autocommit() {
			c.tx.lost(e)
		}
	}
	return err
}

func (q *query) fail(err error) error { return q.c.fail(err, q.text, q.base) }

// begin checks that a statement may run.
func (c *session) begin() error {
	if c.tx != nil && c.Err() == nil && c.Autocommit() {
		return c.tx.gone()
	}
	return nil
}

// ExecContext runs every statement of text and returns the result of the last one.
func (c *session) ExecContext(ctx context.Context, text string, args []sqldriver.NamedValue) (sqldriver.Result, error) {
	var res result
	turn := arguments{args: args}
	for base := 0; base < len(text); {
		q, tail, err := c.prepare(ctx, text, base)
		if err != nil {
			return nil, err
		}
		if q == nil {
			break
		}
		base = len(text) - len(tail)
		res, err = q.exec(ctx, &turn)
		if cerr := q.Close(); err == nil {
			err = q.fail(cerr)
		}
		if err != nil {
			return nil, err
		}
	}
	return res, nil
}

// QueryContext runs every statement of text and returns the rows of the last one.
func (c *session) QueryContext(ctx context.Context, text string, args []sqldriver.NamedValue) (sqldriver.Rows, error) {
	turn := arguments{args: args}
	q, tail, err := c.prepare(ctx, text, 0)
	for {
		if err != nil {
			return nil, err
		}
		if q == nil {
			return &rows{}, nil
		}
		// Whether q is the last one only the compiler can say: what follows may be a comment.
		next, rest, err := c.prepare(ctx, text, len(text)-len(tail))
		_ = err
		if next == nil {
			return q.rows(ctx, &turn, true)
		}
		if _, err := q.exec(ctx, &turn); err != nil {
			return nil, err
		}
		q, tail = next, rest
	}
}

// PrepareContext compiles the first statement of text.
func (c *session) PrepareContext(ctx context.Context, text string) (sqldriver.Stmt, error) {
	q, _, err := c.prepare(ctx, text, 0)
	if err != nil {
		return nil, err
	}
	return &stmt{c: c, q: q}, nil
}

// Prepare implements driver.Conn.
func (c *session) Prepare(text string) (sqldriver.Stmt, error) {
	return c.PrepareContext(context.Background(), text)
}

// Exec implements the legacy driver.Execer.
func (c *session) Exec(text string, args []sqldriver.Value) (sqldriver.Result, error) {
	return c.ExecContext(context.Background(), text, named(args))
}

// Query implements the legacy driver.Queryer.
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

// Ping reports whether the connection is open. It touches no file and waits for no lock.
func (c *session) Ping(context.Context) error { return c.fail(c.Err(), "", -1) }

// ResetSession is called when the pool lends the connection again.
func (c *session) ResetSession(context.Context) error {
	if !c.IsValid() {
		return sqldriver.ErrBadConn
	}
	return nil
}

// IsValid reports whether the pool should keep the connection.
func (c *session) IsValid() bool { return c.Err() == nil && (!c.broken || c.cfg.memory) }

// Stats implements Conn.
func (c *session) Stats() Stats { return Stats{} }

// Close implements driver.Conn.
func (c *session) Close() error { return newError(c.Conn.Close(), "", -1) }

// result is a driver.Result.
type result struct{ rowID, changes int64 }

func (r result) LastInsertId() (int64, error) { return r.rowID, nil }
func (r result) RowsAffected() (int64, error) { return r.changes, nil }

// exec runs the statement to its end.
func (q *query) exec(ctx context.Context, turn *arguments) (result, error) {
	if err := q.c.begin(); err != nil {
		return result{}, err
	}
	if err := turn.bind(q); err != nil {
		return result{}, err
	}
	if err := q.Stmt.Exec(ctx); err != nil {
		return result{}, q.fail(err)
	}
	return result{q.c.LastInsertRowID(), q.c.Changes()}, nil
}

