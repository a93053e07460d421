package driver

import (
	"strings"
	"testing"
)

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
