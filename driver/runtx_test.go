package driver

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// TestRunTxCounts: concurrent transactions that read and then write, none of which is lost.
func TestRunTxCounts(t *testing.T) {
	for _, params := range []string{"?_journal=WAL&_sync=OFF", "?_sync=OFF&_timeout=60000", "?_journal=WAL&_sync=OFF&_timeout=60000&_txlock=exclusive"} {
		db := open(t, params)
		run(t, db, "CREATE TABLE t(n); INSERT INTO t VALUES (0)")
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				for range 20 {
					err := RunTx(background, db, nil, func(tx *sql.Tx) error {
						var n int
						if err := tx.QueryRow("SELECT n FROM t").Scan(&n); err != nil {
							return err
						}
						_, err := tx.Exec("UPDATE t SET n = ?", n+1)
						return err
					})
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wait.Wait()
		if got := get(t, db, "SELECT n FROM t"); got != int64(160) {
			t.Errorf("%s: %v of 160 transactions", params, got)
		}
	}
}

// TestRunTxEnds: whatever way body ends, nothing of it is left and the connection is free again.
func TestRunTxEnds(t *testing.T) {
	db := open(t, "")
	db.SetMaxOpenConns(1)
	run(t, db, "CREATE TABLE t(a)")
	failure := errors.New("failure")
	insert := func(tx *sql.Tx) { run(t, tx, "INSERT INTO t VALUES (1)") }
	if err := RunTx(background, db, nil, func(tx *sql.Tx) error { insert(tx); return failure }); err != failure {
		t.Error(err)
	}
	func() {
		defer func() {
			if p := recover(); p != "boom" {
				t.Error(p)
			}
		}()
		_ = RunTx(background, db, nil, func(tx *sql.Tx) error { insert(tx); panic("boom") })
	}()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = RunTx(background, db, nil, func(tx *sql.Tx) error { insert(tx); runtime.Goexit(); return nil })
	}()
	<-ended
	ctx, cancel := context.WithCancel(background)
	if err := RunTx(ctx, db, nil, func(tx *sql.Tx) error { insert(tx); cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	ctx, cancel = context.WithCancel(background)
	// Which of the two is first, the end of the context or the next statement, the error says why.
	err := RunTx(ctx, db, nil, func(tx *sql.Tx) error {
		cancel()
		for {
			if _, err := tx.Exec("INSERT INTO t VALUES (1)"); err != nil {
				return err
			}
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := RunTx(ctx, db, nil, func(*sql.Tx) error { t.Error("called"); return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if got := get(t, db, "SELECT count(*) FROM t"); got != int64(0) {
		t.Errorf("%v rows", got)
	}
	if err := RunTx(background, db, nil, func(tx *sql.Tx) error { insert(tx); return nil }); err != nil {
		t.Error(err)
	}
	if got := get(t, db, "SELECT count(*) FROM t"); got != int64(1) {
		t.Errorf("%v rows", got)
	}
}

// TestRunTxSnapshot: a transaction that said that it only reads, and then writes after another one has, is run again; but
// not if it has committed by itself.
func TestRunTxSnapshot(t *testing.T) {
	db := open(t, "?_journal=WAL&_sync=OFF")
	run(t, db, "CREATE TABLE t(a); INSERT INTO t VALUES (0)")
	stale := func(tx *sql.Tx) error {
		if got := get(t, tx, "SELECT a FROM t"); got == nil {
			t.Error("no row")
		}
		run(t, db, "UPDATE t SET a=a+1")
		_, err := tx.Exec("UPDATE t SET a=a+1")
		return err
	}
	calls := 0
	err := RunTx(background, db, &sql.TxOptions{ReadOnly: true}, func(tx *sql.Tx) error {
		if calls++; calls < 4 {
			return stale(tx)
		}
		return nil
	})
	if err != nil || calls != 4 {
		t.Errorf("%d calls, error %v", calls, err)
	}
	calls = 0
	err = RunTx(background, db, &sql.TxOptions{ReadOnly: true}, func(tx *sql.Tx) error { calls++; return stale(tx) })
	if !errors.Is(err, sqlite3.BUSY_SNAPSHOT) || calls != runTxAttempts {
		t.Errorf("%d calls, error %v", calls, err)
	}
	for name, commit := range map[string]func(*sql.Tx) error{
		"Commit": func(tx *sql.Tx) error { return tx.Commit() },
		"SQL":    func(tx *sql.Tx) error { _, err := tx.Exec("COMMIT"); return err },
	} {
		calls = 0
		err = RunTx(background, db, &sql.TxOptions{ReadOnly: true}, func(tx *sql.Tx) error {
			calls++
			err := stale(tx)
			return errors.Join(err, commit(tx))
		})
		if !errors.Is(err, sqlite3.BUSY_SNAPSHOT) || calls != 1 {
			t.Errorf("%s: %d calls, error %v", name, calls, err)
		}
	}
}

// TestRunTxWaits: a lock that others hold is waited for, with the busy time-out and again after it.
func TestRunTxWaits(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.db")
	db := openDSN(t, name+"?_timeout=0")
	run(t, db, "CREATE TABLE t(a)")
	holder, err := db.BeginTx(WithTxLock(background, Immediate), nil)
	if err != nil {
		t.Fatal(err)
	}
	err = RunTx(background, db, nil, func(*sql.Tx) error { t.Error("called"); return nil })
	if !errors.Is(err, sqlite3.BUSY) || !strings.HasPrefix(err.Error(), "driver: RunTx: given up after 10 attempts: database is locked") {
		t.Error(err)
	}
	patient := openDSN(t, name+"?_timeout=60000")
	result := make(chan error)
	go func() {
		result <- RunTx(background, patient, nil, func(tx *sql.Tx) error { run(t, tx, "INSERT INTO t VALUES (1)"); return nil })
	}()
	if err := holder.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-result; err != nil {
		t.Fatal(err)
	}
}
