package vec1_test

import (
	"database/sql"
	"fmt"
	"log"
	"path/filepath"
	"testing"

	"github.com/turso-coop/turso-coop/driver"
	_ "github.com/turso-coop/turso-coop/driver/vec1"
	_ "github.com/turso-coop/turso-coop/vfs/oracle" // files are what SQLite asked for
)

func Example() {
	db, err := sql.Open(driver.Name, ":memory:?_memory=shared")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	_, err = db.Exec(`
		CREATE VIRTUAL TABLE v USING vec1;
		INSERT INTO v(cmd, vector) VALUES ('rebuild', '{index:"flat"}');
		INSERT INTO v(rowid, vector) VALUES (1, vec1_from_json('[1, 1]')), (2, vec1_from_json('[5, 5]'))`)
	if err != nil {
		log.Fatal(err)
	}
	var nearest int
	err = db.QueryRow("SELECT rowid FROM v(vec1_from_json(?), '{k: 1}')", "[4, 6]").Scan(&nearest)
	fmt.Println(nearest, err)
	// Output: 2 <nil>
}

// TestEncoding: the extension is there before the PRAGMAs of a DSN and does not settle what they can still choose.
func TestEncoding(t *testing.T) {
	db, err := sql.Open(driver.Name, filepath.Join(t.TempDir(), "test.db")+"?_pragma=page_size(512)&_pragma=encoding('UTF-16le')")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE TABLE t(a)"); err != nil {
		t.Fatal(err)
	}
	for pragma, want := range map[string]string{"page_size": "512", "encoding": "UTF-16le"} {
		var got string
		if err := db.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, want %s, error %v", pragma, got, want, err)
		}
	}
}
