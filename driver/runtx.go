package driver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// How RunTx tries again: this many times in all, after waits that double from the first to the longest, each cut short at
// random so that those who have met once do not meet again.
const (
	runTxAttempts = 10
	runTxWaitMin  = time.Millisecond
	runTxWaitMax  = 100 * time.Millisecond
)

// RunTx runs body in a transaction and commits it, or rolls back if body returns an error, panics, or ends its goroutine.
//
// The transaction takes the write lock when it begins, so that it cannot find later that another one has written in
// between, unless opts says that it only reads. opts may be nil. db may be of any driver of this module.
//
// If the lock cannot be had within the busy time-out, or if a statement failed in body because another connection had
// written since body first read (SQLITE_BUSY_SNAPSHOT), RunTx rolls back and tries again, up to ten times and until ctx
// ends. So body may be called more than once; all of its effects must be in the transaction. It is not called again once
// a commit was tried, whether by RunTx or by body itself.
//
// The error is that of body, of the commit, or of the last attempt, wrapped; errors.Is and errors.As see through it. RunTx
// may be called concurrently.
func RunTx(ctx context.Context, db *sql.DB, opts *sql.TxOptions, body func(*sql.Tx) error) error {
	if opts == nil {
		opts = &sql.TxOptions{}
	}
	if !opts.ReadOnly {
		ctx = WithTxLock(ctx, Immediate)
	}
	wait := runTxWaitMin
	for attempt := 1; ; attempt++ {
		again, err := tryTx(ctx, db, opts, body)
		if err == nil || !again || ctx.Err() != nil {
			return err
		}
		if attempt == runTxAttempts {
			return fmt.Errorf("driver: RunTx: given up after %d attempts: %w", attempt, err)
		}
		timer := time.NewTimer(wait/2 + rand.N(wait/2))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return errors.Join(ctx.Err(), err)
		}
		wait = min(2*wait, runTxWaitMax)
	}
}

// tryTx is one attempt of RunTx. again says that nothing was done and that another attempt may succeed.
func tryTx(ctx context.Context, db *sql.DB, opts *sql.TxOptions, body func(*sql.Tx) error) (again bool, err error) {
	tx, err := db.BeginTx(ctx, opts)
	if err != nil {
		return errors.Is(err, sqlite3.BUSY), err
	}
	returned := false
	defer func() {
		if !returned {
			_ = tx.Rollback() // the panic is what the caller should see
		}
	}()
	err = body(tx)
	returned = true
	if err == nil {
		return false, withCause(ctx, tx.Commit())
	}
	if errors.Is(err, sqlite3.BUSY_SNAPSHOT) {
		// If body has ended the transaction by itself, which its error does not tell, this fails.
		_, ended := tx.ExecContext(ctx, "SELECT 1")
		again = ended == nil
	}
	if rerr := tx.Rollback(); rerr != nil && !errors.Is(rerr, sql.ErrTxDone) {
		return false, errors.Join(withCause(ctx, err), rerr)
	}
	return again, withCause(ctx, err)
}

// withCause adds to an error that the transaction is over why it is: when ctx ends database/sql rolls back, and says no
// more than that to whoever comes later.
func withCause(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil && errors.Is(err, sql.ErrTxDone) && !errors.Is(err, cause) {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}
