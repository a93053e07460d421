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
	run    func(*shell, *dotLine) error
	unsafe bool // reaches beyond the database

	usage  string   // its arguments, as .help shows them
	about  string   // what it does, in a few words
	detail []string // lines of more to say
}

// commands is in the order in which the sqlite3 shell looks a name up. Commands
// that are only here are where they take no abbreviation from one of those.
var commands []*command

func init() { // not a literal: the functions refer to the table
	commands = []*command{
		{name: "auth", min: 1},
		{name: "archive", min: 1},
		{name: "backup", min: 3, run: (*shell).cmdBackup, unsafe: true, usage: "?DB? FILE", about: "Copy a database (default main) to FILE", detail: []string{
			"--async   do not wait for the disk, and keep no journal",
		}},
		{name: "save", min: 3, run: (*shell).cmdBackup, unsafe: true, usage: "?DB? FILE", about: "The same as .backup"},
		{name: "bail", min: 3, run: (*shell).cmdBail, usage: "on|off", about: "Stop after an error, or go on"},
		{name: "binary", min: 3},
		{name: "breakpoint", min: 3},
		{name: "cd", run: (*shell).cmdCd, unsafe: true, usage: "DIRECTORY", about: "Change the working directory"},
		{name: "changes", min: 3, run: (*shell).cmdChanges, usage: "on|off", about: "Show how many rows each statement changes, or not"},
		{name: "chart", run: (*shell).cmdChart, usage: "?bars|line|spark? ?SQL?", about: "Draw the numbers of a query, or of the last one", detail: []string{
			"The first of several columns has the labels.",
		}},
		{name: "check", min: 3, run: (*shell).cmdCheck, usage: "?OPTIONS? PATTERN", about: "Compare the results since .testcase with PATTERN", detail: []string{
			"If PATTERN is <<LABEL it is the lines up to one that begins with LABEL.",
			"--exact     also the ends of lines around",
			"--glob      PATTERN occurs in the results; * is any text, ? a character,",
			"            # an integer, [...] one character of these",
			"--notglob   PATTERN does not occur",
			"--keep      more checks of the same results follow",
			"--show      show the results, and --keep",
		}},
		{name: "clone", min: 1, run: (*shell).cmdClone, unsafe: true, usage: "FILE", about: "Copy what can be read of the database to a new FILE"},
		{name: "connection", min: 1},
		{name: "config", run: (*shell).cmdConfig, unsafe: true, usage: "?show|save|reset?", about: "Keep the settings for the next start, or forget them"},
		{name: "crlf"},
		{name: "crnl"},
		{name: "databases", min: 2, run: (*shell).cmdDatabases, about: "Show the names and files of attached databases"},
		{name: "dbconfig", min: 3, run: (*shell).cmdDBConfig, usage: "?NAME? ?on|off?", about: "Show or set the switches of the connection"},
		{name: "dbinfo", min: 3, run: (*shell).cmdDBInfo, usage: "?DB?", about: "Show what the header of a database says"},
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
		{name: "edit", run: (*shell).cmdEdit, unsafe: true, about: "Edit the last statement in $VISUAL or $EDITOR, and run it"},
		{name: "eqp", min: 1, run: (*shell).cmdEqp, usage: "off|on|trigger|full", about: "Show the plan of each statement before it runs", detail: []string{
			"trigger   also the plans of its triggers",
			"full      also its bytecode",
		}},
		{name: "engine", run: (*shell).cmdEngine, usage: "?uring|pool|auto?", about: "Show the I/O engine in use, or open the database with another"},
		{name: "exit", min: 1, run: (*shell).cmdExit, usage: "?CODE?", about: "End the shell with an exit code"},
		{name: "explain", min: 1, run: (*shell).cmdExplain, usage: "on|off|auto", about: "Show what EXPLAIN returns in its own way, or as rows"},
		{name: "expert", min: 1},
		{name: "excel"},
		{name: "filectrl", min: 1},
		{name: "fullschema", min: 1},
		{name: "headers", min: 1, run: (*shell).cmdHeaders, usage: "on|off|always", about: "Show column names, or not"},
		{name: "help", min: 1, run: (*shell).cmdHelp, usage: "?-all? ?PATTERN?", about: "Explain the commands that PATTERN finds"},
		{name: "history", run: (*shell).cmdHistory, usage: "?TEXT?", about: "Show what was typed, or what of it has TEXT"},
		{name: "import", min: 1, run: (*shell).cmdImport, unsafe: true, usage: "?OPTIONS? FILE TABLE", about: "Insert the rows of FILE into TABLE", detail: []string{
			"A TABLE that does not exist is made; the first row then names its columns.",
			"|COMMAND as FILE is what the command prints, <<LABEL the lines up to LABEL.",
			"Files are read as the output mode would write them, or by these options:",
			"--ascii          separators are \\037 and \\036, and quotes mean nothing",
			"--csv            CSV with commas (RFC 4180)",
			"--json           objects of JSON, in an array or one after the other; also",
			"                 the default for names that end in .json, .jsonl or .ndjson",
			"--colsep CHAR    between columns",
			"--rowsep CHAR    between rows",
			"--esc CHAR       outside quotes, the character behind CHAR stands for itself",
			"--qesc CHAR      the same in quotes",
			"--empty-null     an empty field without quotes is NULL",
			"--types          give the columns of a new table types, as its first rows have",
			"--schema DB      TABLE is in DB",
			"--skip N         leave out the first N rows",
			"-v               say more",
		}},
		{name: "imposter", min: 1},
		{name: "indices", min: 1, run: (*shell).cmdIndexes},
		{name: "indexes", min: 1, run: (*shell).cmdIndexes, usage: "?OPTIONS? ?TEXT?", about: "Show the names of indexes that hold TEXT", detail: []string{
			"-a       also those that SQLite has made",
			"--expr   only those of expressions",
			"--sys    only those that SQLite has made",
		}},
		{name: "intck", min: 1},
		{name: "io", run: (*shell).cmdIO, unsafe: true, usage: "?last|total|on|off?", about: "Show what the I/O engine has done", detail: []string{
			"last           for the last line of SQL, which is the default",
			"total          since the database was opened",
			"on|off         after each line of SQL, or not",
			"trace FILE     write a timeline of operations, for chrome://tracing or Perfetto",
			"trace off      end that",
		}},
		{name: "last", run: (*shell).cmdLast, about: "Show all rows of the last result"},
		{name: "limits", min: 5, run: (*shell).cmdLimits, usage: "?NAME? ?VALUE?", about: "Show or set the limits of the connection"},
		{name: "lint", min: 3},
		{name: "load", min: 1, run: (*shell).cmdLoad, unsafe: true, usage: "FILE", about: "Load SQL functions from a WebAssembly module"},
		{name: "log", min: 1},
		{name: "maxrows", run: (*shell).cmdMaxRows, usage: "?N?", about: "Show at most N rows of a result at a terminal, 0 for all"},
		{name: "mode", min: 1, run: (*shell).cmdMode, usage: "?MODE? ?OPTIONS?", about: "Set how results are shown", detail: modeHelp()},
		{name: "nonce", run: (*shell).cmdNonce, usage: "TEXT", about: "Lift safe mode for one command, if TEXT is that of -nonce"},
		{name: "nullvalue", min: 1, run: (*shell).cmdNullValue, usage: "TEXT", about: "Show TEXT in place of NULL"},
		{name: "open", min: 2, run: (*shell).cmdOpen, usage: "?OPTIONS? ?FILE?", about: "Close the database and open another", detail: []string{
			"Without FILE, open one in memory.",
			"--ifexists   do not create FILE",
			"--new        delete FILE first",
			"--readonly   do not write to FILE",
		}},
		{name: "output", min: 1, run: (*shell).cmdOutput, unsafe: true, usage: "?OPTIONS? ?FILE?", about: "Write results to FILE, or to the screen again", detail: []string{
			"FILE can be |COMMAND, off, or memory.",
			"--bom               begin FILE with a byte order mark",
			"--error-prefix TEXT show TEXT in place of the line number of mistakes",
			"--keep              leave the results where they go",
			"--show              show what memory holds",
		}},
		{name: "once", min: 1, run: (*shell).cmdOutput, unsafe: true, usage: "?--bom? FILE", about: "Write the results of the next statement to FILE, or |COMMAND"},
		{name: "pager", run: (*shell).cmdPager, unsafe: true, usage: "?on|off|COMMAND?", about: "Show long results at a terminal through $PAGER or COMMAND"},
		{name: "parameter", min: 3, run: (*shell).cmdParameter, usage: "CMD ...", about: "Manage the values of parameters in SQL", detail: []string{
			"clear ?NAME?     forget all of them, or one",
			"init             make the table they are kept in, temp.sqlite_parameters",
			"list             show them",
			"set NAME VALUE   VALUE is an expression of SQL, or else text",
			"unset NAME       forget one",
		}},
		{name: "print", min: 3, run: (*shell).cmdPrint, usage: "TEXT ...", about: "Show TEXT"},
		{name: "progress", min: 3},
		{name: "prompt", min: 1, run: (*shell).cmdPrompt, usage: "?OPTIONS? ?MAIN? ?OTHER?", about: "Set what is shown before the lines of a statement", detail: []string{
			"/A SQLite  /v /V version  /f /F /~ database  /h /H host  /u user  /e escape",
			"/NNN byte  /D...time/D  /C what completes the statement  /B blanks up to MAIN",
			"/x in a transaction  /r read-only  /m in memory: ... /: else ... /;",
			"--show         show the prompts",
			"--reset        take the usual ones, or those of $SQLITE_PS1 and $SQLITE_PS2",
			"--hard-reset   take the usual ones",
			"--no-color     without colours",
		}},
		{name: "quit", min: 1, run: (*shell).cmdQuit, about: "End this input; the last one ends the shell"},
		{name: "read", min: 3, run: (*shell).cmdRead, unsafe: true, usage: "FILE", about: "Run the SQL and commands in FILE", detail: []string{
			"If FILE begins with | it is a command of the system, whose output is run.",
		}},
		{name: "recover", min: 1},
		{name: "restore", min: 3, run: (*shell).cmdRestore, unsafe: true, usage: "?DB? FILE", about: "Make a database (default main) a copy of FILE"},
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
		{name: "shell", min: 1, run: (*shell).cmdSystem, unsafe: true, usage: "COMMAND", about: "Run a command of the system"},
		{name: "system", min: 1, run: (*shell).cmdSystem, unsafe: true, usage: "COMMAND", about: "The same as .shell"},
		{name: "show", min: 1, run: (*shell).cmdShow, about: "Show the settings"},
		{name: "stats", min: 1, run: (*shell).cmdStats, usage: "?on|off|stmt|vmstep?", about: "Show statistics now, or after each statement", detail: []string{
			"stmt      also of the columns of the result",
			"vmstep    only the steps of SQLite's virtual machine",
			"--reset   set the counters back",
		}},
		{name: "tables", min: 2, run: (*shell).cmdTables, usage: "?PATTERN?", about: "Show the names of tables and views"},
		{name: "testcase", run: (*shell).cmdTestcase, usage: "?NAME?", about: "Keep results in memory, for .check"},
		{name: "testctrl", min: 8},
		{name: "timeout", min: 5, run: (*shell).cmdTimeout, usage: "MS", about: "Wait up to MS milliseconds for locks"},
		{name: "timer", min: 5, run: (*shell).cmdTimer, usage: "on|off|once|verbose", about: "Show how long each line of SQL takes"},
		{name: "trace", min: 1},
		{name: "version", min: 1, run: (*shell).cmdVersion, about: "Show the version of SQLite"},
		{name: "vfsinfo", min: 1},
		{name: "vfslist", min: 1},
		{name: "vfsname", min: 1},
		{name: "watch", run: (*shell).cmdWatch, usage: "?SECONDS? ?SQL?", about: "Run SQL, or the last statement, again and again", detail: []string{
			"--count N   only N times",
		}},
		{name: "wheretrace", min: 1},
		{name: "width", min: 1, run: (*shell).cmdWidth, usage: "N ...", about: "Set the widths of columns; 0 is what they need, -N aligns right"},
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

// commandNames returns the names of the commands that can be run.
func commandNames() (names []string) {
	for _, c := range offered(func(*command) bool { return true }) {
		names = append(names, c.name)
	}
	return names
}
