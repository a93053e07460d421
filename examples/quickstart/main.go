// Quickstart keeps a list of notes in a SQLite file:
//
//	go run ./examples/quickstart "buy milk"
//	go run ./examples/quickstart
//
// It adds its arguments, then prints all notes with the time they were written at.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	_ "github.com/turso-coop/turso-coop/driver"
)

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		log.Fatal("quickstart: ", err)
	}
}

func run(ctx context.Context, notes []string) error {
	// WAL lets other programs read while this one writes; with FULL a note that was added survives a power failure.
	db, err := sql.Open("turso-coop", "notes.db?_journal=WAL&_sync=FULL")
	if err != nil {
		return err
	}
	defer db.Close()

	if _, err := db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS note(at TIMESTAMP NOT NULL, text TEXT NOT NULL)"); err != nil {
		return err
	}
	if err := add(ctx, db, notes); err != nil {
		return err
	}
	return list(ctx, db)
}

// add adds all notes or none.
func add(ctx context.Context, db *sql.DB, notes []string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	for _, text := range notes {
		if _, err := tx.ExecContext(ctx, "INSERT INTO note VALUES (?, ?)", time.Now(), text); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func list(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, "SELECT at, text FROM note ORDER BY at")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var at time.Time
		var text string
		if err := rows.Scan(&at, &text); err != nil {
			return err
		}
		fmt.Println(at.Local().Format(time.DateTime), text)
	}
	return rows.Err()
}
