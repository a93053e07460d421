package driver

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// cancelledBy returns a context that *cancel ends.
func cancelledBy(cancel *context.CancelFunc) (ctx context.Context) {
	ctx, *cancel = context.WithCancel(background)
	return ctx
}

const endless = "WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM c) SELECT i FROM c"

func TestContext(t *testing.T) {
	var cancel context.CancelFunc
	db := open(t, "?"+function(t, "cancel", func() { cancel() }))
	db.SetMaxOpenConns(1)
	run(t, db, "CREATE TABLE t(a)")
	prepared, err := db.Prepare("INSERT INTO t " + endless + " WHERE cancel() IS NULL")
	if err != nil {
		t.Fatal(err)
	}
	defer prepared.Close()
	for name, call := range map[string]func(context.Context) error{
		"Exec": func(ctx context.Context) error {
			_, err := db.ExecContext(ctx, "INSERT INTO t "+endless+" WHERE cancel() IS NULL")
			return err
		},
		"Stmt": func(ctx context.Context) error { _, err := prepared.ExecContext(ctx); return err },
		"Query": func(ctx context.Context) error {
			rows, err := db.QueryContext(ctx, endless+" WHERE cancel() IS NOT NULL")
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
			}
			return rows.Err()
		},
		"ended before": func(ctx context.Context) error {
			cancel()
			_, err := db.ExecContext(ctx, "INSERT INTO t VALUES (1)")
			return err
		},
	} {
		ctx := cancelledBy(&cancel)
		err := call(ctx)
		cancel()
		if !errors.Is(err, context.Canceled) || err.Error() != "context canceled" {
			t.Errorf("%s: %v", name, err)
		}
		var e *Error
		if errors.As(err, &e) && (!errors.Is(err, sqlite3.INTERRUPT) || e.Code() != int(sqlite3.INTERRUPT)) {
			t.Errorf("%s: code %d", name, e.Code())
		}
		if got := get(t, db, "SELECT count(*) FROM t"); got != int64(0) {
			t.Errorf("%s: %v rows", name, got)
		}
	}
}

// TestInterruptedTransaction: SQLite rolls back the whole transaction when a statement that writes is interrupted. What
// follows must not commit by itself.
func TestInterruptedTransaction(t *testing.T) {
	var cancel context.CancelFunc
	db := open(t, "?"+function(t, "cancel", func() { cancel() }))
	db.SetMaxOpenConns(1)
	run(t, db, "CREATE TABLE t(a)")
	for _, end := range []string{"Commit", "Rollback"} {
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		s, err := tx.Prepare("INSERT INTO t VALUES (1)")
		if err != nil {
			t.Fatal(err)
		}
		run(t, tx, "INSERT INTO t VALUES (1)")
		ctx := cancelledBy(&cancel)
		_, err = tx.ExecContext(ctx, "INSERT INTO t "+endless+" WHERE cancel() IS NULL")
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		_, eerr := tx.Exec("INSERT INTO t VALUES (2)")
		_, serr := s.Exec()
		_, qerr := tx.Query("SELECT 1")
		for _, err := range []error{eerr, serr, qerr} {
			if !errors.Is(err, sql.ErrTxDone) || !strings.Contains(err.Error(), "rolled back (context canceled)") {
				t.Errorf("a statement in the lost transaction: %v", err)
			}
		}
		if end == "Rollback" {
			if err := tx.Rollback(); err != nil {
				t.Error(err)
			}
		} else if err := tx.Commit(); !errors.Is(err, sql.ErrTxDone) {
			t.Error(err)
		}
		if got := get(t, db, "SELECT count(*) FROM t"); got != int64(0) {
			t.Fatalf("%v rows of a lost transaction", got)
		}
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	run(t, tx, "INSERT INTO t VALUES (1)")
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

// TestTransactionEndedBySQL: the program did it, which is no reason to let the rest of the transaction run.
func TestTransactionEndedBySQL(t *testing.T) {
	db := open(t, "")
	run(t, db, "CREATE TABLE t(a UNIQUE)")
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	run(t, tx, "INSERT INTO t VALUES (1); COMMIT")
	if _, err := tx.Exec("INSERT INTO t VALUES (2)"); !errors.Is(err, sql.ErrTxDone) {
		t.Error(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
	tx, err = db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("INSERT OR ROLLBACK INTO t VALUES (1)"); !errors.Is(err, sqlite3.CONSTRAINT_UNIQUE) {
		t.Error(err)
	}
	_, err = tx.Exec("INSERT INTO t VALUES (2)")
	if !errors.Is(err, sql.ErrTxDone) || !strings.Contains(err.Error(), "UNIQUE constraint failed: t.a") {
		t.Error(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
	if got := get(t, db, "SELECT group_concat(a) FROM t"); got != "1" {
		t.Error(got)
	}
}

// TestFailedCommit: database/sql takes the transaction for ended, so it must be.
func TestFailedCommit(t *testing.T) {
	db := open(t, "?_fk=1")
	db.SetMaxOpenConns(1)
	run(t, db, "CREATE TABLE p(a PRIMARY KEY); CREATE TABLE c(a REFERENCES p DEFERRABLE INITIALLY DEFERRED)")
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	run(t, tx, "INSERT INTO c VALUES (1)")
	if err := tx.Commit(); !errors.Is(err, sqlite3.CONSTRAINT_FOREIGNKEY) || err.Error() != "FOREIGN KEY constraint failed" {
		t.Fatal(err)
	}
	if got := get(t, db, "SELECT count(*) FROM c"); got != int64(0) {
		t.Fatal(got)
	}
	run(t, db, "BEGIN; COMMIT")
}

func TestTransactionOptions(t *testing.T) {
	db := open(t, "?_txlock=immediate&_timeout=0")
	run(t, db, "CREATE TABLE t(a)")
	writer, err := db.BeginTx(background, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Rollback()
	if _, err := db.Begin(); !errors.Is(err, sqlite3.BUSY) || !strings.HasPrefix(err.Error(), "database is locked") {
		t.Fatalf("a second writer: %v", err)
	}
	reader, err := db.BeginTx(background, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Rollback()
	if got := get(t, reader, "SELECT count(*) FROM t"); got != int64(0) {
		t.Fatal(got)
	}
}

// TestCancelledTransaction: database/sql rolls back when the context of BeginTx ends; the connection stays good.
func TestCancelledTransaction(t *testing.T) {
	db := open(t, "")
	db.SetMaxOpenConns(1)
	run(t, db, "CREATE TABLE t(a)")
	ctx, cancel := context.WithCancel(background)
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	run(t, tx, "INSERT INTO t VALUES (1)")
	cancel()
	if err := tx.Commit(); err == nil {
		t.Fatal("committed")
	}
	if got := get(t, db, "SELECT count(*) FROM t"); got != int64(0) {
		t.Fatal(got)
	}
}
