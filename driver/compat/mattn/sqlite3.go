// Package sqlite3 is github.com/mattn/go-sqlite3 on turso-coop, for programs that use its types: change the import path,
// and they compile and behave as before.
//
//	import sqlite3 "github.com/turso-coop/turso-coop/driver/compat/mattn"
//
//	sql.Register("sqlite3_app", &sqlite3.SQLiteDriver{
//		ConnectHook: func(c *sqlite3.SQLiteConn) error { return c.RegisterFunc("half", half, true) },
//	})
//
// Unlike the original the package registers no driver: a program may hold the original as well, in a dependency, and a
// name can be registered once. Import its folder register for the name "sqlite3", register another name as above, or
// build with
//
//	-ldflags "-X github.com/turso-coop/turso-coop/driver/compat/mattn.driverName=sqlite3"
//
// Errors are values of type [Error], as of the original; those of a context are the context's own. Everything else is
// described in the package driver, whose default this is: github.com/turso-coop/turso-coop/driver.
//
// # What is not here
//
// What SQLite translated to Go cannot do, or does in another way, does not compile:
//
//   - SQLiteContext and virtual tables (CreateModule, VTab): [SQLiteConn.Native] leads to SQLite's connection and its
//     CreateModule.
//   - SetTrace: Native has OnTrace.
//   - SetFileControlInt64: its opcodes are about memory-mapped files, which are not used, and the size of databases in
//     memory. PRAGMA max_page_count limits that.
//   - Authenticate, AuthUserAdd and the rest of user authentication, CryptEncoderSHA1 and its like: SQLite has given the
//     extension up.
//   - ErrNoMask: & 0xff.
//
// Libraries in machine code cannot be loaded: SQLiteDriver.Extensions and LoadExtension are there, and fail. The package
// wasmext loads WebAssembly modules.
package sqlite3

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"sync"

	turso "github.com/turso-coop/turso-coop/driver"
)

// driverName is a name to register; see the package's description. "" registers none.
var driverName string

func init() {
	if driverName != "" {
		sql.Register(driverName, &SQLiteDriver{})
	}
}

// SQLiteDriver opens connections.
type SQLiteDriver struct {
	// Extensions must be empty: libraries in machine code cannot be loaded.
	Extensions []string

	// ConnectHook, if it is not nil, sets a new connection up.
	ConnectHook func(*SQLiteConn) error
}

var _ driver.DriverContext = (*SQLiteDriver)(nil)

// Open opens one connection, a *SQLiteConn.
func (d *SQLiteDriver) Open(dsn string) (driver.Conn, error) {
	c, err := d.OpenConnector(dsn)
	if err != nil {
		return nil, err
	}
	return c.Connect(context.Background())
}

// OpenConnector checks a DSN, for database/sql.
func (d *SQLiteDriver) OpenConnector(dsn string) (driver.Connector, error) {
	c, err := turso.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return &connector{c, d}, nil
}

type connector struct {
	*turso.Connector
	driver *SQLiteDriver
}

func (c *connector) Driver() driver.Driver { return c.driver }

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	if len(c.driver.Extensions) > 0 {
		return nil, cannotLoad(c.driver.Extensions[0])
	}
	var opened *SQLiteConn
	var refused error // by the hook, which is returned as it is
	inner := *c.Connector
	inner.ConnectHook = func(_ context.Context, native turso.Conn) error {
		opened = &SQLiteConn{native: native}
		if c.driver.ConnectHook != nil {
			refused = c.driver.ConnectHook(opened)
		}
		return refused
	}
	_, err := inner.Connect(ctx)
	switch {
	case refused != nil:
		return nil, refused
	case err != nil:
		return nil, errorOf(err)
	}
	return opened, nil
}

func cannotLoad(library string) error {
	return fmt.Errorf("sqlite3: %s cannot be loaded: SQLite in Go loads no libraries in machine code; the package wasmext loads WebAssembly modules", library)
}

// SQLiteTimestampFormats are layouts of times in text: the first is that of the times that are written, and all are read,
// among others. Changing it changes nothing.
var SQLiteTimestampFormats = []string{
	"2006-01-02 15:04:05.999999999-07:00", "2006-01-02T15:04:05.999999999-07:00",
	"2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05", "2006-01-02T15:04:05",
	"2006-01-02 15:04", "2006-01-02T15:04",
	"2006-01-02",
}

// Version returns SQLite's version, as text and as a number, and the identifier of its source.
func Version() (libVersion string, libVersionNumber int, sourceID string) {
	v := version()
	return v.text, v.number, v.source
}

type versionOf struct {
	text, source string
	number       int
}

// version asks a connection once.
var version = sync.OnceValue(func() (v versionOf) {
	c, err := turso.NewConnector(":memory:")
	if err != nil {
		return v
	}
	db := sql.OpenDB(c)
	defer db.Close()
	if err := db.QueryRow("SELECT sqlite_version(), sqlite_source_id()").Scan(&v.text, &v.source); err != nil {
		return v
	}
	var major, minor, patch int
	if _, err := fmt.Sscanf(v.text, "%d.%d.%d", &major, &minor, &patch); err == nil {
		v.number = major*1_000_000 + minor*1000 + patch
	}
	return v
})
