// Transaction moves money between accounts, many transfers at a time:
//
//	go run ./examples/transaction
//
// Each transfer reads two balances and writes them. driver.RunTx takes the write lock before the first read, so that no
// transfer overwrites what another one has written meanwhile, and waits in line instead of failing with "database is
// locked". At the end the sum is what it was.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sync"

	"github.com/turso-coop/turso-coop/driver"
)

func main() {
	log.SetFlags(0)
	if err := run(context.Background()); err != nil {
		log.Fatal("transaction: ", err)
	}
}

func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "transaction")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	db, err := sql.Open(driver.Name, filepath.Join(dir, "bank.db")+"?_journal=WAL")
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, `CREATE TABLE account(name TEXT PRIMARY KEY, balance INTEGER NOT NULL);
		INSERT INTO account VALUES ('ann', 100), ('bob', 100), ('eve', 0)`)
	if err != nil {
		return err
	}
	if err := transferAll(ctx, db); err != nil {
		return err
	}
	return report(ctx, db)
}

// transferAll makes 30 transfers from each of two accounts, all at once.
func transferAll(ctx context.Context, db *sql.DB) error {
	var wait sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	refused := 0
	for _, from := range []string{"ann", "bob"} {
		for range 30 {
			wait.Go(func() {
				err := transfer(ctx, db, from, "eve", 4)
				mu.Lock()
				defer mu.Unlock()
				if errors.Is(err, errTooLittle) {
					refused++
				} else if err != nil {
					errs = append(errs, err)
				}
			})
		}
	}
	wait.Wait()
	fmt.Println(refused, "transfers refused, as they should be")
	return errors.Join(errs...)
}

var errTooLittle = errors.New("not enough money")

// transfer moves amount, or nothing if there is not enough.
func transfer(ctx context.Context, db *sql.DB, from, to string, amount int) error {
	return driver.RunTx(ctx, db, nil, func(tx *sql.Tx) error {
		var balance int
		if err := tx.QueryRowContext(ctx, "SELECT balance FROM account WHERE name = ?", from).Scan(&balance); err != nil {
			return err
		}
		if balance < amount {
			return errTooLittle // rolls back
		}
		if _, err := tx.ExecContext(ctx, "UPDATE account SET balance = ? WHERE name = ?", balance-amount, from); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE account SET balance = balance + ? WHERE name = ?", amount, to)
		return err
	})
}

func report(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, "SELECT name, balance FROM account UNION ALL SELECT 'sum', sum(balance) FROM account")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var balance int
		if err := rows.Scan(&name, &balance); err != nil {
			return err
		}
		fmt.Println(name, balance)
	}
	return rows.Err()
}
