package driver

import (
	"context"
	sqldriver "database/sql/driver"
)

// script is a prepared text of several statements, which run one after the other as those of Exec and Query.
type script struct {
	c    *session
	text string
}

var (
	_ sqldriver.StmtExecContext   = (*script)(nil)
	_ sqldriver.StmtQueryContext  = (*script)(nil)
	_ sqldriver.NamedValueChecker = (*script)(nil)
)

// NumInput leaves the counting to this package.
func (s *script) NumInput() int { return -1 }

// CheckNamedValue implements driver.NamedValueChecker.
func (s *script) CheckNamedValue(v *sqldriver.NamedValue) error { return checkValue(v) }

// Close implements driver.Stmt.
func (s *script) Close() error { return nil }

// ExecContext implements driver.StmtExecContext.
func (s *script) ExecContext(ctx context.Context, args []sqldriver.NamedValue) (sqldriver.Result, error) {
	return s.c.ExecContext(ctx, s.text, args)
}

// QueryContext implements driver.StmtQueryContext.
func (s *script) QueryContext(ctx context.Context, args []sqldriver.NamedValue) (sqldriver.Rows, error) {
	return s.c.QueryContext(ctx, s.text, args)
}

// Exec implements driver.Stmt.
func (s *script) Exec(args []sqldriver.Value) (sqldriver.Result, error) {
	return s.c.Exec(s.text, args)
}

// Query implements driver.Stmt.
func (s *script) Query(args []sqldriver.Value) (sqldriver.Rows, error) {
	return s.c.Query(s.text, args)
}

// stmt is a prepared statement. Only the first statement of its text counts.
type stmt struct {
	c *session
	q *query // nil if the text holds no statement
}

var (
	_ sqldriver.StmtExecContext   = (*stmt)(nil)
	_ sqldriver.StmtQueryContext  = (*stmt)(nil)
	_ sqldriver.NamedValueChecker = (*stmt)(nil)
)

// NumInput leaves the counting to this package: one named argument may answer several parameters.
func (s *stmt) NumInput() int { return -1 }

// CheckNamedValue implements driver.NamedValueChecker.
func (s *stmt) CheckNamedValue(v *sqldriver.NamedValue) error { return checkValue(v) }

// Close implements driver.Stmt.
func (s *stmt) Close() error {
	if s.q == nil {
		return nil
	}
	return s.q.fail(s.q.Close())
}

// arguments refuses another number of arguments than there are parameters, unless some have names or the profile says
// otherwise. The text is that of database/sql, which would count if NumInput did.
func (s *stmt) arguments(q *query, args []sqldriver.NamedValue) (arguments, error) {
	a := s.c.arguments(args)
	if want := q.BindCount(); len(args) != want && !a.named && !s.c.cfg.profile.rebind {
		return a, wrongCount(want, len(args))
	}
	return a, nil
}

// idle returns a query to run: the prepared one, or a copy of it for this run while rows of the prepared one are open.
func (s *stmt) idle(ctx context.Context) (q *query, copied bool, err error) {
	if !s.q.running {
		return s.q, false, nil
	}
	q, _, err = s.c.prepare(ctx, s.q.text, s.q.base)
	return q, true, err
}

// ExecContext implements driver.StmtExecContext.
func (s *stmt) ExecContext(ctx context.Context, args []sqldriver.NamedValue) (sqldriver.Result, error) {
	if s.q == nil {
		return result{}, nil
	}
	q, copied, err := s.idle(ctx)
	if err != nil {
		return nil, err
	}
	if copied {
		defer q.Close()
	}
	a, err := s.arguments(q, args)
	if err != nil {
		return nil, err
	}
	s.c.resetRowID()
	return q.exec(ctx, &a)
}

// QueryContext implements driver.StmtQueryContext.
func (s *stmt) QueryContext(ctx context.Context, args []sqldriver.NamedValue) (sqldriver.Rows, error) {
	if s.q == nil {
		return &rows{}, nil
	}
	q, copied, err := s.idle(ctx)
	if err != nil {
		return nil, err
	}
	a, err := s.arguments(q, args)
	if err != nil {
		if copied {
			_ = q.Close()
		}
		return nil, err
	}
	return q.rows(ctx, &a, copied)
}

// Exec implements driver.Stmt.
func (s *stmt) Exec(args []sqldriver.Value) (sqldriver.Result, error) {
	return s.ExecContext(context.Background(), named(args))
}

// Query implements driver.Stmt.
func (s *stmt) Query(args []sqldriver.Value) (sqldriver.Rows, error) {
	return s.QueryContext(context.Background(), named(args))
}
