package vfs

import (
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"
	sqlitevfs "github.com/ncruces/go-sqlite3/vfs"
)

// errCannotOpen is a bare code: there is no error of the system behind it.
var errCannotOpen error = sqlite3.CANTOPEN

// An operation is what was being done to a file when it failed.
type operation uint8

const (
	opRead operation = iota
	opWrite
	opSync
	opTruncate
	opAllocate
	opSize
	opClose
)

// operations names each operation in messages, and gives SQLite's code for its
// failure (https://sqlite.org/rescode.html) where the cause asks for no other.
var operations = [...]struct {
	name string
	code sqlite3.ExtendedErrorCode
}{
	opRead:     {"read", sqlite3.IOERR_READ},
	opWrite:    {"write", sqlite3.IOERR_WRITE},
	opSync:     {"sync", sqlite3.IOERR_FSYNC},
	opTruncate: {"truncate", sqlite3.IOERR_TRUNCATE},
	opAllocate: {"allocate", sqlite3.IOERR_TRUNCATE},
	opSize:     {"get size of", sqlite3.IOERR_FSTAT},
	opClose:    {"close", sqlite3.IOERR_CLOSE},
}

// dirSyncError marks that a file was synced and its directory was not.
type dirSyncError struct{ error }

func (e dirSyncError) Unwrap() error { return e.error }

// fail turns the failure of an operation on f into what SQLite is told, and
// keeps the whole of it for LastError. It returns nil for nil.
func (f *file) fail(op operation, err error) error {
	if err == nil {
		return nil
	}
	code, name := operations[op].code, operations[op].name
	var dir dirSyncError
	switch {
	case errors.As(err, &dir):
		code, name = sqlite3.IOERR_DIR_FSYNC, "sync the directory of"
	case op == opRead && isMediumError(err):
		code = sqlite3.IOERR_CORRUPTFS
	case (op == opWrite || op == opAllocate || op == opTruncate) && isDiskFull(err):
		code = sqlite3.ExtendedErrorCode(sqlite3.FULL)
	}
	path := f.path
	if path == "" {
		path = "temporary file"
	}
	err = fmt.Errorf("vfs: %s %s: %w", name, path, err)
	if f.session != nil {
		f.session.lastErr, f.session.lastCode = err, code
		if code == sqlite3.IOERR_CORRUPTFS {
			f.session.lastCode = sqlite3.ExtendedErrorCode(sqlite3.CORRUPT) // what SQLite makes of it
		}
	}
	return sqlitevfs.SystemError(err, code)
}

// openError is what SQLite is told when a file could not be opened for a
// reason that the operating system's VFS does not know.
func openError(err error) error {
	return sqlitevfs.SystemError(err, sqlite3.CANTOPEN)
}
