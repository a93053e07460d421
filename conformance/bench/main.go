package main

import (
	"log"
	"os"

	_ "github.com/mattn/go-sqlite3"
	_ "modernc.org/sqlite"

	"github.com/turso-coop/turso-coop/conformance/bench/cold"
)

func main() {
	if err := cold.Serve(os.Stdin, os.Stdout); err != nil {
		log.Fatal(err)
	}
}
