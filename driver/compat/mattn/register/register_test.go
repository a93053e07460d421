package register

import (
	"database/sql"
	"testing"

	sqlite3 "github.com/turso-coop/turso-coop/driver/compat/mattn"
	_ "github.com/turso-coop/turso-coop/vfs/oracle" // files are what SQLite asked for
)

func TestRegister(t *testing.T) {
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, ok := db.Driver().(*sqlite3.SQLiteDriver); !ok {
		t.Errorf("%T", db.Driver())
	}
	if err := db.Ping(); err != nil {
		t.Error(err)
	}
}
