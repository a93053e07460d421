package driver

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
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
	holder string
}

// Error returns SQLite's message without a prefix, as in "UNIQUE constraint failed: t.a", and behind it the text of the
// operating system's error if there is one, or what Holder returns. If a context ended the statement it is that context's error text. Drivers
// with other names, see [Driver], write what the drivers that they stand in for write.
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

// Holder says in words, as they are also in the text of the error, who holds the lock that could not be had: which
// connection of this process, what it does and for how long; or which other process, if the operating system knows. If the
// lock cannot be had because of what the own transaction has read, it says so. It is "" if nothing is known, as when the
// lock was given up in the meantime.
func (e *Error) Holder() string { return e.holder }

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

// MarshalJSON writes the fields of the error of github.com/mattn/go-sqlite3, in which GORM's dialect looks for the code.
func (e *Error) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct{ Code, ExtendedCode, SystemErrno int }{e.PrimaryCode(), e.code, int(e.errno)})
}

// As fills a struct named Error of a package whose import path ends in /go-sqlite3 (or of driver/compat/mattn), if it has
// fields for the codes as that of github.com/mattn/go-sqlite3: errors.As finds what a program written for that package
// looks for. target may also point to a pointer to such a struct.
func (e *Error) As(target any) bool {
	v := reflect.ValueOf(target)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return false
	}
	v = v.Elem()
	if v.Kind() != reflect.Pointer {
		return e.fill(v)
	}
	if v.Type().Elem().Kind() != reflect.Struct {
		return false
	}
	found := reflect.New(v.Type().Elem())
	if !e.fill(found.Elem()) {
		return false
	}
	v.Set(found)
	return true
}

// fill fills v if it is of a type that As describes.
func (e *Error) fill(v reflect.Value) bool {
	t := v.Type()
	if t.Kind() != reflect.Struct || t.Name() != "Error" {
		return false
	}
	if path := t.PkgPath(); !strings.HasSuffix(path, "/go-sqlite3") && !strings.HasSuffix(path, "/driver/compat/mattn") {
		return false
	}
	code, extended := v.FieldByName("Code"), v.FieldByName("ExtendedCode")
	if !code.CanInt() || !code.CanSet() || !extended.CanInt() || !extended.CanSet() {
		return false
	}
	code.SetInt(int64(e.PrimaryCode()))
	extended.SetInt(int64(e.code))
	if errno := v.FieldByName("SystemErrno"); errno.CanUint() && errno.CanSet() {
		errno.SetUint(uint64(e.errno))
	}
	return true
}

// newError makes an *Error of what internal/conn or SQLite's binding returned about the statement at offset base of
// text, with the text that p gives it. db, if it is not nil, knows what failed on its files. An *Error stays what it is.
func newError(err error, p *profile, db *sqlite3.Conn, text string, base int) *Error {
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
	var elsewhere *conn.FileError
	if errors.As(err, &elsewhere) {
		system = elsewhere.Failure
	}
	if db != nil {
		if failure := vfs.LastError(db, sqlite3.ExtendedErrorCode(e.code)); failure != nil {
			system = failure
			e.err = fmt.Errorf("%w: %w", err, failure)
		}
	}
	errors.As(system, &e.errno)
	switch sqlite3.ExtendedErrorCode(e.code) {
	case sqlite3.CANTOPEN_FULLPATH, sqlite3.CANTOPEN_ISDIR:
		e.code = int(sqlite3.CANTOPEN) // which is all that C builds of SQLite say; the rest is in the system's error
	}
	e.msg = e.textOf(err, full, system, p.text)
	return e
}

// nameHolder says in e, which says that a database is locked, by whom, unless e says that a context has ended.
func (e *Error) nameHolder(c *conn.Conn) {
	if e.holder != "" {
		return
	}
	if e.code == int(sqlite3.BUSY_SNAPSHOT) {
		e.setHolder("another connection has written since this transaction began to read; take the write lock first, with _txlock=immediate, WithTxLock or RunTx")
	} else {
		e.setHolder(c.Holder())
	}
}

func (e *Error) setHolder(holder string) {
	e.holder = holder
	if holder != "" && !errors.Is(e.err, context.Canceled) && !errors.Is(e.err, context.DeadlineExceeded) {
		e.msg += ": " + e.holder
	}
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
	case errors.Is(err, conn.ErrClosed), errors.Is(err, conn.ErrStmtClosed),
		errors.Is(err, conn.ErrBlobClosed), errors.Is(err, conn.ErrBackupClosed):
		return sqlite3.MISUSE.ExtendedCode()
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return sqlite3.INTERRUPT.ExtendedCode()
	}
	return sqlite3.ERROR.ExtendedCode()
}

// textOf chooses the text of an error: write's, if SQLite has found it.
func (e *Error) textOf(err error, full *sqlite3.Error, system error, write errorText) string {
	var t parts
	for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, end) {
			t.context = end.Error()
		}
	}
	var code sqlite3.ExtendedErrorCode
	if !errors.As(err, &code) || e.code == int(sqlite3.INTERNAL) {
		return cmp.Or(t.context, err.Error())
	}
	t.code, t.general = e.code, strings.TrimPrefix(sqlite3.ExtendedErrorCode(e.code).Error(), bindingPrefix)
	t.message = strings.TrimPrefix(err.Error(), bindingPrefix)
	if full != nil {
		// The binding writes the code's text, then SQLite's message if that says more, then the system's error.
		t.message = full.Error()
		if last := full.Unwrap(); last != nil {
			t.message = strings.TrimSuffix(t.message, ": "+last.Error())
		}
		if own, ok := strings.CutPrefix(t.message, full.ExtendedCode().Error()+": "); ok {
			t.message = own
		}
		t.message = strings.TrimPrefix(t.message, bindingPrefix)
	}
	switch {
	case system == nil:
	case e.PrimaryCode() == int(sqlite3.FULL):
		// The file that could not grow: a journal or temporary file may be on another disk than the database.
		t.system = strings.TrimPrefix(system.Error(), "vfs: ")
	case e.errno != 0:
		t.system = e.errno.Error()
	default:
		t.system = system.Error()
	}
	return write(t)
}

// bindingPrefix is what the binding's texts begin with.
const bindingPrefix = "sqlite3: "

// parts are what there is to say of an error that SQLite has found. Each may be "".
type parts struct {
	code    int
	general string // the text of the code
	message string // what SQLite has to say beyond it, or the same
	system  string // the operating system's error
	context string // the error of the context that ended the statement
}

// errorText makes an error's text.
type errorText func(parts) string

// plainText is SQLite's message and the system's error.
func plainText(t parts) string {
	if t.context != "" {
		return t.context
	}
	return withSystem(t.message, t.system)
}

// codeBehind is the text of the code, SQLite's message if it says more, and the code in parentheses.
func codeBehind(t parts) string {
	if t.context != "" {
		return t.context
	}
	text := t.general
	if t.message != t.general {
		text += ": " + t.message
	}
	if t.code == int(sqlite3.FULL) {
		text = withSystem(text, t.system)
	}
	text += fmt.Sprintf(" (%d)", t.code)
	if t.code == int(sqlite3.BUSY) {
		text += " (SQLITE_BUSY)"
	}
	return text
}

// codeBefore is the binding's text: a prefix, the text of the code, SQLite's message and the system's error. An
// interrupted statement says so, not why.
func codeBefore(t parts) string {
	text := bindingPrefix + t.general
	if t.message != t.general && t.context == "" {
		text += ": " + t.message
	}
	return withSystem(text, t.system)
}

func withSystem(text, system string) string {
	if system == "" {
		return text
	}
	return text + ": " + system
}
