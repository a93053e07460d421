package wasmext_test

import (
	"database/sql"
	"fmt"
	"log"

	"github.com/ncruces/go-sqlite3"
	_ "github.com/turso-coop/turso-coop/driver"
	"github.com/turso-coop/turso-coop/wasmext"
)

// A data source name gives the functions of a module to every connection.
func Example() {
	db, err := sql.Open("turso-coop", "file::memory:?_extension=ext/sample.wasm?timeout=50ms,memory=16MiB")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	var word string
	err = db.QueryRow(`WITH words(word) AS (VALUES ('banana'), ('bandage'), ('cabana'))
		SELECT word FROM words ORDER BY levenshtein(word, ?) LIMIT 1`, "bandana").Scan(&word)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("did you mean", word)
	// Output: did you mean banana
}

// Load gives them to one connection, here one that database/sql knows nothing of.
func ExampleLoad() {
	c, err := sqlite3.Open(":memory:")
	if err != nil {
		log.Fatal(err)
	}
	m, err := wasmext.Load(c, "ext/sample.wasm", wasmext.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	defer c.Close()

	s, _, err := c.Prepare("SELECT reverse('stressed'), printf('%x', crc32('123456789'))")
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	for s.Step() {
		fmt.Println(s.ColumnText(0), s.ColumnText(1))
	}
	// Output: desserts cbf43926
}
