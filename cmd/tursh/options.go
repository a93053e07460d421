package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// An option is one of the command line. Options are gone through twice: early
// is for what must be known before the database is opened and the start-up file
// is read; late, in the order of the command line, for what overrides the
// start-up file.
type option struct {
	name        string
	takes       string // its argument as the help shows it, "" if there is none
	about       string // "" for another name of the option before
	early, late action
}

// An action does what an option says; arg is the option's argument.
type action func(s *startup, arg string) error

// startup is what the command line says.
type startup struct {
	sh     *shell
	script string   // the start-up file, "" for the usual one
	noInit bool     // do not read one
	named  bool     // the database has been named
	texts  []string // what to run instead of reading input
	at     []int    // the index of each in the command line
	index  int      // of the option being looked at
	done   bool     // there is nothing left to do
}

var options []option

func init() { // not a literal: -help refers to the table
	options = []option{
		{name: "bail", about: "stop after an error", early: set(func(sh *shell, _ string) { sh.bail = true })},
		{name: "batch", about: "do not prompt, even at a terminal", early: set(func(sh *shell, _ string) {
			sh.interactive = false
			sh.outTerminal = false
		})},
		{name: "cmd", takes: "COMMAND", about: "run COMMAND before anything else", late: (*startup).runCommand},
		{name: "column", about: "set .mode column", late: setMode("column")},
		{name: "csv", about: "set .mode csv", late: setMode("csv")},
		{name: "echo", about: "show input before running it", late: set(func(sh *shell, _ string) { sh.echo = true })},
		{name: "engine", takes: "uring|pool", about: "use this I/O engine and no other", early: (*startup).setEngine},
		{name: "header", about: "show column names", late: setTitles(titlesAlways)},
		{name: "headers", late: setTitles(titlesAlways)},
		{name: "noheader", about: "do not show column names", late: setTitles(titlesOff)},
		{name: "help", about: "show this", late: showUsage},
		{name: "?", late: showUsage},
		{name: "ifexists", about: "do not create the database", early: set(func(sh *shell, _ string) { sh.target.existing = true })},
		{name: "init", takes: "FILE", about: "read FILE first, in place of ~/.sqliterc", early: func(s *startup, file string) error {
			s.script = file
			return nil
		}},
		{name: "noinit", about: "do not read ~/.sqliterc", early: func(s *startup, _ string) error {
			s.noInit = true
			return nil
		}},
		{name: "interactive", about: "prompt for input, wherever it comes from", late: set(func(sh *shell, _ string) { sh.interactive = true })},
		{name: "json", about: "set .mode json", late: setMode("json")},
		{name: "list", about: "set .mode list", late: setMode("list")},
		{name: "newline", takes: "TEXT", about: "put TEXT after each row", late: set(func(sh *shell, text string) { sh.rowSep = text })},
		{name: "nullvalue", takes: "TEXT", about: "show TEXT in place of NULL", late: set(func(sh *shell, text string) { sh.null = text })},
		{name: "readonly", about: "do not write to the database", early: set(func(sh *shell, _ string) { sh.target.readOnly = true })},
		{name: "separator", takes: "TEXT", about: "put TEXT between the columns of a row", late: set(func(sh *shell, text string) { sh.colSep = text })},
		{name: "table", about: "set .mode table", late: setMode("table")},
		{name: "version", about: "show the version of SQLite", late: showVersion},
	}
}

// set returns the action that sets something in the shell.
func set(f func(sh *shell, arg string)) action {
	return func(s *startup, arg string) error {
		f(s.sh, arg)
		return nil
	}
}

func setMode(name string) action {
	return set(func(sh *shell, _ string) {
		m, _ := findMode(name)
		sh.setMode(m)
	})
}

func setTitles(t titles) action {
	return set(func(sh *shell, _ string) { sh.setTitles(t) })
}

func showUsage(s *startup, _ string) error {
	usage(s.sh.stderr, s.sh.name)
	s.done = true
	return nil
}

func showVersion(s *startup, _ string) error {
	version, source, err := libraryVersion(context.Background())
	if err != nil {
		return err
	}
	fmt.Fprintf(s.sh.out, "%s %s (%d-bit)\n", version, source, 32<<(^uint(0)>>63))
	s.done = true
	return nil
}

func (s *startup) setEngine(name string) error {
	if name != "uring" && name != "pool" {
		return complain("-engine is uring or pool, not \"%s\"", name)
	}
	s.sh.target.engine = name
	return nil
}

// runCommand runs the argument of -cmd. Like the sqlite3 shell it goes on after
// an error, unless told to bail.
func (s *startup) runCommand(text string) error {
	ok, quit := s.sh.runArgument(text, s.index)
	s.done = quit || s.sh.exit != nil
	if !ok && s.sh.bail {
		s.sh.quit(1)
		s.done = true
	}
	return nil
}

// start runs the shell for a command line and returns the exit code.
func (sh *shell) start(args []string) int {
	s := &startup{sh: sh}
	if err := s.first(args); err != nil {
		return s.wrong(err)
	}
	if len(s.texts) > 0 {
		sh.interactive = false
	}
	mode := batchMode
	if sh.interactive || sh.outTerminal {
		mode = terminalMode
	}
	_ = setMode(mode)(s, "")
	if sh.target.exists() {
		// Said now rather than with the first statement. Other errors may pass.
		ctx, done := sh.interrupts.begin()
		err := sh.open(ctx)
		done()
		if err != nil && sh.openFailed(err) {
			return 1
		}
	}
	if !s.noInit && !s.readStartupFile() {
		return 1
	}
	if err := s.second(args); err != nil {
		return s.wrong(err)
	}
	switch {
	case s.done || sh.exit != nil:
		return 0
	case len(s.texts) > 0:
		return s.runTexts()
	}
	return sh.readInput(len(args) == 1)
}

// wrong reports a mistake in the command line.
func (s *startup) wrong(err error) int {
	s.sh.report("%s: Error: %s\n", s.sh.name, err)
	return 1
}

// each calls f for every option of a command line, with its argument, and rest
// for what is none.
func (s *startup) each(args []string, f func(o *option, name, arg string) error, rest func(text string)) error {
	only := false // the rest are no options
	for s.index = 1; s.index < len(args) && !s.done; s.index++ {
		text := args[s.index]
		if only || !strings.HasPrefix(text, "-") {
			rest(text)
			continue
		}
		name := strings.TrimPrefix(text[1:], "-")
		if name == "" {
			only = true
			continue
		}
		at := slices.IndexFunc(options, func(o option) bool { return o.name == name })
		if at < 0 {
			if err := f(nil, name, ""); err != nil {
				return err
			}
			continue
		}
		arg := ""
		if options[at].takes != "" {
			if s.index++; s.index == len(args) {
				return complain("missing argument to %s", text)
			}
			arg = args[s.index]
		}
		if err := f(&options[at], name, arg); err != nil {
			return err
		}
	}
	return nil
}

// first goes through the command line for what must be known first, and for
// the database and what to run.
func (s *startup) first(args []string) error {
	return s.each(args, func(o *option, _, arg string) error {
		if o == nil || o.early == nil {
			return nil
		}
		return o.early(s, arg)
	}, func(text string) {
		if !s.named && !isScript(text) {
			s.sh.target.name = text
			s.named = true
			return
		}
		s.texts = append(s.texts, text)
		s.at = append(s.at, s.index)
	})
}

func (s *startup) second(args []string) error {
	return s.each(args, func(o *option, name, arg string) error {
		switch {
		case o == nil:
			return complain("unknown option: -%s\nUse -help for a list of options.", name)
		case o.late == nil:
			return nil
		}
		return o.late(s, arg)
	}, func(string) {})
}

// runTexts runs the SQL, dot-commands and scripts of the command line, up to
// the first that fails.
func (s *startup) runTexts() int {
	for i, text := range s.texts {
		s.sh.echoInput(text)
		ok, quit := s.sh.runArgument(text, s.at[i])
		switch {
		case !ok:
			return 1
		case quit || s.sh.exit != nil:
			return 0
		}
	}
	return 0
}

// runArgument runs one argument of the command line, the one at index.
func (sh *shell) runArgument(text string, index int) (ok, quit bool) {
	sh.argument = index
	defer func() { sh.argument = 0 }()
	switch {
	case isScript(text):
		ok, err := sh.readFile(text)
		if err != nil {
			sh.report("%s\n", err)
		}
		return ok, false
	case strings.HasPrefix(text, "."):
		return sh.runDot(text)
	}
	return sh.runSQL(text, place{argument: index}), false
}

// isScript reports whether text is the name of a file of SQL, not of a database.
func isScript(text string) bool {
	ext := strings.ToLower(filepath.Ext(text))
	if ext != ".sql" && ext != ".txt" {
		return false
	}
	f, err := os.Open(text)
	if err != nil {
		return false
	}
	defer f.Close()
	const magic = "SQLite format 3\x00"
	head := make([]byte, len(magic))
	n, _ := f.Read(head)
	return n > 0 && string(head[:n]) != magic
}

// readStartupFile runs the start-up file, and returns false if the shell must
// end because of it.
func (s *startup) readStartupFile() (goOn bool) {
	name := s.script
	if name == "" {
		name = startupFile()
	}
	f, err := openScript(name)
	switch {
	case err != nil && s.script == "":
		return true
	case err != nil:
		s.sh.report("cannot open: \"%s\"\n", name)
		return !s.sh.bail
	case s.sh.interactive:
		s.sh.report("-- Loading resources from %s\n", name)
	}
	defer f.Close()
	ok := s.sh.process(&input{name: name, lines: newScriptReader(f)})
	return ok || !s.sh.bail
}

// startupFile returns the name of the user's start-up file, "" if there is no
// place for one.
func startupFile() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	config := os.Getenv("XDG_CONFIG_HOME")
	if config == "" {
		config = filepath.Join(home, ".config")
	}
	name := filepath.Join(config, "sqlite3", "sqliterc")
	if _, err := os.Stat(name); err == nil {
		return name
	}
	return filepath.Join(home, ".sqliterc")
}

// readInput reads statements and commands from the standard input. bare says
// that the command line had no arguments.
func (sh *shell) readInput(bare bool) int {
	in := &input{name: stdinName, lines: newScriptReader(sh.stdin), prompt: sh.interactive}
	if !in.prompt {
		if sh.process(in) {
			return 0
		}
		return 1
	}
	if err := sh.greet(bare); err != nil {
		sh.report("Error: %s\n", message(err))
		return 1
	}
	in.lines = sh.newEditor()
	sh.process(in)
	return 0
}

// greet opens an interactive session: its first words, and the database.
func (sh *shell) greet(bare bool) error {
	version, source, err := libraryVersion(context.Background())
	if err != nil {
		return err
	}
	sh.version = version[:max(strings.LastIndexByte(version, '.'), 0)]
	date := source[:min(len("2006-01-02 15:04:05"), len(source))]
	fmt.Fprintf(sh.out, "SQLite version %s %s\nEnter \".help\" for usage hints.\n", version, date)
	if bare {
		what := "transient in-memory database"
		if sh.color() {
			what = "\x1b[1m" + what + "\x1b[0m"
		}
		fmt.Fprintf(sh.out, "Connected to a %s.\nUse \".open FILENAME\" to reopen on a persistent database.\n", what)
	}
	ctx, done := sh.interrupts.begin()
	defer done()
	if err := sh.open(ctx); err != nil {
		sh.openFailed(err)
	}
	return nil
}
