package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
)

// stmt is a prepared statement.
type stmt struct {
	driver.Stmt
	c *conn
}

var (
	_ driver.StmtExecContext   = stmt{}
	_ driver.StmtQueryContext  = stmt{}
	_ driver.NamedValueChecker = stmt{}
)

func (s stmt) CheckNamedValue(v *driver.NamedValue) error { return s.c.CheckNamedValue(v) }

func (s stmt) Close() error { return errorOf(s.Stmt.Close()) }

func (s stmt) Exec(args []driver.Value) (driver.Result, error) {
	return s.ExecContext(context.Background(), named(args))
}

func (s stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	res, err := s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
	return res, errorOf(err)
}

func (s stmt) Query(args []driver.Value) (driver.Rows, error) {
	return s.QueryContext(context.Background(), named(args))
}

func (s stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	r, err := s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	return rowsOf(r, err)
}

// tx is a transaction.
type tx struct{ driver.Tx }

func (t tx) Commit() error   { return errorOf(t.Tx.Commit()) }
func (t tx) Rollback() error { return errorOf(t.Tx.Rollback()) }

// nativeRows is what the rows of the package driver are.
type nativeRows interface {
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeLength
	driver.RowsColumnTypeNullable
	driver.RowsColumnTypeScanType
}

// rows are the rows of a statement.
type rows struct{ nativeRows }

func rowsOf(r driver.Rows, err error) (driver.Rows, error) {
	if err != nil {
		return nil, errorOf(err)
	}
	n, ok := r.(nativeRows)
	if !ok {
		return nil, errors.Join(errors.New("sqlite: rows without column types"), r.Close())
	}
	return rows{n}, nil
}

func (r rows) Next(dest []driver.Value) error {
	err := r.nativeRows.Next(dest)
	if err == nil || err == io.EOF {
		return err
	}
	return errorOf(err)
}

func (r rows) Close() error { return errorOf(r.nativeRows.Close()) }
