package driver

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"github.com/ncruces/go-sqlite3"

	_ "github.com/turso-coop/turso-coop/vfs/oracle" // files are what SQLite asked for
)

var background = context.Background()

// hooks are what the DSN key _test does to a new connection, by its value.
var hooks sync.Map

func init() {
	RegisterKey("_test", func(value string) (func(*sqlite3.Conn) (func() error, error), error) {
		init, ok := hooks.Load(value)
		if !ok {
			return nil, errors.New("no such hook")
		}
		return init.(func(*sqlite3.Conn) (func() error, error)), nil
	})
}

// hook returns the DSN key that runs init for new connections, for the time of the test.
func hook(t *testing.T, name string, init func(*sqlite3.Conn) (func() error, error)) string {
	hooks.Store(name, init)
	t.Cleanup(func() { hooks.Delete(name) })
	return "_test=" + name
}

// function returns the DSN key that adds an SQL function without arguments to new connections.
func function(t *testing.T, name string, f func()) string {
	return hook(t, name, func(db *sqlite3.Conn) (func() error, error) {
		return nil, db.CreateFunction(name, 0, 0, func(sqlite3.Context, ...sqlite3.Value) { f() })
	})
}

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
