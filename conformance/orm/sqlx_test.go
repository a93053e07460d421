package orm

import (
	"database/sql"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/turso-coop/turso-coop/driver"
)

const sqlxSchema = `
CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, born DATE);
CREATE TABLE books (
	id INTEGER PRIMARY KEY,
	author_id INTEGER NOT NULL REFERENCES authors(id),
	title TEXT NOT NULL,
	price REAL,
	in_print BOOLEAN NOT NULL DEFAULT TRUE,
	added_at TIMESTAMP NOT NULL
);`

type sqlxAuthor struct {
	ID   int64
	Name string
	Born sql.NullTime
}

type sqlxBook struct {
	ID       int64
	AuthorID int64 `db:"author_id"`
	Title    string
	Price    *float64
	InPrint  bool       `db:"in_print"`
	AddedAt  time.Time  `db:"added_at"`
	Author   sqlxAuthor `db:"author"` // filled by joins, from columns such as "author.name"
}

var sqlxAdded = time.Date(2023, 5, 6, 7, 8, 9, 10_000_000, time.UTC)

// openSqlx returns a database with one author and three books.
func openSqlx(t *testing.T) *sqlx.DB {
	t.Helper()
	sqlx.BindDriver(driver.Name, sqlx.QUESTION)
	db, err := sqlx.Connect(driver.Name, filepath.Join(t.TempDir(), "sqlx.db")+"?_fk=1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.MustExec(sqlxSchema)
	born := sql.NullTime{Time: time.Date(1929, 10, 21, 0, 0, 0, 0, time.UTC), Valid: true}
	if _, err := db.NamedExec("INSERT INTO authors (id, name, born) VALUES (:id, :name, :born)", sqlxAuthor{7, "Le Guin", born}); err != nil {
		t.Fatal(err)
	}
	price := 12.5
	res, err := db.NamedExec(
		"INSERT INTO books (author_id, title, price, in_print, added_at) VALUES (:author_id, :title, :price, :in_print, :added_at)",
		[]sqlxBook{
			{AuthorID: 7, Title: "The Dispossessed", Price: &price, InPrint: true, AddedAt: sqlxAdded},
			{AuthorID: 7, Title: "The Lathe of Heaven", AddedAt: sqlxAdded.Add(time.Hour)},
			{AuthorID: 7, Title: "Tehanu", InPrint: true, AddedAt: sqlxAdded.Add(2 * time.Hour)},
		})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := res.RowsAffected(); n != 3 || err != nil {
		t.Fatalf("%d books inserted, %v", n, err)
	}
	return db
}

func TestSqlxGetAndSelect(t *testing.T) {
	db := openSqlx(t)
	var b sqlxBook
	if err := db.Get(&b, `SELECT b.*, a.id AS "author.id", a.name AS "author.name", a.born AS "author.born"
		FROM books b JOIN authors a ON a.id = b.author_id WHERE b.title = $1`, "The Dispossessed"); err != nil {
		t.Fatal(err)
	}
	if b.Price == nil || *b.Price != 12.5 || !b.InPrint || !b.AddedAt.Equal(sqlxAdded) || b.Author.ID != 7 || b.Author.Name != "Le Guin" || b.Author.Born.Time.Year() != 1929 {
		t.Errorf("book: %+v", b)
	}
	query, args, err := sqlx.In("SELECT * FROM books WHERE title IN (?) ORDER BY title", []string{"Tehanu", "The Lathe of Heaven", "Emma"})
	if err != nil {
		t.Fatal(err)
	}
	var books []sqlxBook
	if err := db.Select(&books, db.Rebind(query), args...); err != nil {
		t.Fatal(err)
	}
	if len(books) != 2 || books[0].Title != "Tehanu" || books[0].Price != nil || books[1].InPrint {
		t.Errorf("books: %+v", books)
	}
	if err := db.Get(&b, "SELECT * FROM books WHERE id = ?", 99); !errors.Is(err, sql.ErrNoRows) {
		t.Errorf("a book that is not there: %v", err)
	}
}

func TestSqlxRows(t *testing.T) {
	db := openSqlx(t)
	rows, err := db.NamedQuery("SELECT id, title, price, added_at FROM books WHERE in_print = :in_print ORDER BY id", map[string]any{"in_print": true})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []map[string]any
	for rows.Next() {
		row := map[string]any{}
		if err := rows.MapScan(row); err != nil {
			t.Fatal(err)
		}
		got = append(got, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{
		{"id": int64(1), "title": "The Dispossessed", "price": 12.5, "added_at": sqlxAdded},
		{"id": int64(3), "title": "Tehanu", "price": nil, "added_at": sqlxAdded.Add(2 * time.Hour)},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("rows %v, want %v", got, want)
	}

	stmt, err := db.PrepareNamed("SELECT count(*) FROM books WHERE added_at > :since")
	if err != nil {
		t.Fatal(err)
	}
	defer stmt.Close()
	for n := range 3 {
		var count int
		arg := map[string]any{"since": sqlxAdded.Add(time.Duration(n) * time.Hour)}
		if err := stmt.Get(&count, arg); err != nil || count != 2-n {
			t.Errorf("%d books since hour %d, %v", count, n, err)
		}
	}
}

func TestSqlxTransaction(t *testing.T) {
	db := openSqlx(t)
	tx, err := db.Beginx()
	if err != nil {
		t.Fatal(err)
	}
	tx.MustExec("DELETE FROM books WHERE price IS NULL")
	var left int
	if err := tx.Get(&left, "SELECT count(*) FROM books"); err != nil || left != 1 {
		t.Errorf("%d books left within the transaction, %v", left, err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := db.Get(&left, "SELECT count(*) FROM books"); err != nil || left != 3 {
		t.Errorf("%d books after the rollback, %v", left, err)
	}

	tx = db.MustBegin()
	var id int64
	if err := tx.QueryRowx(`INSERT INTO authors (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET born = NULL RETURNING id`, "Le Guin").Scan(&id); err != nil || id != 7 {
		t.Errorf("the upsert returned %d, %v", id, err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	var a sqlxAuthor
	if err := db.Get(&a, "SELECT * FROM authors"); err != nil || a.Born.Valid {
		t.Errorf("author %+v, %v", a, err)
	}

	_, err = db.Exec("INSERT INTO books (author_id, title, added_at) VALUES (99, 'x', 0)")
	if err == nil || !strings.Contains(err.Error(), "FOREIGN KEY constraint failed") {
		t.Errorf("a book of nobody: %v", err)
	}
	_, err = db.Exec("INSERT INTO authors (name) VALUES ('Le Guin')")
	if err == nil || err.Error() != "UNIQUE constraint failed: authors.name" {
		t.Errorf("the same name again: %v", err)
	}
}
