package sqlite3

import (
	"errors"

	"github.com/ncruces/go-sqlite3"
)

// replace ends what a Register method has set before.
func replace(remove *func()) {
	if *remove != nil {
		(*remove)()
		*remove = nil
	}
}

// RegisterCommitHook sets the function that is called before a commit, nil for none. If it returns anything but 0 the
// transaction is rolled back. Hooks that were added through Native stay.
func (c *SQLiteConn) RegisterCommitHook(callback func() int) {
	if replace(&c.removeCommit); callback != nil {
		c.removeCommit = c.native.OnCommit(func() bool { return callback() == 0 })
	}
}

// RegisterRollbackHook sets the function that is called after a rollback, nil for none.
func (c *SQLiteConn) RegisterRollbackHook(callback func()) {
	if replace(&c.removeRollback); callback != nil {
		c.removeRollback = c.native.OnRollback(callback)
	}
}

// RegisterUpdateHook sets the function that is called for every row that was changed, nil for none. It is told
// SQLITE_INSERT, SQLITE_UPDATE or SQLITE_DELETE, the names of the database and the table, and the rowid.
func (c *SQLiteConn) RegisterUpdateHook(callback func(int, string, string, int64)) {
	if replace(&c.removeUpdate); callback != nil {
		c.removeUpdate = c.native.OnUpdate(func(op sqlite3.AuthorizerActionCode, schema, table string, rowID int64) {
			callback(int(op), schema, table, rowID)
		})
	}
}

// RegisterAuthorizer sets the function that is asked while statements are compiled, nil for none. It is told what is to
// be done, such as SQLITE_READ, two names, and that of the database; it answers SQLITE_OK, SQLITE_IGNORE or SQLITE_DENY.
func (c *SQLiteConn) RegisterAuthorizer(callback func(int, string, string, string) int) {
	if replace(&c.removeAuthorizer); callback != nil {
		c.removeAuthorizer = c.native.OnAuthorize(func(action sqlite3.AuthorizerActionCode, name3rd, name4th, schema, _ string) sqlite3.AuthorizerReturnCode {
			return sqlite3.AuthorizerReturnCode(callback(int(action), name3rd, name4th, schema))
		})
	}
}

// RegisterPreUpdateHook sets the function that is called before a row is changed, nil for none.
func (c *SQLiteConn) RegisterPreUpdateHook(callback func(SQLitePreUpdateData)) {
	if replace(&c.removePreUpdate); callback != nil {
		c.removePreUpdate = c.native.OnPreUpdate(func(d sqlite3.PreUpdateData) {
			callback(SQLitePreUpdateData{c, int(d.Op), d.Schema, d.Table, d.OldRowID, d.NewRowID, d})
		})
	}
}

// SQLitePreUpdateData says what a pre-update hook is called for. It is valid until the hook returns.
type SQLitePreUpdateData struct {
	Conn         *SQLiteConn
	Op           int
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

// Old puts the values that the row has into dest: int64, float64, []byte, also for TEXT, or nil.
func (d *SQLitePreUpdateData) Old(dest ...any) error {
	if d.Op == SQLITE_INSERT {
		return errors.New("sqlite3: a row that is inserted has no old values")
	}
	return d.row(dest, d.data.Old)
}

// New puts the values that the row will have into dest.
func (d *SQLitePreUpdateData) New(dest ...any) error {
	if d.Op == SQLITE_DELETE {
		return errors.New("sqlite3: a row that is deleted has no new values")
	}
	return d.row(dest, d.data.New)
}

func (d *SQLitePreUpdateData) row(dest []any, column func(int) (sqlite3.Value, error)) error {
	for i := range min(d.Count(), len(dest)) {
		v, err := column(i)
		if err != nil {
			return errorOf(err)
		}
		switch v.Type() {
		case sqlite3.INTEGER:
			dest[i] = v.Int64()
		case sqlite3.FLOAT:
			dest[i] = v.Float()
		case sqlite3.TEXT:
			dest[i] = []byte(v.Text())
		case sqlite3.BLOB:
			dest[i] = v.Blob(nil)
		default:
			dest[i] = nil
		}
	}
	return nil
}
