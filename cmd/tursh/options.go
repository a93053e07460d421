package main

import (
	"fmt"
	"strings"

	sqlitevfs "github.com/ncruces/go-sqlite3/vfs"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/show"
)

// An option is one of the command line. Options are gone through twice: early
// is for what must be known before the database is opened and the start-up file
// is read; late, in the order of the command line, for what overrides the
// start-up file.
type option struct {
	names       []string // the first is the one that is shown
	takes       string   // its arguments in words, "" if there is none
	about       string   // "" for what is accepted but not worth telling
	early, late action
}

// An action does what an option says; arg is the option's argument.
type action func(s *startup, arg string) error

var options []option

func init() { // not a literal: -help refers to the table
	options = []option{
		{names: []string{"bail"}, about: "stop after an error", early: set(func(sh *shell, _ string) { sh.bail = true })},
		{names: []string{"batch"}, about: "do not prompt, even at a terminal", early: set(func(sh *shell, _ string) {
			sh.interactive = false
			sh.outTerminal = false
		})},
		{names: []string{"cmd"}, takes: "COMMAND", about: "run COMMAND before anything else", late: (*startup).runCommand},
		{names: []string{"cmdline-edit"}, takes: "on|off", about: "edit lines at a terminal, or not", late: set(func(sh *shell, arg string) {
			sh.plainInput = !sh.boolean(arg)
		})},
		{names: []string{"echo", "e"}, about: "show input before running it", late: set(func(sh *shell, _ string) { sh.echo = true })},
		{names: []string{"engine"}, takes: "uring|pool|auto", about: "use this I/O engine and no other", early: (*startup).setEngine},
		{names: []string{"eqp"}, about: "show the plan of each statement", late: set(func(sh *shell, _ string) { sh.eqp = eqpOn })},
		{names: []string{"eqpfull"}, late: set(func(sh *shell, _ string) { sh.eqp = eqpFull })},
		{names: []string{"escape"}, takes: "symbol|ascii|off", about: "how control characters are shown", late: (*startup).setEscape},
		{names: []string{"header", "headers"}, about: "show column names", late: setTitles(show.TitlesAlways)},
		{names: []string{"noheader"}, about: "do not show column names", late: setTitles(show.TitlesOff)},
		{names: []string{"help", "?", "h"}, about: "show this", late: showUsage},
		{names: []string{"ifexists"}, about: "do not create the database", early: set(func(sh *shell, _ string) { sh.target.existing = true })},
		{names: []string{"init"}, takes: "FILE", about: "read FILE first, in place of ~/.sqliterc", early: func(s *startup, file string) error {
			s.script = file
			return nil
		}},
		{names: []string{"noinit"}, about: "do not read start-up files", early: func(s *startup, _ string) error {
			s.noInit = true
			return nil
		}},
		{names: []string{"interactive"}, about: "prompt for input, wherever it comes from", late: set(func(sh *shell, _ string) { sh.interactive = true })},
		{names: []string{"mode", "output-mode", "m"}, takes: "MODE", about: "set .mode MODE; also -MODE, as in -csv", late: (*startup).setModeByName},
		{names: []string{"newline"}, takes: "TEXT", about: "put TEXT after each row", late: set(func(sh *shell, text string) { sh.format.RowSep = text })},
		{names: []string{"nonce"}, takes: "TEXT", about: "what .nonce must say to lift safe mode for one command", early: set(func(sh *shell, text string) { sh.safe.nonce = text })},
		{names: []string{"nullvalue"}, takes: "TEXT", about: "show TEXT in place of NULL", late: set(func(sh *shell, text string) { sh.format.NullText = text })},
		{names: []string{"output", "o"}, takes: "FILE", about: "write results to FILE", late: func(s *startup, file string) error { return s.sh.redirectTo(file) }},
		{names: []string{"quiet", "q"}, about: "no greeting", early: set(func(sh *shell, _ string) { sh.quiet = true })},
		{names: []string{"readonly"}, about: "do not write to the database", early: set(func(sh *shell, _ string) { sh.target.readOnly = true })},
		{names: []string{"safe"}, about: "forbid what reaches beyond the database", early: set(func(sh *shell, _ string) { sh.safe.always = true })},
		{names: []string{"screenwidth"}, takes: "N", about: "fit results into N columns", early: (*startup).setScreenWidth},
		{names: []string{"separator"}, takes: "TEXT", about: "put TEXT between the columns of a row", late: set(func(sh *shell, text string) { sh.format.ColSep = text })},
		{names: []string{"stats"}, about: "show statistics after each statement", late: set(func(sh *shell, _ string) { sh.stats = statsOn })},
		{names: []string{"version", "V"}, about: "show the version of SQLite", late: showVersion},
		{names: []string{"vfs", "v"}, takes: "NAME", about: "use this VFS of SQLite, or memory, syscall, io_uring", early: (*startup).setVFS},
	}
	for _, m := range show.Modes {
		options = append(options, option{names: []string{m.Name}, late: modeOption(m.Name)})
	}
	for name, takes := range ignoredOptions {
		options = append(options, option{names: []string{name}, takes: takes, early: func(*startup, string) error { return nil }})
	}
}

// ignoredOptions tune C's SQLite, or name what is always there; their arguments
// are skipped.
var ignoredOptions = map[string]string{
	"heap": "SIZE", "lookaside": "SIZE N", "memtrace": "", "mmap": "N", "multiplex": "", "no-rowid-in-view": "", "no-utf8": "",
	"pagecache": "SIZE N", "pcachetrace": "", "sorterref": "SIZE", "threadsafe": "N", "tracing-output": "FILE", "t": "FILE",
	"unsafe-testing": "", "utf8": "", "vfstrace": "",
	"experimental-attach": "", "experimental-autovacuum": "", "experimental-generated-columns": "", "experimental-multiprocess-wal": "",
	"experimental-mvcc-passive-checkpoint": "", "experimental-vacuum": "", "experimental-views": "", "experimental-without-rowid": "",
}

// missingFeatures are options that ask for what SQLite has not.
var missingFeatures = []string{"experimental-custom-types", "experimental-encryption", "experimental-index-method"}

// set returns the action that sets something in the shell.
func set(f func(sh *shell, arg string)) action {
	return func(s *startup, arg string) error {
		f(s.sh, arg)
		return nil
	}
}

func modeOption(name string) action {
	return set(func(sh *shell, _ string) {
		sh.setMode(name)
		if name == "csv" {
			sh.format.SetLimits(0, 0, 0) // the file of a program, also from a terminal
		}
	})
}

func setTitles(t show.Titles) action {
	return set(func(sh *shell, _ string) { sh.format.SetTitles(t) })
}

func showUsage(s *startup, _ string) error {
	usage(s.sh.stderr, s.sh.name)
	s.done = true
	return nil
}

func showVersion(s *startup, _ string) error {
	version, source, err := s.sh.sqliteVersion()
	if err != nil {
		return err
	}
	fmt.Fprintf(s.sh.out, "%s %s (%d-bit)\n", version, source, wordBits)
	s.done = true
	return nil
}

func (s *startup) setEngine(name string) error {
	if err := knownEngine(name); err != nil {
		return err
	}
	if name != "auto" {
		s.sh.target.engine = name
	}
	return nil
}

// setVFS chooses a VFS of SQLite, or an engine by the name that other shells
// have for it.
func (s *startup) setVFS(name string) error {
	switch name {
	case "memory":
		s.sh.target.name, s.named = memoryName, true
	case "syscall":
		s.sh.target.engine = "pool"
	case "io_uring":
		s.sh.target.engine = "uring"
	default:
		if sqlitevfs.Find(name) == nil {
			return complain("no such VFS: \"%s\"", name)
		}
		s.sh.target.vfs = name
	}
	return nil
}

func (s *startup) setEscape(name string) error {
	if err := show.SetEscape(&s.sh.format, strings.ToLower(name)); err != nil {
		return complain("unknown control character escape mode \"%s\" - choices: auto off ascii symbol", name)
	}
	return nil
}

func (s *startup) setModeByName(name string) error {
	if !s.sh.setMode(name) {
		return complain("unknown mode \"%s\"; \".mode --list\" has them all", name)
	}
	return nil
}

func (s *startup) setScreenWidth(text string) error {
	if s.sh.screenFlag = int(integer(text)); s.sh.screenFlag < 2 {
		return complain("minimum --screenwidth is 2")
	}
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
