package driver

import (
	"database/sql"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// TestSchemaChange: a prepared SELECT * shows the columns that the table has now.
func TestSchemaChange(t *testing.T) {
	db := open(t, "")
	run(t, db, "CREATE TABLE t(a, b DATE); INSERT INTO t VALUES (1, 0)")
	s, err := db.Prepare("SELECT * FROM t")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	columns := func() string {
		t.Helper()
		rows, err := s.Query()
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		names, _ := rows.Columns()
		values := make([]any, len(names))
		for i := range values {
			values[i] = new(any)
		}
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		for i, name := range names {
			names[i] = fmt.Sprint(name, "=", *values[i].(*any))
		}
		return strings.Join(names, " ")
	}
	for _, step := range []struct{ change, want string }{
		{"SELECT 1", "a=1 b=1970-01-01 00:00:00 +0000 UTC"},
		{"ALTER TABLE t ADD COLUMN c DEFAULT 'x'", "a=1 b=1970-01-01 00:00:00 +0000 UTC c=x"},
		{"ALTER TABLE t DROP COLUMN b", "a=1 c=x"},
		{"ALTER TABLE t RENAME COLUMN c TO d", "a=1 d=x"},
		{"DROP TABLE t; CREATE TABLE t(z); INSERT INTO t VALUES (0)", "z=0"},
	} {
		run(t, db, step.change)
		if got := columns(); got != step.want {
			t.Errorf("after %s: %s, want %s", step.change, got, step.want)
		}
	}
}

func TestColumnTypes(t *testing.T) {
	db := open(t, "")
	run(t, db, `CREATE TABLE t(i BigInt, s VARCHAR(10), b BLOB, r REAL, n DECIMAL(10,2), d DATETIME, o BOOLEAN, x)`)
	rows, err := db.Query("SELECT *, i+1 FROM t")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		name string
		typ  any
	}{
		{"BigInt", sql.NullInt64{}}, {"VARCHAR(10)", sql.NullString{}}, {"BLOB", sql.RawBytes{}}, {"REAL", sql.NullFloat64{}},
		{"DECIMAL(10,2)", sql.NullFloat64{}}, {"DATETIME", sql.NullTime{}}, {"BOOLEAN", sql.NullBool{}}, {"", new(any)}, {"", new(any)},
	} {
		got := types[i]
		if got.DatabaseTypeName() != want.name || got.ScanType() != reflect.TypeOf(want.typ) {
			t.Errorf("%s is %q, %v, want %q, %T", got.Name(), got.DatabaseTypeName(), got.ScanType(), want.name, want.typ)
		}
		if nullable, ok := got.Nullable(); !nullable || !ok {
			t.Error("not nullable")
		}
		if _, ok := got.Length(); ok {
			t.Error("has a length")
		}
	}
}

// TestColumnTypesByValue: with the other names types are those of values, before and in a row.
func TestColumnTypesByValue(t *testing.T) {
	for _, test := range []struct{ profile, columns, before, in, null string }{
		{
			"modernc", "BIGINT DATETIME BOOLEAN VARCHAR(9) ",
			"int64 time.Time bool string interface {}", "int64 time.Time bool string interface {}",
			"interface {} interface {} interface {} interface {} interface {}",
		},
		{
			"ncruces", "BIGINT DATETIME BOOLEAN VARCHAR ",
			"interface {} time.Time bool interface {} interface {}", "int64 time.Time bool string interface {}",
			"interface {} interface {} interface {} interface {} interface {}",
		},
	} {
		db := openAs(t, test.profile, "")
		run(t, db, `CREATE TABLE t(i BigInt, d DateTime, o Boolean, s Varchar(9), x);
			INSERT INTO t VALUES (1, 1700000000, 1, 'a', NULL), (NULL, NULL, NULL, NULL, NULL)`)
		rows, err := db.Query("SELECT * FROM t")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		check := func(when, want string) {
			t.Helper()
			types, err := rows.ColumnTypes()
			if err != nil {
				t.Fatal(err)
			}
			var names, scans []string
			for _, c := range types {
				names, scans = append(names, c.DatabaseTypeName()), append(scans, c.ScanType().String())
			}
			if got := strings.Join(names, " "); got != test.columns {
				t.Errorf("%s: columns are %q, want %q", test.profile, got, test.columns)
			}
			if got := strings.Join(scans, " "); got != want {
				t.Errorf("%s, %s: scans into %q, want %q", test.profile, when, got, want)
			}
		}
		check("before a row", test.before)
		rows.Next()
		check("in a row", test.in)
		var dest [5]any
		if err := rows.Scan(&dest[0], &dest[1], &dest[2], &dest[3], &dest[4]); err != nil || dest[3] != "a" {
			t.Error(dest, err)
		}
		rows.Next()
		check("in a row of NULL", test.null)
	}
}
