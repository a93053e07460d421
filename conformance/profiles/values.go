package profiles

import (
	"database/sql"
	"fmt"
	"math"
	"time"
)

var (
	noon   = time.Date(2024, 2, 3, 12, 5, 6, 123456789, time.FixedZone("CET", 3600))
	whole  = noon.UTC().Truncate(time.Second)
	zoned  = time.Date(2024, 7, 3, 12, 5, 6, 0, time.FixedZone("", -9*3600-1800))
	vacant *int
)

func bindScenarios() []Scenario {
	list := []Scenario{
		{"bind values", nil, func(o *Observer) {
			type word string
			type count int16
			db := o.open("")
			for _, v := range []any{
				true, false, 7, int8(-1), uint32(7), 'a', count(3), int64(math.MaxInt64), uint64(math.MaxUint64), 1.5, float32(2.5),
				math.NaN(), math.Inf(1), math.Inf(-1), "", "it's", word("w"), []byte(nil), []byte{}, []byte{1}, sql.RawBytes{2},
				nil, vacant, sql.NullString{}, sql.NullInt64{Int64: 5, Valid: true}, []int{1}, struct{}{}, complex(1, 1), map[string]int{},
			} {
				o.query(db, fmt.Sprintf("SELECT typeof(?1), quote(?1) -- %T", v), v)
			}
			o.query(db, "SELECT length(CAST(? AS BLOB))", "a\x00b")
		}},
		{"bind times", nil, func(o *Observer) { o.times("") }},
		{"bind times, timezone", onModern, func(o *Observer) { o.times("_timezone=Asia/Tokyo") }},
	}
	for _, key := range []string{"_time_format=sqlite", "_time_format=datetime", "_time_format=string_no_monotonic", "_time_integer_format=unix",
		"_time_integer_format=unix_milli", "_time_integer_format=unix_micro", "_time_integer_format=unix_nano",
		"_time_format=sqlite&_time_integer_format=unix", "_time_format=datetime&_timezone=Asia/Tokyo"} {
		list = append(list, Scenario{"bind times, " + key, onModern, func(o *Observer) { o.times(key) }})
	}
	for _, key := range []string{"_timefmt=auto", "_timefmt=sqlite", "_timefmt=rfc3339", "_timefmt=julianday", "_timefmt=unixepoch", "_timefmt=unixepoch_frac",
		"_timefmt=unixepoch_milli", "_timefmt=unixepoch_micro", "_timefmt=unixepoch_nano", "_timefmt=2006-01-02"} {
		list = append(list, Scenario{"bind times, " + key, onNcru, func(o *Observer) { o.times(key) }})
	}
	return append(list, argumentScenarios()...)
}

// times binds times and tells what is stored, and what comes back from columns of several types.
func (o *Observer) times(params string) {
	db := o.open(params)
	o.must(db, "CREATE TABLE t(a, d DATETIME, x TEXT)")
	for _, at := range []time.Time{noon, whole, zoned, {}} {
		o.query(db, "SELECT typeof(?1), CAST(?1 AS TEXT)", at)
		o.exec(db, "INSERT INTO t VALUES (?1, ?1, ?1)", at)
	}
	o.query(db, "SELECT a, d, x, max(d, d) FROM t")
}

// call is a text with arguments.
type call struct {
	text string
	args []any
}

func a(name string, v any) any { return sql.Named(name, v) }

var calls = []call{
	{"INSERT INTO t VALUES (:a+@a+$a)", []any{a("a", 7)}},
	{"INSERT INTO t VALUES (:a)", []any{5}}, {"INSERT INTO t VALUES (:a), ($b)", []any{1, 2}}, {"INSERT INTO t VALUES (:a)", []any{a("b", 1)}},
	{"INSERT INTO t VALUES (:a)", []any{a("a", 1), a("b", 2)}}, {"INSERT INTO t VALUES (?)", []any{1, 2}}, {"INSERT INTO t VALUES (?)", []any{1, a("x", 2)}},
	{"INSERT INTO t VALUES (?), (?)", []any{1}}, {"INSERT INTO t VALUES (?)", nil}, {"INSERT INTO t VALUES (:a)", nil},
	{"INSERT INTO t VALUES (:a), (:b)", []any{a("a", 1)}}, {"INSERT INTO t VALUES (?2+?1*10)", []any{1, 2}}, {"INSERT INTO t VALUES (?1+?1)", []any{4}},
	{"INSERT INTO t VALUES ($1+$2*10)", []any{1, 2}}, {"INSERT INTO t VALUES (:a), (?)", []any{a("a", 1), 2}}, {"INSERT INTO t VALUES (?), (:a)", []any{1, a("a", 2)}},
	{"INSERT INTO t VALUES (:a)", []any{a("a", 1), a("a", 2)}}, {"INSERT INTO t VALUES (:a)", []any{1, 2}}, {"INSERT INTO t VALUES (?3)", []any{1, 2, 3}},
}

func argumentScenarios() []Scenario {
	var list []Scenario
	for _, c := range calls {
		list = append(list, Scenario{fmt.Sprintf("arguments %s %v", c.text, c.args), nil, func(o *Observer) {
			db := o.open("")
			o.must(db, "CREATE TABLE t(a)")
			o.exec(db, c.text, c.args...)
			o.query(db, "SELECT a FROM t")
			o.must(db, "DELETE FROM t")
			s, err := db.Prepare(c.text)
			if err != nil {
				o.note("prepare: %s", describe(err))
				return
			}
			defer s.Close()
			res, err := s.Exec(c.args...)
			o.result("prepared", res, err)
			o.query(db, "SELECT a FROM t")
		}})
	}
	return list
}

// stored are declared types and literals.
var stored = [][2]string{
	{"TEXT", "'a'"}, {"TEXT", "'2024-01-02T03:04:05Z'"}, {"VARCHAR(20)", "'2024-01-02T03:04:05Z'"}, {"JSON", "'2024-01-02T03:04:05+01:00'"},
	{"", "'2024-01-02T03:04:05.5Z'"}, {"", "'2024-01-02 03:04:05'"}, {"", "'a'"}, {"", "1"}, {"BLOB", "x'01'"}, {"BLOB", "x''"}, {"BLOB", "'a'"},
	{"BOOLEAN", "1"}, {"BOOLEAN", "0"}, {"boolean", "1"}, {"BOOLEAN", "-1"}, {"BOOLEAN", "7"}, {"BOOLEAN", "'x'"}, {"BOOLEAN", "1.5"},
	{"BOOL", "1"}, {"TINYINT(1)", "1"}, {"INTEGER", "9223372036854775807"}, {"REAL", "1"}, {"INT", "NULL"},
	{"DATE", "0"}, {"DATE", "'2024-01-02'"}, {"TIMESTAMP", "0"}, {"Timestamp", "1700000000"}, {"DATETIME", "1700000000123"}, {"DATETIME", "-1700000000123"},
	{"DATETIME", "2460000.5"}, {"DATETIME", "1700000000.5"}, {"DATETIME", "NULL"}, {"DATETIME", "x'01'"}, {"DATETIME", "'not a date'"}, {"DATE", "''"},
	{"DATETIME", "'2024-01-02 03:04:05'"}, {"DATETIME", "'2024-01-02T03:04:05'"}, {"DATETIME", "'2024-01-02 03:04'"}, {"DATETIME", "'2024-01-02T03:04'"},
	{"DATETIME", "'2024-01-02 03:04:05.123456789+01:00'"}, {"DATETIME", "'2024-01-02T03:04:05+01:00'"}, {"DATETIME", "'2024-01-02 03:04:05Z'"},
	{"DATETIME", "'2024-01-02 03:04:05 +0100 CET'"}, {"DATETIME", "'2024-01-02 03:04:05 +0545 +0545'"},
	{"DATETIME", "'2024-01-02 03:04:05.5 +0000 UTC m=+0.1'"}, {"DATETIME", "'2024-01-02 03:04:05+01'"}, {"DATETIME", "'12:13:14'"},
	{"TIME", "'12:13:14'"}, {"TIME", "0"}, {"TIMESTAMPTZ", "'2024-01-02 03:04:05'"}, {"TIMESTAMP WITH TIME ZONE", "'2024-01-02T03:04:05Z'"},
	{"DATETIME(6)", "'2024-01-02 03:04:05'"}, {"DATETIME(6)", "0"}, {"DECIMAL(10,2)", "'1.50'"}, {"DECIMAL(10,2)", "'2'"}, {"NUMERIC", "'x'"},
}

func scanScenarios() []Scenario {
	var list []Scenario
	for _, s := range stored {
		list = append(list, Scenario{"scan " + s[0] + " " + s[1], nil, func(o *Observer) { o.scan("", s[0], s[1]) }})
	}
	for _, v := range []string{"0", "1700000000123", "'2024-01-02 03:04:05'", "'2024-01-02T03:04:05+01:00'", "'x'", "1.5"} {
		list = append(list,
			Scenario{"scan DATETIME " + v + ", _loc", onMattn, func(o *Observer) { o.scan("_loc=Asia/Tokyo", "DATETIME", v) }},
			Scenario{"scan DATETIME " + v + ", _inttotime", onModern, func(o *Observer) { o.scan("_inttotime=1", "DATETIME", v) }},
			Scenario{"scan DATETIME " + v + ", _inttotime, micro", onModern, func(o *Observer) { o.scan("_inttotime=1&_time_integer_format=unix_micro", "DATETIME", v) }},
			Scenario{"scan DATETIME " + v + ", _inttotime, nano", onModern, func(o *Observer) { o.scan("_inttotime=1&_time_integer_format=unix_nano", "DATETIME", v) }},
			Scenario{"scan DATETIME " + v + ", _timezone", onModern, func(o *Observer) { o.scan("_inttotime=1&_timezone=Asia/Tokyo", "DATETIME", v) }},
			Scenario{"scan DATETIME " + v + ", _texttotime", onModern, func(o *Observer) { o.scan("_texttotime=1", "DATETIME", v) }},
			Scenario{"scan " + v + ", _texttotime", onModern, func(o *Observer) { o.scan("_texttotime=1", "", v) }},
			Scenario{"scan VARCHAR " + v + ", _texttotime", onModern, func(o *Observer) { o.scan("_texttotime=1", "VARCHAR", v) }},
			Scenario{"scan DATETIME " + v + ", rfc3339", onNcru, func(o *Observer) { o.scan("_timefmt=rfc3339", "DATETIME", v) }},
			Scenario{"scan DATETIME " + v + ", unixepoch_milli", onNcru, func(o *Observer) { o.scan("_timefmt=unixepoch_milli", "DATETIME", v) }},
		)
	}
	return append(list, Scenario{"scan destinations", nil, func(o *Observer) {
		db := o.open("")
		o.must(db, "CREATE TABLE t(d DATETIME, s TEXT, b BLOB); INSERT INTO t VALUES ('2024-01-02 03:04:05', 'x', x'')")
		var s string
		o.note("%s %q", ok(db.QueryRow("SELECT d FROM t").Scan(&s)), s)
		var at time.Time
		o.note("%s %v", ok(db.QueryRow("SELECT d FROM t").Scan(&at)), at)
		o.note("%s %v", ok(db.QueryRow("SELECT max(d) FROM t").Scan(&at)), at)
		var b []byte
		o.note("%s %v", ok(db.QueryRow("SELECT b FROM t").Scan(&b)), b == nil)
	}})
}

// scan reads a literal from a column of a declared type, and from an expression over it.
func (o *Observer) scan(params, declared, literal string) {
	db := o.open(params)
	if db == nil {
		return
	}
	o.must(db, "CREATE TABLE t(a "+declared+")")
	o.must(db, "INSERT INTO t VALUES ("+literal+")")
	o.query(db, "SELECT a, max(a) FROM t")
}

func columnScenarios() []Scenario {
	describeColumns := func(params, where string, steps int) func(*Observer) {
		return func(o *Observer) {
			db := o.open(params)
			o.must(db, `CREATE TABLE t(k INTEGER PRIMARY KEY, i BigInt, s VARCHAR(10) NOT NULL, x TEXT, b BLOB, r REAL, f FLOAT, n DECIMAL(10,2), d DATETIME,
				m timestamp, c TIME, o BOOLEAN, z, j JSON, e INT, g "DOUBLE PRECISION", h CLOB, l NUMERIC)`)
			o.must(db, `INSERT INTO t VALUES (1, 2, 'a', 'b', x'01', 1.5, 2.5, 3.5, '2024-01-02 03:04:05', 0, '12:13', 1, 'z', '{}', 7, 1.5, 'c', 8),
				(2, NULL, '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`)
			rows, err := db.Query("SELECT *, i+1, max(k, k), rowid FROM t WHERE " + where + " ORDER BY k")
			if err != nil {
				o.note("%s", describe(err))
				return
			}
			defer rows.Close()
			for range steps {
				rows.Next()
			}
			types, err := rows.ColumnTypes()
			if err != nil {
				o.note("%s", describe(err))
				return
			}
			for _, t := range types {
				nullable, nok := t.Nullable()
				length, lok := t.Length()
				precision, scale, dok := t.DecimalSize()
				o.note("%s: %q scans into %v, nullable %v %v, length %d %v, decimal %d %d %v", t.Name(), t.DatabaseTypeName(), t.ScanType(), nullable, nok,
					length, lok, precision, scale, dok)
			}
		}
	}
	return []Scenario{
		{"columns before the first row", nil, describeColumns("", "k=1", 0)},
		{"columns in a row", nil, describeColumns("", "k=1", 1)},
		{"columns in a row of NULL", nil, describeColumns("", "k=2", 1)},
		{"columns after the rows", nil, describeColumns("", "k=1", 2)},
		{"columns without rows", nil, describeColumns("", "k=9", 0)},
		{"columns in a row, _texttotime", onModern, describeColumns("_texttotime=1", "k=1", 1)},
	}
}
