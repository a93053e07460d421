package register

import (
	"database/sql"
	"testing"

	sqlite3 "github.com/turso-coop/turso-coop/driver/compat/mattn"
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
