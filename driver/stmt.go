package driver

import (
	"context"
	sqldriver "database/sql/driver"
)

// stmt is a prepared statement; q is nil if its text is empty.
type stmt struct {
	c *session
	q *query
}

func (s *stmt) NumInput() int { return -1 }

func (s *stmt) Close() error {
	if s.q == nil {
		return nil
	}
	return s.q.fail(s.q.Close())
}

func (s *stmt) ExecContext(ctx context.Context, args []sqldriver.NamedValue) (sqldriver.Result, error) {
	if s.q == nil {
		return result{}, nil
	}
	return s.q.exec(ctx, &arguments{args: args})
}

func (s *stmt) QueryContext(ctx context.Context, args []sqldriver.NamedValue) (sqldriver.Rows, error) {
	if s.q == nil {
		return &rows{}, nil
	}
	return s.q.rows(ctx, &arguments{args: args}, false)
}

func (s *stmt) Exec(args []sqldriver.Value) (sqldriver.Result, error) {
	return s.ExecContext(context.Background(), named(args))
}

func (s *stmt) Query(args []sqldriver.Value) (sqldriver.Rows, error) {
	return s.QueryContext(context.Background(), named(args))
}
