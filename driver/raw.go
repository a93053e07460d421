package driver

import (
	"context"
	sqldriver "database/sql/driver"

	"github.com/ncruces/go-sqlite3"
)

// Conn is what (*sql.Conn).Raw lends: one connection to SQLite, for what database/sql cannot say. It is valid until
// the function passed to Raw returns, for one goroutine at a time. What is set on it (functions, hooks, limits) stays when
// the pool lends it to others; [Connector].ConnectHook sets every connection up alike.
type Conn interface {
	Backups
	Controls
	Functions
	Hooks

	sqldriver.Conn
	sqldriver.ConnBeginTx
	sqldriver.ConnPrepareContext
	sqldriver.ExecerContext
	sqldriver.QueryerContext
	sqldriver.NamedValueChecker
	sqldriver.Pinger
	sqldriver.SessionResetter
	sqldriver.Validator

	// Statement compiles the first SQL statement of sql, outside database/sql's conversions of values, and returns
	// the text that follows it. A nil Statement with a nil error means that sql holds only white space, comments and
	// semicolons. An error is an *Error.
	Statement(ctx context.Context, sql string) (s Statement, tail string, err error)

	// OpenBlob opens one value of a table for reading, and for writing if write is set: https://sqlite.org/c3ref/blob_open.html.
	// ctx also ends the calls of the Blob. An error is an *Error.
	OpenBlob(ctx context.Context, schema, table, column string, row int64, write bool) (Blob, error)

	// Raw returns the bare connection, nil once it is closed. Do not step statements through it while database/sql
	// or a Statement runs one.
	Raw() *sqlite3.Conn

	// Stats returns what was done so far.
	Stats() Stats
}

// Statement is one compiled SQL statement. Methods that return no error return a zero value once the statement or
// its connection is closed. Errors are *Error.
type Statement interface {
	// SQL returns the text of this one statement.
	SQL() string

	// ReadOnly reports whether the statement makes no direct change to a database
	// (https://sqlite.org/c3ref/stmt_readonly.html).
	ReadOnly() bool

	// BindCount returns the largest index of a parameter.
	BindCount() int

	// BindName returns the name of parameter i with its prefix, "" if it has none. The first parameter is 1.
	BindName(i int) string

	// Bind gives parameter i a copy of v: nil, int64, float64, string, []byte, bool or time.Time. The statement must
	// not be running: Reset it first. Values stay bound until bound again.
	Bind(i int, v any) error

	// ColumnCount returns the number of result columns, 0 if the statement returns no rows.
	ColumnCount() int

	// ColumnName returns the name of result column i; the first is 0.
	ColumnName(i int) string

	// ColumnDeclType returns the declared type of the table column behind result column i, "" if there is none.
	ColumnDeclType(i int) string

	// ColumnOrigin returns the names of the database, table and column that result column i is; "" if it is none.
	ColumnOrigin(i int) (database, table, column string)

	// Step runs the statement up to its next row; row is false at its end. The statement stops with an error that
	// wraps ctx.Err() when ctx ends.
	Step(ctx context.Context) (row bool, err error)

	// ColumnType returns the storage class of column i of the current row, sqlite3.NULL if there is none.
	ColumnType(i int) sqlite3.Datatype

	// Column returns column i of the current row exactly as stored: int64, float64, string, []byte (a copy) or nil.
	Column(i int) any

	// Reset ends the current run, so that the statement gives its locks back and can run again.
	Reset() error

	// Close frees the statement. Closing it again does nothing.
	Close() error
}

// statement is the Statement of a session: a statement of internal/conn whose errors are *Error.
type statement struct {
	*query
	row    []any // the current row, read as a whole when first asked for
	hasRow bool  // the statement stands on a row
	read   bool  // row holds it
}

var _ Statement = (*statement)(nil)

func (c *session) Statement(ctx context.Context, sql string) (Statement, string, error) {
	s, tail, err := c.Conn.Prepare(ctx, sql)
	if s == nil || err != nil {
		return nil, "", c.fail(err, sql, 0)
	}
	return &statement{query: &query{Stmt: s, c: c, text: sql}}, tail, nil
}

func (s *statement) Bind(i int, v any) error { return s.fail(s.Stmt.Bind(i, v)) }

func (s *statement) Step(ctx context.Context) (bool, error) {
	var err error
	if !s.hasRow {
		if err := s.c.inTransaction(); err != nil {
			return false, err
		}
	}
	s.read = false
	s.hasRow, err = s.Stmt.Step(ctx)
	return s.hasRow, s.fail(err)
}

func (s *statement) ColumnType(i int) sqlite3.Datatype {
	switch s.Column(i).(type) {
	case int64:
		return sqlite3.INTEGER
	case float64:
		return sqlite3.FLOAT
	case string:
		return sqlite3.TEXT
	case []byte:
		return sqlite3.BLOB
	}
	return sqlite3.NULL
}

func (s *statement) Column(i int) any {
	if !s.hasRow {
		return nil
	}
	if !s.read {
		if n := s.ColumnCount(); len(s.row) != n {
			s.row = make([]any, n)
		}
		if err := s.Stmt.Columns(s.row); err != nil {
			clear(s.row)
		}
		s.read = true
	}
	if i < 0 || i >= len(s.row) {
		return nil
	}
	return s.row[i]
}

func (s *statement) Reset() error {
	s.hasRow = false
	return s.fail(s.Stmt.Reset())
}

func (s *statement) Close() error {
	s.hasRow = false
	return s.fail(s.Stmt.Close())
}
