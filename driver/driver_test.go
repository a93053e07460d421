package driver

import (
	"database/sql"
	"testing"
)

func TestOpenAndQuery(t *testing.T) {
	db, err := sql.Open(Name, t.TempDir()+"/a.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE TABLE t(a); INSERT INTO t VALUES (?); -- done", "x"); err != nil {
		t.Fatal(err)
	}
	var s string
	if err := db.QueryRow("SELECT a FROM t").Scan(&s); err != nil || s != "x" {
		t.Fatal(s, err)
	}
}
