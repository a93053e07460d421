package driver

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
)

var background = context.Background()

// openDSN opens a pool that is closed at the end of the test.
func openDSN(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(Name, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// open opens a new database with the parameters of params, which is empty or begins with "?".
func open(t testing.TB, params string) *sql.DB {
	t.Helper()
	return openDSN(t, filepath.Join(t.TempDir(), "test.db")+params)
}

// execer is a *sql.DB, *sql.Conn or *sql.Tx.
type execer interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

func run(t testing.TB, db execer, text string, args ...any) sql.Result {
	t.Helper()
	res, err := db.ExecContext(background, text, args...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return res
}

// get returns the first column of the first row.
func get(t testing.TB, db execer, text string, args ...any) (v any) {
	t.Helper()
	if err := db.QueryRowContext(background, text, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}
