// Command bench measures turso-coop beside what a Go program would otherwise use.
//
//	go -C conformance run ./bench cold         # scans of files that are not in the page cache
//	go -C conformance run ./bench cold -help
package main

import (
	"fmt"
	"os"

	_ "github.com/mattn/go-sqlite3"
	_ "modernc.org/sqlite"

	"github.com/turso-coop/turso-coop/conformance/bench/cold"
)

// commands are the suites, by the word that chooses them.
var commands = map[string]func(arguments []string) error{
	"cold": cold.Command,
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) > 0 {
		if command := commands[arguments[0]]; command != nil {
			return command(arguments[1:])
		}
	}
	return fmt.Errorf("usage: bench cold [flags]; -help after the word lists the flags")
}
