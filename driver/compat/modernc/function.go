package sqlite

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// FunctionContext is what functions are called with. It holds nothing.
type FunctionContext struct{}

// FunctionImpl describes an SQL function: a scalar one if Scalar is set, otherwise an aggregate one.
type FunctionImpl struct {
	// NArgs is the number of arguments; a negative one is any number.
	NArgs int32

	// Deterministic says that the result depends on nothing but the arguments.
	Deterministic bool

	// Scalar is called for each call of the function. Arguments are int64, float64, string, []byte or nil. The result is
	// one of those, a bool, or a time.Time, which becomes seconds since 1970.
	Scalar func(ctx *FunctionContext, args []driver.Value) (driver.Value, error)

	// MakeAggregate is called for each group of rows.
	MakeAggregate func(ctx FunctionContext) (AggregateFunction, error)

	// VolatileArgs allows arguments that are valid during the call only. Here they always are the function's own.
	VolatileArgs bool
}

// AggregateFunction aggregates the rows of one group, or of a window that moves over the rows.
type AggregateFunction interface {
	// Step adds a row.
	Step(ctx *FunctionContext, rowArgs []driver.Value) error

	// WindowInverse takes a row out again that Step has added.
	WindowInverse(ctx *FunctionContext, rowArgs []driver.Value) error

	// WindowValue returns the value for the rows that are in.
	WindowValue(ctx *FunctionContext) (driver.Value, error)

	// Final is called when no more is to come.
	Final(ctx *FunctionContext)
}

func (c *conn) createFunction(name string, f *FunctionImpl) error {
	var flags sqlite3.FunctionFlag
	if f.Deterministic {
		flags = sqlite3.DETERMINISTIC
	}
	if f.Scalar == nil {
		return c.native.CreateAggregate(name, int(f.NArgs), flags, f.group)
	}
	return c.native.CreateFunction(name, int(f.NArgs), flags, func(ctx sqlite3.Context, arg ...sqlite3.Value) {
		result, err := f.Scalar(&FunctionContext{}, values(arg))
		setResult(ctx, result, err)
	})
}

// group is the aggregation of one group.
type group struct {
	f   AggregateFunction
	err error // why there is no more to do
}

func (f *FunctionImpl) group() sqlite3.AggregateFunction {
	made, err := f.MakeAggregate(FunctionContext{})
	if err == nil && made == nil {
		err = errors.New("sqlite: MakeAggregate has returned nil")
	}
	return &group{made, err}
}

func (g *group) Step(ctx sqlite3.Context, arg ...sqlite3.Value) {
	if g.err == nil {
		g.err = g.f.Step(&FunctionContext{}, values(arg))
	}
	ctx.ResultError(g.err)
}

func (g *group) Inverse(ctx sqlite3.Context, arg ...sqlite3.Value) {
	if g.err == nil {
		g.err = g.f.WindowInverse(&FunctionContext{}, values(arg))
	}
	ctx.ResultError(g.err)
}

func (g *group) Value(ctx sqlite3.Context) {
	if g.err != nil {
		ctx.ResultError(g.err)
		return
	}
	result, err := g.f.WindowValue(&FunctionContext{})
	setResult(ctx, result, err)
}

// Close is called when no more is to come.
func (g *group) Close() error {
	if g.f != nil {
		g.f.Final(&FunctionContext{})
	}
	return nil
}

func values(arg []sqlite3.Value) []driver.Value {
	list := make([]driver.Value, len(arg))
	for i, v := range arg {
		list[i] = value(v)
	}
	return list
}

// value returns a value as it is stored.
func value(v sqlite3.Value) any {
	switch v.Type() {
	case sqlite3.INTEGER:
		return v.Int64()
	case sqlite3.FLOAT:
		return v.Float()
	case sqlite3.TEXT:
		return v.Text()
	case sqlite3.BLOB:
		return append([]byte{}, v.RawBlob()...)
	}
	return nil
}

func setResult(ctx sqlite3.Context, result driver.Value, err error) {
	if err != nil {
		ctx.ResultError(err)
		return
	}
	switch v := result.(type) {
	case nil:
		ctx.ResultNull()
	case int64:
		ctx.ResultInt64(v)
	case float64:
		ctx.ResultFloat(v)
	case bool:
		ctx.ResultBool(v)
	case string:
		ctx.ResultText(v)
	case []byte:
		if v == nil {
			v = []byte{}
		}
		ctx.ResultBlob(v)
	case time.Time:
		ctx.ResultInt64(v.Unix())
	default:
		ctx.ResultError(fmt.Errorf("sqlite: the function has returned a %T, which is no driver.Value", result))
	}
}
