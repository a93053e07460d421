package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/driver"
)

// compileError is a statement's error before it ran. text begins with that
// statement and goes on to the end of what was to be run.
type compileError struct {
	error
	text string
}

func (e compileError) Unwrap() error { return e.error }

// outputError is a failure to write results.
type outputError struct{ error }

// runSQL runs the statements of text, which began at the place at, up to the
// first one that fails. It reports what failed and returns whether none did.
func (sh *shell) runSQL(text string, at place) (ok bool) {
	err := sh.use(func(ctx context.Context, c driver.Conn) error {
		return sh.runStatements(ctx, c, text)
	})
	if sh.flush() != nil {
		return false
	}
	if err == nil || errors.As(err, new(outputError)) {
		return err == nil
	}
	if sh.openFailed(err) {
		return false
	}
	kind, tail := "Error", ""
	if compile := (compileError{}); (errors.As(err, &compile) || sh.db == nil) && !errors.Is(err, sqlite3.INTERRUPT) {
		kind, tail = "Parse error", mistake(err, compile.text)
	}
	sh.report("%s: %s%s\n", at.in(kind), message(err), tail)
	return false
}

func (sh *shell) runStatements(ctx context.Context, c driver.Conn, text string) error {
	for text = trimSpace(text); text != ""; text = trimSpace(text) {
		// SQLite is given one statement at a time: it copies what it is given, and
		// a line of many statements would be copied once for each of them.
		n := firstStatement(text)
		st, tail, err := c.Statement(ctx, text[:n])
		if err != nil {
			return compileError{err, text}
		}
		if st != nil {
			err = sh.show(ctx, st, sh.formatterFor(st.SQL()))
			if err = errors.Join(err, st.Close()); err != nil {
				return err
			}
			n -= len(tail)
		}
		if err := sh.flush(); err != nil {
			return outputError{err}
		}
		text = text[n:]
	}
	return nil
}

// formatterFor returns what makes the formatter for a statement's rows.
func (sh *shell) formatterFor(text string) func(layout) formatter {
	switch explainOf(text) {
	case explainCode:
		return newCode
	case explainQuery:
		return newPlan
	}
	return sh.mode.new
}

// show runs a statement and shows its rows.
func (sh *shell) show(ctx context.Context, st driver.Statement, newFormatter func(layout) formatter) error {
	more, err := st.Step(ctx)
	columns := make([]string, st.ColumnCount())
	if len(columns) == 0 {
		return err
	}
	for i := range columns {
		columns[i] = st.ColumnName(i)
	}
	f := newFormatter(layout{settings: sh.settings, w: sh.out, columns: columns, reals: &sh.reals})
	values := make([]any, len(columns))
	for more && err == nil {
		for i := range values {
			values[i] = st.Column(i)
		}
		if err := f.row(values); err != nil {
			return outputError{err}
		}
		more, err = st.Step(ctx)
	}
	if ferr := f.finish(); ferr != nil {
		return outputError{ferr}
	}
	return err
}

// place is where SQL text came from: a line of an input, or an argument.
type place struct {
	input    string
	line     int
	argument int // index in the command line, 0 if the text is from an input
}

// in says that something is at this place, as SQLite's shell does.
func (p place) in(what string) string {
	switch {
	case p.argument > 0:
		return fmt.Sprintf("%s in %s command line argument", what, ordinal(p.argument))
	case p.input == stdinName:
		return fmt.Sprintf("%s near line %d", what, p.line)
	}
	return fmt.Sprintf("%s near line %d of %s", what, p.line, p.input)
}

func ordinal(n int) string {
	suffix := "th"
	if n/10%10 != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprint(n, suffix)
}

// message returns what SQLite says of an error.
func message(err error) string {
	if errors.Is(err, sqlite3.INTERRUPT) {
		return "interrupted"
	}
	return err.Error()
}

// mistake returns what follows the message of an error in SQL text: the result
// code unless it is the general one, and the text around the mistake with an
// arrow that points to it, each on a line of its own.
func mistake(err error, text string) string {
	var e *driver.Error
	if !errors.As(err, &e) {
		return ""
	}
	code := ""
	if e.PrimaryCode() > int(sqlite3.ERROR) {
		code = fmt.Sprintf(" (%d)", e.PrimaryCode())
	}
	return code + pointTo(text, e.Offset())
}

// How much of a statement is shown around a mistake, in bytes.
const (
	shownBefore = 50
	shownTotal  = 78
	arrowLeft   = 25 // from here on there is room for the words left of the arrow
)

// pointTo returns the text around offset and an arrow to it.
func pointTo(text string, offset int) string {
	if offset < 0 || offset >= len(text) {
		return ""
	}
	start := max(0, offset-shownBefore)
	for start < offset && !utf8.RuneStart(text[start]) {
		start++
	}
	end := min(len(text), start+shownTotal)
	for end < len(text) && end > offset && !utf8.RuneStart(text[end]) {
		end--
	}
	line := []byte(text[start:end])
	for i, c := range line {
		if isSpace(c) {
			line[i] = ' '
		}
	}
	offset -= start
	if offset < arrowLeft {
		return fmt.Sprintf("\n  %s\n  %s^--- error here", line, strings.Repeat(" ", offset))
	}
	const words = "error here ---"
	return fmt.Sprintf("\n  %s\n  %s%s^", line, strings.Repeat(" ", offset-len(words)), words)
}
