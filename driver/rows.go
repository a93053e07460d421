package driver

import (
	"context"
	sqldriver "database/sql/driver"
	"io"
)

// rows are the rows of a run of a statement; q is nil if there was none.
type rows struct {
	ctx   context.Context
	q     *query
	owned bool
	row   []any
}

func (q *query) rows(ctx context.Context, turn *arguments, owned bool) (sqldriver.Rows, error) {
	if err := turn.bind(q); err != nil {
		return nil, err
	}
	return &rows{ctx: ctx, q: q, owned: owned, row: make([]any, q.ColumnCount())}, nil
}

func (r *rows) Columns() []string {
	if r.q == nil {
		return nil
	}
	names := make([]string, r.q.ColumnCount())
	for i := range names {
		names[i] = r.q.ColumnName(i)
	}
	return names
}

func (r *rows) Next(dest []sqldriver.Value) error {
	if r.q == nil {
		return io.EOF
	}
	ok, err := r.q.Next(r.ctx, r.row)
	if err != nil {
		return r.q.fail(err)
	}
	if !ok {
		return io.EOF
	}
	for i, v := range r.row {
		dest[i] = v
	}
	return nil
}

func (r *rows) Close() error {
	if r.q == nil {
		return nil
	}
	if r.owned {
		return r.q.fail(r.q.Close())
	}
	return r.q.fail(r.q.Reset())
}
