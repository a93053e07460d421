package driver

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
)

var cancels = flag.Int("cancels", 600, "how many operations TestRandomCancels cancels")

// TestRandomCancels ends contexts at random moments, some before their operation ends and some after, of queries, writes
// and transactions of many goroutines. Whatever happens, money is neither made nor lost, no connection is broken, no lock is
// given up before its time, and no goroutine is left.
func TestRandomCancels(t *testing.T) {
	const workers, accounts, total, patience = 8, 10, 1000, 2 * time.Second
	before := runtime.NumGoroutine()
	db := open(t, fmt.Sprint("?_journal=WAL&_sync=OFF&_timeout=", patience.Milliseconds()))
	db.SetMaxOpenConns(workers)
	db.SetMaxIdleConns(workers)
	run(t, db, "CREATE TABLE account(id INTEGER PRIMARY KEY, balance INTEGER)")
	run(t, db, "INSERT INTO account SELECT value, ? FROM json_each('[0,1,2,3,4,5,6,7,8,9]')", total/accounts)

	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(w)))
			for range *cancels / workers {
				ctx, cancel := context.WithCancel(background)
				timer := time.AfterFunc(time.Duration(r.IntN(2000))*time.Microsecond, cancel)
				start := time.Now()
				err := randomOperation(ctx, db, r, accounts, total)
				timer.Stop()
				cancel()
				if err != nil && !allowed(err) {
					t.Error(err)
				}
				if waited := time.Since(start); errors.Is(err, sqlite3.BUSY) && !errors.Is(err, context.Canceled) && waited < patience {
					t.Errorf("given up after %s: %v", waited, err)
				}
			}
		})
	}
	wait.Wait()
	mustBeWhole(t, db, workers, total)
	if got := get(t, db, "PRAGMA integrity_check"); got != "ok" {
		t.Error(got)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	for range 1_000_000 { // what ends does so on its own time
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
	}
	stacks := make([]byte, 1<<16)
	t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
}

// mustBeWhole checks all connections of the pool at once: each is free, sound, outside of a transaction, and sees all of
// the money.
func mustBeWhole(t *testing.T, db *sql.DB, workers int, total int64) {
	t.Helper()
	conns := make([]*sql.Conn, workers)
	for i := range conns {
		c, err := db.Conn(background)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns[i] = c
	}
	for _, c := range conns {
		if got := get(t, c, "SELECT sum(balance) FROM account"); got != total {
			t.Errorf("%v in all accounts, want %d", got, total)
		}
		run(t, c, "BEGIN IMMEDIATE; COMMIT") // fails within a transaction, or if another connection has one
		err := c.Raw(func(dc any) error {
			for s := range dc.(Conn).Raw().Stmts() {
				if s.Busy() {
					return fmt.Errorf("%s still runs", s.SQL())
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// allowed reports whether an operation whose context may have ended may fail with err.
func allowed(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, sqlite3.BUSY) || errors.Is(err, sql.ErrTxDone)
}

// randomOperation reads all accounts, or moves money in a statement or in a transaction.
func randomOperation(ctx context.Context, db *sql.DB, r *rand.Rand, accounts, total int) error {
	from, to, amount := r.IntN(accounts), r.IntN(accounts), r.IntN(10)
	move := "UPDATE account SET balance = balance + CASE id WHEN ?1 THEN -?3 ELSE ?3 END WHERE id IN (?1, ?2) AND ?1 <> ?2"
	switch r.IntN(5) {
	case 0:
		rows, err := db.QueryContext(ctx, "SELECT balance FROM account")
		if err != nil {
			return err
		}
		return mustSum(rows, total)
	case 1:
		// Long enough to be ended while it runs.
		_, err := db.ExecContext(ctx, move+" AND (WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM c LIMIT 5000) SELECT count(*) FROM c) > 0", from, to, amount)
		return err
	case 2:
		_, err := db.ExecContext(ctx, move, from, to, amount)
		return err
	case 3:
		return RunTx(ctx, db, nil, func(tx *sql.Tx) error { return moveInTwo(ctx, tx, from, to, amount) })
	default:
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if err := moveInTwo(ctx, tx, from, to, amount); err != nil {
			return err
		}
		return tx.Commit()
	}
}

func moveInTwo(ctx context.Context, tx *sql.Tx, from, to, amount int) error {
	if _, err := tx.ExecContext(ctx, "UPDATE account SET balance = balance - ? WHERE id = ?", amount, from); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "UPDATE account SET balance = balance + ? WHERE id = ?", amount, to)
	return err
}

// mustSum returns an error if rows, read to their end, are not total in sum.
func mustSum(rows *sql.Rows, total int) error {
	defer rows.Close()
	sum := 0
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			return err
		}
		sum += n
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if sum != total {
		return fmt.Errorf("a reader sees %d in all accounts, want %d", sum, total)
	}
	return nil
}
