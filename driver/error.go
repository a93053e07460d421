package driver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/internal/conn"
	"github.com/turso-coop/turso-coop/vfs"
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
// text. db, if it is not nil, knows what failed on its files. An *Error stays what it is.
func newError(err error, db *sqlite3.Conn, text string, base int) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	e = &Error{err: err, code: int(codeOf(err)), sql: text, offset: -1}
	var syntax *conn.SyntaxError
	if errors.As(err, &syntax) {
		e.offset = base + syntax.Offset
	}
	// SQLite passes on a code only, and the binding the error of its last call of the system, if the code is one of
	// CANTOPEN or IOERR. Our files know better.
	var full *sqlite3.Error
	var system error
	if errors.As(err, &full) {
		system = full.Unwrap()
	}
	if db != nil {
		if failure := vfs.LastError(db, sqlite3.ExtendedErrorCode(e.code)); failure != nil {
			system = failure
			e.err = fmt.Errorf("%w: %w", err, failure)
		}
	}
	errors.As(system, &e.errno)
	e.msg = e.textOf(err, full, system)
	switch sqlite3.ExtendedErrorCode(e.code) {
	case sqlite3.CANTOPEN_FULLPATH, sqlite3.CANTOPEN_ISDIR:
		e.code = int(sqlite3.CANTOPEN) // which is all that C builds of SQLite say; the rest is in the system's error
	}
	return e
}

// codeOf chooses the result code of an error.
func codeOf(err error) sqlite3.ExtendedErrorCode {
	var code sqlite3.ExtendedErrorCode
	var panicked *conn.PanicError
	switch {
	case errors.As(err, &panicked):
		if strings.HasSuffix(panicked.Error(), sqlite3.NOMEM.Error()) {
			return sqlite3.NOMEM.ExtendedCode()
		}
		return sqlite3.INTERNAL.ExtendedCode()
	case errors.As(err, &code):
		return code
	case errors.Is(err, conn.ErrClosed), errors.Is(err, conn.ErrStmtClosed):
		return sqlite3.MISUSE.ExtendedCode()
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return sqlite3.INTERRUPT.ExtendedCode()
	}
	return sqlite3.ERROR.ExtendedCode()
}

// textOf chooses the text of an error.
func (e *Error) textOf(err error, full *sqlite3.Error, system error) string {
	for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, end) {
			return end.Error()
		}
	}
	const prefix = "sqlite3: "
	msg := err.Error()
	if full != nil {
		// The binding writes the code's text, then SQLite's message if that says more, then the system's error.
		msg = full.Error()
		if last := full.Unwrap(); last != nil {
			msg = strings.TrimSuffix(msg, ": "+last.Error())
		}
		if own, ok := strings.CutPrefix(msg, full.ExtendedCode().Error()+": "); ok {
			msg = own
		}
	}
	msg = strings.TrimPrefix(msg, prefix)
	switch {
	case system == nil:
		return msg
	case e.PrimaryCode() == int(sqlite3.FULL):
		// The file that could not grow: a journal or temporary file may be on another disk than the database.
		return msg + ": " + strings.TrimPrefix(system.Error(), "vfs: ")
	case e.errno != 0:
		return msg + ": " + e.errno.Error()
	}
	return msg + ": " + system.Error()
}
