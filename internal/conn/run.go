package conn

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// Result is what a run of a statement has left: the rowid of the last row inserted on the connection, and how many rows
// the last statement that changes rows has changed.
type Result struct{ RowID, Changes int64 }

// ExecArgs binds args to the parameters, the first to parameter 1, runs the statement to its end, drops its rows and
// resets it. A statement that is a transaction by itself may be run by another connection, together with others that
// wait: see gather.go. args must not change meanwhile.
func (s *Stmt) ExecArgs(ctx context.Context, args []any) (_ Result, err error) {
	outer, err := s.enter(ctx)
	if err != nil {
		return Result{}, err
	}
	defer s.c.leave(outer, &err)
	if r := s.c.offer(ctx, s, args, false); r != nil {
		s.c.toldSerial(ctx, r.serial)
		return r.result, r.err
	}
	if err := s.bindAll(args); err != nil {
		s.end(err)
		return Result{}, err
	}
	err = s.exec(ctx)
	s.c.toldSerial(ctx, s.c.turns.serial)
	return Result{s.c.LastInsertRowID(), s.c.Changes()}, err
}

// StartArgs binds args as ExecArgs does, and takes the first step of a statement that writes. If another connection has
// run it gathered are its rows, and the run has ended.
func (s *Stmt) StartArgs(ctx context.Context, args []any) (row bool, gathered *Rows, err error) {
	outer, err := s.enter(ctx)
	if err != nil {
		return false, nil, err
	}
	defer s.c.leave(outer, &err)
	if r := s.c.offer(ctx, s, args, true); r != nil {
		s.c.toldSerial(ctx, r.serial)
		return false, r.rows, r.err
	}
	if err := s.bindAll(args); err != nil {
		s.end(err)
		return false, nil, err
	}
	row, err = s.step(ctx)
	s.c.toldSerial(ctx, s.c.turns.serial)
	return row, nil, err
}

// BindArgs binds args as ExecArgs does.
func (s *Stmt) BindArgs(args []any) (err error) {
	outer, err := s.enter(context.Background())
	if err != nil {
		return err
	}
	defer s.c.leave(outer, &err)
	return s.bindAll(args)
}

func (s *Stmt) bindAll(args []any) error {
	for i, v := range args {
		if err := s.bind(i+1, v); err != nil {
			return err
		}
	}
	return nil
}

// Bind gives a value to parameter i, 1 being the first: nil, int64, float64, string, []byte, bool, time.Time (as text,
// see [TimeLayout]), sqlite3.ZeroBlob, or what sqlite3.JSON or sqlite3.Pointer returns. The value is copied. A nil []byte is NULL.
func (s *Stmt) Bind(i int, v any) (err error) {
	outer, err := s.enter(context.Background())
	if err != nil {
		return err
	}
	defer s.c.leave(outer, &err)
	return s.bind(i, v)
}

func (s *Stmt) bind(i int, v any) error {
	s.used = true
	switch v := v.(type) {
	case nil:
		return s.s.BindNull(i)
	case int64:
		return s.s.BindInt64(i, v)
	case float64:
		return s.s.BindFloat(i, v)
	case string:
		return s.s.BindText(i, v)
	case []byte:
		return s.s.BindBlob(i, v)
	case bool:
		return s.s.BindBool(i, v)
	case time.Time:
		var buf [64]byte
		return s.s.BindRawText(i, v.AppendFormat(buf[:0], s.c.times))
	case sqlite3.ZeroBlob:
		return s.s.BindZeroBlob(i, int64(v))
	}
	switch reflect.TypeOf(v) {
	case jsonType:
		return s.s.BindJSON(i, reflect.ValueOf(v).Field(0).Interface())
	case pointerType:
		return s.s.BindPointer(i, reflect.ValueOf(v).Field(0).Interface())
	}
	return fmt.Errorf("parameter %d: values of type %T cannot be bound", i, v)
}

// The types of what sqlite3.JSON and sqlite3.Pointer return, which have no names outside of the binding. Both are structs
// around the value.
var jsonType, pointerType = reflect.TypeOf(sqlite3.JSON(nil)), reflect.TypeOf(sqlite3.Pointer(nil))

// IsWrapped reports whether v was made by sqlite3.JSON or sqlite3.Pointer.
func IsWrapped(v any) bool {
	t := reflect.TypeOf(v)
	return t == jsonType || t == pointerType
}

// ClearBindings makes every parameter NULL and frees what was bound.
func (s *Stmt) ClearBindings() (err error) {
	outer, err := s.enter(context.Background())
	if err != nil {
		return err
	}
	defer s.c.leave(outer, &err)
	return s.s.ClearBindings()
}

// A Description says what the result columns of a statement are. It does not change.
type Description struct {
	Names     []string
	DeclTypes []string // see [Stmt.ColumnDeclType]
}

// Describe returns what the result columns are. SQLite knows them for sure only after the first step: it may find there
// that the schema has changed, and compile again.
func (s *Stmt) Describe() *Description {
	n := s.Recompiled()
	if s.described != nil && n == s.recompiled {
		return s.described
	}
	d := &Description{}
	for i := range s.ColumnCount() {
		d.Names = append(d.Names, s.ColumnName(i))
		d.DeclTypes = append(d.DeclTypes, s.ColumnDeclType(i))
	}
	s.described, s.recompiled = d, n
	return d
}

// serialKey is the key of a context for where to tell a serial number.
type serialKey struct{}

// WithSerial returns a context under which statements that write store a number at serial: in the order of these numbers
// the statements that have written to a database have taken effect, as if one had run after the other. It is 0 if the
// statement has not come to write.
func WithSerial(ctx context.Context, serial *int64) context.Context {
	return context.WithValue(ctx, serialKey{}, serial)
}

func (c *Conn) toldSerial(ctx context.Context, serial int64) {
	if ctx == context.Background() {
		return
	}
	if p, ok := ctx.Value(serialKey{}).(*int64); ok {
		*p = serial
	}
}
