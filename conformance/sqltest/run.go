// Package sqltest runs the tests of .sqltest files, in which Turso writes down what SQL does
// (https://github.com/tursodatabase/turso, under sqlite/conformance), on turso-coop.
//
// A file has directives and blocks. "@database NAME" says where all of its cases run: ":memory:", ":temp:" (a file),
// ":default:" and ":default-no-rowidalias:" (two databases with data), or a path, with "readonly" behind it perhaps.
// "setup NAME { SQL }" names what "@setup NAME" runs before a case, which is
//
//	@setup NAME
//	test NAME { SQL }
//	expect { ROWS }
//
// The rows are those of all statements, one a line, the values separated by |, NULL being empty. Instead of rows there
// can be "raw" rows, whose white space counts, "unordered" ones, a "pattern" that the rows match, or an "error" with
// that text. "@skip", "@skip-if sqlite", "@requires" and their forms for whole files leave cases out, "@backend cli" is
// for shells only, "@cross-check-integrity" checks the database afterwards. Snapshots and matrices are not cases:
// they compare what other engines do.
package sqltest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/turso-coop/turso-coop/driver"
)

// Run runs a case on one connection of turso-coop and returns how it fails.
func Run(ctx context.Context, conn *sql.Conn, c *Case) error {
	s := session{ctx, conn}
	for _, setup := range c.Setup {
		if _, err := s.run(setup); err != nil {
			return fmt.Errorf("setup: %w", err)
		}
	}
	lines, err := s.run(c.SQL)
	if err := c.Expect.check(lines, err); err != nil {
		return err
	}
	if !c.Integrity {
		return nil
	}
	lines, err = s.run("PRAGMA integrity_check")
	if err == nil && !slices.Equal(lines, []string{"ok"}) {
		err = fmt.Errorf("%q", lines)
	}
	if err != nil {
		return fmt.Errorf("integrity check: %w", err)
	}
	return nil
}

// session runs SQL as a shell does: statement by statement, up to the first error.
type session struct {
	ctx  context.Context
	conn *sql.Conn
}

// run returns the rows of all statements, by lines.
func (s session) run(text string) (lines []string, err error) {
	for text != "" {
		statement, tail, err := s.split(text)
		if err != nil {
			return lines, parseError{err}
		}
		rows, err := s.query(statement)
		lines = append(lines, rows...)
		if err != nil {
			return lines, err
		}
		text = tail
	}
	return lines, nil
}

// split returns the first statement of text, "" if there is none, and what follows it.
func (s session) split(text string) (statement, tail string, err error) {
	err = s.conn.Raw(func(c any) error {
		var compiled driver.Statement
		compiled, tail, err = c.(driver.Conn).Statement(s.ctx, text)
		if compiled == nil || err != nil {
			return err
		}
		statement = compiled.SQL()
		return compiled.Close()
	})
	return statement, tail, err
}

// query returns the rows of one statement, by lines.
func (s session) query(statement string) (lines []string, err error) {
	rows, err := s.conn.QueryContext(s.ctx, statement)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var values []any
	row, dest := make([]any, len(columns)), make([]any, len(columns))
	for i := range dest {
		dest[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		values = append(values, row...)
	}
	stepErr := errors.Join(rows.Err(), rows.Close())
	for row := range slices.Chunk(values, max(1, len(columns))) {
		line, err := s.line(row)
		if err != nil {
			return nil, err
		}
		lines = append(lines, strings.Split(line, "\n")...)
	}
	return lines, stepErr
}

// line writes a row.
func (s session) line(row []any) (string, error) {
	texts := make([]string, len(row))
	for i, v := range row {
		switch v := v.(type) {
		case nil:
		case bool: // from a column declared as BOOLEAN
			texts[i] = "0"
			if v {
				texts[i] = "1"
			}
		case int64:
			texts[i] = strconv.FormatInt(v, 10)
		case float64:
			// Real numbers are expected as SQLite has written them before 3.54.
			const as15Digits = "SELECT printf('%!.15g', ?)"
			if err := s.conn.QueryRowContext(s.ctx, as15Digits, v).Scan(&texts[i]); err != nil {
				return "", err
			}
		case string:
			texts[i] = v
		case []byte:
			texts[i] = string(v)
		default:
			return "", fmt.Errorf("a value of type %T, of which the stored one cannot be told", v)
		}
	}
	return strings.Join(texts, "|"), nil
}

// check compares the lines that came, up to an error perhaps, with what is expected.
func (e *Expectation) check(lines []string, err error) error {
	switch {
	case e.Kind == ExpectError && err == nil:
		return fmt.Errorf("no error, but %q", lines)
	case e.Kind == ExpectError:
		if !e.hasError(err) {
			return fmt.Errorf("error %q, want %q", err, strings.TrimSpace(e.Text))
		}
		return nil
	case err != nil:
		return fmt.Errorf("error: %w", err)
	case e.Kind == ExpectPattern:
		if got := strings.Join(lines, "\n"); !e.matches(got) {
			return fmt.Errorf("%q does not match %s", got, strings.TrimSpace(e.Text))
		}
		return nil
	}
	want, got := e.lines(), slices.Clone(lines)
	if e.Kind != ExpectRaw {
		trim(want)
		trim(got)
	}
	if e.Kind == ExpectUnordered {
		slices.Sort(want)
		slices.Sort(got)
	}
	if !slices.Equal(want, got) && !(nothing(want) && nothing(got)) {
		return fmt.Errorf("rows %q, want %q", got, want)
	}
	return nil
}

// nothing reports whether there is no row, or just one that is NULL: between braces these look alike.
func nothing(lines []string) bool { return len(lines) == 0 || len(lines) == 1 && lines[0] == "" }

// parseError is an error of a statement that cannot be compiled.
type parseError struct{ error }

// hasError reports whether err is what is expected: a part of its text, or a regular expression. Some cases expect the
// words that a shell puts before an error of compiling.
func (e *Expectation) hasError(err error) bool {
	texts, want := []string{err.Error()}, strings.TrimSpace(e.Text)
	if _, ok := err.(parseError); ok {
		texts = append(texts, "Parse error: "+err.Error())
	}
	return slices.ContainsFunc(texts, func(text string) bool {
		return e.matches(text) || strings.Contains(strings.ToLower(text), strings.ToLower(want))
	})
}

// matches reports whether the text, as a regular expression, matches s.
func (e *Expectation) matches(s string) bool {
	pattern, err := regexp.Compile(strings.TrimSpace(e.Text))
	return err == nil && pattern.MatchString(s)
}

// lines returns the expected rows.
func (e *Expectation) lines() []string {
	text := strings.TrimRight(strings.TrimPrefix(e.Text, "\n"), " \t\r") // what stands before the closing brace
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// trim removes the white space around each line.
func trim(lines []string) {
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
}
