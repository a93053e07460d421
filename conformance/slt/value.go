package slt

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// What SQLite itself is asked, because its way of writing real numbers is its own, and so is its way of reading
// numbers from text.
const (
	toInteger = "SELECT CAST(CAST(?1 AS INTEGER) AS TEXT)"
	toReal    = "SELECT printf('%.3f', ?1)"
	toText    = "SELECT CAST(?1 AS TEXT)"
)

// render writes the values of a result, of which the columns have these types.
func (r *runner) render(types string, values []any) ([]string, error) {
	lines := make([]string, len(values))
	for i, v := range values {
		var err error
		if lines[i], err = r.renderValue(types[i%len(types)], v); err != nil {
			return nil, fmt.Errorf("value %v: %w", v, err)
		}
	}
	return lines, nil
}

func (r *runner) renderValue(kind byte, v any) (string, error) {
	switch stored := v.(type) {
	case nil:
		return "NULL", nil
	case []byte:
		v = string(stored)
	case bool: // from a column declared as BOOLEAN
		v = int64(0)
		if stored {
			v = int64(1)
		}
	case int64, float64, string:
	default:
		return "", fmt.Errorf("a driver's %T, of which the stored value cannot be told", v)
	}
	if kind == 'R' {
		return r.convert(toReal, v)
	}
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		if kind == 'T' {
			return r.convert(toText, v)
		}
		if math.Abs(v) < math.MaxInt64 { // above, the nearest int64 is SQLite's choice
			return strconv.FormatInt(int64(v), 10), nil
		}
	case string:
		if kind == 'T' {
			return printable(v), nil
		}
	}
	return r.convert(toInteger, v)
}

// convert lets SQLite convert a value.
func (r *runner) convert(sql string, v any) (s string, err error) {
	err = r.conn.QueryRowContext(r.ctx, sql, v).Scan(&s)
	return s, err
}

// printable writes text in one line of printable ASCII characters.
func printable(s string) string {
	if s == "" {
		return "(empty)"
	}
	odd := func(c rune) bool { return c < ' ' || c > '~' }
	if strings.IndexFunc(s, odd) < 0 {
		return s
	}
	b := []byte(s)
	for i, c := range b {
		if odd(rune(c)) {
			b[i] = '@'
		}
	}
	return string(b)
}
