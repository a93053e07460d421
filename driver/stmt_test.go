package driver

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestPrepared(t *testing.T) {
	db := open(t, "")
	run(t, db, "CREATE TABLE t(a, b)")
	s, err := db.Prepare("INSERT INTO t VALUES (:a, ?); INSERT INTO t VALUES (0, 0)")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for range 2 {
		if _, err := s.Exec(sql.Named("a", 1), strings.Repeat("x", 2*largeArguments)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Exec(1, 2); err != nil {
		t.Fatal(err)
	}
	if got := column(t, db, "SELECT length(b) FROM t"); !slices.Equal(got, ints(2*largeArguments, 2*largeArguments, 1)) {
		t.Fatal(got)
	}
	for _, test := range []struct {
		args []any
		want string
	}{
		{[]any{1}, "sql: expected 2 arguments, got 1"},
		{[]any{1, 2, 3}, "sql: expected 2 arguments, got 3"},
		{nil, "sql: expected 2 arguments, got 0"},
	} {
		if _, err := s.Exec(test.args...); err == nil || err.Error() != test.want {
			t.Errorf("%v, want %s", err, test.want)
		}
		if _, err := s.Query(test.args...); err == nil || err.Error() != test.want {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
	empty, err := db.Prepare(" -- nothing")
	if err != nil {
		t.Fatal(err)
	}
	defer empty.Close()
	if _, err := empty.Exec(); err != nil {
		t.Error(err)
	}
	if rows, err := empty.Query(); err != nil || rows.Next() {
		t.Error(err)
	}
}

// TestPreparedWithOpenRows: inside a transaction database/sql runs a statement whose rows are still open.
func TestPreparedWithOpenRows(t *testing.T) {
	db := open(t, "")
	run(t, db, "CREATE TABLE t(a); INSERT INTO t VALUES (1), (2), (3)")
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	s, err := tx.Prepare("SELECT a FROM t WHERE a > ?")
	if err != nil {
		t.Fatal(err)
	}
	outer, err := s.Query(0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for outer.Next() {
		var a, b int
		if err := outer.Scan(&a); err != nil {
			t.Fatal(err)
		}
		inner, err := s.Query(a)
		if err != nil {
			t.Fatal(err)
		}
		for inner.Next() {
			inner.Scan(&b)
			got = append(got, fmt.Sprint(a, b))
		}
		if _, err := s.Exec(9); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"1 2", "1 3", "2 3"}; !slices.Equal(got, want) || outer.Err() != nil {
		t.Fatal(got, outer.Err())
	}
}

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
