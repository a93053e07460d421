// Package sqlite is modernc.org/sqlite on turso-coop, for programs that use its types and functions: change the import
// path, and that of its folder lib, and they compile and behave as before.
//
//	import (
//		"github.com/turso-coop/turso-coop/driver/compat/modernc"
//		sqlite3 "github.com/turso-coop/turso-coop/driver/compat/modernc/lib"
//	)
//
//	var e *sqlite.Error
//	if errors.As(err, &e) && e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE {
//
// Unlike the original the package registers no driver: a program may hold the original as well, in a dependency, and a
// name can be registered once. Import its folder register for the name "sqlite", register a [Driver] under another name,
// use [NewConnector], or build with
//
//	-ldflags "-X github.com/turso-coop/turso-coop/driver/compat/modernc.driverName=sqlite"
//
// Values, the DSN, transactions and the texts of errors are those of modernc.org/sqlite, as the package driver has them
// under the name "turso-coop-modernc".
//
// # What the connection can do
//
// (*sql.Conn).Raw lends a connection that is a [HookRegisterer], an [AuthorizerRegisterer], a [DBStatus], a [FileControl],
// has Limit by [Limit], and the methods
//
//	NewBackup(dstURI string) (*Backup, error)
//	NewRestore(srcURI string) (*Backup, error)
//	Serialize() ([]byte, error)
//	Deserialize(content []byte) error
//	ColumnInfo(query string) ([]ColumnInfo, error)
//	IsReadOnly(schema string) (bool, error)
//
// and Native() driver.Conn, which leads to the connection of the package driver.
//
// # What is not here
//
// What belongs to another translation of SQLite to Go, or is always so here, does not compile:
//
//   - RegisterPageCache, PageCache, Cache, Page: PRAGMA cache_size is what there is.
//   - OFDLocking, Fdatasync: both are always on where the system has them.
//   - StrictPragmas: a _pragma may hold several statements.
//   - the folders vtab and vfs: SQLite's connection, which Native().Raw() returns, has CreateModule, and
//     github.com/ncruces/go-sqlite3/vfs registers file systems, such as vfs/readervfs.
//   - the folder vec: the extension vec1 is there without it; see the package driver.
//   - functions of SQLite in lib (Xsqlite3_…): lib has constants.
package sqlite

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
		sql.Register(driverName, packageDriver)
	}
}

// packageDriver is what the functions of the package register with.
var packageDriver = &Driver{}

// native is the driver below.
var native = turso.Driver{Compat: "modernc"}

// ExecQuerierContext is what a connection hook can do with a connection.
type ExecQuerierContext interface {
	driver.ExecerContext
	driver.QueryerContext
}

// ConnectionHookFn is called with a new connection and its DSN. An error closes the connection.
type ConnectionHookFn func(conn ExecQuerierContext, dsn string) error

// Driver opens connections and gives each what was registered with it. The zero value has nothing registered; what the
// functions of this package register goes to a driver of their own. Its methods may be called concurrently. What is
// registered reaches the connections that are opened later.
type Driver struct {
	mu         sync.Mutex
	functions  map[string]*FunctionImpl
	collations map[string]func(left, right string) int
	hooks      []ConnectionHookFn
}

var _ driver.DriverContext = (*Driver)(nil)

// Open opens one connection.
func (d *Driver) Open(name string) (driver.Conn, error) {
	c, err := d.OpenConnector(name)
	if err != nil {
		return nil, err
	}
	return c.Connect(context.Background())
}

// OpenConnector checks a DSN, for database/sql.
func (d *Driver) OpenConnector(name string) (driver.Connector, error) {
	c, err := native.OpenConnector(name)
	if err != nil {
		return nil, err
	}
	return &connector{c.(*turso.Connector), d, name}, nil
}

// NewConnector checks a DSN and returns what opens connections to it, for sql.OpenDB. They have what the functions of this
// package have registered.
func NewConnector(dsn string) (driver.Connector, error) { return packageDriver.OpenConnector(dsn) }

type connector struct {
	*turso.Connector
	driver *Driver
	dsn    string
}

func (c *connector) Driver() driver.Driver { return c.driver }

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	var opened *conn
	var refused error // by a hook, which is returned as it is
	inner := *c.Connector
	inner.ConnectHook = func(_ context.Context, native turso.Conn) (err error) {
		opened = &conn{native: native}
		err, refused = c.driver.setUp(opened, c.dsn)
		return err
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

// setUp gives a new connection what was registered. refused is the error if it is that of a hook.
func (d *Driver) setUp(c *conn, dsn string) (err, refused error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, f := range d.functions {
		if err := c.createFunction(name, f); err != nil {
			return err, nil
		}
	}
	for name, compare := range d.collations {
		err := c.native.CreateCollation(name, func(a, b []byte) int { return compare(string(a), string(b)) })
		if err != nil {
			return err, nil
		}
	}
	hooks := d.hooks
	d.mu.Unlock()
	defer d.mu.Lock() // hooks may register
	for _, hook := range hooks {
		if err := hook(c, dsn); err != nil {
			err = fmt.Errorf("connection hook: %w", err)
			return err, err
		}
	}
	return nil, nil
}

// RegisterFunction adds an SQL function. Each name can be registered once.
func (d *Driver) RegisterFunction(zFuncName string, impl *FunctionImpl) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case impl == nil || impl.Scalar == nil && impl.MakeAggregate == nil:
		return fmt.Errorf("sqlite: function %q has neither Scalar nor MakeAggregate", zFuncName)
	case d.functions[zFuncName] != nil:
		return fmt.Errorf("sqlite: function %q is registered already", zFuncName)
	case d.functions == nil:
		d.functions = map[string]*FunctionImpl{}
	}
	copied := *impl
	d.functions[zFuncName] = &copied
	return nil
}

// RegisterScalarFunction adds an SQL function with nArg arguments, any number of them if nArg is -1.
func (d *Driver) RegisterScalarFunction(zFuncName string, nArg int32, xFunc func(ctx *FunctionContext, args []driver.Value) (driver.Value, error)) error {
	return d.RegisterFunction(zFuncName, &FunctionImpl{NArgs: nArg, Scalar: xFunc})
}

// RegisterDeterministicScalarFunction is RegisterScalarFunction for a function whose result depends on nothing but its
// arguments.
func (d *Driver) RegisterDeterministicScalarFunction(zFuncName string, nArg int32, xFunc func(ctx *FunctionContext, args []driver.Value) (driver.Value, error)) error {
	return d.RegisterFunction(zFuncName, &FunctionImpl{NArgs: nArg, Scalar: xFunc, Deterministic: true})
}

// RegisterCollationUtf8 adds an order of text. impl returns a negative number if left comes before right. Each name can be
// registered once.
func (d *Driver) RegisterCollationUtf8(zName string, impl func(left, right string) int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case impl == nil:
		return fmt.Errorf("sqlite: collation %q has no function", zName)
	case d.collations[zName] != nil:
		return fmt.Errorf("sqlite: collation %q is registered already", zName)
	case d.collations == nil:
		d.collations = map[string]func(left, right string) int{}
	}
	d.collations[zName] = impl
	return nil
}

// RegisterConnectionHook adds a function that is called for each new connection, after everything else.
func (d *Driver) RegisterConnectionHook(fn ConnectionHookFn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hooks = append(d.hooks[:len(d.hooks):len(d.hooks)], fn)
}

// must panics if err is not nil.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// MustRegisterFunction is RegisterFunction, but panics on an error.
func (d *Driver) MustRegisterFunction(zFuncName string, impl *FunctionImpl) {
	must(d.RegisterFunction(zFuncName, impl))
}

// MustRegisterScalarFunction is RegisterScalarFunction, but panics on an error.
func (d *Driver) MustRegisterScalarFunction(zFuncName string, nArg int32, xFunc func(ctx *FunctionContext, args []driver.Value) (driver.Value, error)) {
	must(d.RegisterScalarFunction(zFuncName, nArg, xFunc))
}

// MustRegisterDeterministicScalarFunction is RegisterDeterministicScalarFunction, but panics on an error.
func (d *Driver) MustRegisterDeterministicScalarFunction(zFuncName string, nArg int32, xFunc func(ctx *FunctionContext, args []driver.Value) (driver.Value, error)) {
	must(d.RegisterDeterministicScalarFunction(zFuncName, nArg, xFunc))
}

// MustRegisterCollationUtf8 is RegisterCollationUtf8, but panics on an error.
func (d *Driver) MustRegisterCollationUtf8(zName string, impl func(left, right string) int) {
	must(d.RegisterCollationUtf8(zName, impl))
}

// RegisterFunction adds an SQL function to the connections of this package.
func RegisterFunction(zFuncName string, impl *FunctionImpl) error {
	return packageDriver.RegisterFunction(zFuncName, impl)
}

// MustRegisterFunction is RegisterFunction, but panics on an error.
func MustRegisterFunction(zFuncName string, impl *FunctionImpl) {
	packageDriver.MustRegisterFunction(zFuncName, impl)
}

// RegisterScalarFunction adds an SQL function to the connections of this package.
func RegisterScalarFunction(zFuncName string, nArg int32, xFunc func(ctx *FunctionContext, args []driver.Value) (driver.Value, error)) error {
	return packageDriver.RegisterScalarFunction(zFuncName, nArg, xFunc)
}

// MustRegisterScalarFunction is RegisterScalarFunction, but panics on an error.
func MustRegisterScalarFunction(zFuncName string, nArg int32, xFunc func(ctx *FunctionContext, args []driver.Value) (driver.Value, error)) {
	packageDriver.MustRegisterScalarFunction(zFuncName, nArg, xFunc)
}

// RegisterDeterministicScalarFunction adds an SQL function whose result depends on nothing but its arguments to the
// connections of this package.
func RegisterDeterministicScalarFunction(zFuncName string, nArg int32, xFunc func(ctx *FunctionContext, args []driver.Value) (driver.Value, error)) error {
	return packageDriver.RegisterDeterministicScalarFunction(zFuncName, nArg, xFunc)
}

// MustRegisterDeterministicScalarFunction is RegisterDeterministicScalarFunction, but panics on an error.
func MustRegisterDeterministicScalarFunction(zFuncName string, nArg int32, xFunc func(ctx *FunctionContext, args []driver.Value) (driver.Value, error)) {
	packageDriver.MustRegisterDeterministicScalarFunction(zFuncName, nArg, xFunc)
}

// RegisterCollationUtf8 adds an order of text to the connections of this package.
func RegisterCollationUtf8(zName string, impl func(left, right string) int) error {
	return packageDriver.RegisterCollationUtf8(zName, impl)
}

// MustRegisterCollationUtf8 is RegisterCollationUtf8, but panics on an error.
func MustRegisterCollationUtf8(zName string, impl func(left, right string) int) {
	packageDriver.MustRegisterCollationUtf8(zName, impl)
}

// RegisterConnectionHook adds a function that is called for each new connection of this package.
func RegisterConnectionHook(fn ConnectionHookFn) { packageDriver.RegisterConnectionHook(fn) }
