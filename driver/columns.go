package driver

import (
	"database/sql"
	"math"
	"reflect"
	"strings"
	"time"
)

// describer is what the methods of sql.ColumnType say of a result column.
type describer interface {
	// databaseType is DatabaseTypeName for the declared type, "" if there is none.
	databaseType(declared string) string
	nullable(declared string) (nullable, ok bool)
	// scanType and length are told the column.
	scanType(r *rows, i int) reflect.Type
	length(r *rows, i int) (length int64, ok bool)
}

var (
	describeDeclared describer = declaredTypes{}
	describeValues   describer = valueTypes{}
	describeHints    describer = hintedTypes{}
)

// declaredTypes goes by the declared type and says what can take every value of such a column, NULL included.
type declaredTypes struct{}

func (declaredTypes) databaseType(declared string) string { return declared }

func (declaredTypes) nullable(string) (nullable, ok bool) { return true, true }

func (declaredTypes) length(*rows, int) (int64, bool) { return 0, false }

func (declaredTypes) scanType(r *rows, i int) reflect.Type {
	t := strings.ToUpper(r.declared(i))
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

// valueTypes goes by the current value.
type valueTypes struct{}

func (valueTypes) databaseType(declared string) string { return strings.ToUpper(declared) }

func (valueTypes) nullable(string) (nullable, ok bool) { return true, true }

func (valueTypes) length(r *rows, i int) (int64, bool) {
	switch r.value(i).(type) {
	case string, []byte:
		return math.MaxInt64, true
	}
	return 0, false
}

func (valueTypes) scanType(r *rows, i int) reflect.Type {
	value, declared, d := r.value(i), strings.ToUpper(r.declared(i)), &r.c.cfg.values
	isDate := declared == "TIME" || d.kind(declared) == date
	switch value.(type) {
	case int64:
		switch {
		case declared == "BOOLEAN":
			return reflect.TypeFor[bool]()
		case isDate:
			return reflect.TypeFor[time.Time]()
		}
	case string:
		if isDate && d.anyText == undeclared {
			return reflect.TypeFor[time.Time]()
		}
	}
	return typeOf(value)
}

// hintedTypes goes by the declared type and, in a row, by the value.
type hintedTypes struct{}

func (hintedTypes) databaseType(declared string) string {
	t := strings.ToUpper(declared)
	if i := strings.LastIndexByte(t, '('); i >= 0 && strings.HasSuffix(t, ")") {
		t = t[:i]
	}
	return strings.TrimSpace(t)
}

// nullable repeats what ncruces says, which is not whether a column can be NULL.
func (h hintedTypes) nullable(declared string) (nullable, ok bool) {
	known := hintedType(declared) != reflect.TypeFor[any]()
	return !known, known
}

func (hintedTypes) length(*rows, int) (int64, bool) { return 0, false }

func (hintedTypes) scanType(r *rows, i int) reflect.Type {
	declared, d := r.declared(i), &r.c.cfg.values
	hint := hintedType(declared)
	if !r.inRow() {
		return hint
	}
	value := r.value(i)
	if value == nil && hint == reflect.TypeFor[[]byte]() {
		return hint
	}
	switch v := d.convert(value, d.kind(declared)).(type) {
	case time.Time:
		if hint == reflect.TypeFor[time.Time]() {
			return hint
		}
	case bool:
		return reflect.TypeOf(v)
	}
	return typeOf(value)
}

// hintedType returns the type of the values of a column that is declared as a table of the STRICT kind demands, or as
// what holds times or booleans.
func hintedType(declared string) reflect.Type {
	switch strings.ToUpper(declared) {
	case "INT", "INTEGER":
		return reflect.TypeFor[int64]()
	case "REAL":
		return reflect.TypeFor[float64]()
	case "TEXT":
		return reflect.TypeFor[string]()
	case "BLOB":
		return reflect.TypeFor[[]byte]()
	case "BOOLEAN":
		return reflect.TypeFor[bool]()
	case "DATE", "TIME", "DATETIME", "TIMESTAMP":
		return reflect.TypeFor[time.Time]()
	}
	return reflect.TypeFor[any]()
}

// typeOf returns the type of a stored value, any for NULL.
func typeOf(value any) reflect.Type {
	if value == nil {
		return reflect.TypeFor[any]()
	}
	return reflect.TypeOf(value)
}
