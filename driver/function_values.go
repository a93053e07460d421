package driver

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/ncruces/go-sqlite3"
)

var errorType = reflect.TypeFor[error]()

// parameters are those of a Go function that SQL calls.
type parameters struct {
	types    []reflect.Type
	variadic reflect.Type // of the arguments behind those; nil if there are none
}

// parametersOf returns the parameters of a function type from index first on.
func parametersOf(t reflect.Type, first int) (p parameters, err error) {
	for i := first; i < t.NumIn(); i++ {
		in := t.In(i)
		if t.IsVariadic() && i == t.NumIn()-1 {
			in = in.Elem()
			p.variadic = in
		} else {
			p.types = append(p.types, in)
		}
		if !supported(in) {
			return p, fmt.Errorf("a parameter of type %s cannot take a value of SQL", in)
		}
	}
	return p, nil
}

// count returns the number of arguments as SQLite wants to know it.
func (p parameters) count() int {
	if p.variadic != nil {
		return -1
	}
	return len(p.types)
}

// supported reports whether values of a type can go from SQL to Go and back.
func supported(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool, reflect.String, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	case reflect.Slice:
		return t.Elem().Kind() == reflect.Uint8
	case reflect.Interface:
		return t.NumMethod() == 0
	}
	return false
}

// checkResults checks that a function returns a value, an error, or both.
func checkResults(t reflect.Type) error {
	if t.NumOut() < 1 || t.NumOut() > 2 || t.NumOut() == 2 && !t.Out(1).Implements(errorType) {
		return errors.New("it does not return a value, or a value and an error")
	}
	if out := t.Out(0); !supported(out) && out != errorType {
		return fmt.Errorf("a result of type %s is no value of SQL", out)
	}
	return nil
}

// convert appends the arguments of a call to args.
func (p parameters) convert(args []reflect.Value, arg []sqlite3.Value) ([]reflect.Value, error) {
	if len(arg) < len(p.types) {
		return args, fmt.Errorf("want at least %d arguments, got %d", len(p.types), len(arg))
	}
	for i, v := range arg {
		t := p.variadic
		if i < len(p.types) {
			t = p.types[i]
		}
		value, err := toGo(v, t)
		if err != nil {
			return args, fmt.Errorf("argument %d: %w", i+1, err)
		}
		args = append(args, value)
	}
	return args, nil
}

// toGo returns a value of SQL as one of type t, which is supported.
func toGo(v sqlite3.Value, t reflect.Type) (reflect.Value, error) {
	stored := v.Type()
	to := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.Interface:
		to.Set(reflect.ValueOf(toAny(v)))
		return to, nil
	case reflect.String:
		if stored == sqlite3.TEXT || stored == sqlite3.BLOB {
			to.SetString(string(rawBytes(v)))
			return to, nil
		}
	case reflect.Slice:
		if stored == sqlite3.TEXT || stored == sqlite3.BLOB {
			to.SetBytes(append([]byte{}, rawBytes(v)...))
			return to, nil
		}
	case reflect.Float32, reflect.Float64:
		if stored == sqlite3.FLOAT || stored == sqlite3.INTEGER {
			to.SetFloat(v.Float())
			return to, nil
		}
	case reflect.Bool:
		if stored == sqlite3.INTEGER {
			to.SetBool(v.Int64() != 0)
			return to, nil
		}
	default:
		if stored == sqlite3.INTEGER {
			return reflect.ValueOf(v.Int64()).Convert(t), nil
		}
	}
	return to, fmt.Errorf("%s is no %s", typeNames[stored], t)
}

// rawBytes returns the bytes of TEXT, in UTF-8 whatever the database's encoding is, or of a BLOB. They are SQLite's.
func rawBytes(v sqlite3.Value) []byte {
	if v.Type() == sqlite3.TEXT {
		return v.RawText()
	}
	return v.RawBlob()
}

var typeNames = map[sqlite3.Datatype]string{
	sqlite3.INTEGER: "INTEGER", sqlite3.FLOAT: "REAL", sqlite3.TEXT: "TEXT", sqlite3.BLOB: "BLOB", sqlite3.NULL: "NULL",
}

// toAny returns a value of SQL as it is; NULL is a nil []byte.
func toAny(v sqlite3.Value) any {
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
	return []byte(nil)
}

// errorOf returns the result at index i of a call if there is one and it was declared an error.
func errorOf(results []reflect.Value, i int) error {
	if i >= len(results) || !results[i].Type().Implements(errorType) {
		return nil
	}
	err, _ := results[i].Interface().(error)
	return err
}

// setResult makes what a Go function has returned the result of the SQL function.
func setResult(ctx sqlite3.Context, results []reflect.Value) {
	if err := errorOf(results, len(results)-1); err != nil {
		ctx.ResultError(err)
		return
	}
	v := results[0]
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Invalid: // a nil interface
		ctx.ResultNull()
	case reflect.Bool:
		ctx.ResultBool(v.Bool())
	case reflect.String:
		ctx.ResultText(v.String())
	case reflect.Float32, reflect.Float64:
		ctx.ResultFloat(v.Float())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		ctx.ResultInt64(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		ctx.ResultInt64(int64(v.Uint()))
	default:
		if !supported(v.Type()) {
			ctx.ResultError(fmt.Errorf("the result, of type %s, is no value of SQL", v.Type()))
			return
		}
		if b := v.Bytes(); len(b) > 0 {
			ctx.ResultBlob(b)
			return
		}
		ctx.ResultNull()
	}
}
