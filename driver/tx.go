package driver

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"fmt"
)

// tx is a transaction begun by database/sql.
type tx struct {
	c     *session
	cause error
}

func (t *tx) lost(cause error) { t.cause = cause }

func (t *tx) gone() error { return fmt.Errorf("transaction rolled back: %v: %w", t.cause, sql.ErrTxDone) }

func (c *session) Begin() (sqldriver.Tx, error) {
	return c.BeginTx(context.Background(), sqldriver.TxOptions{})
}

func (c *session) BeginTx(ctx context.Context, _ sqldriver.TxOptions) (sqldriver.Tx, error) {
	if _, err := c.ExecContext(ctx, c.cfg.begin, nil); err != nil {
		return nil, err
	}
	c.tx = &tx{c: c}
	return c.tx, nil
}

func (t *tx) Commit() error {
	t.c.tx = nil
	_, err := t.c.ExecContext(context.Background(), "COMMIT", nil)
	return err
}

func (t *tx) Rollback() error {
	t.c.tx = nil
	_, err := t.c.ExecContext(context.Background(), "ROLLBACK", nil)
	return err
}
