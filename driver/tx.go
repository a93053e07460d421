package driver

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
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
	lease *lease

	readOnly bool // query_only is on for as long as the transaction lasts
}

// Begin implements driver.Conn.
func (c *session) Begin() (sqldriver.Tx, error) {
	return c.BeginTx(context.Background(), sqldriver.TxOptions{})
}

// TxLock says which lock a transaction takes when it begins: https://sqlite.org/lang_transaction.html
type TxLock string

const (
	// Deferred takes locks when they are needed. A transaction that has read and then writes fails at once, whatever
	// the busy time-out, if another one has written in between.
	Deferred TxLock = "DEFERRED"

	// Immediate takes the write lock, and waits for it.
	Immediate TxLock = "IMMEDIATE"

	// Exclusive also keeps readers out, except in WAL mode.
	Exclusive TxLock = "EXCLUSIVE"
)

type txLockKey struct{}

// WithTxLock returns a context with which BeginTx of database/sql takes the given lock, whatever _txlock says, unless the
// options say that the transaction only reads.
func WithTxLock(ctx context.Context, lock TxLock) context.Context {
	return context.WithValue(ctx, txLockKey{}, lock)
}

// BeginTx starts a transaction. SQLite has one isolation level, serializable, whichever is asked for. A transaction
// that says that it only reads takes no write lock at its beginning, whatever _txlock says.
func (c *session) BeginTx(ctx context.Context, opts sqldriver.TxOptions) (sqldriver.Tx, error) {
	begin, err := c.beginText(ctx, opts)
	if err != nil {
		return nil, err
	}
	if _, err := c.ExecContext(ctx, begin, nil); err != nil {
		return nil, err
	}
	c.tx = &tx{c: c, ctx: ctx, lease: c.lend("transaction")}
	if opts.ReadOnly && c.cfg.readOnly {
		if err := c.tx.forbidWrites(); err != nil {
			return nil, errors.Join(err, c.tx.Rollback())
		}
	}
	return c.tx, nil
}

// beginText chooses the statement that starts a transaction.
func (c *session) beginText(ctx context.Context, opts sqldriver.TxOptions) (string, error) {
	if opts.ReadOnly {
		return "BEGIN DEFERRED", nil
	}
	switch lock := ctx.Value(txLockKey{}); lock {
	case nil:
	case Deferred, Immediate, Exclusive:
		return "BEGIN " + string(lock.(TxLock)), nil
	default:
		return "", fmt.Errorf("driver: WithTxLock: there is no lock %q", lock)
	}
	if c.cfg.profile.isolation {
		switch sql.IsolationLevel(opts.Isolation) {
		case sql.LevelSerializable:
			return "BEGIN IMMEDIATE", nil
		case sql.LevelLinearizable:
			return "BEGIN EXCLUSIVE", nil
		}
	}
	return c.begin, nil
}

// forbidWrites makes every write of the transaction fail, until end allows them again.
func (t *tx) forbidWrites() error {
	on, err := t.c.queryOnly()
	if on || err != nil {
		return err // the DSN or a PRAGMA of the program has forbidden them for longer
	}
	t.readOnly = true
	return t.c.fail(t.c.QueryOnly(context.Background(), true), "", 0)
}

// queryOnly reports whether the connection cannot write.
func (c *session) queryOnly() (on bool, err error) {
	q, _, err := c.prepare(context.Background(), "PRAGMA query_only", 0)
	if err != nil {
		return false, err
	}
	defer q.Close()
	row := make([]any, 1)
	_, err = q.Next(context.Background(), row)
	return row[0] == int64(1), q.fail(err)
}

// chooseBegin chooses the statement that starts transactions.
func (c *session) chooseBegin() error {
	c.begin = c.cfg.begin
	if c.begin != "" {
		return nil
	}
	c.begin = "BEGIN"
	if c.cfg.profile.begin == c.begin {
		return nil
	}
	on, err := c.queryOnly()
	if !on {
		c.begin = c.cfg.profile.begin
	}
	return err
}

// end is called when the transaction has ended.
func (t *tx) end() {
	t.lease.end()
	t.c.tx = nil
	if t.readOnly {
		_ = t.c.QueryOnly(context.Background(), false) // fails only if the connection is lost
	}
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
	defer t.end()
	if err != nil && !t.c.Autocommit() {
		_, _ = t.c.ExecContext(context.Background(), "ROLLBACK", nil)
	}
	return err
}

// Rollback rolls back, also when the context of BeginTx has ended. It has nothing to do if SQLite has done it.
func (t *tx) Rollback() error {
	defer t.end()
	if t.c.Autocommit() {
		return nil
	}
	_, err := t.c.ExecContext(context.Background(), "ROLLBACK", nil)
	return err
}
