package driver_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/driver"
)

func Example() {
	db, err := sql.Open("turso-coop", "file:example?mode=memory&cache=shared")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	_, err = db.Exec(`
		CREATE TABLE city(name TEXT PRIMARY KEY, people INTEGER);
		INSERT INTO city VALUES (?, ?), (?, ?)`, "Ulm", 129_000, "Köln", 1_087_000)
	if err != nil {
		log.Fatal(err)
	}

	rows, err := db.Query("SELECT name FROM city WHERE people > :least", sql.Named("least", 500_000))
	if err != nil {
		log.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			log.Fatal(err)
		}
		fmt.Println(name)
	}
	if err := rows.Err(); err != nil {
		log.Fatal(err)
	}
	// Output: Köln
}

func ExampleNewConnector() {
	_, err := driver.NewConnector("app.db?_journal_mode=fast")
	fmt.Println(err)

	connector, err := driver.NewConnector(":memory:?_foreign_keys=on")
	if err != nil {
		log.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	var on bool
	if err := db.QueryRow("PRAGMA foreign_keys").Scan(&on); err != nil {
		log.Fatal(err)
	}
	fmt.Println("foreign keys:", on)
	// Output:
	// driver: open app.db: _journal_mode=fast: want one of DELETE TRUNCATE PERSIST MEMORY WAL OFF
	// foreign keys: true
}

func ExampleError() {
	db, err := sql.Open("turso-coop", "file:errors?mode=memory&cache=shared")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	_, err = db.Exec("CREATE TABLE user(email UNIQUE); INSERT INTO user VALUES ('a@b.c'), ('a@b.c')")
	if errors.Is(err, sqlite3.CONSTRAINT_UNIQUE) {
		fmt.Println(err)
	}

	_, err = db.Exec("SELECT email FORM user")
	var e *driver.Error
	if errors.As(err, &e) {
		fmt.Printf("code %d: %s\n%s\n%*s\n", e.Code(), e, e.SQL(), e.Offset()+1, "^")
	}
	// Output:
	// UNIQUE constraint failed: user.email
	// code 1: near "user": syntax error
	// SELECT email FORM user
	//                   ^
}

func ExampleRunTx() {
	db, err := sql.Open("turso-coop", "file:counter?mode=memory&cache=shared")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	if _, err := db.ExecContext(ctx, "CREATE TABLE counter(n INTEGER); INSERT INTO counter VALUES (41)"); err != nil {
		log.Fatal(err)
	}
	var n int
	err = driver.RunTx(ctx, db, nil, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, "SELECT n FROM counter").Scan(&n); err != nil {
			return err
		}
		n++
		_, err := tx.ExecContext(ctx, "UPDATE counter SET n = ?", n)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(n)
	// Output: 42
}

func ExampleConn() {
	db, err := sql.Open("turso-coop", ":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	c, err := db.Conn(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	err = c.Raw(func(dc any) error {
		conn := dc.(driver.Conn)
		err := conn.Raw().CreateFunction("twice", 1, sqlite3.DETERMINISTIC, func(ctx sqlite3.Context, arg ...sqlite3.Value) {
			ctx.ResultInt64(2 * arg[0].Int64())
		})
		if err != nil {
			return err
		}
		s, _, err := conn.Statement(ctx, "SELECT twice(?) AS n")
		if err != nil {
			return err
		}
		defer s.Close()
		if err := s.Bind(1, int64(21)); err != nil {
			return err
		}
		row, err := s.Step(ctx)
		if row {
			fmt.Println(s.ColumnName(0), "=", s.Column(0))
		}
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: n = 42
}
