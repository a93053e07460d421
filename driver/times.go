package driver

import (
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// encoding says how a time.Time is stored.
type encoding struct {
	layout string              // of package time, what internal/conn writes
	custom func(time.Time) any // what to bind instead; nil is the layout
	zone   *time.Location      // times are converted to it first; nil leaves them as they are
}

// layoutString is the layout of time.Time's String, which has no monotonic clock behind it here.
const layoutString = "2006-01-02 15:04:05.999999999 -0700 MST"

// prepared returns what to bind for v, which is v itself unless it is a time to be changed first.
func (e *encoding) prepared(v any) any {
	if e.zone == nil && e.custom == nil {
		return v
	}
	t, ok := v.(time.Time)
	if !ok {
		return v
	}
	if e.zone != nil {
		t = t.In(e.zone)
	}
	if e.custom != nil {
		return e.custom(t)
	}
	return t
}

// decoding says what database/sql gets for stored values. The zero value gives text of columns declared as DATE,
// DATETIME or TIMESTAMP as time.Time, unless it is none, and everything else as stored.
type decoding struct {
	zone       *time.Location     // of the times that are given; nil is that of the stored time
	textZone   *time.Location     // of text without an offset; nil is UTC
	format     sqlite3.TimeFormat // tried first on whatever a date column holds; "" is none
	numbers    numberRule         // of date columns
	zeroTime   bool               // text of a date column that is no time is the zero time, not text
	clock      bool               // TIME is a date column too
	wide       bool               // so are DATETIME(n), TIMESTAMP(n), TIMESTAMPTZ and TIMESTAMP WITH TIME ZONE
	booleans   boolRule           // of BOOLEAN columns
	anyText    textRule           // of other columns
	emptyIsNil bool               // an empty BLOB is a nil []byte
}

// numberRule says what INTEGER in a date column means.
type numberRule uint8

const (
	byFormat        numberRule = iota // what decoding.format says; without one they stay numbers
	asStored                          // nothing
	secondsOrMillis                   // milliseconds since 1970 if they have 13 digits, otherwise seconds
	micros
	nanos
)

// boolRule says what INTEGER in a BOOLEAN column means.
type boolRule uint8

const (
	asInteger boolRule = iota
	positiveIsTrue
	zeroOrOne // other numbers stay numbers
)

// textRule says which text of columns that are no date columns is delivered as time.Time.
type textRule uint8

const (
	never         textRule = iota
	undeclared             // all that is a time, of columns without a declared type, as those that are expressions
	roundTripping          // what time.RFC3339Nano writes just so, of columns that are not declared as TEXT
)

// columnKind says how the values of a result column are delivered.
type columnKind uint8

const (
	plain     columnKind = iota // as stored
	date                        // numbers and text as time.Time
	boolean                     // INTEGER as bool
	maybeTime                   // text as time.Time if it is one
)

// kind returns the kind of a column by its declared type, which must match wholly.
func (d *decoding) kind(declared string) columnKind {
	t := strings.ToUpper(declared)
	switch t {
	case "DATE", "DATETIME", "TIMESTAMP":
		return date
	case "TIME":
		if d.clock {
			return date
		}
	case "BOOLEAN":
		if d.booleans != asInteger {
			return boolean
		}
	}
	switch {
	case d.wide && (strings.HasPrefix(t, "DATETIME") || strings.HasPrefix(t, "TIMESTAMP")):
		return date
	case d.anyText == undeclared && t == "", d.anyText == roundTripping && t != "TEXT":
		return maybeTime
	}
	return plain
}

// convert returns a stored value as a column of kind k delivers it.
func (d *decoding) convert(v any, k columnKind) any {
	if d.emptyIsNil {
		if b, ok := v.([]byte); ok && len(b) == 0 {
			return []byte(nil)
		}
	}
	if k == plain {
		return v
	}
	if s, ok := v.(string); ok && d.anyText != never {
		if t, ok := d.otherTime(s); ok {
			return t
		}
	}
	switch k {
	case date:
		return d.date(v)
	case boolean:
		if n, ok := v.(int64); ok && (d.booleans == positiveIsTrue || n == 0 || n == 1) {
			return n > 0
		}
	}
	return v
}

// date returns a value of a date column.
func (d *decoding) date(v any) any {
	if n, ok := v.(int64); ok && d.numbers != byFormat {
		switch {
		case d.numbers == asStored:
			return v
		case d.numbers == micros:
			return d.inZone(time.UnixMicro(n).UTC())
		case d.numbers == nanos:
			return d.inZone(time.Unix(0, n).UTC())
		case n > 1e12 || n < -1e12:
			return d.inZone(time.UnixMilli(n).UTC())
		}
		return d.inZone(time.Unix(n, 0).UTC())
	}
	if d.format != "" {
		if t, err := d.format.Decode(v); err == nil {
			return d.inZone(t)
		}
	}
	s, ok := v.(string)
	if !ok {
		return v
	}
	t, ok := parseTime(s, d.textZone)
	if !ok && !d.zeroTime {
		return v
	}
	return d.inZone(t)
}

// otherTime returns the time that text outside of a date column is, if it shall be one.
func (d *decoding) otherTime(s string) (t time.Time, ok bool) {
	if d.anyText == undeclared {
		t, ok = parseTime(s, d.textZone)
		return d.inZone(t), ok
	}
	if len(s) < len("2006-01-02T15:04:05Z") || s[10] != 'T' {
		return t, false // as nearly all text that is no time
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	return d.inZone(t), err == nil && t.Format(time.RFC3339Nano) == s
}

func (d *decoding) inZone(t time.Time) time.Time {
	if d.zone == nil {
		return t
	}
	return t.In(d.zone)
}

// parseTime reads a time in any layout that a Go driver of SQLite is known to have written: date and clock separated by
// a space or a T, seconds and their fraction optional, an offset in any length or Z or none, and the form of time.Time's
// String with the zone's name and the monotonic clock behind it. Without an offset it is a time in zone, nil being UTC.
func parseTime(s string, zone *time.Location) (t time.Time, ok bool) {
	s, utc := strings.CutSuffix(s, "Z")
	if zone == nil || utc {
		zone = time.UTC
	}
	layout, s := layoutOf(s)
	t, err := time.ParseInLocation(layout, s, zone)
	if err != nil {
		return time.Time{}, false
	}
	return t, true
}

// layoutOf returns the layout that s must have to be a time, and s without what no layout describes.
func layoutOf(s string) (layout, text string) {
	if len(s) <= len(time.DateOnly) {
		return time.DateOnly, s
	}
	clock := s[len(time.DateOnly)+1:]
	layout = "2006-01-02 15:04:05.999999999"
	if s[len(time.DateOnly)] == 'T' {
		layout = "2006-01-02T15:04:05.999999999"
	}
	if len(clock) == len("15:04") {
		return layout[:len("2006-01-02 15:04")], s
	}
	sign := strings.IndexAny(clock, "+-")
	if sign < 0 {
		return layout, s
	}
	if sign > 0 && clock[sign-1] == ' ' {
		layout += " "
	}
	offset, _, _ := strings.Cut(clock[sign:], " ")
	switch len(offset) {
	case len("-07"):
		layout += "-07"
	case len("-0700"):
		layout += "-0700"
	default:
		layout += "-07:00"
	}
	return layout, s[:len(s)-len(clock)+sign+len(offset)]
}
