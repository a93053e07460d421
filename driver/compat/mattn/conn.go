package sqlite3

import (
	"context"
	"database/sql/driver"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	turso "github.com/turso-coop/turso-coop/driver"
)

// SQLiteConn is a connection: what (*sql.Conn).Raw lends, and what a ConnectHook is given.
type SQLiteConn struct {
	native turso.Conn

	// These end what a Register method has set, which the next call of that method does.
	removeCommit, removeRollback, removeUpdate, removePreUpdate, removeAuthorizer func()
}

var (
	_ driver.ConnBeginTx        = (*SQLiteConn)(nil)
	_ driver.ConnPrepareContext = (*SQLiteConn)(nil)
	_ driver.ExecerContext      = (*SQLiteConn)(nil)
	_ driver.QueryerContext     = (*SQLiteConn)(nil)
	_ driver.NamedValueChecker  = (*SQLiteConn)(nil)
	_ driver.Pinger             = (*SQLiteConn)(nil)
	_ driver.SessionResetter    = (*SQLiteConn)(nil)
	_ driver.Validator          = (*SQLiteConn)(nil)
)

// Native returns the connection of the package driver, which can do more.
func (c *SQLiteConn) Native() turso.Conn { return c.native }

// Ping implements driver.Pinger.
func (c *SQLiteConn) Ping(ctx context.Context) error { return errorOf(c.native.Ping(ctx)) }

// Begin starts a transaction.
func (c *SQLiteConn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// BeginTx implements driver.ConnBeginTx.
func (c *SQLiteConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := c.native.BeginTx(ctx, opts)
	if err != nil {
		return nil, errorOf(err)
	}
	return &SQLiteTx{tx}, nil
}

// Prepare compiles a statement.
func (c *SQLiteConn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// PrepareContext implements driver.ConnPrepareContext.
func (c *SQLiteConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	s, err := c.native.PrepareContext(ctx, query)
	if err != nil {
		return nil, errorOf(err)
	}
	return &SQLiteStmt{c, s, query}, nil
}

// Exec runs every statement of query.
func (c *SQLiteConn) Exec(query string, args []driver.Value) (driver.Result, error) {
	return c.ExecContext(context.Background(), query, named(args))
}

// ExecContext implements driver.ExecerContext.
func (c *SQLiteConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	res, err := c.native.ExecContext(ctx, query, args)
	return resultOf(res, err)
}

// Query runs every statement of query and returns the rows of the last one.
func (c *SQLiteConn) Query(query string, args []driver.Value) (driver.Rows, error) {
	return c.QueryContext(context.Background(), query, named(args))
}

// QueryContext implements driver.QueryerContext.
func (c *SQLiteConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.native.QueryContext(ctx, query, args)
	return rowsOf(rows, err)
}

func named(args []driver.Value) []driver.NamedValue {
	list := make([]driver.NamedValue, len(args))
	for i, v := range args {
		list[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return list
}

// CheckNamedValue implements driver.NamedValueChecker.
func (c *SQLiteConn) CheckNamedValue(v *driver.NamedValue) error { return c.native.CheckNamedValue(v) }

// ResetSession implements driver.SessionResetter.
func (c *SQLiteConn) ResetSession(ctx context.Context) error { return c.native.ResetSession(ctx) }

// IsValid implements driver.Validator.
func (c *SQLiteConn) IsValid() bool { return c.native.IsValid() }

// Close closes the connection.
func (c *SQLiteConn) Close() error { return errorOf(c.native.Close()) }

// open reports whether the connection is open.
func (c *SQLiteConn) open() bool { return c.native.Raw() != nil }

// AutoCommit reports whether no transaction is open; false once the connection is closed.
func (c *SQLiteConn) AutoCommit() bool { return c.open() && c.native.Autocommit() }

// GetFilename returns the path of the file of a database, "" if it has none. The schema "" is "main".
func (c *SQLiteConn) GetFilename(schemaName string) string { return c.native.Filename(schemaName) }

// GetLimit returns a limit of the connection, one of SQLITE_LIMIT_; -1 once the connection is closed.
func (c *SQLiteConn) GetLimit(id int) int { return c.SetLimit(id, -1) }

// SetLimit sets a limit, unless newVal is negative, and returns what it was.
func (c *SQLiteConn) SetLimit(id int, newVal int) int {
	return c.native.Limit(sqlite3.LimitCategory(id), newVal)
}

// SetFileControlInt tells the file of a database something. op is SQLITE_FCNTL_RESERVE_BYTES, _PERSIST_WAL or
// _POWERSAFE_OVERWRITE, or _CHUNK_SIZE, a hint that changes nothing here; others are an error.
func (c *SQLiteConn) SetFileControlInt(dbName string, op int, arg int) error {
	var value any = arg
	switch op {
	case SQLITE_FCNTL_CHUNK_SIZE:
		return c.Ping(context.Background())
	case SQLITE_FCNTL_RESERVE_BYTES:
	case SQLITE_FCNTL_PERSIST_WAL, SQLITE_FCNTL_POWERSAFE_OVERWRITE:
		if arg < 0 {
			return c.Ping(context.Background()) // asks for what this method does not return
		}
		value = arg != 0
	default:
		return fmt.Errorf("sqlite3: the file control %d is not available", op)
	}
	_, err := c.native.FileControl(dbName, sqlite3.FcntlOpcode(op), value)
	return errorOf(err)
}

// LoadExtension fails: libraries in machine code cannot be loaded.
func (c *SQLiteConn) LoadExtension(lib string, entry string) error { return cannotLoad(lib) }

// Serialize returns a database as its file would be. The schema "" is "main".
func (c *SQLiteConn) Serialize(schema string) ([]byte, error) {
	content, err := c.native.Serialize(context.Background(), schema)
	return content, errorOf(err)
}

// Deserialize makes b, the content of a file, the content of a database in memory. A database in a file is refused: the
// original would leave the file for a database in memory, here the file would be written.
func (c *SQLiteConn) Deserialize(b []byte, schema string) error {
	if name := c.native.Filename(schema); name != "" {
		return fmt.Errorf("sqlite3: Deserialize would write to %s; open \":memory:\" instead, or use Native", name)
	}
	return errorOf(c.native.Deserialize(context.Background(), schema, b))
}

// RegisterFunc makes a Go function an SQL function: see RegisterFunc of the package driver.
func (c *SQLiteConn) RegisterFunc(name string, impl any, pure bool) error {
	return errorOf(c.native.RegisterFunc(name, impl, pure))
}

// RegisterAggregator makes a Go type an aggregate function: see RegisterAggregator of the package driver.
func (c *SQLiteConn) RegisterAggregator(name string, impl any, pure bool) error {
	return errorOf(c.native.RegisterAggregator(name, impl, pure))
}

// RegisterCollation adds an order of text. cmp returns a negative number if the first text comes before the second.
func (c *SQLiteConn) RegisterCollation(name string, cmp func(string, string) int) error {
	return errorOf(c.native.CreateCollation(name, func(a, b []byte) int { return cmp(string(a), string(b)) }))
}
