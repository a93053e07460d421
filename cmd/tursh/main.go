// Tursh is a shell for SQLite databases: it takes SQL and dot-commands from its
// arguments, from a script or from a terminal, and shows what they return, in
// the ways and with the words of the sqlite3 shell of SQLite 3.54.
//
//	tursh [OPTIONS] [FILENAME [SQL...]]
//
// The parts, from the outside in: options.go and startup.go read the command
// line, input.go finds statements and dot-commands in lines of text, sql.go runs
// the former, dot.go and the table in commands.go the latter; each command is
// with its like (import.go, backup.go, schema.go and so on). Packages below
// internal know nothing of the shell: sqltext reads SQL as text, show lays out
// rows, records reads CSV and JSON, edit lets somebody at a terminal edit what they
// type, complete knows what could come next in it, chart draws. Everything reaches the database through the
// project's own database/sql driver (db.go).
package main

import (
	"io"
	"os"
)

func main() {
	os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program: args begins with its name, and the result is its
// exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	sh := newShell(args[0], stdin, stdout, stderr)
	stop := sh.interrupts.listen()
	defer stop()
	code := sh.start(args)
	return sh.close(code)
}
