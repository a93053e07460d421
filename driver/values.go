package driver

import (
	"database/sql"
	sqldriver "database/sql/driver"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// arguments hands the arguments of a call to the statements of its text, one after the other.
//
// A parameter that has the name of a named argument, with any of SQLite's prefixes, gets that one, in every statement.
// The others take the positional arguments in turn, in the order of their index, whether they have a name or not. What
// is left over is ignored. Too few arguments are an error; but a parameter that is left without one because a named
// argument meant none of the parameters is NULL.
type arguments struct {
	args  []sqldriver.NamedValue // positional ones that are left, if no argument has a name; otherwise all
	named int                    // how many of args have a name
	next  int                    // how many of args the statements have taken or passed over
}

func newArguments(args []sqldriver.NamedValue) arguments {
	a := arguments{args: args}
	for i := range args {
		if args[i].Name != "" {
			a.named++
		}
	}
	return a
}

// left returns how many positional arguments no statement has taken yet.
func (a *arguments) left() int {
	if a.named == 0 {
		return len(a.args) - a.next
	}
	n := 0
	for i := range a.args[a.next:] {
		if a.args[a.next+i].Name == "" {
			n++
		}
	}
	return n
}

// bind binds every parameter of q.
func (a *arguments) bind(q *query) error {
	want := q.BindCount()
	if want == 0 {
		return nil
	}
	got := a.left() + a.named
	if a.named == 0 && got < want {
		return tooFew(want, got)
	}
	size := 0
	missing := false
	for i := 1; i <= want; i++ {
		v, ok := a.value(q, i)
		missing = missing || !ok
		if err := q.Bind(i, v); err != nil {
			return err
		}
		size += sizeOf(v)
	}
	q.large = size > largeArguments
	if missing && got < want {
		return tooFew(want, got)
	}
	return nil
}

func tooFew(want, got int) error {
	return fmt.Errorf("not enough args to execute query: want %d got %d", want, got)
}

// value returns what parameter i of q gets.
func (a *arguments) value(q *query, i int) (v any, ok bool) {
	if a.named > 0 {
		if name := q.BindName(i); name != "" {
			for j := range a.args {
				if a.args[j].Name == name[1:] {
					return a.args[j].Value, true
				}
			}
		}
	}
	for a.next < len(a.args) {
		arg := &a.args[a.next]
		a.next++
		if arg.Name == "" {
			return arg.Value, true
		}
	}
	return nil, false
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
