package driver

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"fmt"
)

// tx is a transaction that database/sql has begun.
//
// SQLite rolls a transaction back by itself when a statement that writes is interrupted, when the disk is full, on OR
// ROLLBACK, and in a few more cases (https://sqlite.org/lang_transaction.html). What is run after that would commit by
// itself, one statement at a time; so a session whose transaction is gone runs nothing until database/sql has ended it.
type tx struct {
	c     *session
	ctx   context.Context // of BeginTx; ends Commit
	cause error           // of the statement with which the transaction went
}

// Begin implements driver.Conn.
func (c *session) Begin() (sqldriver.Tx, error) {
	return c.BeginTx(context.Background(), sqldriver.TxOptions{})
}

// BeginTx starts a transaction. SQLite has one isolation level, serializable, whichever is asked for. A transaction
// that says that it only reads takes no write lock at its beginning, whatever _txlock says.
func (c *session) BeginTx(ctx context.Context, opts sqldriver.TxOptions) (sqldriver.Tx, error) {
	begin := c.cfg.begin
	if opts.ReadOnly {
		begin = "BEGIN DEFERRED"
	}
	if _, err := c.ExecContext(ctx, begin, nil); err != nil {
		return nil, err
	}
	c.tx = &tx{c: c, ctx: ctx}
	return c.tx, nil
}

// inTransaction returns an error that wraps sql.ErrTxDone if a transaction was begun and is gone.
func (c *session) inTransaction() error {
	if c.tx == nil || c.Err() != nil || !c.Autocommit() {
		return nil
	}
	if c.tx.cause == nil {
		return fmt.Errorf("driver: transaction was ended by one of its statements: %w", sql.ErrTxDone)
	}
	return fmt.Errorf("driver: transaction was rolled back (%v): %w", c.tx.cause, sql.ErrTxDone)
}

// Commit commits. If that fails the transaction is rolled back, because database/sql takes it for ended: the error
// then means that nothing was written.
func (t *tx) Commit() error {
	_, err := t.c.ExecContext(t.ctx, "COMMIT", nil)
	t.c.tx = nil
	if err != nil && !t.c.Autocommit() {
		_, _ = t.c.ExecContext(context.Background(), "ROLLBACK", nil)
	}
	return err
}

// Rollback rolls back, also when the context of BeginTx has ended. It has nothing to do if SQLite has done it.
func (t *tx) Rollback() error {
	t.c.tx = nil
	if t.c.Autocommit() {
		return nil
	}
	_, err := t.c.ExecContext(context.Background(), "ROLLBACK", nil)
	return err
}
