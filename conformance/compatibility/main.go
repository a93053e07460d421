// Compatibility writes docs/compatibility.md: what of turso-coop is as with other builds of SQLite and other drivers, and
// what is not.
//
//	go -C conformance run ./compatibility [-reports DIR]
//
// It has two sources. The suites of conformance are run, each leaving a report of what it has compared and which
// differences it accepts. And the builds of SQLite in the drivers are asked for their options and functions, and made to
// run a statement for everything that a program could notice of them; a test keeps that part of the page true.
//
// With -reports, the reports stay in a directory, and a suite whose report is there already is not run: so the page can
// be written after longer runs than the tests' own, such as go test ./hostile -cases=200000 -report DIR/hostile.json.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"
)

// page is the document's path from the module's directory.
var page = filepath.Join("..", "docs", "compatibility.md")

func main() {
	log.SetFlags(0)
	log.SetPrefix("compatibility: ")
	dir := flag.String("reports", "", "the `directory` of the suites' reports; otherwise all suites are run")
	flag.Parse()
	if err := run(*dir); err != nil {
		log.Fatal(err)
	}
}

func run(dir string) error {
	if dir == "" {
		temporary, err := os.MkdirTemp("", "compatibility")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temporary)
		dir = temporary
	}
	builds, err := inspect()
	if err != nil {
		return err
	}
	answers, err := answer()
	if err != nil {
		return err
	}
	reports, err := reports(dir, func(suite string) { log.Printf("running %s", suite) })
	if err != nil {
		return err
	}
	v, err := readVersions()
	if err != nil {
		return err
	}
	return os.WriteFile(page, []byte(document(v, builds, answers, reports)), 0o666)
}

// readVersions says what this program was built from.
func readVersions() (versions, error) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return versions{}, fmt.Errorf("the program does not know its modules")
	}
	v := versions{date: time.Now().UTC().Format(time.DateOnly), system: runtime.GOOS + "/" + runtime.GOARCH, golang: runtime.Version()}
	for _, m := range info.Deps {
		switch m.Path {
		case "github.com/mattn/go-sqlite3":
			v.mattn = m.Version
		case "modernc.org/sqlite":
			v.modernc = m.Version
		case "github.com/ncruces/go-sqlite3":
			v.ncruces = m.Version
		}
	}
	return v, nil
}
