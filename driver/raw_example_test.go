package driver_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/driver"
)

// Every connection of the pool gets a function and a hook.
func ExampleConnector() {
	c, err := driver.NewConnector("file:hooked?mode=memory&cache=shared")
	if err != nil {
		log.Fatal(err)
	}
	c.ConnectHook = func(_ context.Context, c driver.Conn) error {
		c.OnUpdate(func(_ sqlite3.AuthorizerActionCode, _, table string, rowID int64) {
			fmt.Println("changed:", table, rowID)
		})
		return c.RegisterFunc("initials", func(name string) (s string) {
			for word := range strings.FieldsSeq(name) {
				s += word[:1]
			}
			return s
		}, true)
	}
	db := sql.OpenDB(c)
	defer db.Close()
	var s string
	err = db.QueryRow("CREATE TABLE t(a); INSERT INTO t VALUES (initials('Ada King Lovelace')) RETURNING a").Scan(&s)
	fmt.Println(s, err)
	// Output:
	// changed: t 1
	// AKL <nil>
}

// A database is copied while it is in use.
func ExampleBackups() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	db, err := sql.Open("turso-coop", filepath.Join(dir, "app.db")+"?_journal=WAL")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE TABLE t(a); INSERT INTO t VALUES (zeroblob(1000000))"); err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	c, err := db.Conn(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	err = c.Raw(func(dc any) error {
		return dc.(driver.Conn).BackupTo(ctx, filepath.Join(dir, "copy.db"), driver.BackupOptions{
			Pages: 100,
			Progress: func(remaining, total int) error {
				fmt.Printf("%d%%\n", 100*(total-remaining)/total)
				return nil
			},
		})
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// 40%
	// 81%
	// 100%
}

// A large value is written from a reader, without being held in memory.
func ExampleBlob() {
	db, err := sql.Open("turso-coop", "file:blob?mode=memory&cache=shared")
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
	if _, err := c.ExecContext(ctx, "CREATE TABLE file(data); INSERT INTO file VALUES (zeroblob(11))"); err != nil {
		log.Fatal(err)
	}
	err = c.Raw(func(dc any) error {
		b, err := dc.(driver.Conn).OpenBlob(ctx, "main", "file", "data", 1, true)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.NewOffsetWriter(b, 0), strings.NewReader("hello world")); err != nil {
			return err
		}
		return b.Close() // commits
	})
	if err != nil {
		log.Fatal(err)
	}
	var data string
	err = c.QueryRowContext(ctx, "SELECT data FROM file").Scan(&data)
	fmt.Println(data, err)
	// Output: hello world <nil>
}
