// Command bench measures turso-coop beside what a Go program would otherwise use.
//
//	go -C conformance run ./bench writers -goroutines=16,64   # durable rows a second, by many callers
//	go -C conformance run ./bench syscalls                    # system calls for a commit, by strace
//	go -C conformance run ./bench cold                        # scans of files that are not in the page cache
//	go -C conformance run ./bench checkpoint                  # copying pages from the WAL to the database
//	go -C conformance run ./bench writers -help
//
// What is compared is a [variant]: a driver and how it is used. Every run of a variant is a child process of its own,
// with a database of its own, because drivers register the same names and because one file must never be open in two
// SQLite libraries of one process. The child opens it, says that it is ready, writes until its rate has settled,
// measures for a moment, and then opens its database again to see that every acknowledged row is there.
//
// A machine is never quiet, and disks have moods of many seconds. So the variants take turns: each runs once in every
// round, for about a second, and a ratio is the median of the ratios within the rounds. Some variants are there twice,
// under two names: the ratio of such twins (A/A) is what the measurement itself is worth, and a difference that is no
// larger says nothing.
package main

import (
	"fmt"
	"os"

	"github.com/turso-coop/turso-coop/conformance/bench/cold"
)

// commands are the suites, by the word that chooses them.
var commands = map[string]func(arguments []string) error{
	"writers":    writersCommand,
	"syscalls":   syscallsCommand,
	"checkpoint": checkpointCommand,
	"cold":       cold.Command,
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if os.Getenv(childVariable) != "" {
		return serve(os.Stdin, os.Stdout)
	}
	if len(arguments) > 0 {
		if command := commands[arguments[0]]; command != nil {
			return command(arguments[1:])
		}
	}
	return fmt.Errorf("usage: bench writers|syscalls|checkpoint|cold [flags]; -help after the word lists the flags")
}
