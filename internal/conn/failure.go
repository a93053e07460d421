package conn

import (
	"errors"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/vfs"
)

// A FileError is an error of SQLite and the failure of an operation on a file that lies behind it.
type FileError struct {
	Err, Failure error
}

func (e *FileError) Error() string   { return e.Err.Error() }
func (e *FileError) Unwrap() []error { return []error{e.Err, e.Failure} }

// withFailure adds to an error that another connection will be told what has failed on the files of this one.
func (c *Conn) withFailure(err error) error {
	if failure := vfs.LastError(c.db, codeOf(err)); failure != nil {
		return &FileError{err, failure}
	}
	return err
}

// codeOf returns SQLite's code for err, 0 if it has none.
func codeOf(err error) sqlite3.ExtendedErrorCode {
	var full *sqlite3.Error
	var extended sqlite3.ExtendedErrorCode
	var code sqlite3.ErrorCode
	switch {
	case errors.As(err, &full):
		return full.ExtendedCode()
	case errors.As(err, &extended):
		return extended
	case errors.As(err, &code):
		return sqlite3.ExtendedErrorCode(code)
	}
	return 0
}
