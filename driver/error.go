package driver

import (
	"context"
	"errors"
	"strings"
	"syscall"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/internal/conn"
)

// Error is every error that comes from SQLite or from the state of a connection. Find it with errors.As.
//
// It wraps what caused it: errors.Is finds SQLite's codes (sqlite3.BUSY, sqlite3.CONSTRAINT_UNIQUE of
// github.com/ncruces/go-sqlite3), the operating system's error (syscall.ENOSPC, fs.ErrNotExist), and the error of a
// context that ended a statement (context.DeadlineExceeded).
type Error struct {
	err    error
	msg    string
	code   int
	errno  syscall.Errno
	sql    string
	offset int
}

// Error returns SQLite's message without a prefix, as in "UNIQUE constraint failed: t.a", followed by the text of the
// operating system's error if there is one. When a context ended a statement it is that context's error text.
func (e *Error) Error() string { return e.msg }

// Code returns the extended result code: https://sqlite.org/rescode.html
func (e *Error) Code() int { return e.code }

// ExtendedCode returns the extended result code, as Code does.
func (e *Error) ExtendedCode() int { return e.code }

// PrimaryCode returns the primary result code, the low byte of the extended one.
func (e *Error) PrimaryCode() int { return e.code & 0xff }

// SystemErrno returns the operating system's error number of a failure to read, write or open a file, or 0.
func (e *Error) SystemErrno() syscall.Errno { return e.errno }

// SQL returns the text that the failed statement was given in, "" if the error belongs to no statement.
func (e *Error) SQL() string { return e.sql }

// Offset returns the byte offset in SQL at which SQLite found the error, -1 if it is not known.
func (e *Error) Offset() int { return e.offset }

// Unwrap returns the cause.
func (e *Error) Unwrap() []error { return []error{e.err} }

// Is reports whether target is this error's primary or extended result code.
func (e *Error) Is(target error) bool {
	switch code := target.(type) {
	case sqlite3.ErrorCode:
		return int(code) == e.PrimaryCode()
	case sqlite3.ExtendedErrorCode:
		return int(code) == e.code
	}
	return false
}

// newError makes an *Error of what internal/conn or SQLite's binding returned for the statement that begins at offset
// base of text. nil and an *Error are returned as they are.
func newError(err error, text string, base int) error {
	if err == nil {
		return nil
	}
	if e, ok := err.(*Error); ok {
		return e
	}
	e := &Error{err: err, sql: text, offset: -1}
	var full *sqlite3.Error
	var code sqlite3.ExtendedErrorCode
	switch {
	case errors.As(err, &full):
		e.code = int(full.ExtendedCode())
		errors.As(full, &e.errno)
		if rest := full.SQL(); rest != "" && base >= 0 {
			e.offset = max(len(text)-len(rest), base)
		}
	case errors.As(err, &code):
		e.code = int(code)
	default:
		e.code = int(codeOf(err))
	}
	e.msg = message(err, full, e)
	return e
}

// codeOf chooses the result code of an error that did not come from SQLite.
func codeOf(err error) sqlite3.ErrorCode {
	var panicked *conn.PanicError
	switch {
	case errors.As(err, &panicked):
		if strings.HasSuffix(panicked.Error(), sqlite3.NOMEM.Error()) {
			return sqlite3.NOMEM // SQLite's binding panics when SQLite is out of memory
		}
		return sqlite3.INTERNAL
	case errors.Is(err, conn.ErrClosed), errors.Is(err, conn.ErrStmtClosed):
		return sqlite3.MISUSE
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return sqlite3.INTERRUPT
	}
	return sqlite3.ERROR
}

// message chooses the text of an error.
func message(err error, full *sqlite3.Error, e *Error) string {
	for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, end) {
			return end.Error()
		}
	}
	if full == nil {
		return strings.TrimPrefix(err.Error(), "sqlite3: ")
	}
	// The binding puts the code's text before SQLite's message and the system's error after it.
	msg := full.Error()
	if sys := full.Unwrap(); sys != nil {
		msg = strings.TrimSuffix(msg, ": "+sys.Error())
	}
	code := full.ExtendedCode().Error()
	if rest := strings.TrimPrefix(msg, code+": "); rest != msg {
		msg = rest
	} else {
		msg = strings.TrimPrefix(msg, "sqlite3: ")
	}
	switch {
	case e.errno != 0:
		msg += ": " + e.errno.Error()
	case full.Unwrap() != nil:
		msg += ": " + full.Unwrap().Error()
	}
	return msg
}
