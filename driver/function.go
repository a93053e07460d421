package driver

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/ncruces/go-sqlite3"
)

// Functions add Go functions to the SQL of a connection. They are called in the goroutine that uses the connection, and
// may use it, by the methods of this package, for statements of their own. A panic in one ends the connection. One of a
// name and number of arguments that are there already takes its place. Errors are *Error, or say what is wrong with impl.
type Functions interface {
	// RegisterFunc makes impl, a Go function, an SQL function. pure says that its result depends on nothing but its
	// arguments, so that SQLite may call it less often and in more places, such as indexes.
	//
	// Parameters are of integer, float, bool, string or []byte types, or any, and the last may be variadic. A value of
	// another kind than the parameter is an error of the statement, except that string and []byte take TEXT and BLOB, and
	// floats take INTEGER. any gets int64, float64, string or []byte; NULL is a nil []byte. The result is of those types,
	// a nil any or a []byte without elements being NULL; an error may follow it.
	RegisterFunc(name string, impl any, pure bool) error

	// RegisterAggregator makes impl an aggregate function. impl is a Go function without parameters, called for each
	// group, that returns a pointer or an interface, and maybe an error. What it points to has a method Step, which takes
	// the arguments of one row and returns nothing or an error, and a method Done, which returns the result and maybe an
	// error. If it also has a method Inverse, which undoes a Step of the same arguments, it is a window function
	// (https://sqlite.org/windowfunctions.html), and Done is called for each row. Types are as for RegisterFunc.
	RegisterAggregator(name string, impl any, pure bool) error

	// CreateFunction adds a function that reads its arguments and sets its result itself, without the cost of reflection.
	// A negative nArg is any number of arguments: https://sqlite.org/c3ref/create_function.html
	CreateFunction(name string, nArg int, flags sqlite3.FunctionFlag, f sqlite3.ScalarFunction) error

	// CreateAggregate is CreateFunction for an aggregate function. It is a window function if what f returns is a
	// sqlite3.WindowFunction.
	CreateAggregate(name string, nArg int, flags sqlite3.FunctionFlag, f sqlite3.AggregateConstructor) error

	// CreateCollation adds an order of text: https://sqlite.org/c3ref/create_collation.html. compare must not keep a
	// or b.
	CreateCollation(name string, compare func(a, b []byte) int) error
}

func (c *session) CreateFunction(name string, nArg int, flags sqlite3.FunctionFlag, f sqlite3.ScalarFunction) error {
	return c.fail(c.Do(context.Background(), func(db *sqlite3.Conn) error { return db.CreateFunction(name, nArg, flags, f) }), "", 0)
}

func (c *session) CreateAggregate(name string, nArg int, flags sqlite3.FunctionFlag, f sqlite3.AggregateConstructor) error {
	return c.fail(c.Do(context.Background(), func(db *sqlite3.Conn) error { return db.CreateWindowFunction(name, nArg, flags, f) }), "", 0)
}

func (c *session) CreateCollation(name string, compare func(a, b []byte) int) error {
	return c.fail(c.Do(context.Background(), func(db *sqlite3.Conn) error { return db.CreateCollation(name, compare) }), "", 0)
}

func (c *session) RegisterFunc(name string, impl any, pure bool) error {
	f := reflect.ValueOf(impl)
	if f.Kind() != reflect.Func || f.IsNil() {
		return fmt.Errorf("driver: function %s: %T is not a function", name, impl)
	}
	params, err := parametersOf(f.Type(), 0)
	if err == nil {
		err = checkResults(f.Type())
	}
	if err != nil {
		return fmt.Errorf("driver: function %s: %w", name, err)
	}
	return c.CreateFunction(name, params.count(), flagsOf(pure), func(ctx sqlite3.Context, arg ...sqlite3.Value) {
		args, err := params.convert(nil, arg)
		if err != nil {
			ctx.ResultError(fmt.Errorf("%s: %w", name, err))
			return
		}
		setResult(ctx, f.Call(args))
	})
}

func (c *session) RegisterAggregator(name string, impl any, pure bool) error {
	a, err := aggregatorOf(impl)
	if err != nil {
		return fmt.Errorf("driver: aggregate %s: %w", name, err)
	}
	a.name = name
	return c.CreateAggregate(name, a.params.count(), flagsOf(pure), func() sqlite3.AggregateFunction {
		g := &group{aggregator: a}
		results := a.constructor.Call(nil)
		if g.err = errorOf(results, 1); g.err == nil && results[0].IsNil() {
			g.err = errors.New("its constructor has returned nil")
		}
		if g.err == nil {
			g.step, g.done = results[0].MethodByName("Step"), results[0].MethodByName("Done")
			g.inverse = results[0].MethodByName("Inverse")
		}
		if a.window {
			return &windowGroup{g}
		}
		return g
	})
}

func flagsOf(pure bool) (flags sqlite3.FunctionFlag) {
	if pure {
		flags = sqlite3.DETERMINISTIC
	}
	return flags
}

// aggregator is what RegisterAggregator was given.
type aggregator struct {
	name        string
	constructor reflect.Value
	params      parameters // of Step
	window      bool
}

func aggregatorOf(impl any) (*aggregator, error) {
	f := reflect.ValueOf(impl)
	if f.Kind() != reflect.Func || f.IsNil() {
		return nil, fmt.Errorf("%T is not a function", impl)
	}
	t := f.Type()
	if t.NumIn() != 0 || t.NumOut() < 1 || t.NumOut() > 2 || t.NumOut() == 2 && !t.Out(1).Implements(errorType) {
		return nil, fmt.Errorf("%s is not a constructor: it takes nothing and returns a value, and maybe an error", t)
	}
	of := t.Out(0)
	receiver := 1 // is the first parameter of a method, unless the type is an interface
	switch of.Kind() {
	case reflect.Interface:
		receiver = 0
	case reflect.Pointer:
	default:
		return nil, fmt.Errorf("the constructor returns %s, which is neither a pointer nor an interface", of)
	}
	step, ok := of.MethodByName("Step")
	if !ok {
		return nil, fmt.Errorf("%s has no method Step", of)
	}
	a := &aggregator{constructor: f}
	var err error
	if a.params, err = parametersOf(step.Type, receiver); err != nil {
		return nil, fmt.Errorf("method Step: %w", err)
	}
	if out := step.Type.NumOut(); out > 1 || out == 1 && !step.Type.Out(0).Implements(errorType) {
		return nil, errors.New("method Step returns something other than an error")
	}
	done, ok := of.MethodByName("Done")
	if !ok || done.Type.NumIn() != receiver {
		return nil, fmt.Errorf("%s has no method Done without parameters", of)
	}
	if err := checkResults(done.Type); err != nil {
		return nil, fmt.Errorf("method Done: %w", err)
	}
	if inverse, ok := of.MethodByName("Inverse"); ok {
		if a.window = sameSignature(inverse.Type, step.Type, receiver); !a.window {
			return nil, errors.New("method Inverse has other parameters or results than Step")
		}
	}
	return a, nil
}

// sameSignature reports whether two methods take and return the same.
func sameSignature(a, b reflect.Type, receiver int) bool {
	if a.NumIn() != b.NumIn() || a.NumOut() != b.NumOut() || a.IsVariadic() != b.IsVariadic() {
		return false
	}
	for i := receiver; i < a.NumIn(); i++ {
		if a.In(i) != b.In(i) {
			return false
		}
	}
	return a.NumOut() == 0 || a.Out(0) == b.Out(0)
}

// group is the aggregation of one group of rows.
type group struct {
	*aggregator
	step, done, inverse reflect.Value
	args                []reflect.Value
	err                 error // why there is no more to do
}

func (g *group) Step(ctx sqlite3.Context, arg ...sqlite3.Value) { g.call(ctx, g.step, arg) }

func (g *group) call(ctx sqlite3.Context, f reflect.Value, arg []sqlite3.Value) {
	if g.err == nil {
		if g.args, g.err = g.params.convert(g.args[:0], arg); g.err == nil {
			g.err = errorOf(f.Call(g.args), 0)
		}
	}
	g.fail(ctx)
}

func (g *group) Value(ctx sqlite3.Context) {
	if !g.fail(ctx) {
		setResult(ctx, g.done.Call(nil))
	}
}

func (g *group) fail(ctx sqlite3.Context) bool {
	if g.err != nil {
		ctx.ResultError(fmt.Errorf("%s: %w", g.name, g.err))
	}
	return g.err != nil
}

// windowGroup is a group that rows also leave.
type windowGroup struct{ *group }

func (g *windowGroup) Inverse(ctx sqlite3.Context, arg ...sqlite3.Value) { g.call(ctx, g.inverse, arg) }
