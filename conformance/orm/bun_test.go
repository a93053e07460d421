package orm

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/turso-coop/turso-coop/driver"
)

type bunAccount struct {
	bun.BaseModel `bun:"table:accounts,alias:a"`

	ID       int64             `bun:",pk,autoincrement"`
	Name     string            `bun:",notnull,unique"`
	Balance  float64           `bun:",notnull"`
	Settings map[string]string `bun:"type:json"`
	OpenedAt time.Time         `bun:",nullzero,notnull,default:current_timestamp"`
	ClosedAt bun.NullTime
	Entries  []*bunEntry `bun:"rel:has-many,join:id=account_id"`
}

type bunEntry struct {
	bun.BaseModel `bun:"table:entries,alias:e"`

	ID        int64       `bun:",pk,autoincrement"`
	AccountID int64       `bun:",notnull"`
	Account   *bunAccount `bun:"rel:belongs-to,join:account_id=id"`
	Amount    float64
	Memo      *string
	Scan      []byte
}

func openBun(t *testing.T) *bun.DB {
	t.Helper()
	pool, err := sql.Open(driver.Name, "file:"+filepath.ToSlash(filepath.Join(t.TempDir(), "bun.db"))+"?_fk=1")
	if err != nil {
		t.Fatal(err)
	}
	db := bun.NewDB(pool, sqlitedialect.New())
	t.Cleanup(func() { db.Close() })
	ctx := context.Background()
	if _, err := db.NewCreateTable().Model((*bunAccount)(nil)).IfNotExists().Exec(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := db.NewCreateTable().Model((*bunEntry)(nil)).
		ForeignKey(`("account_id") REFERENCES "accounts" ("id") ON DELETE CASCADE`).Exec(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := db.NewCreateIndex().Model((*bunEntry)(nil)).Index("entries_of_account").Column("account_id").Exec(ctx); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestBunRelations(t *testing.T) {
	db, ctx := openBun(t), context.Background()
	closed := time.Date(2022, 12, 31, 23, 59, 59, 5000, time.UTC)
	accounts := []bunAccount{
		{Name: "cash", Settings: map[string]string{"colour": "grün", "kind": "a 'b' \"c\""}},
		{Name: "old", Balance: 2.5, ClosedAt: bun.NullTime{Time: closed}},
	}
	if _, err := db.NewInsert().Model(&accounts).Exec(ctx); err != nil {
		t.Fatal(err)
	}
	if accounts[0].ID != 1 || accounts[1].ID != 2 || accounts[0].OpenedAt.IsZero() {
		t.Errorf("what the insertion returned: %+v", accounts)
	}
	memo := "lunch?"
	entries := []bunEntry{{AccountID: 1, Amount: -7.5, Memo: &memo, Scan: []byte{0, 0xff}}, {AccountID: 1, Amount: 20}}
	if _, err := db.NewInsert().Model(&entries).Exec(ctx); err != nil {
		t.Fatal(err)
	}

	var read []bunAccount
	if err := db.NewSelect().Model(&read).Relation("Entries", func(q *bun.SelectQuery) *bun.SelectQuery { return q.Order("e.id") }).
		Order("a.id").Scan(ctx); err != nil {
		t.Fatal(err)
	}
	if len(read) != 2 || len(read[0].Entries) != 2 || len(read[1].Entries) != 0 {
		t.Fatalf("accounts: %+v", read)
	}
	if read[0].Settings["colour"] != "grün" || read[0].Settings["kind"] != "a 'b' \"c\"" || !read[0].ClosedAt.IsZero() || !read[1].ClosedAt.Equal(closed) {
		t.Errorf("accounts: %+v", read)
	}
	if e := read[0].Entries[0]; e.Memo == nil || *e.Memo != memo || string(e.Scan) != "\x00\xff" || e.Amount != -7.5 || read[0].Entries[1].Memo != nil {
		t.Errorf("entries: %+v", read[0].Entries)
	}

	var entry bunEntry
	if err := db.NewSelect().Model(&entry).Relation("Account").Where("e.amount > ?", 0).Scan(ctx); err != nil {
		t.Fatal(err)
	}
	if entry.Account == nil || entry.Account.Name != "cash" {
		t.Errorf("entry of %+v", entry.Account)
	}
	if _, err := db.NewDelete().Model(&accounts[0]).WherePK().Exec(ctx); err != nil {
		t.Fatal(err)
	}
	if n, err := db.NewSelect().Model((*bunEntry)(nil)).Count(ctx); n != 0 || err != nil {
		t.Errorf("%d entries outlive their account, %v", n, err)
	}
}

func TestBunTransactionsAndUpserts(t *testing.T) {
	db, ctx := openBun(t), context.Background()
	stop := errors.New("stop")
	if err := db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewInsert().Model(&bunAccount{Name: "kept", Balance: 1}).Exec(ctx); err != nil {
			return err
		}
		// A transaction within one is a savepoint.
		if err := tx.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
			if _, err := tx.NewUpdate().Model((*bunAccount)(nil)).Set("balance = balance + 1").Where("TRUE").Exec(ctx); err != nil {
				t.Error(err)
			}
			return stop
		}); !errors.Is(err, stop) {
			t.Errorf("inner transaction: %v", err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewInsert().Model(&bunAccount{Name: "lost"}).Exec(ctx); err != nil {
			t.Error(err)
		}
		return stop
	}); !errors.Is(err, stop) {
		t.Errorf("outer transaction: %v", err)
	}
	var names []string
	var balances []float64
	if err := db.NewSelect().Model((*bunAccount)(nil)).Column("name", "balance").Scan(ctx, &names, &balances); err != nil {
		t.Fatal(err)
	}
	if len(names) != 1 || names[0] != "kept" || balances[0] != 1 {
		t.Errorf("accounts %v with %v", names, balances)
	}

	again := bunAccount{Name: "kept", Balance: 5}
	if _, err := db.NewInsert().Model(&again).On("CONFLICT (name) DO UPDATE").Set("balance = a.balance + EXCLUDED.balance").
		Returning("*").Exec(ctx); err != nil {
		t.Fatal(err)
	}
	if again.ID != 1 || again.Balance != 6 {
		t.Errorf("the upsert returned %+v", again)
	}

	// Many rows are updated at once through a table of values.
	many := []*bunAccount{{ID: 1, Balance: 100}}
	res, err := db.NewUpdate().With("_data", db.NewValues(&many).Column("id", "balance")).
		Model((*bunAccount)(nil)).TableExpr("_data").Set("balance = _data.balance").Where("a.id = _data.id").Exec(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := res.RowsAffected(); n != 1 || err != nil {
		t.Errorf("%d accounts updated, %v", n, err)
	}
	if err := db.NewSelect().Model(&again).WherePK().Scan(ctx); err != nil || again.Balance != 100 {
		t.Errorf("account %+v, %v", again, err)
	}
}

func TestBunErrors(t *testing.T) {
	db, ctx := openBun(t), context.Background()
	if _, err := db.NewInsert().Model(&bunAccount{Name: "cash"}).Exec(ctx); err != nil {
		t.Fatal(err)
	}
	var e *driver.Error
	_, err := db.NewInsert().Model(&bunAccount{Name: "cash"}).Exec(ctx)
	if !errors.As(err, &e) || e.Code() != 2067 {
		t.Errorf("the same name again: %v, want a UNIQUE constraint to fail", err)
	}
	_, err = db.NewInsert().Model(&bunEntry{AccountID: 99}).Exec(ctx)
	if !errors.As(err, &e) || e.Code() != 787 {
		t.Errorf("an entry of no account: %v, want a FOREIGN KEY constraint to fail", err)
	}
	if err := db.NewSelect().Model(new(bunAccount)).Where("id = ?", 99).Scan(ctx); !errors.Is(err, sql.ErrNoRows) {
		t.Errorf("an account that is not there: %v", err)
	}
}
