package driver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// show writes a value as the tables of this file do: times in UTC, and with their type whatever else looks alike.
func show(v any) string {
	switch v := v.(type) {
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04:05.999")
	case []byte:
		return fmt.Sprintf("%#v", v)
	case string:
		return "'" + v + "'"
	}
	return fmt.Sprint(v)
}

func TestScanProfiles(t *testing.T) {
	for _, test := range []struct{ declared, value, modernc, ncruces string }{
		{"DATETIME", "1700000000", "1700000000", "2023-11-14 22:13:20"}, {"DATETIME", "0", "0", "-4713-11-24 12:00:00"},
		{"DATETIME", "2460000.5", "2.4600005e+06", "2023-02-25 00:00:00"}, {"DATETIME", "'x'", "'x'", "'x'"},
		{"DATETIME", "'2024-01-02 03:04:05 +0100 CET'", "2024-01-02 02:04:05", "2024-01-02 02:04:05"},
		{"TIME", "'12:13:14'", "'12:13:14'", "2000-01-01 12:13:14"}, {"TIME", "5", "5", "-4713-11-29 12:00:00"},
		{"BOOLEAN", "1", "1", "true"}, {"BOOLEAN", "7", "7", "7"}, {"BOOLEAN", "'x'", "'x'", "'x'"}, {"INTEGER", "1", "1", "1"},
		{"VARCHAR(9)", "'2024-01-02T03:04:05Z'", "'2024-01-02T03:04:05Z'", "2024-01-02 03:04:05"},
		{"TEXT", "'2024-01-02T03:04:05Z'", "'2024-01-02T03:04:05Z'", "'2024-01-02T03:04:05Z'"},
		{"", "'2024-01-02T03:04:05.50Z'", "'2024-01-02T03:04:05.50Z'", "'2024-01-02T03:04:05.50Z'"}, // does not round-trip
		{"BLOB", "x''", "[]byte(nil)", "[]byte{}"}, {"BLOB", "x'01'", "[]byte{0x1}", "[]byte{0x1}"},
	} {
		for profile, want := range map[string]string{"modernc": test.modernc, "ncruces": test.ncruces} {
			db := openAs(t, profile, "")
			run(t, db, "CREATE TABLE t(a "+test.declared+"); INSERT INTO t VALUES ("+test.value+")")
			if got := show(get(t, db, "SELECT a FROM t")); got != want {
				t.Errorf("%s: %s %s is %s, want %s", profile, test.declared, test.value, got, want)
			}
		}
	}
	db := openAs(t, "modernc", "_texttotime=1&_timezone=Asia/Tokyo")
	run(t, db, "CREATE TABLE t(a DATETIME); INSERT INTO t VALUES ('2024-01-02 03:04:05')")
	for _, column := range []string{"a", "max(a)"} {
		rows, err := db.Query("SELECT " + column + " FROM t")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var at time.Time
		rows.Next()
		types, err := rows.ColumnTypes()
		if err := rows.Scan(&at); err != nil || show(at) != "2024-01-01 18:04:05" {
			t.Errorf("%s is %v, error %v", column, at, err)
		}
		if want := map[string]string{"a": "time.Time", "max(a)": "string"}[column]; err != nil || types[0].ScanType().String() != want {
			t.Errorf("%s scans into %v, want %s", column, types[0].ScanType(), want)
		}
	}
}

func TestArgumentProfiles(t *testing.T) {
	named := func(name string, v any) any { return sql.Named(name, v) }
	for _, test := range []struct {
		text             string
		args             []any
		modernc, ncruces string // the error, or else the first column of the rows
	}{
		{"SELECT :a+@a+$a", []any{named("a", 7)}, "21", "21"},
		{"SELECT :a", []any{5}, `missing named argument "a"`, "5"},
		{"SELECT :a", []any{named("b", 5)}, `missing named argument "a"`, "<nil>"},
		{"SELECT :a", []any{named("a", 1), named("b", 5)}, "1", "1"},
		{"SELECT :a", []any{named("a", 1), named("a", 2)}, "1", "2"},
		{"SELECT ?", []any{1, 2}, "1", "sql: expected 1 arguments, got 2"},
		{"SELECT :a", []any{1, 2}, `missing named argument "a"`, "sql: expected 1 arguments, got 2"},
		{"SELECT ?", nil, "missing argument with index 1", "sql: expected 1 arguments, got 0"},
		{"SELECT :a", nil, `missing named argument "a"`, "not enough args to execute query: want 1 got 0"},
		{"SELECT ?2, ?1", []any{1, 2}, "2", "2"},
		{"SELECT $2, $1", []any{1, 2}, "2", "1"},
		{"SELECT ?1; SELECT ?1", []any{3}, "3", "sqlite3: multiple statements"},
		{"SELECT ?; -- tail", []any{3}, "3", "3"},
	} {
		for profile, want := range map[string]string{"modernc": test.modernc, "ncruces": test.ncruces} {
			db := openAs(t, profile, "")
			columns := make([]any, strings.Count(test.text, ",")+1)
			dest := make([]any, len(columns))
			for i := range columns {
				dest[i] = &columns[i]
			}
			got := ""
			if err := db.QueryRow(test.text, test.args...).Scan(dest...); err != nil {
				got = err.Error()
			} else {
				got = show(columns[0])
			}
			if got != want {
				t.Errorf("%s: %s %v: %s, want %s", profile, test.text, test.args, got, want)
			}
		}
	}
	db := openAs(t, "ncruces", "")
	if _, err := db.Exec("SELECT 1; SELECT ?", 1); err == nil || err.Error() != "sqlite3: multiple statements" {
		t.Error(err)
	}
	if _, err := db.Prepare("SELECT 1; SELECT 2"); err == nil || err.Error() != "sqlite3: multiple statements" {
		t.Error(err)
	}
	run(t, db, "CREATE TABLE t(a); INSERT INTO t VALUES (1)")
	res := run(t, db, "DELETE FROM t")
	if id, err := res.LastInsertId(); id != 0 || err != nil {
		t.Errorf("a DELETE has inserted row %d", id)
	}
}

func TestErrorProfiles(t *testing.T) {
	for _, test := range []struct{ text, modernc, ncruces string }{
		{"INSERT INTO t VALUES (1)", "constraint failed: UNIQUE constraint failed: t.a (2067)", "sqlite3: constraint failed: UNIQUE constraint failed: t.a"},
		{"selec", `SQL logic error: near "selec": syntax error (1)`, `sqlite3: SQL logic error: near "selec": syntax error`},
		{"SELECT zeroblob(2000000000)", "string or blob too big (18)", "sqlite3: string or blob too big"},
		{"PRAGMA max_page_count=2; INSERT INTO t VALUES (zeroblob(99999))", "database or disk is full (13)", "sqlite3: database or disk is full"},
	} {
		for profile, want := range map[string]string{"modernc": test.modernc, "ncruces": test.ncruces} {
			db := openAs(t, profile, "")
			run(t, db, "CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES (1)")
			if _, err := db.Exec(test.text); err == nil || err.Error() != want {
				t.Errorf("%s: %s: %v, want %s", profile, test.text, err, want)
			}
		}
	}
	for profile, want := range map[string]string{
		"modernc": "unable to open database file (14)", "ncruces": "sqlite3: unable to open database file: no such file or directory",
	} {
		c, err := Driver{profile}.OpenConnector(filepath.Join(t.TempDir(), "missing", "test.db"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err = c.Connect(background); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", profile, err, want)
		}
	}
	if err := open(t, "?_pragma=hexkey('secret").Ping(); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("an error tells the key: %v", err)
	}
}

// TestIsolation: with the name for programs of ncruces two levels choose the lock.
func TestIsolation(t *testing.T) {
	db := openAs(t, "ncruces", "_txlock=deferred&_pragma=busy_timeout(0)&_pragma=journal_mode(DELETE)")
	run(t, db, "CREATE TABLE t(a)")
	for level, want := range map[sql.IsolationLevel][2]bool{ // others can write, read
		sql.LevelDefault: {true, true}, sql.LevelSnapshot: {true, true}, sql.LevelSerializable: {false, true}, sql.LevelLinearizable: {false, false},
	} {
		tx, err := db.BeginTx(background, &sql.TxOptions{Isolation: level})
		if err != nil {
			t.Fatal(err)
		}
		_, werr := db.Exec("INSERT INTO t VALUES (1)")
		var n int
		rerr := db.QueryRow("SELECT count(*) FROM t").Scan(&n)
		if got := [2]bool{werr == nil, rerr == nil}; got != want {
			t.Errorf("%v: others can write and read: %v, want %v", level, got, want)
		}
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	}
	if _, err := openAs(t, "ncruces", "_pragma=query_only(1)").Begin(); err != nil {
		t.Errorf("a connection that cannot write takes the write lock: %v", err)
	}
}

// How long to wait for locks counts from the first time that a connection reads the file.
func TestPragmaOfTimeoutComesFirst(t *testing.T) {
	const params = "_pragma=journal_mode(DELETE)&_pragma=busy_timeout(0)"
	db := openAs(t, "ncruces", params)
	run(t, db, "CREATE TABLE t(a)")
	tx, err := db.BeginTx(background, &sql.TxOptions{Isolation: sql.LevelLinearizable})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	ctx, cancel := context.WithTimeout(background, 20*time.Second) // the default is a minute
	defer cancel()
	var n int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM t").Scan(&n); !errors.Is(err, sqlite3.BUSY) || ctx.Err() != nil {
		t.Errorf("a new connection beside an exclusive lock: %v", err)
	}
}
