package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	turso "github.com/turso-coop/turso-coop/driver"
)

// conn is a connection.
type conn struct {
	native turso.Conn

	// These end what a Register method has set, which the next call of that method does.
	removeCommit, removeRollback, removePreUpdate, removeAuthorizer func()
}

var (
	_ driver.ConnBeginTx        = (*conn)(nil)
	_ driver.ConnPrepareContext = (*conn)(nil)
	_ driver.NamedValueChecker  = (*conn)(nil)
	_ driver.Pinger             = (*conn)(nil)
	_ driver.SessionResetter    = (*conn)(nil)
	_ driver.Validator          = (*conn)(nil)
	_ AuthorizerRegisterer      = (*conn)(nil)
	_ DBStatus                  = (*conn)(nil)
	_ ExecQuerierContext        = (*conn)(nil)
	_ FileControl               = (*conn)(nil)
	_ HookRegisterer            = (*conn)(nil)
)

// Native returns the connection of the package driver, which can do more.
func (c *conn) Native() turso.Conn { return c.native }

func (c *conn) Ping(ctx context.Context) error             { return errorOf(c.native.Ping(ctx)) }
func (c *conn) CheckNamedValue(v *driver.NamedValue) error { return c.native.CheckNamedValue(v) }
func (c *conn) ResetSession(ctx context.Context) error     { return c.native.ResetSession(ctx) }
func (c *conn) IsValid() bool                              { return c.native.IsValid() }
func (c *conn) Close() error                               { return errorOf(c.native.Close()) }
func (c *conn) Begin() (driver.Tx, error)                  { return c.BeginTx(context.Background(), driver.TxOptions{}) }
func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	t, err := c.native.BeginTx(ctx, opts)
	if err != nil {
		return nil, errorOf(err)
	}
	return tx{t}, nil
}

func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	s, err := c.native.PrepareContext(ctx, query)
	if err != nil {
		return nil, errorOf(err)
	}
	return stmt{s, c}, nil
}

// Exec is for programs that hold a connection.
func (c *conn) Exec(query string, args []driver.Value) (driver.Result, error) {
	return c.ExecContext(context.Background(), query, named(args))
}

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	res, err := c.native.ExecContext(ctx, query, args)
	return res, errorOf(err)
}

// Query is for programs that hold a connection.
func (c *conn) Query(query string, args []driver.Value) (driver.Rows, error) {
	return c.QueryContext(context.Background(), query, named(args))
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	r, err := c.native.QueryContext(ctx, query, args)
	return rowsOf(r, err)
}

func named(args []driver.Value) []driver.NamedValue {
	list := make([]driver.NamedValue, len(args))
	for i, v := range args {
		list[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return list
}

// Limit sets a limit of a connection, unless newVal is negative, and returns what it was. id is one of lib.SQLITE_LIMIT_.
// A connection that another driver has wrapped is found if the wrappers have a method Unwrap() driver.Conn.
func Limit(c *sql.Conn, id int, newVal int) (r int, err error) {
	err = c.Raw(func(driverConn any) error {
		v := driverConn
		for {
			switch x := v.(type) {
			case *conn:
				r = x.native.Limit(sqlite3.LimitCategory(id), newVal)
				return nil
			case interface{ Unwrap() driver.Conn }:
				v = x.Unwrap()
			default:
				return fmt.Errorf("sqlite: Limit of a %T, which is no connection of this package", driverConn)
			}
		}
	})
	return r, err
}

// ColumnInfo describes a result column of a statement. The names of what it comes from are "" for an expression.
type ColumnInfo struct {
	Name         string
	DeclType     string
	DatabaseName string
	TableName    string
	OriginName   string
}

// ColumnInfo describes the result columns of the first statement of query, without running it.
func (c *conn) ColumnInfo(query string) ([]ColumnInfo, error) {
	s, _, err := c.native.Statement(context.Background(), query)
	if s == nil || err != nil {
		return nil, errorOf(err)
	}
	defer s.Close()
	info := make([]ColumnInfo, s.ColumnCount())
	for i := range info {
		database, table, column := s.ColumnOrigin(i)
		info[i] = ColumnInfo{s.ColumnName(i), s.ColumnDeclType(i), database, table, column}
	}
	return info, nil
}

// IsReadOnly reports whether a database of the connection cannot be written.
func (c *conn) IsReadOnly(schema string) (bool, error) {
	readOnly, ok := c.native.ReadOnly(schema)
	if !ok {
		return false, fmt.Errorf("sqlite: the connection has no database %q", schema)
	}
	return readOnly, nil
}

// FileControl tells the file of a database something, or asks it. The name "" is "main".
type FileControl interface {
	// FileControlPersistWAL sets, if mode is 0 or 1, whether the WAL stays when the last connection is closed, and returns
	// whether it does.
	FileControlPersistWAL(dbName string, mode int) (int, error)

	// FileControlDataVersion returns a number that changes with every change of the database.
	FileControlDataVersion(dbName string) (uint32, error)
}

func (c *conn) FileControlPersistWAL(dbName string, mode int) (int, error) {
	var arg []any
	if mode >= 0 {
		arg = []any{mode != 0}
	}
	answer, err := c.native.FileControl(dbName, sqlite3.FCNTL_PERSIST_WAL, arg...)
	if on, _ := answer.(bool); on {
		return 1, errorOf(err)
	}
	return 0, errorOf(err)
}

func (c *conn) FileControlDataVersion(dbName string) (uint32, error) {
	answer, err := c.native.FileControl(dbName, sqlite3.FCNTL_DATA_VERSION)
	version, _ := answer.(uint32)
	return version, errorOf(err)
}

// DBStatus tells counters of a connection.
type DBStatus interface {
	// Status returns a counter and its largest value so far: https://sqlite.org/c3ref/db_status.html
	Status(op DBStatusOp, reset bool) (current, high int, err error)
}

func (c *conn) Status(op DBStatusOp, reset bool) (current, high int, err error) {
	now, most, err := c.native.Status(sqlite3.DBStatus(op), reset)
	return int(now), int(most), errorOf(err)
}

// Serialize returns the main database as its file would be.
func (c *conn) Serialize() ([]byte, error) {
	content, err := c.native.Serialize(context.Background(), "main")
	return content, errorOf(err)
}

// Deserialize makes content, that of a file, the content of the main database, which must be in memory: the original
// would leave a file for a database in memory, here it would be written.
func (c *conn) Deserialize(content []byte) error {
	if name := c.native.Filename("main"); name != "" {
		return fmt.Errorf("sqlite: Deserialize would write to %s; open \":memory:\" instead, or use Native", name)
	}
	return errorOf(c.native.Deserialize(context.Background(), "main", content))
}
