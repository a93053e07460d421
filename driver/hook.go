package driver

import "github.com/ncruces/go-sqlite3"

// Hooks call functions of the program when something happens on a connection. Of each kind there can be any number, of
// different users: each ends its own by calling remove, and none takes the place of another. They are called in the order
// in which they were added, in the goroutine that uses the connection, and must not use the connection themselves. A
// panic in one ends the connection. Hooks that are set on [Conn].Raw's connection take the place of all of these.
type Hooks interface {
	// OnUpdate adds a function that is called for every row of an ordinary table that was inserted, updated or deleted:
	// https://sqlite.org/c3ref/update_hook.html
	OnUpdate(f func(op sqlite3.AuthorizerActionCode, schema, table string, rowID int64)) (remove func())

	// OnPreUpdate adds a function that is called before a row is inserted, updated or deleted and can see its values:
	// https://sqlite.org/c3ref/preupdate_blobwrite.html
	OnPreUpdate(f func(sqlite3.PreUpdateData)) (remove func())

	// OnCommit adds a function that is asked before a transaction that has written commits. If it returns false the
	// transaction is rolled back, and functions behind it are not asked: https://sqlite.org/c3ref/commit_hook.html
	OnCommit(f func() (ok bool)) (remove func())

	// OnRollback adds a function that is called after a transaction was rolled back, other than by closing the
	// connection.
	OnRollback(f func()) (remove func())

	// OnWAL adds a function that is called after every commit to a database with a WAL, which then has so many pages.
	// An error becomes that of the statement; the commit stays: https://sqlite.org/c3ref/wal_hook.html. Checkpoints go on
	// as PRAGMA wal_autocheckpoint says.
	OnWAL(f func(schema string, pages int) error) (remove func())

	// OnAuthorize adds a function that is asked while statements are compiled, also those of this package (BEGIN and the
	// like). The strictest answer counts: https://sqlite.org/c3ref/set_authorizer.html
	OnAuthorize(f func(action sqlite3.AuthorizerActionCode, name3rd, name4th, schema, inner string) sqlite3.AuthorizerReturnCode) (remove func())

	// OnTrace adds a function that is called at the events of mask, with arguments as described for
	// (*sqlite3.Conn).Trace: https://sqlite.org/c3ref/trace_v2.html
	OnTrace(mask sqlite3.TraceEvent, f func(event sqlite3.TraceEvent, arg1, arg2 any) error) (remove func())
}
