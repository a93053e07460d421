// Command ncruces runs scenarios on the driver of github.com/ncruces/go-sqlite3, which cannot be in one binary with that
// of github.com/mattn/go-sqlite3: both register the same name.
//
//	ncruces directory scenario...
package main

import (
	"log"
	"os"

	_ "github.com/ncruces/go-sqlite3/driver"
	_ "github.com/ncruces/go-sqlite3/vfs/memdb"

	"github.com/turso-coop/turso-coop/conformance/profiles"
)

func main() {
	if len(os.Args) < 2 {
		log.Fatal("usage: ncruces directory scenario...")
	}
	if err := profiles.Serve(os.Stdout, "sqlite3", os.Args[1], os.Args[2:]); err != nil {
		log.Fatal(err)
	}
}
