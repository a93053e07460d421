// Migrate is a program that was written for github.com/mattn/go-sqlite3 and uses its types: a connect hook, a Go function
// in SQL, error codes, a backup. To bring it to turso-coop one line has changed, the import path.
//
//	go run ./examples/migrate
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	sqlite3 "github.com/turso-coop/turso-coop/driver/compat/mattn" // was: "github.com/mattn/go-sqlite3"
)

func init() {
	sql.Register("sqlite3_app", &sqlite3.SQLiteDriver{
		ConnectHook: func(c *sqlite3.SQLiteConn) error {
			return c.RegisterFunc("slug", func(title string) string {
				return strings.ReplaceAll(strings.ToLower(title), " ", "-")
			}, true)
		},
	})
}

func main() {
	log.SetFlags(0)
	if err := run(); err != nil {
		log.Fatal("migrate: ", err)
	}
}

func run() error {
	dir, err := os.MkdirTemp("", "migrate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	db, err := sql.Open("sqlite3_app", "file:"+filepath.Join(dir, "app.db")+"?_journal=WAL&_fk=1")
	if err != nil {
		return err
	}
	defer db.Close()

	if _, err := db.Exec("CREATE TABLE page(title TEXT, slug TEXT UNIQUE)"); err != nil {
		return err
	}
	for _, title := range []string{"Hello World", "hello world"} {
		_, err := db.Exec("INSERT INTO page VALUES (?1, slug(?1))", title)
		var e sqlite3.Error
		switch {
		case errors.As(err, &e) && e.ExtendedCode == sqlite3.ErrConstraintUnique:
			fmt.Printf("%q is there already: %v\n", title, err)
		case err != nil:
			return err
		}
	}
	return backup(db, filepath.Join(dir, "backup.db"))
}

// backup copies the database while others use it.
func backup(db *sql.DB, name string) error {
	ctx := context.Background()
	to, err := sql.Open("sqlite3_app", name)
	if err != nil {
		return err
	}
	defer to.Close()
	dst, err := to.Conn(ctx)
	if err != nil {
		return err
	}
	defer dst.Close()
	src, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer src.Close()
	return dst.Raw(func(d any) error {
		return src.Raw(func(s any) error {
			b, err := d.(*sqlite3.SQLiteConn).Backup("main", s.(*sqlite3.SQLiteConn), "main")
			if err != nil {
				return err
			}
			for done := false; !done; {
				if done, err = b.Step(100); err != nil {
					return errors.Join(err, b.Finish())
				}
				fmt.Printf("%d of %d pages remain\n", b.Remaining(), b.PageCount())
			}
			return b.Finish()
		})
	})
}
