package sqlite3

import (
	"context"
	"errors"
	"strings"
	"syscall"

	"github.com/ncruces/go-sqlite3"

	turso "github.com/turso-coop/turso-coop/driver"
)

// ErrNo is a primary result code of SQLite: https://sqlite.org/rescode.html
type ErrNo int

// ErrNoExtended is an extended result code of SQLite.
type ErrNoExtended int

// Error is an error of SQLite. Errors of statements are values of it, not pointers.
type Error struct {
	Code         ErrNo         // the primary result code
	ExtendedCode ErrNoExtended // the extended result code
	SystemErrno  syscall.Errno // the operating system's error number, if a file was the cause

	text  string
	cause *turso.Error
}

// Error returns SQLite's message, or the text of Code if there is none, and the operating system's error.
func (err Error) Error() string {
	text := err.text
	if text == "" {
		text = strings.TrimPrefix(sqlite3.ErrorCode(err.Code).Error(), "sqlite3: ")
	}
	if err.SystemErrno != 0 && !strings.HasSuffix(text, err.SystemErrno.Error()) {
		text += ": " + err.SystemErrno.Error()
	}
	return text
}

// Unwrap returns the *Error of the package driver, which knows more: the SQL text, who holds a lock, causes that errors.Is
// finds.
func (err Error) Unwrap() error {
	if err.cause == nil {
		return nil
	}
	return err.cause
}

// Error returns the text of the code.
func (err ErrNo) Error() string { return Error{Code: err}.Error() }

// Extend returns the extended code of err with the number by.
func (err ErrNo) Extend(by int) ErrNoExtended { return ErrNoExtended(int(err) | by<<8) }

// Error returns the text of the code.
func (err ErrNoExtended) Error() string {
	return Error{Code: ErrNo(err & 0xff), ExtendedCode: err}.Error()
}

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
	return Error{
		Code: ErrNo(e.PrimaryCode()), ExtendedCode: ErrNoExtended(e.ExtendedCode()), SystemErrno: e.SystemErrno(),
		text: text, cause: e,
	}
}

// The primary result codes.
var (
	ErrError      = ErrNo(1)
	ErrInternal   = ErrNo(2)
	ErrPerm       = ErrNo(3)
	ErrAbort      = ErrNo(4)
	ErrBusy       = ErrNo(5)
	ErrLocked     = ErrNo(6)
	ErrNomem      = ErrNo(7)
	ErrReadonly   = ErrNo(8)
	ErrInterrupt  = ErrNo(9)
	ErrIoErr      = ErrNo(10)
	ErrCorrupt    = ErrNo(11)
	ErrNotFound   = ErrNo(12)
	ErrFull       = ErrNo(13)
	ErrCantOpen   = ErrNo(14)
	ErrProtocol   = ErrNo(15)
	ErrEmpty      = ErrNo(16)
	ErrSchema     = ErrNo(17)
	ErrTooBig     = ErrNo(18)
	ErrConstraint = ErrNo(19)
	ErrMismatch   = ErrNo(20)
	ErrMisuse     = ErrNo(21)
	ErrNoLFS      = ErrNo(22)
	ErrAuth       = ErrNo(23)
	ErrFormat     = ErrNo(24)
	ErrRange      = ErrNo(25)
	ErrNotADB     = ErrNo(26)
	ErrNotice     = ErrNo(27)
	ErrWarning    = ErrNo(28)
)

// The extended result codes.
var (
	ErrIoErrRead              = ErrIoErr.Extend(1)
	ErrIoErrShortRead         = ErrIoErr.Extend(2)
	ErrIoErrWrite             = ErrIoErr.Extend(3)
	ErrIoErrFsync             = ErrIoErr.Extend(4)
	ErrIoErrDirFsync          = ErrIoErr.Extend(5)
	ErrIoErrTruncate          = ErrIoErr.Extend(6)
	ErrIoErrFstat             = ErrIoErr.Extend(7)
	ErrIoErrUnlock            = ErrIoErr.Extend(8)
	ErrIoErrRDlock            = ErrIoErr.Extend(9)
	ErrIoErrDelete            = ErrIoErr.Extend(10)
	ErrIoErrBlocked           = ErrIoErr.Extend(11)
	ErrIoErrNoMem             = ErrIoErr.Extend(12)
	ErrIoErrAccess            = ErrIoErr.Extend(13)
	ErrIoErrCheckReservedLock = ErrIoErr.Extend(14)
	ErrIoErrLock              = ErrIoErr.Extend(15)
	ErrIoErrClose             = ErrIoErr.Extend(16)
	ErrIoErrDirClose          = ErrIoErr.Extend(17)
	ErrIoErrSHMOpen           = ErrIoErr.Extend(18)
	ErrIoErrSHMSize           = ErrIoErr.Extend(19)
	ErrIoErrSHMLock           = ErrIoErr.Extend(20)
	ErrIoErrSHMMap            = ErrIoErr.Extend(21)
	ErrIoErrSeek              = ErrIoErr.Extend(22)
	ErrIoErrDeleteNoent       = ErrIoErr.Extend(23)
	ErrIoErrMMap              = ErrIoErr.Extend(24)
	ErrIoErrGetTempPath       = ErrIoErr.Extend(25)
	ErrIoErrConvPath          = ErrIoErr.Extend(26)
	ErrLockedSharedCache      = ErrLocked.Extend(1)
	ErrBusyRecovery           = ErrBusy.Extend(1)
	ErrBusySnapshot           = ErrBusy.Extend(2)
	ErrCantOpenNoTempDir      = ErrCantOpen.Extend(1)
	ErrCantOpenIsDir          = ErrCantOpen.Extend(2)
	ErrCantOpenFullPath       = ErrCantOpen.Extend(3)
	ErrCantOpenConvPath       = ErrCantOpen.Extend(4)
	ErrCorruptVTab            = ErrCorrupt.Extend(1)
	ErrReadonlyRecovery       = ErrReadonly.Extend(1)
	ErrReadonlyCantLock       = ErrReadonly.Extend(2)
	ErrReadonlyRollback       = ErrReadonly.Extend(3)
	ErrReadonlyDbMoved        = ErrReadonly.Extend(4)
	ErrAbortRollback          = ErrAbort.Extend(2)
	ErrConstraintCheck        = ErrConstraint.Extend(1)
	ErrConstraintCommitHook   = ErrConstraint.Extend(2)
	ErrConstraintForeignKey   = ErrConstraint.Extend(3)
	ErrConstraintFunction     = ErrConstraint.Extend(4)
	ErrConstraintNotNull      = ErrConstraint.Extend(5)
	ErrConstraintPrimaryKey   = ErrConstraint.Extend(6)
	ErrConstraintTrigger      = ErrConstraint.Extend(7)
	ErrConstraintUnique       = ErrConstraint.Extend(8)
	ErrConstraintVTab         = ErrConstraint.Extend(9)
	ErrConstraintRowID        = ErrConstraint.Extend(10)
	ErrNoticeRecoverWAL       = ErrNotice.Extend(1)
	ErrNoticeRecoverRollback  = ErrNotice.Extend(2)
	ErrWarningAutoIndex       = ErrWarning.Extend(1)
)
