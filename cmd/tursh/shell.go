package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/ncruces/go-sqlite3"
	"golang.org/x/term"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/show"
	"github.com/turso-coop/turso-coop/driver"
)

// A shell is one run of the program.
type shell struct {
	name           string // of the program, as it was called
	stdin          io.Reader
	stdout, stderr io.Writer
	out            *bufio.Writer // results; flushed after every statement and before anything goes to stderr
	redirect       redirect      // where out goes, if not to stdout

	format     show.Format
	modes      modeMemory
	screenFlag int // width of the screen as the command line has it, 0 if it has not

	target  target
	db      *database // nil until something needs it
	convert converter

	input       *input           // what is being read, nil while arguments run
	editor      *statementReader // nil if nothing edits what is typed
	lastSQL     string           // what was run last, of what was read
	depth       int              // how many inputs are being read, one within the other
	argument    int              // index of the argument being run, 0 while input is read
	interactive bool             // prompts for input, and goes on after errors
	outTerminal bool             // results go to a terminal
	plainInput  bool             // nothing edits the lines of a prompt
	paging      paging
	quiet       bool   // no greeting
	version     string // of SQLite, as the prompt shows it

	bail    bool // ends at the first error
	echo    bool // shows input before running it
	changes bool // tells how many rows a statement has changed
	explain bool // shows what EXPLAIN returns in its own way
	eqp     eqpLevel
	timer   timer
	stats   statsLevel
	io      ioWatch
	safe    safety
	dumped  dumpScript
	prompts prompts
	tests   tests

	interrupts interrupts
	exit       *int // the code to exit with, once that is decided
}

func newShell(name string, stdin io.Reader, stdout, stderr io.Writer) *shell {
	sh := &shell{
		name:        name,
		stdin:       stdin,
		stdout:      stdout,
		out:         bufio.NewWriterSize(stdout, 64<<10),
		stderr:      stderr,
		target:      target{name: memoryName},
		interactive: isTerminal(stdin),
		outTerminal: isTerminal(stdout),
		explain:     true,
		paging:      paging{maxRows: defaultMaxRows},
	}
	sh.format.SetMode(show.BatchMode)
	return sh
}

// isTerminal reports whether stream, an io.Reader or io.Writer, is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// screenWidth returns how many columns the terminal has.
func (sh *shell) screenWidth() int {
	if sh.screenFlag > 0 {
		return sh.screenFlag
	}
	for _, stream := range []any{sh.stdin, sh.stdout} {
		if f, ok := stream.(*os.File); ok {
			if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
				return width
			}
		}
	}
	return 80
}

// quit makes the shell end with code.
func (sh *shell) quit(code int) {
	if sh.exit == nil {
		sh.exit = &code
	}
}

// close gives back what the shell holds and returns the exit code.
func (sh *shell) close(code int) int {
	if sh.editor != nil {
		sh.interrupts.onExit(nil)
		if err := sh.editor.terminal.Close(); err != nil {
			code = max(code, 1) // the terminal is gone
		}
	}
	if err := errors.Join(sh.closeDatabase(), sh.convert.close()); err != nil {
		sh.report("Error: %s\n", message(err))
		code = max(code, 1)
	}
	if sh.io.stop(sh) != nil || sh.endRedirect() != nil || sh.flush() != nil {
		code = max(code, 1)
	}
	code = sh.tests.close(sh, code)
	if sh.exit != nil {
		return *sh.exit
	}
	return code
}

// report writes a message to stderr, after all results so far; or to where
// they are kept for a test.
func (sh *shell) report(format string, args ...any) {
	if sh.redirect.capture != nil {
		fmt.Fprintf(sh.out, format, args...)
		return
	}
	_ = sh.flush()
	fmt.Fprintf(sh.stderr, format, args...)
}

// flush writes out the results so far. A shell that cannot write ends, but not
// for a file that the user has sent results to.
func (sh *shell) flush() error {
	err := sh.out.Flush()
	switch {
	case err == nil:
	case sh.paging.out != nil: // the pager has been left
	case sh.redirect.file != nil:
		_ = sh.redirect.file.Close()
		sh.redirectFailed(err)
	case sh.exit == nil:
		sh.quit(1)
		fmt.Fprintf(sh.stderr, "Error: cannot write results: %s\n", err)
	}
	return err
}

// open opens the database if it is not open yet. One that does not exist is
// created by this, so it is left until a statement or command needs it.
func (sh *shell) open(ctx context.Context) error {
	if sh.db != nil {
		return nil
	}
	db, err := openDatabase(ctx, sh.target)
	if err != nil {
		return err
	}
	sh.db = db
	if err := db.use(sh.setUp); err != nil {
		return errors.Join(err, sh.closeDatabase())
	}
	return nil
}

// openFailed ends the shell if err says that there is no database to be had, and
// reports whether it does. Other errors of open may pass, as a lock does; they
// are those of the statement that needed the database.
func (sh *shell) openFailed(err error) bool {
	if sh.db != nil || mayPass(err) {
		return false
	}
	sh.reportOpen(err)
	sh.quit(1)
	return true
}

// mayPass reports whether SQLite found the database, but could not read it.
func mayPass(err error) bool {
	for _, code := range []error{sqlite3.BUSY, sqlite3.LOCKED, sqlite3.NOTADB, sqlite3.CORRUPT, sqlite3.IOERR, sqlite3.INTERRUPT} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

func (sh *shell) reportOpen(err error) {
	why := message(err)
	if errors.Is(err, sqlite3.CANTOPEN) {
		why = "unable to open database file" // as SQLite's shell says, without the system's reason
	}
	sh.report("Error: unable to open database \"%s\": %s\n", sh.target.name, why)
}

func (sh *shell) closeDatabase() error {
	if sh.db == nil {
		return nil
	}
	db := sh.db
	sh.db = nil
	return db.close()
}

// use opens the database if need be and lends its connection to f. An
// interrupt ends ctx.
func (sh *shell) use(f func(ctx context.Context, c driver.Conn) error) error {
	ctx, done := sh.interrupts.begin()
	defer done()
	if err := sh.open(ctx); err != nil {
		return err
	}
	return sh.db.use(func(c driver.Conn) error { return f(ctx, c) })
}
