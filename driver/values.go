package driver

import (
	"database/sql"
	sqldriver "database/sql/driver"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// arguments hands the arguments of a call to the statements of its text, one after the other.
//
// Each statement takes as many arguments as it has parameters: the first is for its first parameter and so on, except
// that an argument with a name is for all parameters of that name, in this and in every other statement. A parameter
// that gets none that way is NULL. If there are not enough arguments left, names alone may still do: then the parameters
// without one take the arguments without one in turn, and it is an error if they do not suffice. Arguments that are left
// over are ignored.
type arguments struct {
	args  []sqldriver.NamedValue
	named bool // some have a name
	next  int  // how many the statements have taken
}

func newArguments(args []sqldriver.NamedValue) arguments {
	hasName := func(v sqldriver.NamedValue) bool { return v.Name != "" }
	return arguments{args: args, named: slices.ContainsFunc(args, hasName)}
}

// bind binds every parameter of q.
func (a *arguments) bind(q *query) error {
	want, got := q.BindCount(), len(a.args)-a.next
	if want == 0 {
		return nil
	}
	if got < want && !a.named {
		return tooFew(want, got)
	}
	size := 0
	for i := 1; i <= want; i++ {
		v, ok := a.byName(q, i)
		switch {
		case ok:
		case got >= want:
			if arg := &a.args[a.next+i-1]; arg.Name == "" {
				v = arg.Value
			}
		default:
			if v, ok = a.inTurn(); !ok {
				return tooFew(want, got)
			}
		}
		if err := q.Bind(i, v); err != nil {
			return err
		}
		size += sizeOf(v)
	}
	q.large = size > largeArguments
	if got >= want {
		a.next += want
	} else {
		a.skipNamed()
	}
	return nil
}

func tooFew(want, got int) error {
	return fmt.Errorf("not enough args to execute query: want %d got %d", want, got)
}

// byName returns the last argument that has the name of parameter i of q.
func (a *arguments) byName(q *query, i int) (v any, ok bool) {
	if !a.named {
		return nil, false
	}
	name := q.BindName(i)
	if name == "" {
		return nil, false
	}
	for i := range a.args {
		if a.args[i].Name == name[1:] {
			v, ok = a.args[i].Value, true
		}
	}
	return v, ok
}

// inTurn takes the next argument without a name.
func (a *arguments) inTurn() (v any, ok bool) {
	if a.skipNamed(); a.next == len(a.args) {
		return nil, false
	}
	a.next++
	return a.args[a.next-1].Value, true
}

// skipNamed passes over arguments that have a name.
func (a *arguments) skipNamed() {
	for a.next < len(a.args) && a.args[a.next].Name != "" {
		a.next++
	}
}

// largeArguments is the size in bytes from which a statement's arguments are dropped after its run, rather than when
// it is run again.
const largeArguments = 64 << 10

func sizeOf(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case []byte:
		return len(v)
	}
	return 0
}

// checkValue accepts what SQLite takes as it is and leaves the rest to database/sql.
func checkValue(v *sqldriver.NamedValue) error {
	switch n := v.Value.(type) {
	case int:
		v.Value = int64(n)
	case int64, float64, bool, string, []byte, time.Time, nil, sqlite3.ZeroBlob:
	default:
		return sqldriver.ErrSkip
	}
	return nil
}

// columnKind says how the values of a result column are delivered.
type columnKind uint8

const (
	plain   columnKind = iota // as stored
	date                      // INTEGER and TEXT as time.Time
	boolean                   // INTEGER as bool
)

// kindOf returns the kind of a column by its declared type, which must match wholly: a TIMESTAMPTZ is delivered as
// stored.
func kindOf(declared string) columnKind {
	switch strings.ToUpper(declared) {
	case "DATE", "DATETIME", "TIMESTAMP":
		return date
	case "BOOLEAN":
		return boolean
	}
	return plain
}

// convert returns a stored value as a column of kind k delivers it, times in loc.
func convert(v any, k columnKind, loc *time.Location) any {
	var t time.Time
	switch n := v.(type) {
	case int64:
		switch {
		case k == boolean:
			return n > 0
		case k != date:
			return v
		case n > 1e12 || n < -1e12: // 13 digits are milliseconds
			t = time.UnixMilli(n).UTC()
		default:
			t = time.Unix(n, 0).UTC()
		}
	case string:
		if k != date {
			return v
		}
		t = parseTime(n)
	default:
		return v
	}
	if loc != nil {
		t = t.In(loc)
	}
	return t
}

// parseTime reads a time in any layout that a Go driver of SQLite is known to have written: date and clock separated by
// a space or a T, seconds and their fraction optional, an offset in any length or Z or none (UTC), and the form of
// time.Time's String with the zone's name and the monotonic clock behind it. It returns the zero time for anything
// else.
func parseTime(s string) time.Time {
	s = strings.TrimSuffix(s, "Z")
	if len(s) <= len(time.DateOnly) {
		return parseLayout(time.DateOnly, s)
	}
	clock := s[len(time.DateOnly)+1:]
	layout := "2006-01-02 15:04:05.999999999"
	if s[len(time.DateOnly)] == 'T' {
		layout = "2006-01-02T15:04:05.999999999"
	}
	if len(clock) == len("15:04") {
		return parseLayout(layout[:len("2006-01-02 15:04")], s)
	}
	sign := strings.IndexAny(clock, "+-")
	if sign < 0 {
		return parseLayout(layout, s)
	}
	if sign > 0 && clock[sign-1] == ' ' {
		layout += " "
	}
	offset, _, _ := strings.Cut(clock[sign:], " ")
	end := len(s) - len(clock) + sign + len(offset)
	switch len(offset) {
	case len("-07"):
		layout += "-07"
	case len("-0700"):
		layout += "-0700"
	default:
		layout += "-07:00"
	}
	return parseLayout(layout, s[:end])
}

func parseLayout(layout, s string) time.Time {
	t, err := time.ParseInLocation(layout, s, time.UTC)
	if err != nil {
		return time.Time{}
	}
	return t
}

// scanType returns the Go type that can take every value of a column of a declared type, NULL included.
func scanType(declared string) reflect.Type {
	t := strings.ToUpper(declared)
	switch {
	case strings.Contains(t, "INT"):
		return reflect.TypeFor[sql.NullInt64]()
	case t == "CLOB", t == "TEXT", strings.Contains(t, "CHAR"):
		return reflect.TypeFor[sql.NullString]()
	case t == "BLOB":
		return reflect.TypeFor[sql.RawBytes]()
	case t == "REAL", t == "FLOAT", strings.Contains(t, "DOUBLE"), t == "NUMERIC", strings.Contains(t, "DECIMAL"):
		return reflect.TypeFor[sql.NullFloat64]()
	case t == "DATE", t == "DATETIME", t == "TIMESTAMP":
		return reflect.TypeFor[sql.NullTime]()
	case t == "BOOLEAN":
		return reflect.TypeFor[sql.NullBool]()
	}
	return reflect.TypeFor[*any]()
}
