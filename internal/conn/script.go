package conn

import (
	"errors"
	"strings"

	"github.com/ncruces/go-sqlite3"
)

// SyntaxError is an error of SQLite's compiler and the place it was found at.
type SyntaxError struct {
	Err    error
	Offset int // in bytes, from the beginning of the text that was to be compiled
}

func (e *SyntaxError) Error() string { return e.Err.Error() }
func (e *SyntaxError) Unwrap() error { return e.Err }

// wholeText is the length up to which a text is given to the compiler as it is. The binding copies what it compiles,
// so that a long script, given whole for each of its statements, would take time that grows with its square.
const wholeText = 4096

// compile compiles the first statement of sql: text is that statement's, tail what follows. Of a text longer than whole
// it gives the compiler as much as one statement is likely to be, and more when that turns out to be cut too short, as
// it is when the first semicolon is inside a trigger.
func (c *Conn) compile(sql string, whole int) (s *sqlite3.Stmt, text, tail string, err error) {
	begin, end := 0, len(sql)
	if end > whole {
		end = statementEnd(sql, 0, 0)
	}
	for {
		s, tail, err = c.db.Prepare(sql[begin:end])
		switch {
		case err == nil && s != nil:
			end -= len(tail)
			return s, sql[begin:end], sql[end:], nil
		case end == len(sql), err != nil && !incomplete(err):
			return nil, "", "", located(err, end)
		case err == nil: // an empty statement
			begin = end
			end = statementEnd(sql, end, end)
		default:
			end = statementEnd(sql, end, begin+2*(end-begin))
		}
	}
}

// incomplete reports whether more text could mend err: a token can be cut as well, because SQLite allows a semicolon
// in the parentheses of a Tcl variable.
func incomplete(err error) bool {
	msg := err.Error()
	return strings.Contains(msg, "incomplete input") || strings.Contains(msg, "unrecognized token")
}

// located adds to err where in the text SQLite found it, if SQLite says so; end is where what it compiled ends.
func located(err error, end int) error {
	var e *sqlite3.Error
	if errors.As(err, &e) && e.SQL() != "" {
		return &SyntaxError{Err: err, Offset: end - len(e.SQL())}
	}
	return err
}

// statementEnd returns the offset behind the first semicolon of sql that ends at or behind atLeast and is part of no
// string, quoted name or comment, or len(sql). The scan begins at from, which is outside of those.
func statementEnd(sql string, from, atLeast int) int {
	for i := from; i < len(sql); {
		switch n := skip(sql[i:]); {
		case n > 0:
			i += n
		case sql[i] == ';' && i+1 >= atLeast:
			return i + 1
		default:
			i++
		}
	}
	return len(sql)
}

// skip returns the length of the string, quoted name or comment at the beginning of sql, 0 if there is none. One that
// does not end takes the rest. https://sqlite.org/lang_comment.html, https://sqlite.org/lang_keywords.html
func skip(sql string) int {
	end := sql[:1]
	open := 1
	switch sql[0] {
	case '\'', '"', '`': // a doubled quote reads as two quoted pieces in a row
	case '[':
		end = "]"
	case '-':
		if !strings.HasPrefix(sql, "--") {
			return 0
		}
		end, open = "\n", 2
	case '/':
		if !strings.HasPrefix(sql, "/*") {
			return 0
		}
		end, open = "*/", 2
	default:
		return 0
	}
	if i := strings.Index(sql[open:], end); i >= 0 {
		return open + i + len(end)
	}
	return len(sql)
}

// Blank reports whether sql holds no statement: only white space, comments and semicolons.
func Blank(sql string) bool { return blankPrefix(sql) == len(sql) }

// blankPrefix returns the length of the white space, comments and semicolons that sql begins with, as SQLite's tokenizer
// sees them. To it a vertical tab is white space, but not the beginning of it; so is a byte order mark.
func blankPrefix(sql string) int {
	rest := sql
	for rest != "" {
		n := len(rest)
		switch rest[0] {
		case ' ', '\t', '\n', '\f', '\r':
			rest = strings.TrimLeft(rest, " \t\n\v\f\r")
		case ';':
			rest = rest[1:]
		case '-', '/':
			rest = rest[skip(rest):]
		default:
			rest = strings.TrimPrefix(rest, "\ufeff")
		}
		if len(rest) == n {
			break
		}
	}
	return len(sql) - len(rest)
}
