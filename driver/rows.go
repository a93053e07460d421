package driver

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"io"
	"reflect"

	"github.com/turso-coop/turso-coop/internal/conn"
)

// query is one compiled statement, and what is known of it from one run to the next. It is kept with the statement.
type query struct {
	*conn.Stmt
	c    *session
	text string // what the statement was given in
	base int    // where in text it begins

	running bool // rows of it are open
	large   bool // much memory is bound to it

	columns *columns
	values  []any
	args    []any // of the run
}

// columns describes the result columns of a statement.
type columns struct {
	*conn.Description
	types []columnType
}

type columnType struct {
	declared string
	kind     columnKind
}

// fail makes an *Error of err.
func (q *query) fail(err error) error { return q.c.fail(err, q.text, q.base) }

// Close gives the statement back, to be kept for the next use of its text.
func (q *query) Close() error {
	clear(q.values)
	clear(q.args)
	q.large = false // what is kept has its parameters cleared
	return q.Release()
}

// alone closes q with an error if another statement follows in tail, and the profile allows just one.
func (q *query) alone(tail string) error {
	if !q.c.cfg.profile.single || conn.Blank(tail) {
		return nil
	}
	_ = q.Close()
	return errors.New("sqlite3: multiple statements")
}

// exec runs the statement to its end.
func (q *query) exec(ctx context.Context, args *arguments) (result, error) {
	if err := q.start(args); err != nil {
		return result{}, err
	}
	res, err := q.ExecArgs(ctx, q.args)
	q.drop()
	if err != nil {
		return result{}, q.fail(err)
	}
	return result{res.RowID, res.Changes}, nil
}

// start checks that the statement may run and chooses its arguments.
func (q *query) start(args *arguments) error {
	if err := q.c.inTransaction(); err != nil {
		return err
	}
	return args.choose(q)
}

// drop gives back the memory of large arguments.
func (q *query) drop() {
	if q.large {
		clear(q.args)
		_ = q.ClearBindings() // cannot fail: https://sqlite.org/c3ref/clear_bindings.html
		q.large = false
	}
}

// describe returns the result columns.
func (q *query) describe() *columns { return q.described(q.Describe()) }

// described returns the result columns that d describes.
func (q *query) described(d *conn.Description) *columns {
	if q.columns != nil && q.columns.Description == d {
		return q.columns
	}
	n := len(d.Names)
	columns := &columns{d, make([]columnType, n)}
	for i, declared := range d.DeclTypes {
		columns.types[i] = columnType{declared, q.c.cfg.values.kind(declared)}
	}
	q.columns, q.values = columns, make([]any, n)
	return columns
}

// rows are the rows of one run of a statement.
//
// A statement that writes takes its first step at once, so that Query does what it says even if nobody asks for rows.
// One that only reads takes it when database/sql first asks for its columns or its row: until then rows that were
// forgotten hold no lock.
type rows struct {
	ctx      context.Context
	c        *session
	q        *query     // nil if there is no statement, or its run has ended
	gathered *conn.Rows // of a run on another connection, which has ended
	owned    bool       // q is of no use after the run
	lease    *lease

	*columns       // known after the first step
	values   []any // of the current row, as stored
	stepped  bool
	first    bool  // the first step found a row, which Next has not delivered yet
	peeked   bool  // values hold that row already
	err      error // of the first step
}

var (
	_ sqldriver.RowsColumnTypeDatabaseTypeName = (*rows)(nil)
	_ sqldriver.RowsColumnTypeNullable         = (*rows)(nil)
	_ sqldriver.RowsColumnTypeScanType         = (*rows)(nil)
	_ sqldriver.RowsColumnTypeLength           = (*rows)(nil)
)

// rows starts a run of q.
func (q *query) rows(ctx context.Context, args *arguments, owned bool) (sqldriver.Rows, error) {
	r := &rows{ctx: ctx, c: q.c, q: q, owned: owned}
	if err := q.start(args); err != nil {
		r.end()
		return nil, err
	}
	if q.ReadOnly() {
		if err := q.BindArgs(q.args); err != nil {
			err = q.fail(err)
			r.end()
			return nil, err
		}
	}
	q.running = true
	r.lease = q.c.lend("rows")
	r.lease.watch(r)
	if !q.ReadOnly() || q.ColumnCount() == 0 {
		if r.step(); r.err != nil {
			return nil, r.err
		}
	}
	return r, nil
}

// step takes the first step, once.
func (r *rows) step() {
	if r.stepped || r.q == nil {
		return
	}
	r.stepped = true
	var row bool
	var err error
	if r.q.ReadOnly() {
		row, err = r.q.Step(r.ctx)
	} else {
		row, r.gathered, err = r.q.StartArgs(r.ctx, r.q.args)
	}
	if r.gathered != nil && err == nil {
		r.columns, r.values = r.q.described(r.gathered.Description), r.q.values
		row, r.peeked = r.gathered.Next(r.values), true
	} else {
		r.columns, r.values = r.q.describe(), r.q.values
	}
	if !row || err != nil {
		r.err = r.finish(err)
		return
	}
	r.first = true
}

// finish ends the run after its last step, which returned err.
func (r *rows) finish(err error) error {
	err = r.q.fail(err)
	if eerr := r.end(); err == nil {
		err = eerr
	}
	return err
}

// end resets or closes the statement.
func (r *rows) end() error {
	q := r.q
	if q == nil {
		return nil
	}
	r.q = nil
	r.lease.end()
	q.running = false
	if r.owned {
		return q.fail(q.Close())
	}
	clear(q.values)
	err := q.fail(q.Reset())
	q.drop()
	return err
}

// Columns implements driver.Rows.
func (r *rows) Columns() []string {
	if r.step(); r.columns == nil {
		return nil
	}
	return r.Names
}

// Next implements driver.Rows.
func (r *rows) Next(dest []sqldriver.Value) error {
	if r.step(); r.err != nil {
		return r.err
	}
	if r.q == nil {
		return io.EOF
	}
	row, err := true, error(nil)
	switch {
	case r.first:
		if r.first = false; r.gathered == nil {
			err = r.q.Stmt.Columns(r.values)
		}
	case r.gathered != nil:
		row = r.gathered.Next(r.values)
	default:
		row, err = r.q.Next(r.ctx, r.values)
	}
	if !row || err != nil {
		if err = r.finish(err); err == nil {
			err = io.EOF
		}
		return err
	}
	for i := range min(len(dest), len(r.values)) {
		dest[i] = r.c.cfg.values.convert(r.values[i], r.types[i].kind)
	}
	return nil
}

// Close implements driver.Rows.
func (r *rows) Close() error { return r.end() }

// declared returns the declared type of column i, "" if there is none.
func (r *rows) declared(i int) string {
	if r.step(); r.columns == nil || i < 0 || i >= len(r.types) {
		return ""
	}
	return r.types[i].declared
}

// value returns column i of the current row as stored, before the first call of Next that of the first row, nil if there
// is none.
func (r *rows) value(i int) any {
	if r.step(); r.q == nil || i < 0 || i >= len(r.values) {
		return nil
	}
	if r.first && !r.peeked {
		r.peeked = true
		_ = r.q.Stmt.Columns(r.values) // an error is repeated by Next
	}
	return r.values[i]
}

// inRow reports whether Next has delivered a row and not come to the end.
func (r *rows) inRow() bool { return r.stepped && !r.first && r.q != nil }

// ColumnTypeDatabaseTypeName implements driver.RowsColumnTypeDatabaseTypeName.
func (r *rows) ColumnTypeDatabaseTypeName(i int) string {
	return r.describer().databaseType(r.declared(i))
}

// ColumnTypeNullable implements driver.RowsColumnTypeNullable.
func (r *rows) ColumnTypeNullable(i int) (nullable, ok bool) {
	return r.describer().nullable(r.declared(i))
}

// ColumnTypeScanType implements driver.RowsColumnTypeScanType.
func (r *rows) ColumnTypeScanType(i int) reflect.Type { return r.describer().scanType(r, i) }

// ColumnTypeLength implements driver.RowsColumnTypeLength.
func (r *rows) ColumnTypeLength(i int) (length int64, ok bool) { return r.describer().length(r, i) }

func (r *rows) describer() describer { return r.c.cfg.profile.describe }
