package orm

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/turso-coop/turso-coop/conformance/orm/testdata/library"
	"github.com/turso-coop/turso-coop/driver"
)

// The package testdata/library is what sqlc 1.31.1 has made of schema.sql and queries.sql beside it, unchanged. To make
// it anew, run "sqlc generate" there.
//
//go:embed testdata/library/schema.sql
var sqlcSchema string

var sqlcJoined = time.Date(2020, 1, 2, 3, 4, 5, 600, time.UTC)

// openSqlc returns a library with three members, the first of whom has lent two books.
func openSqlc(t *testing.T) (*sql.DB, *library.Queries) {
	t.Helper()
	db, err := sql.Open(driver.Name, filepath.Join(t.TempDir(), "sqlc.db")+"?_fk=1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	ctx := context.Background()
	if _, err := db.ExecContext(ctx, sqlcSchema); err != nil {
		t.Fatal(err)
	}
	q := library.New(db)
	for i, name := range []string{"ann", "bob", "eve"} {
		m, err := q.AddMember(ctx, library.AddMemberParams{Name: name, JoinedAt: sqlcJoined.AddDate(0, 0, i)})
		if want := (library.Member{ID: int64(i) + 1, Name: name, JoinedAt: sqlcJoined.AddDate(0, 0, i)}); err != nil || m != want {
			t.Fatalf("a new member is %+v, %v, want %+v", m, err, want)
		}
	}
	for i, book := range []string{"Emma", "Ulysses"} {
		if id, err := q.Lend(ctx, library.LendParams{MemberID: 1, Book: book, Fee: 0.5}); err != nil || id != int64(i)+1 {
			t.Fatalf("a new loan is %d, %v", id, err)
		}
	}
	return db, q
}

func TestSqlcRows(t *testing.T) {
	_, q := openSqlc(t)
	ctx := context.Background()
	email := sql.NullString{String: "bob@example.org", Valid: true}
	if m, err := q.AddMember(ctx, library.AddMemberParams{Name: "bob", Email: email}); err != nil || m.ID != 2 || m.Email != email || !m.JoinedAt.Equal(sqlcJoined.AddDate(0, 0, 1)) {
		t.Errorf("after the upsert: %+v, %v", m, err)
	}
	members, err := q.Members(ctx, library.MembersParams{Since: sqlcJoined.AddDate(0, 0, 1), Names: []string{"eve", "ann", "bob"}})
	if err != nil || len(members) != 2 || members[0].Name != "bob" || members[1].Name != "eve" || members[1].Email.Valid {
		t.Errorf("members %+v, %v", members, err)
	}
	if members, err := q.Members(ctx, library.MembersParams{}); err != nil || len(members) != 0 {
		t.Errorf("members without names: %+v, %v", members, err)
	}
	if _, err := q.Member(ctx, 99); !errors.Is(err, sql.ErrNoRows) {
		t.Errorf("a member who is not there: %v", err)
	}

	back := sql.NullTime{Time: sqlcJoined.AddDate(1, 0, 0), Valid: true}
	for _, want := range []int64{1, 0} {
		if n, err := q.GiveBack(ctx, library.GiveBackParams{At: back, Book: "Emma"}); n != want || err != nil {
			t.Errorf("%d books given back, %v, want %d", n, err, want)
		}
	}
	loans, err := q.LoansOf(ctx, "ann")
	want := []library.LoansOfRow{
		{Loan: library.Loan{ID: 1, MemberID: 1, Book: "Emma", Fee: 0.5, Returned: true, ReturnedAt: back}, Member: "ann"},
		{Loan: library.Loan{ID: 2, MemberID: 1, Book: "Ulysses", Fee: 0.5}, Member: "ann"},
	}
	if err != nil || !reflect.DeepEqual(loans, want) {
		t.Errorf("loans %+v, %v, want %+v", loans, err, want)
	}
	if err := q.Forget(ctx, sql.NullFloat64{Float64: 7, Valid: true}); err != nil {
		t.Error(err)
	}
	if f, err := q.Fees(ctx); err != nil || f != (library.FeesRow{Loans: 2, Total: 1}) {
		t.Errorf("fees %+v, %v", f, err)
	}
	if err := q.Forget(ctx, sql.NullFloat64{}); err != nil {
		t.Error(err)
	}
	if f, err := q.Fees(ctx); err != nil || f != (library.FeesRow{Loans: 1, Total: 0.5}) {
		t.Errorf("fees %+v, %v", f, err)
	}
}

func TestSqlcTransactions(t *testing.T) {
	db, q := openSqlc(t)
	ctx := context.Background()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	inside := q.WithTx(tx)
	if _, err := inside.Lend(ctx, library.LendParams{MemberID: 2, Book: "Dracula", Fee: 3}); err != nil {
		t.Fatal(err)
	}
	if f, err := inside.Fees(ctx); err != nil || f != (library.FeesRow{Loans: 3, Total: 4}) {
		t.Errorf("fees inside %+v, %v", f, err)
	}
	var e *driver.Error
	if _, err := inside.Lend(ctx, library.LendParams{MemberID: 99, Book: "Dune"}); !errors.As(err, &e) || e.Code() != 787 {
		t.Errorf("a loan to nobody: %v, want a FOREIGN KEY constraint to fail", err)
	}
	if f, err := inside.Fees(ctx); err != nil || f.Loans != 3 { // the statement failed, the transaction goes on
		t.Errorf("fees after the error %+v, %v", f, err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if f, err := q.Fees(ctx); err != nil || f != (library.FeesRow{Loans: 2, Total: 1}) {
		t.Errorf("fees after the rollback %+v, %v", f, err)
	}
	if _, err := inside.Fees(ctx); !errors.Is(err, sql.ErrTxDone) {
		t.Errorf("a query in a transaction that has ended: %v", err)
	}
}
