package sqlite

import (
	"context"
	"errors"

	"github.com/ncruces/go-sqlite3"
)

// CommitHookFn is called before a commit. If it returns anything but 0 the transaction is rolled back.
type CommitHookFn func() int32

// RollbackHookFn is called after a rollback.
type RollbackHookFn func()

// PreUpdateHookFn is called before a row is changed.
type PreUpdateHookFn func(SQLitePreUpdateData)

// AuthorizerFn is asked while statements are compiled: https://sqlite.org/c3ref/set_authorizer.html
type AuthorizerFn func(action AuthorizerActionCode, arg1, arg2, databaseName, triggerOrView string) AuthorizerReturnCode

// HookRegisterer sets the hooks of a connection, one of each kind; nil is none. Hooks that were added through Native stay.
type HookRegisterer interface {
	RegisterPreUpdateHook(PreUpdateHookFn)
	RegisterCommitHook(CommitHookFn)
	RegisterRollbackHook(RollbackHookFn)
}

// AuthorizerRegisterer sets the authorizer of a connection; nil is none.
type AuthorizerRegisterer interface {
	RegisterAuthorizer(AuthorizerFn) error
}

// replace ends what a Register method has set before.
func replace(remove *func()) {
	if *remove != nil {
		(*remove)()
		*remove = nil
	}
}

func (c *conn) RegisterCommitHook(callback CommitHookFn) {
	if replace(&c.removeCommit); callback != nil {
		c.removeCommit = c.native.OnCommit(func() bool { return callback() == 0 })
	}
}

func (c *conn) RegisterRollbackHook(callback RollbackHookFn) {
	if replace(&c.removeRollback); callback != nil {
		c.removeRollback = c.native.OnRollback(callback)
	}
}

func (c *conn) RegisterPreUpdateHook(callback PreUpdateHookFn) {
	if replace(&c.removePreUpdate); callback != nil {
		c.removePreUpdate = c.native.OnPreUpdate(func(d sqlite3.PreUpdateData) {
			callback(SQLitePreUpdateData{
				Op: int32(d.Op), DatabaseName: d.Schema, TableName: d.Table,
				OldRowID: d.OldRowID, NewRowID: d.NewRowID, data: d,
			})
		})
	}
}

func (c *conn) RegisterAuthorizer(fn AuthorizerFn) error {
	if err := c.native.Ping(context.Background()); err != nil {
		return errorOf(err)
	}
	if replace(&c.removeAuthorizer); fn != nil {
		c.removeAuthorizer = c.native.OnAuthorize(func(action sqlite3.AuthorizerActionCode, name3rd, name4th, schema, inner string) sqlite3.AuthorizerReturnCode {
			return sqlite3.AuthorizerReturnCode(fn(AuthorizerActionCode(action), name3rd, name4th, schema, inner))
		})
	}
	return nil
}

// SQLitePreUpdateData says what a pre-update hook is called for. It is valid until the hook returns.
type SQLitePreUpdateData struct {
	Op           int32
	DatabaseName string
	TableName    string
	OldRowID     int64
	NewRowID     int64

	data sqlite3.PreUpdateData
}

// Depth returns how many triggers lie between the statement and the change.
func (d *SQLitePreUpdateData) Depth() int { return d.data.Depth() }

// Count returns the number of columns of the row.
func (d *SQLitePreUpdateData) Count() int { return d.data.Count() }

// Old puts the values that the row has into dest: int64, float64, string, []byte or nil.
func (d *SQLitePreUpdateData) Old(dest ...any) error {
	if d.data.Op == sqlite3.AUTH_INSERT {
		return errors.New("sqlite: a row that is inserted has no old values")
	}
	return d.row(dest, d.data.Old)
}

// New puts the values that the row will have into dest.
func (d *SQLitePreUpdateData) New(dest ...any) error {
	if d.data.Op == sqlite3.AUTH_DELETE {
		return errors.New("sqlite: a row that is deleted has no new values")
	}
	return d.row(dest, d.data.New)
}

func (d *SQLitePreUpdateData) row(dest []any, column func(int) (sqlite3.Value, error)) error {
	for i := range min(d.Count(), len(dest)) {
		v, err := column(i)
		if err != nil {
			return errorOf(err)
		}
		dest[i] = value(v)
	}
	return nil
}
