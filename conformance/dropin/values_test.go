package dropin

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"
)

type (
	named  int
	text   string
	object struct{ A int }
)

// TestBinding: what a Go value becomes.
func TestBinding(t *testing.T) {
	var nilPointer *int
	seven := 7
	when := time.Date(2024, 2, 3, 4, 5, 6, 123456789, time.FixedZone("CET", 3600))
	values := map[string]any{
		"true": true, "false": false, "int": 5, "int8": int8(-5), "int64": int64(math.MinInt32), "uint8": uint8(200),
		"uint32": uint32(math.MaxUint32), "uint64": uint64(math.MaxInt32), "uint64, high bit": uint64(1 << 63),
		"a named int": named(3), "rune": 'x', "float32": float32(0.1), "float64": 1.5, "whole float": 3.0, "NaN": math.NaN(), "+Inf": math.Inf(1),
		"-Inf": math.Inf(-1), "-0": math.Copysign(0, -1),
		"string": "text", "empty string": "", "NUL": "a\x00b", "not UTF-8": "a\xffb", "a named string": text("named"), "bytes": []byte{0, 1, 255},
		"no bytes": []byte{}, "nil bytes": []byte(nil),
		"nil": nil, "nil pointer": nilPointer, "pointer": &seven, "RawBytes": sql.RawBytes("raw"), "RawMessage": json.RawMessage(`{"a":1}`),
		"empty RawMessage": json.RawMessage{},
		"time":             when, "UTC": when.UTC(), "whole seconds": when.Truncate(time.Second), "zero time": time.Time{},
		"year 12345": time.Date(12345, 1, 1, 0, 0, 0, 0, time.UTC), "duration": time.Minute,
		"odd zone": when.In(time.FixedZone("", -12345)), "NullString": sql.NullString{String: "x", Valid: true}, "NullInt64": sql.NullInt64{},
		"NullTime": sql.NullTime{Time: when, Valid: true},
		"ints":     []int{1}, "map": map[string]int{}, "struct": object{1}, "array": [2]byte{1, 2}, "complex": complex(1, 2), "func": func() {},
		"chan": make(chan int),
	}
	var probes []probe
	for _, name := range slices.Sorted(maps.Keys(values)) {
		v := values[name]
		probes = append(probes, probe{name: name, run: func(s *seen) {
			s.query("SELECT typeof(?1), ?1, quote(?1), length(?1), hex(?1)", v)
			s.exec("CREATE TABLE t(i INT, r REAL, s TEXT, b BLOB, d DATETIME, o BOOLEAN)")
			s.exec("INSERT INTO t VALUES (?,?,?,?,?,?)", v, v, v, v, v, v)
			s.query("SELECT typeof(i), typeof(r), typeof(s), typeof(b), typeof(d), typeof(o) FROM t")
			s.query("SELECT * FROM t")
		}})
	}
	compare(t, probes)
}

// TestArguments: which argument a parameter gets.
func TestArguments(t *testing.T) {
	a, b := sql.Named("a", 7), sql.Named("b", 8)
	const oneForThree = "mattn counts arguments, though one named argument would answer all three parameters"
	var probes []probe
	for _, c := range []struct {
		text    string
		args    []any
		differs string
	}{
		{"SELECT :a, @b", []any{a, b}, ""},
		{"SELECT $b, :a", []any{a, b}, ""},
		{"SELECT :a + @a + $a", []any{a}, oneForThree},
		{"SELECT :a, :a", []any{a}, ""},
		{"SELECT :a", []any{1}, ""},
		{"SELECT :a, $b", []any{1, 2}, ""},
		{"SELECT :a", []any{b}, ""},
		{"SELECT :a", []any{a, b}, ""},
		{"SELECT ?, :a", []any{1, a}, ""},
		{"SELECT :a, ?", []any{a, 1}, ""},
		{"SELECT ?", []any{1, 2}, ""},
		{"SELECT ?, ?", []any{int64(math.MinInt64), int64(math.MaxInt64)}, ""},
		{"SELECT ?, ?", []any{1}, ""},
		{"SELECT ?, ?", nil, ""},
		{"SELECT 1", []any{1}, ""},
		{"SELECT ?1, ?2, ?1", []any{1, 2}, ""},
		{"SELECT ?2", []any{1, 2}, ""},
		{"SELECT ?5", []any{1, 2, 3, 4, 5}, ""},
		{"SELECT ?5", []any{1}, ""},
		{"SELECT $1, $2", []any{1, 2}, ""},
		{"SELECT ?2, ?, ?1", []any{1, 2, 3}, ""},
		{"SELECT '?', \"?\", ? -- ?", []any{1}, ""},
		{"SELECT :été", []any{sql.Named("été", 1)}, ""},
	} {
		probes = append(probes, probe{name: fmt.Sprint(c.text, len(c.args), c.args), differs: c.differs, run: func(s *seen) {
			s.query(c.text, c.args...)
			s.exec(c.text, c.args...)
		}})
	}
	compare(t, probes)
}

// TestPreparedArguments: the same for prepared statements, whose arguments database/sql counts.
func TestPreparedArguments(t *testing.T) {
	a := sql.Named("a", 7)
	var probes []probe
	for _, c := range []struct {
		text    string
		args    []any
		differs string
	}{
		{"SELECT ?", []any{1}, ""},
		{"SELECT ?", nil, ""},
		{"SELECT ?", []any{1, 2}, ""},
		{"SELECT :a", []any{a}, ""},
		{"SELECT :a, @a", []any{a}, "one named argument answers both parameters"},
		{"SELECT :a", []any{1}, ""},
		{"SELECT :b", []any{a}, ""},
	} {
		probes = append(probes, probe{name: fmt.Sprint(c.text, len(c.args), c.args), differs: c.differs, run: func(s *seen) {
			st, err := s.db.Prepare(c.text)
			if err != nil {
				s.fail("prepare", err)
				return
			}
			defer st.Close()
			for range 2 {
				rows, err := st.Query(c.args...)
				if err != nil {
					s.fail("query", err)
					continue
				}
				s.rows("query", rows)
			}
		}})
	}
	compare(t, probes)
}

var declaredTypes = []string{
	"", "INTEGER", "INT", "BIGINT", "TINYINT(1)", "BOOLEAN", "boolean", "BOOL", "TEXT", "VARCHAR(20)", "CHAR", "CLOB", "BLOB", "REAL",
	"FLOAT", "DOUBLE PRECISION", "NUMERIC", "DECIMAL(10,2)",
	"DATE", "DATETIME", "datetime", "TIMESTAMP", "TIME", "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE", "DATETIME(6)", "JSON", "ANY", "UUID", "MONEY", "POINT",
}

// stored are values as SQL writes them.
var stored = []string{
	"NULL", "0", "1", "-5", "1700000000", "1700000000123", "-1700000000123", "999999999999", "-1000000000001", "0.5", "2460000.5",
	"9e999", "'text'", "''", "'1'", "'12.5'", "x''", "x'00ff'", "'true'",
	"'2024-02-03 04:05:06.123456789+01:00'", "'2024-02-03T04:05:06.123456789+01:00'", "'2024-02-03 04:05:06.123'", "'2024-02-03T04:05:06.1'",
	"'2024-02-03 04:05:06'", "'2024-02-03T04:05:06'", "'2024-02-03 04:05'", "'2024-02-03T04:05'", "'2024-02-03'",
	"'2024-02-03T04:05:06Z'", "'2024-02-03 04:05:06Z'", "'2024-02-03Z'", "'04:05:06'", "'2024-02-30'", "'2024-2-3'", "'2024-02-03 25:00:00'",
	"' 2024-02-03'", "'now'",
}

// storedElsewhere are times as other drivers write them. mattn's delivers the zero time for them.
var storedElsewhere = []string{
	"'2024-02-03 04:05:06 +0100 CET'", "'2024-02-03 04:05:06.5 +0100 CET m=+0.1'", "'2024-02-03 04:05:06+00'", "'2024-02-03 04:05:06+0100'",
	"'2024-02-03 04:05:06 +01:00'",
}

// TestScanning: what is delivered of what is stored in a column of each type.
func TestScanning(t *testing.T) {
	scan := func(declared string, values []string) func(*seen) {
		return func(s *seen) {
			s.exec("CREATE TABLE t(a " + declared + ")")
			for _, v := range values {
				s.exec("INSERT INTO t VALUES (" + v + ")")
			}
			s.query("SELECT a, typeof(a), max(a, a), (SELECT a) FROM t")
			s.query("SELECT max(a), min(a), count(a) FROM t")
			s.query("SELECT b.a FROM (SELECT a FROM t) AS b")
			s.query("SELECT a FROM t UNION ALL SELECT a FROM t")
		}
	}
	var probes []probe
	for _, declared := range declaredTypes {
		for _, params := range []string{"", "?_loc=America/New_York"} {
			probes = append(probes, probe{name: declared + params, dsn: params, run: scan(declared, stored)})
		}
		switch declared {
		case "DATE", "DATETIME", "datetime", "TIMESTAMP":
			probes = append(probes, probe{name: declared + " of large numbers", run: scan(declared, []string{"9223372036854775807", "-9223372036854775808", "1e16"}),
				differs: "mattn multiplies milliseconds to nanoseconds, which overflows"})
			for _, v := range storedElsewhere {
				probes = append(probes, probe{name: declared + " of " + v, run: scan(declared, []string{v}),
					differs: "turso-coop reads the layouts that other drivers write"})
			}
		default:
			probes = append(probes, probe{name: declared + " of other times", run: scan(declared, storedElsewhere)})
		}
	}
	compare(t, probes)
}

// TestColumnTypes: what is said of a column.
func TestColumnTypes(t *testing.T) {
	describe := func(s *seen, text string) {
		rows, err := s.db.Query(text)
		if err != nil {
			s.fail(text, err)
			return
		}
		defer rows.Close()
		types, err := rows.ColumnTypes()
		if err != nil {
			s.fail(text, err)
			return
		}
		for _, c := range types {
			nullable, ok := c.Nullable()
			length, sized := c.Length()
			precision, scale, decimal := c.DecimalSize()
			s.note("%q %q %v nullable %t %t length %d %t decimal %d %d %t", c.Name(),
				c.DatabaseTypeName(), c.ScanType(), nullable, ok, length, sized, precision, scale, decimal)
		}
	}
	var probes []probe
	for _, declared := range declaredTypes {
		probes = append(probes, probe{name: declared, run: func(s *seen) {
			s.exec("CREATE TABLE t(a " + declared + ", b " + declared + " NOT NULL)")
			describe(s, "SELECT * FROM t")
			s.exec("INSERT INTO t VALUES (NULL, 1)")
			describe(s, "SELECT a, b AS other, a || '', max(b), (SELECT a FROM t), 1 FROM t")
			describe(s, "INSERT INTO t VALUES (1, 2) RETURNING *")
			describe(s, "DELETE FROM t")
		}})
	}
	compare(t, probes)
}

// TestScanTargets: database/sql's conversions from what the drivers deliver.
func TestScanTargets(t *testing.T) {
	scan := func(target func() any) func(*seen) {
		return func(s *seen) {
			s.exec("CREATE TABLE t(i INT, r REAL, s TEXT, b BLOB, d DATETIME, o BOOLEAN, n)")
			s.exec("INSERT INTO t VALUES (5, 1.5, 'text', x'00ff', '2024-02-03 04:05:06+01:00', 1, NULL)")
			for _, c := range []string{"i", "r", "s", "b", "d", "o", "n", "max(d)", "+o"} {
				v := target()
				err := s.db.QueryRow("SELECT " + c + " FROM t").Scan(v)
				s.note("%s: %T %v, error %v", c, v, deref(v), err)
			}
		}
	}
	compare(t, []probe{
		{name: "string", run: scan(func() any { return new(string) })},
		{name: "bytes", run: scan(func() any { return new([]byte) })},
		{name: "int64", run: scan(func() any { return new(int64) })},
		{name: "float64", run: scan(func() any { return new(float64) })},
		{name: "bool", run: scan(func() any { return new(bool) })},
		{name: "time", run: scan(func() any { return new(time.Time) })},
		{name: "NullTime", run: scan(func() any { return new(sql.NullTime) })},
		{name: "NullString", run: scan(func() any { return new(sql.NullString) })},
	})
}

func deref(v any) any {
	switch v := v.(type) {
	case *string:
		return *v
	case *[]byte:
		return *v
	case *int64:
		return *v
	case *float64:
		return *v
	case *bool:
		return *v
	case *time.Time:
		return *v
	case *sql.NullTime:
		return *v
	case *sql.NullString:
		return *v
	}
	return v
}
