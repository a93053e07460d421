package sqlite

import (
	"context"
	"errors"
	"strings"

	"github.com/ncruces/go-sqlite3"

	turso "github.com/turso-coop/turso-coop/driver"
	lib "github.com/turso-coop/turso-coop/driver/compat/modernc/lib"
)

// Error is an error of SQLite. Find it with errors.As.
type Error struct {
	text  string
	cause *turso.Error
}

// Error returns the text of the code, SQLite's message and the code.
func (e *Error) Error() string { return e.text }

// Code returns the extended result code: https://sqlite.org/rescode.html
func (e *Error) Code() int { return e.cause.Code() }

// Unwrap returns the *Error of the package driver, which knows more: the SQL text, who holds a lock, causes that errors.Is
// finds.
func (e *Error) Unwrap() error { return e.cause }

// errorOf returns an error of the package driver as one of this package. Others stay what they are.
func errorOf(err error) error {
	var e *turso.Error
	if !errors.As(err, &e) {
		return err
	}
	for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(e, end) {
			return end
		}
	}
	text := err.Error() // which may say more than e, as which PRAGMA of the DSN failed
	if holder := e.Holder(); holder != "" {
		text = strings.TrimSuffix(text, ": "+holder) // programs compare the text
	}
	return &Error{text, e}
}

// ErrorCodeString has for result codes SQLite's text and the name.
var ErrorCodeString = errorCodeStrings()

func errorCodeStrings() map[int]string {
	texts := make(map[int]string, len(codeNames))
	for code, name := range codeNames {
		text := strings.TrimPrefix(sqlite3.ErrorCode(code).Error(), "sqlite3: ")
		texts[code] = text + " (SQLITE_" + name + ")"
	}
	return texts
}

var codeNames = map[int]string{
	lib.SQLITE_ERROR:                   "ERROR",
	lib.SQLITE_INTERNAL:                "INTERNAL",
	lib.SQLITE_PERM:                    "PERM",
	lib.SQLITE_ABORT:                   "ABORT",
	lib.SQLITE_BUSY:                    "BUSY",
	lib.SQLITE_LOCKED:                  "LOCKED",
	lib.SQLITE_NOMEM:                   "NOMEM",
	lib.SQLITE_READONLY:                "READONLY",
	lib.SQLITE_INTERRUPT:               "INTERRUPT",
	lib.SQLITE_IOERR:                   "IOERR",
	lib.SQLITE_CORRUPT:                 "CORRUPT",
	lib.SQLITE_NOTFOUND:                "NOTFOUND",
	lib.SQLITE_FULL:                    "FULL",
	lib.SQLITE_CANTOPEN:                "CANTOPEN",
	lib.SQLITE_PROTOCOL:                "PROTOCOL",
	lib.SQLITE_EMPTY:                   "EMPTY",
	lib.SQLITE_SCHEMA:                  "SCHEMA",
	lib.SQLITE_TOOBIG:                  "TOOBIG",
	lib.SQLITE_CONSTRAINT:              "CONSTRAINT",
	lib.SQLITE_MISMATCH:                "MISMATCH",
	lib.SQLITE_MISUSE:                  "MISUSE",
	lib.SQLITE_NOLFS:                   "NOLFS",
	lib.SQLITE_AUTH:                    "AUTH",
	lib.SQLITE_FORMAT:                  "FORMAT",
	lib.SQLITE_RANGE:                   "RANGE",
	lib.SQLITE_NOTADB:                  "NOTADB",
	lib.SQLITE_NOTICE:                  "NOTICE",
	lib.SQLITE_WARNING:                 "WARNING",
	lib.SQLITE_ROW:                     "ROW",
	lib.SQLITE_DONE:                    "DONE",
	lib.SQLITE_IOERR_READ:              "IOERR_READ",
	lib.SQLITE_IOERR_SHORT_READ:        "IOERR_SHORT_READ",
	lib.SQLITE_IOERR_WRITE:             "IOERR_WRITE",
	lib.SQLITE_IOERR_FSYNC:             "IOERR_FSYNC",
	lib.SQLITE_IOERR_DIR_FSYNC:         "IOERR_DIR_FSYNC",
	lib.SQLITE_IOERR_TRUNCATE:          "IOERR_TRUNCATE",
	lib.SQLITE_IOERR_FSTAT:             "IOERR_FSTAT",
	lib.SQLITE_IOERR_UNLOCK:            "IOERR_UNLOCK",
	lib.SQLITE_IOERR_RDLOCK:            "IOERR_RDLOCK",
	lib.SQLITE_IOERR_DELETE:            "IOERR_DELETE",
	lib.SQLITE_IOERR_BLOCKED:           "IOERR_BLOCKED",
	lib.SQLITE_IOERR_NOMEM:             "IOERR_NOMEM",
	lib.SQLITE_IOERR_ACCESS:            "IOERR_ACCESS",
	lib.SQLITE_IOERR_CHECKRESERVEDLOCK: "IOERR_CHECKRESERVEDLOCK",
	lib.SQLITE_IOERR_LOCK:              "IOERR_LOCK",
	lib.SQLITE_IOERR_CLOSE:             "IOERR_CLOSE",
	lib.SQLITE_IOERR_DIR_CLOSE:         "IOERR_DIR_CLOSE",
	lib.SQLITE_LOCKED_SHAREDCACHE:      "LOCKED_SHAREDCACHE",
}
