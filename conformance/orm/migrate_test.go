package orm

import (
	"database/sql"
	"errors"
	"io/fs"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/database"
	"github.com/golang-migrate/migrate/v4/database/sqlite3"
	"github.com/golang-migrate/migrate/v4/source/iofs"

	"github.com/turso-coop/turso-coop/driver"
)

// migrateFiles is what a program would embed. A file goes to the driver as one text, whatever number of statements it has.
func migrateFiles() fstest.MapFS {
	return fstest.MapFS{
		"1_accounts.up.sql": {Data: []byte(`
CREATE TABLE accounts (id INTEGER PRIMARY KEY, owner TEXT NOT NULL, cents INTEGER NOT NULL CHECK (cents >= 0));
CREATE INDEX accounts_owner ON accounts (owner);
INSERT INTO accounts (owner, cents) VALUES ('ann; -- not a comment', 100), ('bob', 0);`)},
		"1_accounts.down.sql": {Data: []byte("DROP TABLE accounts")},
		"2_moves.up.sql": {Data: []byte(`
CREATE TABLE moves (account INTEGER NOT NULL REFERENCES accounts (id), cents INTEGER NOT NULL);
CREATE TRIGGER moves_book AFTER INSERT ON moves BEGIN
	UPDATE accounts SET cents = cents + new.cents WHERE id = new.account;
	SELECT RAISE(ABORT, 'no such account') WHERE changes() = 0;
END;
INSERT INTO moves VALUES (1, -30), (2, 30);
-- done`)},
		"2_moves.down.sql": {Data: []byte("DROP TRIGGER moves_book; DROP TABLE moves;")},
	}
}

func openMigrate(t *testing.T, db *sql.DB, files fs.FS) *migrate.Migrate {
	t.Helper()
	source, err := iofs.New(files, ".")
	if err != nil {
		t.Fatal(err)
	}
	instance, err := sqlite3.WithInstance(db, &sqlite3.Config{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := migrate.NewWithInstance("iofs", source, "sqlite3", instance)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func migrateBalances(t *testing.T, db *sql.DB) (balances [2]int) {
	t.Helper()
	for i := range balances {
		if err := db.QueryRow("SELECT cents FROM accounts WHERE id = ?", i+1).Scan(&balances[i]); err != nil {
			t.Fatal(err)
		}
	}
	return balances
}

func TestMigrate(t *testing.T) {
	db, err := sql.Open(driver.Name, "file:"+filepath.ToSlash(filepath.Join(t.TempDir(), "migrate.db"))+"?_fk=1")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	m := openMigrate(t, db, migrateFiles())
	if _, _, err := m.Version(); !errors.Is(err, migrate.ErrNilVersion) {
		t.Errorf("version of a new file: %v", err)
	}
	if err := m.Up(); err != nil {
		t.Fatal(err)
	}
	if err := m.Up(); !errors.Is(err, migrate.ErrNoChange) {
		t.Errorf("up again: %v", err)
	}
	if v, dirty, err := m.Version(); v != 2 || dirty || err != nil {
		t.Errorf("version %d, dirty %v, %v", v, dirty, err)
	}
	if got := migrateBalances(t, db); got != [2]int{70, 30} {
		t.Errorf("balances %v", got)
	}
	var owner string
	if err := db.QueryRow("SELECT owner FROM accounts").Scan(&owner); err != nil || owner != "ann; -- not a comment" {
		t.Errorf("owner %q, %v", owner, err)
	}

	// A migration that fails leaves nothing of itself but the mark that the version is dirty.
	files := migrateFiles()
	files["3_broken.up.sql"] = &fstest.MapFile{Data: []byte("INSERT INTO moves VALUES (1, -1), (2, 1); INSERT INTO moves VALUES (1, -1000)")}
	files["3_broken.down.sql"] = &fstest.MapFile{Data: []byte("SELECT 1")}
	m = openMigrate(t, db, files)
	var theirs *database.Error // which does not unwrap
	var e *driver.Error
	if err := m.Up(); !errors.As(err, &theirs) || !errors.As(theirs.OrigErr, &e) || e.Code() != 275 {
		t.Errorf("a migration that fails: %v, want a CHECK constraint to fail", err)
	}
	if v, dirty, err := m.Version(); v != 3 || !dirty || err != nil {
		t.Errorf("version %d, dirty %v, %v", v, dirty, err)
	}
	if got := migrateBalances(t, db); got != [2]int{70, 30} {
		t.Errorf("balances after a migration that failed: %v", got)
	}
	if err := m.Force(2); err != nil {
		t.Fatal(err)
	}
	if err := m.Steps(-1); err != nil {
		t.Fatal(err)
	}
	var tables string
	if err := db.QueryRow("SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name)").Scan(&tables); err != nil || tables != "accounts,schema_migrations" {
		t.Errorf("tables %q, %v", tables, err)
	}
	if err := m.Drop(); err != nil {
		t.Fatal(err)
	}
	// Drop vacuums with Query and never closes the rows, which must not hold a lock.
	if _, err := db.Exec("CREATE TABLE accounts (x)"); err != nil {
		t.Errorf("writing after Drop: %v", err)
	}
}
