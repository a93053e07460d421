package driver

import (
	"database/sql"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
)

func TestBind(t *testing.T) {
	type word string
	db := open(t, "")
	at := time.Date(2024, 2, 3, 4, 5, 6, 123456789, time.FixedZone("CET", 3600))
	for _, test := range []struct {
		arg  any
		want string
	}{
		{true, "1"}, {false, "0"}, {int8(-1), "-1"}, {uint32(7), "7"}, {'a', "97"}, {int64(math.MaxInt64), "9223372036854775807"},
		{float32(1.5), "1.5"}, {math.NaN(), "NULL"}, {math.Inf(1), "Inf"}, {math.Inf(-1), "-Inf"},
		{"", "''"}, {"it's", "'it''s'"}, {word("w"), "'w'"},
		{[]byte(nil), "NULL"}, {(*int)(nil), "NULL"}, {nil, "NULL"}, {[]byte{}, "X''"}, {[]byte{1}, "X'01'"}, {sql.RawBytes{2}, "X'02'"},
		{at, "'2024-02-03 04:05:06.123456789+01:00'"}, {at.UTC().Truncate(time.Second), "'2024-02-03 03:05:06+00:00'"},
		{sqlite3.ZeroBlob(2), "X'0000'"}, {sqlite3.JSON([]int{1, 2}), "'[1,2]'"}, {sqlite3.JSON(nil), "'null'"}, {sqlite3.Pointer(&at), "NULL"},
		{sql.NullString{}, "NULL"}, {sql.NullInt64{Int64: 5, Valid: true}, "5"},
	} {
		if got := get(t, db, "SELECT quote(?)", test.arg); got != test.want && !(got == "9.0e+999" && test.want == "Inf") && !(got == "-9.0e+999" && test.want == "-Inf") {
			t.Errorf("%T %v is %v, want %v", test.arg, test.arg, got, test.want)
		}
	}
	if got := get(t, db, "SELECT length(CAST(? AS BLOB))", "a\x00b"); got != int64(3) {
		t.Error("text was cut at a NUL byte:", got)
	}
	for _, arg := range []any{uint64(math.MaxUint64), []int{1}, struct{}{}, sqlite3.JSON(make(chan int))} {
		if _, err := db.Exec("SELECT ?", arg); err == nil {
			t.Errorf("%T is accepted", arg)
		}
	}
}

func TestScan(t *testing.T) {
	for _, params := range []string{"", "?_loc=Asia/Tokyo"} {
		db := open(t, params)
		in := func(year int, month time.Month, day, hour, min, sec, ms int) time.Time {
			at := time.Date(year, month, day, hour, min, sec, ms*1e6, time.UTC)
			if params != "" {
				tokyo, err := time.LoadLocation("Asia/Tokyo")
				if err != nil {
					t.Fatal(err)
				}
				at = at.In(tokyo)
			}
			return at
		}
		for _, test := range []struct {
			declared, value string
			want            any
		}{
			{"TEXT", "'a'", "a"}, {"TEXT", "'2024-01-02T03:04:05Z'", "2024-01-02T03:04:05Z"}, {"", "'a'", "a"},
			{"BLOB", "x'01'", "\x01"}, {"BLOB", "x''", ""},
			{"BOOLEAN", "1", true}, {"boolean", "0", false}, {"BOOLEAN", "-1", false}, {"BOOLEAN", "7", true}, {"BOOLEAN", "'x'", "x"},
			{"BOOL", "1", int64(1)}, {"TINYINT(1)", "1", int64(1)},
			{"DATE", "0", in(1970, 1, 1, 0, 0, 0, 0)}, {"Timestamp", "1e12", in(33658, 9, 27, 1, 46, 40, 0)},
			{"DATETIME", "1700000000123", in(2023, 11, 14, 22, 13, 20, 123)}, {"DATETIME", "-1700000000123", in(1916, 2, 18, 1, 46, 39, 877)},
			{"DATETIME", "1.5", 1.5}, {"DATETIME", "NULL", nil}, {"DATETIME", "x'01'", "\x01"},
			{"DATETIME", "'2024-01-02 03:04:05'", in(2024, 1, 2, 3, 4, 5, 0)}, {"DATE", "'not a date'", time.Time{}},
			{"TIMESTAMPTZ", "'2024-01-02 03:04:05'", "2024-01-02 03:04:05"}, {"DATETIME(6)", "0", int64(0)}, {"TIME", "'03:04'", "03:04"},
			{"DECIMAL(10,2)", "'1.50'", 1.5}, {"DECIMAL(10,2)", "'2'", int64(2)}, {"DECIMAL(10,2)", "'x'", "x"},
		} {
			tx, err := db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			run(t, tx, "CREATE TABLE t(a "+test.declared+"); INSERT INTO t VALUES ("+test.value+")")
			got := get(t, tx, "SELECT a FROM t")
			if b, ok := got.([]byte); ok && b != nil {
				got = string(b)
			}
			same := got == test.want
			if at, ok := got.(time.Time); ok {
				want := test.want.(time.Time)
				same = at.Equal(want) && (want.IsZero() || at.Location().String() == want.Location().String())
			}
			if !same {
				t.Errorf("%s %s%s is %#v, want %#v", test.declared, test.value, params, got, test.want)
			}
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestParseTime(t *testing.T) {
	utc := time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)
	frac := utc.Add(123456789)
	zone := time.Date(2024, 2, 3, 4, 5, 6, 0, time.FixedZone("", 3600))
	for s, want := range map[string]time.Time{
		"2024-02-03 04:05:06.123456789+00:00": frac, "2024-02-03T04:05:06.123456789Z": frac, "2024-02-03 04:05:06.123456789": frac,
		"2024-02-03 04:05:06": utc, "2024-02-03T04:05:06": utc, "2024-02-03 04:05:06Z": utc,
		"2024-02-03 04:05:06+01:00": zone, "2024-02-03T04:05:06+01:00": zone, "2024-02-03 04:05:06+01": zone, "2024-02-03 04:05:06+0100": zone,
		"2024-02-03 04:05": utc.Truncate(time.Minute), "2024-02-03T04:05Z": utc.Truncate(time.Minute),
		"2024-02-03":                                      utc.Truncate(24 * time.Hour),
		"2024-02-03 04:05:06 +0100 CET":                   zone,
		"2024-02-03 04:05:06 +0100 +0100":                 zone,
		"2024-02-03 04:05:06.123456789 +0000 UTC m=+0.01": frac,
		"2024-02-03 04:05:06 +01:00":                      zone,
		"":                                                {}, "Z": {}, "2024": {}, "2024-02-03 ": {}, "2024-02-03 04": {}, "2024-02-03x04:05:06": {}, "2024-13-03": {},
		"2024-02-03 04:05:06 CET": {}, "2024-02-03 04:05:06+": {}, "2024-02-03 +": {}, "2024-02-03  +01:00": {}, "04:05:06": {}, "2024-02-03 24:05:06": {},
	} {
		got, ok := parseTime(s, nil)
		if ok == want.IsZero() {
			t.Errorf("%q is a time: %v", s, ok)
		}
		_, gotOffset := got.Zone()
		_, wantOffset := want.Zone()
		if !got.Equal(want) || gotOffset != wantOffset {
			t.Errorf("%q is %v, want %v", s, got, want)
		}
	}
	for _, at := range []time.Time{time.Now(), utc, zone, frac} {
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999-07:00"} {
			if got, _ := parseTime(at.Format(layout), nil); !got.Equal(at) {
				t.Errorf("%s is read as %v", at.Format(layout), got)
			}
		}
		if got, _ := parseTime(at.String(), nil); !got.Equal(at) {
			t.Errorf("%s is read as %v", at, got)
		}
	}
}

// TestRoundTrip: a time comes back as the same instant.
func TestRoundTrip(t *testing.T) {
	db := open(t, "")
	run(t, db, "CREATE TABLE t(a TIMESTAMP)")
	at := time.Date(2024, 2, 3, 4, 5, 6, 7, time.FixedZone("", -9*3600-1800))
	run(t, db, "INSERT INTO t VALUES (?)", at)
	var got time.Time
	if err := db.QueryRow("SELECT a FROM t").Scan(&got); err != nil || !got.Equal(at) {
		t.Fatal(got, err)
	}
	var s string
	if err := db.QueryRow("SELECT a FROM t").Scan(&s); err != nil || s != at.Format(time.RFC3339Nano) {
		t.Fatal(s, err)
	}
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"", "2024-02-03", "2024-02-03 04:05", "2024-02-03T04:05:06.7+01:00", "2024-02-03 04:05:06 +0100 CET m=+1", "2024-02-03 +"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, ok := parseTime(s, nil)
		if back, _ := parseTime(at.Format("2006-01-02 15:04:05.999999999-07:00"), nil); ok && !back.Equal(at) {
			if _, offset := at.Zone(); offset%60 == 0 {
				t.Errorf("%q is %v, which does not come back", s, at)
			}
		}
	})
}

// FuzzDecoding: whatever is stored, and however times are read, a value comes out that is as stored, a time or a bool.
func FuzzDecoding(f *testing.F) {
	f.Add("auto", "DATETIME", int64(0), 0.0, "12:13:14")
	f.Add("julianday", "BOOLEAN", int64(math.MinInt64), math.NaN(), "-1e300")
	f.Add("2006", "", int64(math.MaxInt64), math.Inf(1), "2024-01-02T03:04:05Z")
	f.Fuzz(func(t *testing.T, format, declared string, n int64, r float64, s string) {
		for _, p := range profiles {
			d := p.values
			for _, d.format = range []sqlite3.TimeFormat{d.format, sqlite3.TimeFormat(format)} {
				for _, d.numbers = range []numberRule{d.numbers, secondsOrMillis, micros, nanos} {
					for _, v := range []any{n, r, s, []byte(s), nil} {
						switch got := d.convert(v, d.kind(declared)).(type) {
						case time.Time:
							_ = got.Format(time.RFC3339Nano) // as database/sql does for a *string
						case bool:
							if v != n {
								t.Errorf("%#v is a boolean", v)
							}
						default:
							if reflect.TypeOf(got) != reflect.TypeOf(v) {
								t.Errorf("%#v is %#v", v, got)
							}
						}
					}
				}
			}
		}
	})
}
