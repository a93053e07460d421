package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	turso "github.com/turso-coop/turso-coop/driver"
	sqlite "github.com/turso-coop/turso-coop/driver/compat/modernc"
	sqlite3 "github.com/turso-coop/turso-coop/driver/compat/modernc/lib"
	_ "github.com/turso-coop/turso-coop/vfs/oracle" // files are what SQLite asked for
)

func open(t *testing.T, d *sqlite.Driver, dsn string) (*sql.DB, *sql.Conn) {
	t.Helper()
	c, err := d.OpenConnector(dsn)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); db.Close() })
	return db, conn
}

func TestNothingIsRegistered(t *testing.T) {
	if names := sql.Drivers(); slices.Contains(names, "sqlite") {
		t.Errorf("the import alone registers %q", names)
	}
}

func TestRegistration(t *testing.T) {
	d := &sqlite.Driver{}
	f := func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) { return nil, nil }
	failing := func(sqlite.FunctionContext) (sqlite.AggregateFunction, error) { return nil, errors.New("no group") }
	d.MustRegisterFunction("failing", &sqlite.FunctionImpl{NArgs: 1, MakeAggregate: failing})
	d.MustRegisterFunction("none", &sqlite.FunctionImpl{NArgs: 1, MakeAggregate: func(sqlite.FunctionContext) (sqlite.AggregateFunction, error) { return nil, nil }})
	d.MustRegisterDeterministicScalarFunction("f", 0, f)
	for _, err := range []error{
		d.RegisterScalarFunction("f", 1, f), d.RegisterFunction("g", nil), d.RegisterFunction("g", &sqlite.FunctionImpl{}),
		d.RegisterCollationUtf8("c", nil),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "sqlite: ") {
			t.Errorf("%v", err)
		}
	}
	db, conn := open(t, d, ":memory:")
	for query, want := range map[string]string{"SELECT failing(1)": "no group", "SELECT none(1)": "nil"} {
		var v any
		if err := db.QueryRow(query).Scan(&v); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", query, err)
		}
	}
	if was, err := sqlite.Limit(conn, sqlite3.SQLITE_LIMIT_ATTACHED, -1); was != 10 || err != nil {
		t.Errorf("limit: %d, %v", was, err)
	}
	foreign, err := sql.Open(turso.Name, ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer foreign.Close()
	other, err := foreign.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := sqlite.Limit(other, sqlite3.SQLITE_LIMIT_ATTACHED, -1); err == nil {
		t.Error("the limit of a foreign connection is set")
	}
}

func TestErrorsLeadToTheirCause(t *testing.T) {
	name := filepath.Join(t.TempDir(), "test.db")
	_, conn := open(t, &sqlite.Driver{}, name)
	if _, err := conn.ExecContext(context.Background(), "CREATE TABLE t(a); BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	other, _ := open(t, &sqlite.Driver{}, name+"?_pragma=busy_timeout(1)")
	_, err := other.Exec("INSERT INTO t VALUES(1)")
	var cause *turso.Error
	if err == nil || err.Error() != "database is locked (5) (SQLITE_BUSY)" || !errors.As(err, &cause) || cause.Holder() == "" {
		t.Errorf("locked: %v", err)
	}
	if text := sqlite.ErrorCodeString[sqlite3.SQLITE_BUSY]; text != "database is locked (SQLITE_BUSY)" {
		t.Error(text)
	}
}

func TestBackupEnds(t *testing.T) {
	_, conn := open(t, &sqlite.Driver{}, ":memory:")
	err := conn.Raw(func(dc any) error {
		c := dc.(interface {
			NewBackup(string) (*sqlite.Backup, error)
			Deserialize([]byte) error
		})
		if _, err := c.NewBackup(filepath.Join(t.TempDir(), "no", "where")); err == nil {
			t.Error("a backup to nowhere begins")
		}
		b, err := c.NewBackup(":memory:")
		if err != nil {
			return err
		}
		if err := b.Finish(); err != nil {
			t.Error(err)
		}
		if _, err := b.Step(1); err == nil {
			t.Error("a backup that has ended goes on")
		}
		if err := b.Finish(); err == nil {
			t.Error("a backup ends twice")
		}
		if err := c.Deserialize(bytes.Repeat([]byte("x"), 512)); err == nil {
			t.Error("garbage is a database")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func ExampleError() {
	c, err := sqlite.NewConnector(":memory:")
	if err != nil {
		fmt.Println(err)
		return
	}
	db := sql.OpenDB(c)
	defer db.Close()
	_, err = db.Exec("CREATE TABLE user(name UNIQUE); INSERT INTO user VALUES ('ann'), ('ann')")
	var e *sqlite.Error
	if errors.As(err, &e) && e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE {
		fmt.Println(e)
	}
	// Output: constraint failed: UNIQUE constraint failed: user.name (2067)
}
