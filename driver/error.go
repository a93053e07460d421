package driver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/internal/conn"
)

// Error is every error that comes from SQLite or from the state of a connection. Find it with errors.As.
//
// errors.Is finds in it SQLite's result codes (sqlite3.BUSY, sqlite3.CONSTRAINT_UNIQUE and so on, of
// github.com/ncruces/go-sqlite3), the operating system's error behind it (syscall.ENOSPC, fs.ErrNotExist), and the
// error of a context that ended the statement.
type Error struct {
	err    error
	msg    string
	code   int
	errno  syscall.Errno
	sql    string
	offset int
}

// Error returns SQLite's message without a prefix, as in "UNIQUE constraint failed: t.a", and behind it the text of the
// operating system's error if there is one. If a context ended the statement it is that context's error text.
func (e *Error) Error() string { return e.msg }

// Code returns the extended result code: https://sqlite.org/rescode.html
func (e *Error) Code() int { return e.code }

// ExtendedCode returns the extended result code, as Code does.
func (e *Error) ExtendedCode() int { return e.code }

// PrimaryCode returns the primary result code, which is the low byte of the extended one.
func (e *Error) PrimaryCode() int { return e.code & 0xff }

// SystemErrno returns the operating system's error number if a file could not be opened, read or written, otherwise 0.
func (e *Error) SystemErrno() syscall.Errno { return e.errno }

// SQL returns the text in which the failed statement was given, "" if there was none.
func (e *Error) SQL() string { return e.sql }

// Offset returns the offset in bytes in SQL at which SQLite found the error, -1 if it does not say.
func (e *Error) Offset() int { return e.offset }

// Unwrap returns the cause.
func (e *Error) Unwrap() []error { return []error{e.err} }

// Is reports whether target is the primary or the extended result code.
func (e *Error) Is(target error) bool {
	switch code := target.(type) {
	case sqlite3.ErrorCode:
		return int(code) == e.PrimaryCode()
	case sqlite3.ExtendedErrorCode:
		return int(code) == e.code
	}
	return false
}

// newError makes an *Error of what internal/conn or SQLite's binding returned about the statement at offset base of
// text. An *Error stays what it is.
func newError(err error, text string, base int) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	e = &Error{err: err, sql: text, offset: -1}
	var syntax *conn.SyntaxError
	if errors.As(err, &syntax) {
		e.offset = base + syntax.Offset
	}
	var code sqlite3.ExtendedErrorCode
	if errors.As(err, &code) {
		e.code = int(code)
	} else {
		e.code = int(codeOf(err))
	}
	if code == sqlite3.CANTOPEN_FULLPATH || code == sqlite3.CANTOPEN_ISDIR {
		e.code = int(sqlite3.CANTOPEN) // which is all that C builds of SQLite say; the rest is in the system's error
	}
	var full *sqlite3.Error
	if errors.As(err, &full) {
		errors.As(full.Unwrap(), &e.errno)
	}
	e.msg = textOf(err, full, e)
	return e
}

// codeOf chooses the result code of an error that is not SQLite's.
func codeOf(err error) sqlite3.ErrorCode {
	var panicked *conn.PanicError
	switch {
	case errors.As(err, &panicked):
		if strings.HasSuffix(panicked.Error(), sqlite3.NOMEM.Error()) {
			return sqlite3.NOMEM
		}
		return sqlite3.INTERNAL
	case errors.Is(err, conn.ErrClosed), errors.Is(err, conn.ErrStmtClosed):
		return sqlite3.MISUSE
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return sqlite3.INTERRUPT
	}
	return sqlite3.ERROR
}

// textOf chooses the text of an error.
func textOf(err error, full *sqlite3.Error, e *Error) string {
	for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, end) {
			return end.Error()
		}
	}
	const prefix = "sqlite3: "
	if full == nil {
		return strings.TrimPrefix(err.Error(), prefix)
	}
	// The binding writes "sqlite3: ", the code's text, SQLite's message unless that is the same, the system's error.
	msg := full.Error()
	sys := full.Unwrap()
	if sys != nil {
		msg = strings.TrimSuffix(msg, ": "+sys.Error())
	}
	if own, ok := strings.CutPrefix(msg, full.ExtendedCode().Error()+": "); ok {
		msg = own
	}
	msg = strings.TrimPrefix(msg, prefix)
	switch {
	case e.errno != 0:
		msg += ": " + e.errno.Error()
	case sys != nil:
		msg += ": " + sys.Error()
	}
	return msg
}

// causedBy adds to an error about a full disk which file could not grow and why; SQLite keeps that to itself. cause is
// nil if it is the database that may not grow (https://sqlite.org/pragma.html#pragma_max_page_count).
func (e *Error) causedBy(cause error) {
	if cause == nil || !errors.As(cause, &e.errno) {
		return
	}
	e.err = fmt.Errorf("%w: %w", e.err, cause)
	e.msg += ": " + strings.TrimPrefix(cause.Error(), "vfs: ")
}
