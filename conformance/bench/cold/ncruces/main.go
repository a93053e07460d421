// Command ncruces does a job on the driver of github.com/ncruces/go-sqlite3, which cannot be in one binary with that of
// github.com/mattn/go-sqlite3: both register the same name.
package main

import (
	"log"
	"os"

	_ "github.com/ncruces/go-sqlite3/driver"

	"github.com/turso-coop/turso-coop/conformance/bench/cold"
)

func main() {
	if err := cold.Serve(os.Stdin, os.Stdout); err != nil {
		log.Fatal(err)
	}
}
