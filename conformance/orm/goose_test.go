package orm

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pressly/goose/v3"

	"github.com/turso-coop/turso-coop/driver"
)

// gooseFiles is what a program would embed. The second migration has a trigger, whose body has semicolons of its own.
func gooseFiles() fstest.MapFS {
	return fstest.MapFS{
		"00001_users.sql": {Data: []byte(`-- +goose Up
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
INSERT INTO users (name) VALUES ('ann'), ('bob');

-- +goose Down
DROP TABLE users;
`)},
		"00002_log.sql": {Data: []byte(`-- +goose Up
CREATE TABLE log (line TEXT NOT NULL);
-- +goose StatementBegin
CREATE TRIGGER users_log AFTER INSERT ON users BEGIN
	INSERT INTO log VALUES ('new: ' || new.name);
	INSERT INTO log VALUES ('all: ' || (SELECT count(*) FROM users));
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER users_log;
DROP TABLE log;
`)},
		"00003_wal.sql": {Data: []byte(`-- +goose NO TRANSACTION
-- +goose Up
PRAGMA journal_mode = WAL;
VACUUM;

-- +goose Down
PRAGMA journal_mode = DELETE;
`)},
	}
}

func openGoose(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver.Name, filepath.Join(t.TempDir(), "goose.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// gooseUser is the fourth migration, written in Go.
func gooseUser(err error) *goose.Migration {
	return goose.NewGoMigration(4, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
		if _, e := tx.ExecContext(ctx, "INSERT INTO users (name) VALUES (?)", "eve"); e != nil {
			return e
		}
		return err
	}}, nil)
}

func TestGooseProvider(t *testing.T) {
	db, ctx := openGoose(t), context.Background()
	broken := errors.New("out of luck")
	p, err := goose.NewProvider(goose.DialectSQLite3, db, gooseFiles(), goose.WithGoMigrations(gooseUser(broken)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Up(ctx); !errors.Is(err, broken) {
		t.Fatalf("a migration that fails: %v", err)
	}
	if v, err := p.GetDBVersion(ctx); v != 3 || err != nil {
		t.Errorf("version %d after it, %v", v, err)
	}
	var users, lines int
	if err := db.QueryRow("SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM log)").Scan(&users, &lines); err != nil || users != 2 || lines != 0 {
		t.Errorf("%d users and %d lines of log after it, %v", users, lines, err)
	}

	p, err = goose.NewProvider(goose.DialectSQLite3, db, gooseFiles(), goose.WithGoMigrations(gooseUser(nil)))
	if err != nil {
		t.Fatal(err)
	}
	if results, err := p.Up(ctx); err != nil || len(results) != 1 || results[0].Source.Version != 4 {
		t.Errorf("up again: %v, %v", results, err)
	}
	var log, mode string
	if err := db.QueryRow("SELECT group_concat(line, '; ') FROM log").Scan(&log); err != nil || log != "new: eve; all: 3" {
		t.Errorf("log %q, %v", log, err)
	}
	if err := db.QueryRow("PRAGMA journal_mode").Scan(&mode); err != nil || mode != "wal" {
		t.Errorf("journal mode %q, %v", mode, err)
	}
	status, err := p.Status(ctx)
	if err != nil || len(status) != 4 {
		t.Fatalf("status %v, %v", status, err)
	}
	for _, s := range status {
		if s.State != goose.StateApplied || s.AppliedAt.IsZero() { // a TIMESTAMP that SQLite has written
			t.Errorf("migration %d: %s at %v", s.Source.Version, s.State, s.AppliedAt)
		}
	}
	if results, err := p.DownTo(ctx, 1); err != nil || len(results) != 3 {
		t.Errorf("down: %v, %v", results, err)
	}
	if pending, err := p.HasPending(ctx); !pending || err != nil {
		t.Errorf("pending after it: %v, %v", pending, err)
	}
	if err := db.QueryRow("SELECT * FROM log").Scan(&log); err == nil || !strings.Contains(err.Error(), "no such table: log") {
		t.Errorf("the log after it: %v", err)
	}
}

// TestGooseGlobal goes the older way, through variables of package goose.
func TestGooseGlobal(t *testing.T) {
	db := openGoose(t)
	goose.SetBaseFS(gooseFiles())
	defer goose.SetBaseFS(nil)
	goose.SetLogger(goose.NopLogger())
	if err := goose.SetDialect("sqlite3"); err != nil {
		t.Fatal(err)
	}
	if err := goose.Up(db, "."); err != nil {
		t.Fatal(err)
	}
	if err := goose.Down(db, "."); err != nil {
		t.Fatal(err)
	}
	if v, err := goose.GetDBVersion(db); v != 2 || err != nil {
		t.Errorf("version %d, %v", v, err)
	}
	if _, err := db.Exec("INSERT INTO users (name) VALUES ('joe')"); err != nil {
		t.Fatal(err)
	}
	var lines int
	if err := db.QueryRow("SELECT count(*) FROM log").Scan(&lines); err != nil || lines != 2 {
		t.Errorf("%d lines of log, %v", lines, err)
	}
}
