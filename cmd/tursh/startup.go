package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/show"
)

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

// start runs the shell for a command line and returns the exit code.
func (sh *shell) start(args []string) int {
	s := &startup{sh: sh}
	if err := s.first(args); err != nil {
		return s.wrong(err)
	}
	if len(s.texts) > 0 {
		sh.interactive = false
	}
	if sh.interactive || sh.outTerminal {
		sh.format.SetMode(show.TerminalMode)
	}
	if sh.target.exists() {
		// Said now rather than with the first statement. Other errors may pass.
		ctx, done := sh.interrupts.begin()
		err := sh.open(ctx)
		done()
		if err != nil && sh.openFailed(err) {
			return 1
		}
	}
	sh.safe.on = false // the start-up files are the user's own
	if !s.noInit && !s.readStartupFiles() {
		return 1
	}
	sh.safe.on = sh.safe.always
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
		at := slices.IndexFunc(options, func(o option) bool { return slices.Contains(o.names, name) })
		if at < 0 {
			if err := f(nil, name, ""); err != nil {
				return err
			}
			continue
		}
		arg := ""
		for range strings.Fields(options[at].takes) {
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
		case o == nil && slices.Contains(missingFeatures, name):
			s.sh.report("%s: -%s is ignored: SQLite has no such feature\n", s.sh.name, name)
			return nil
		case o == nil:
			return complain("unknown option: -%s\nUse -help for a list of options.%s", name, didYouMean(name, optionNames()))
		case o.late == nil:
			return nil
		}
		return o.late(s, arg)
	}, func(string) {})
}

func optionNames() (names []string) {
	for _, o := range options {
		names = append(names, o.names...)
	}
	return names
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

// readStartupFiles runs the start-up files: the one of the sqlite3 shell, or the
// one of -init, and then this shell's own. It returns false if the shell must end
// because of one.
func (s *startup) readStartupFiles() (goOn bool) {
	if s.script != "" {
		return s.readStartupFile(s.script, true)
	}
	for _, name := range []string{sqliteFile(), configFile()} {
		if name != "" && !s.readStartupFile(name, false) {
			return false
		}
	}
	return true
}

func (s *startup) readStartupFile(name string, asked bool) (goOn bool) {
	f, err := openScript(name)
	switch {
	case err != nil && asked:
		s.sh.report("cannot open: \"%s\"\n", name)
		return !s.sh.bail
	case err != nil:
		return true
	case s.sh.interactive:
		s.sh.report("-- Loading resources from %s\n", name)
	}
	defer f.Close()
	ok := s.sh.process(&input{name: name, lines: newScriptReader(f)})
	return ok || !s.sh.bail
}

// configHome returns the directory for files of configuration
// (https://specifications.freedesktop.org/basedir), "" if there is none.
func configHome() string {
	if dir := os.Getenv("XDG_CONFIG_HOME"); dir != "" {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".config")
}

// sqliteFile returns the name of the sqlite3 shell's start-up file, "" if there
// is no place for one.
func sqliteFile() string {
	if dir := configHome(); dir != "" {
		name := filepath.Join(dir, "sqlite3", "sqliterc")
		if _, err := os.Stat(name); err == nil {
			return name
		}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".sqliterc")
}

// configFile returns the name of this shell's own start-up file, to which
// .config writes; "" if there is no place for one.
func configFile() string {
	if dir := configHome(); dir != "" {
		return filepath.Join(dir, "tursh", "config")
	}
	return ""
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

func (sh *shell) welcome(version, source string) {
	date := source[:min(len("2006-01-02 15:04:05"), len(source))]
	fmt.Fprintf(sh.out, "SQLite version %s %s\nEnter \".help\" for usage hints.\n", version, date)
}

// greet opens an interactive session: its first words, and the database.
func (sh *shell) greet(bare bool) error {
	ctx, done := sh.interrupts.begin()
	defer done()
	opened := sh.open(ctx)
	version, source, err := sh.sqliteVersion()
	if err != nil {
		return err
	}
	sh.version = version
	if !sh.quiet {
		sh.welcome(version, source)
	}
	if bare && !sh.quiet {
		what := "transient in-memory database"
		if sh.color() {
			what = "\x1b[1m" + what + "\x1b[0m"
		}
		fmt.Fprintf(sh.out, "Connected to a %s.\nUse \".open FILENAME\" to reopen on a persistent database.\n", what)
	}
	if opened != nil {
		sh.openFailed(opened)
	}
	return nil
}
