package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
	"github.com/turso-coop/turso-coop/driver"
)

// What is said of statements that fail, and where they are.

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
	switch {
	case errors.Is(err, sqlite3.INTERRUPT), errors.Is(err, context.Canceled):
		return "interrupted"
	case errors.Is(err, sqlite3.READONLY_DBMOVED):
		return "the database file was moved or replaced since it was opened: .open it again"
	}
	return strings.TrimPrefix(err.Error(), "sqlite3: ") // which errors of the bare connection begin with
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
		if sqltext.IsSpace(c) {
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
