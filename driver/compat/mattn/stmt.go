package sqlite3

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"reflect"
	"strings"
)

// SQLiteStmt is a prepared statement.
type SQLiteStmt struct {
	c      *SQLiteConn
	native driver.Stmt
	text   string
}

var (
	_ driver.StmtExecContext   = (*SQLiteStmt)(nil)
	_ driver.StmtQueryContext  = (*SQLiteStmt)(nil)
	_ driver.NamedValueChecker = (*SQLiteStmt)(nil)
)

// Close frees the statement.
func (s *SQLiteStmt) Close() error { return errorOf(s.native.Close()) }

// NumInput returns -1: the statement counts its arguments itself, since one with a name can stand for several.
func (s *SQLiteStmt) NumInput() int { return s.native.NumInput() }

// CheckNamedValue implements driver.NamedValueChecker.
func (s *SQLiteStmt) CheckNamedValue(v *driver.NamedValue) error { return s.c.CheckNamedValue(v) }

// Exec runs the statement.
func (s *SQLiteStmt) Exec(args []driver.Value) (driver.Result, error) {
	return s.ExecContext(context.Background(), named(args))
}

// ExecContext implements driver.StmtExecContext.
func (s *SQLiteStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	res, err := s.native.(driver.StmtExecContext).ExecContext(ctx, args)
	return resultOf(res, err)
}

// Query runs the statement and returns its rows.
func (s *SQLiteStmt) Query(args []driver.Value) (driver.Rows, error) {
	return s.QueryContext(context.Background(), named(args))
}

// QueryContext implements driver.StmtQueryContext.
func (s *SQLiteStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := s.native.(driver.StmtQueryContext).QueryContext(ctx, args)
	return rowsOf(rows, err)
}

// Readonly reports whether the statement makes no direct change to a database.
func (s *SQLiteStmt) Readonly() bool {
	st, _, err := s.c.native.Statement(context.Background(), s.text)
	if st == nil || err != nil {
		return false
	}
	defer st.Close()
	return st.ReadOnly()
}

// SQLiteResult is the result of a statement.
type SQLiteResult struct{ native driver.Result }

func resultOf(res driver.Result, err error) (driver.Result, error) {
	if err != nil {
		return nil, errorOf(err)
	}
	return &SQLiteResult{res}, nil
}

// LastInsertId returns the rowid of the last row inserted.
func (r *SQLiteResult) LastInsertId() (int64, error) { return r.native.LastInsertId() }

// RowsAffected returns how many rows were changed.
func (r *SQLiteResult) RowsAffected() (int64, error) { return r.native.RowsAffected() }

// SQLiteTx is a transaction.
type SQLiteTx struct{ native driver.Tx }

// Commit commits the transaction; if that fails it is rolled back.
func (tx *SQLiteTx) Commit() error { return errorOf(tx.native.Commit()) }

// Rollback rolls the transaction back.
func (tx *SQLiteTx) Rollback() error { return errorOf(tx.native.Rollback()) }

// nativeRows is what the rows of the package driver are.
type nativeRows interface {
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeNullable
	driver.RowsColumnTypeScanType
}

// SQLiteRows are the rows of a statement.
type SQLiteRows struct{ native nativeRows }

var _ nativeRows = (*SQLiteRows)(nil)

func rowsOf(rows driver.Rows, err error) (driver.Rows, error) {
	if err != nil {
		return nil, errorOf(err)
	}
	native, ok := rows.(nativeRows)
	if !ok {
		return nil, errors.Join(errors.New("sqlite3: rows without column types"), rows.Close())
	}
	return &SQLiteRows{native}, nil
}

// Columns returns the names of the columns.
func (rc *SQLiteRows) Columns() []string { return rc.native.Columns() }

// DeclTypes returns the declared types of the columns in lower case, "" where there is none.
func (rc *SQLiteRows) DeclTypes() []string {
	types := make([]string, len(rc.native.Columns()))
	for i := range types {
		types[i] = strings.ToLower(rc.native.ColumnTypeDatabaseTypeName(i))
	}
	return types
}

// Next implements driver.Rows.
func (rc *SQLiteRows) Next(dest []driver.Value) error {
	err := rc.native.Next(dest)
	if err == nil || err == io.EOF {
		return err
	}
	return errorOf(err)
}

// Close ends the statement's run.
func (rc *SQLiteRows) Close() error { return errorOf(rc.native.Close()) }

// ColumnTypeDatabaseTypeName returns the declared type of a column.
func (rc *SQLiteRows) ColumnTypeDatabaseTypeName(i int) string {
	return rc.native.ColumnTypeDatabaseTypeName(i)
}

// ColumnTypeNullable reports that every column may be NULL.
func (rc *SQLiteRows) ColumnTypeNullable(i int) (nullable, ok bool) {
	return rc.native.ColumnTypeNullable(i)
}

// ColumnTypeScanType returns a type that takes every value of a column.
func (rc *SQLiteRows) ColumnTypeScanType(i int) reflect.Type { return rc.native.ColumnTypeScanType(i) }
