package main

import "strings"

// A command is one that starts with a dot.
type command struct {
	name string
	// min is how many bytes of the name are enough; 0 means the whole name. An
	// abbreviation is the first command of the table that takes it, whatever
	// comes later.
	min int
	// run is nil for a command that the sqlite3 shell has and this one has not:
	// it keeps its place, so that abbreviations mean the same in both.
	run func(*shell, *dotLine) error

	usage  string   // its arguments, as .help shows them
	about  string   // what it does, in a few words
	detail []string // lines of more to say
}

// commands is in the order in which the sqlite3 shell looks a name up.
var commands []*command

func init() { // not a literal: the functions refer to the table
	commands = []*command{
		{name: "auth", min: 1},
		{name: "archive", min: 1},
		{name: "backup", min: 3},
		{name: "save", min: 3},
		{name: "bail", min: 3, run: (*shell).cmdBail, usage: "on|off", about: "Stop after an error, or go on"},
		{name: "binary", min: 3},
		{name: "breakpoint", min: 3},
		{name: "cd"},
		{name: "changes", min: 3},
		{name: "check", min: 3},
		{name: "clone", min: 1},
		{name: "connection", min: 1},
		{name: "crlf"},
		{name: "crnl"},
		{name: "databases", min: 2, run: (*shell).cmdDatabases, about: "Show the names and files of attached databases"},
		{name: "dbconfig", min: 3},
		{name: "dbinfo", min: 3},
		{name: "dbtotxt", min: 3},
		{name: "diskused"},
		{name: "dump", min: 1, run: (*shell).cmdDump, usage: "?PATTERN ...?", about: "Write the database as SQL", detail: []string{
			"PATTERNs are LIKE patterns for the names of tables, indexes, triggers and views.",
			"--data-only         only INSERT statements",
			"--newlines          line breaks in text as they are, not by unistr()",
			"--nosys             no tables whose names start with \"sqlite_\"",
			"--preserve-rowids   INSERT the rowids of tables too",
		}},
		{name: "echo", min: 1, run: (*shell).cmdEcho, usage: "on|off", about: "Show input before running it, or not"},
		{name: "eqp", min: 1},
		{name: "exit", min: 1, run: (*shell).cmdExit, usage: "?CODE?", about: "End the shell with an exit code"},
		{name: "explain", min: 1},
		{name: "expert", min: 1},
		{name: "excel"},
		{name: "filectrl", min: 1},
		{name: "fullschema", min: 1},
		{name: "headers", min: 1, run: (*shell).cmdHeaders, usage: "on|off|always", about: "Show column names, or not"},
		{name: "help", min: 1, run: (*shell).cmdHelp, usage: "?-all? ?PATTERN?", about: "Explain the commands that PATTERN finds"},
		{name: "import", min: 1},
		{name: "imposter", min: 1},
		{name: "indices", min: 1},
		{name: "indexes", min: 1},
		{name: "intck", min: 1},
		{name: "limits", min: 5},
		{name: "lint", min: 3},
		{name: "load", min: 1, run: (*shell).cmdLoad, usage: "FILE", about: "Load SQL functions from a WebAssembly module"},
		{name: "log", min: 1},
		{name: "mode", min: 1, run: (*shell).cmdMode, usage: "?MODE? ?OPTIONS?", about: "Set how results are shown", detail: []string{
			"Without arguments, show the mode that is set.",
			"--list          the names of all modes",
			"--colsep TEXT   between the columns of a row",
			"--null TEXT     in place of NULL",
			"--rowsep TEXT   after each row",
			"--titles WHEN   column names: off, on, or always, which is also without rows",
		}},
		{name: "nonce"},
		{name: "nullvalue", min: 1, run: (*shell).cmdNullValue, usage: "TEXT", about: "Show TEXT in place of NULL"},
		{name: "open", min: 2, run: (*shell).cmdOpen, usage: "?OPTIONS? ?FILE?", about: "Close the database and open another", detail: []string{
			"Without FILE, open one in memory.",
			"--ifexists   do not create FILE",
			"--new        delete FILE first",
			"--readonly   do not write to FILE",
		}},
		{name: "output", min: 1},
		{name: "once", min: 1},
		{name: "parameter", min: 3},
		{name: "print", min: 3, run: (*shell).cmdPrint, usage: "TEXT ...", about: "Show TEXT"},
		{name: "progress", min: 3},
		{name: "prompt", min: 1},
		{name: "quit", min: 1, run: (*shell).cmdQuit, about: "End this input; the last one ends the shell"},
		{name: "read", min: 3, run: (*shell).cmdRead, usage: "FILE", about: "Run the SQL and commands in FILE", detail: []string{
			"If FILE begins with | it is a command of the system, whose output is run.",
		}},
		{name: "recover", min: 1},
		{name: "restore", min: 3},
		{name: "scanstats", min: 1},
		{name: "scanstatus", min: 1},
		{name: "schema", min: 1, run: (*shell).cmdSchema, usage: "?PATTERN?", about: "Show the CREATE statements of all or some objects", detail: []string{
			"PATTERN is a LIKE pattern, or a GLOB pattern if it has one of * ? [, for the",
			"name of a table, or for DATABASE.TABLE if it has a dot.",
			"--indent   on more lines, easier to read",
			"--nosys    not those whose names start with \"sqlite_\"",
		}},
		{name: "selftest", min: 4},
		{name: "separator", min: 1, run: (*shell).cmdSeparator, usage: "COL ?ROW?", about: "Set the separators of columns and rows"},
		{name: "sha3sum", min: 4},
		{name: "shell", min: 1},
		{name: "system", min: 1},
		{name: "show", min: 1},
		{name: "stats", min: 1},
		{name: "tables", min: 2, run: (*shell).cmdTables, usage: "?PATTERN?", about: "Show the names of tables and views"},
		{name: "testcase"},
		{name: "testctrl", min: 8},
		{name: "timeout", min: 5, run: (*shell).cmdTimeout, usage: "MS", about: "Wait up to MS milliseconds for locks"},
		{name: "timer", min: 5},
		{name: "trace", min: 1},
		{name: "version", min: 1, run: (*shell).cmdVersion, about: "Show the version of SQLite"},
		{name: "vfsinfo", min: 1},
		{name: "vfslist", min: 1},
		{name: "vfsname", min: 1},
		{name: "wheretrace", min: 1},
		{name: "width", min: 1},
		{name: "www"},
	}
}

// findCommand returns the command that name stands for, nil if there is none.
func findCommand(name string) *command {
	for _, c := range commands {
		if c.name == name || c.min > 0 && len(name) >= c.min && strings.HasPrefix(c.name, name) {
			return c
		}
	}
	return nil
}
