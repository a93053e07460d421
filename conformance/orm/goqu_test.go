package orm

import (
	"context"
	"database/sql"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/doug-martin/goqu/v9"
	_ "github.com/doug-martin/goqu/v9/dialect/sqlite3"

	"github.com/turso-coop/turso-coop/driver"
)

type goquCity struct {
	ID         int64        `db:"id" goqu:"skipinsert,skipupdate"`
	Name       string       `db:"name"`
	Country    string       `db:"country"`
	Population *int64       `db:"population"`
	Capital    bool         `db:"capital"`
	Seal       []byte       `db:"seal"`
	Founded    sql.NullTime `db:"founded"`
}

var goquFounded = sql.NullTime{Time: time.Date(1237, 10, 28, 0, 0, 0, 0, time.UTC), Valid: true}

// openGoqu returns a database with four cities.
func openGoqu(t *testing.T) *goqu.Database {
	t.Helper()
	pool, err := sql.Open(driver.Name, filepath.Join(t.TempDir(), "goqu.db")+"?_fk=1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	db := goqu.New("sqlite3", pool)
	if _, err := db.Exec(`
		CREATE TABLE countries (code TEXT PRIMARY KEY);
		CREATE TABLE cities (
			id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, country TEXT NOT NULL REFERENCES countries (code),
			population INTEGER, capital BOOLEAN NOT NULL, seal BLOB, founded DATETIME)`); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Insert("countries").Rows(goqu.Record{"code": "DE"}, goqu.Record{"code": "FR"}).Executor().Exec(); err != nil {
		t.Fatal(err)
	}
	// Without Prepared, goqu writes values into the text: bytes as a string, which must be UTF-8 (and is empty for
	// nil), and times in a layout that sorts otherwise within a day than the one of arguments. That is so with every driver.
	res, err := db.Insert("cities").Rows(
		goquCity{Name: "Berlin", Country: "DE", Population: new(int64(3_700_000)), Capital: true, Seal: []byte("b'\n\""), Founded: goquFounded},
		goquCity{Name: "Ulm", Country: "DE", Population: new(int64(120_000))},
		goquCity{Name: "Villeneuve-d'Ascq", Country: "FR"},
	).Executor().Exec()
	if err != nil {
		t.Fatal(err)
	}
	if n, err := res.RowsAffected(); n != 3 || err != nil {
		t.Fatalf("%d cities inserted, %v", n, err)
	}
	if _, err := db.Insert("cities").Prepared(true).Rows(
		goquCity{Name: "Paris", Country: "FR", Population: new(int64(2_100_000)), Capital: true, Seal: []byte{0}, Founded: goquFounded},
	).Executor().Exec(); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestGoquRows(t *testing.T) {
	db, ctx := openGoqu(t), context.Background()
	for _, prepared := range []bool{false, true} {
		var cities []goquCity
		err := db.From("cities").Prepared(prepared).Where(
			goqu.Or(goqu.C("population").Gt(1_000_000), goqu.C("population").IsNull()), goqu.C("country").In("DE", "FR"),
		).Order(goqu.C("id").Asc()).ScanStructsContext(ctx, &cities)
		if err != nil {
			t.Fatal(err)
		}
		want := []goquCity{
			{ID: 1, Name: "Berlin", Country: "DE", Population: new(int64(3_700_000)), Capital: true, Seal: []byte("b'\n\""), Founded: goquFounded},
			{ID: 3, Name: "Villeneuve-d'Ascq", Country: "FR", Seal: []byte{}},
			{ID: 4, Name: "Paris", Country: "FR", Population: new(int64(2_100_000)), Capital: true, Seal: []byte{0}, Founded: goquFounded},
		}
		for i := range cities {
			cities[i].Founded.Time = cities[i].Founded.Time.UTC()
		}
		if !reflect.DeepEqual(cities, want) {
			t.Errorf("prepared %v: cities %+v, want %+v", prepared, cities, want)
		}

		var name string
		found, err := db.From("cities").Prepared(prepared).Select("name").Where(goqu.C("name").Eq("Villeneuve-d'Ascq")).ScanVal(&name)
		if !found || name != "Villeneuve-d'Ascq" || err != nil {
			t.Errorf("prepared %v: found %v, %q, %v", prepared, found, name, err)
		}
		if found, err := db.From("cities").Prepared(prepared).Where(goqu.Ex{"founded": goqu.Op{"lt": goquFounded.Time.AddDate(0, 0, -1)}}).ScanStruct(new(goquCity)); found || err != nil {
			t.Errorf("prepared %v: a city older than that: %v, %v", prepared, found, err)
		}
	}
	var totals []struct {
		Country string `db:"country"`
		Total   int64  `db:"total"`
	}
	err := db.From("countries").LeftJoin(goqu.T("cities"), goqu.On(goqu.I("countries.code").Eq(goqu.I("cities.country")))).
		Select(goqu.I("countries.code").As("country"), goqu.SUM("population").As("total")).
		GroupBy("countries.code").Having(goqu.SUM("population").Gt(0)).Order(goqu.C("total").Desc()).ScanStructs(&totals)
	if err != nil {
		t.Fatal(err)
	}
	if len(totals) != 2 || totals[0].Country != "DE" || totals[0].Total != 3_820_000 || totals[1].Total != 2_100_000 {
		t.Errorf("totals %+v", totals)
	}
}

func TestGoquTransactions(t *testing.T) {
	db := openGoqu(t)
	err := db.WithTx(func(tx *goqu.TxDatabase) error {
		if n, err := tx.Delete("cities").Where(goqu.C("capital").IsTrue()).Executor().Exec(); err != nil {
			return err
		} else if deleted, _ := n.RowsAffected(); deleted != 2 {
			t.Errorf("%d capitals deleted", deleted)
		}
		_, err := tx.Insert("cities").Rows(goquCity{Name: "Ulm", Country: "DE"}).Executor().Exec()
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "UNIQUE constraint failed: cities.name") {
		t.Errorf("the same name again: %v", err)
	}
	if n, err := db.From("cities").Count(); n != 4 || err != nil {
		t.Errorf("%d cities after the rollback, %v", n, err)
	}
	if _, err := db.Insert("cities").Rows(goquCity{Name: "Oz", Country: "OZ"}).Executor().Exec(); err == nil || !strings.Contains(err.Error(), "FOREIGN KEY constraint failed") {
		t.Errorf("a city in no country: %v", err)
	}

	_, err = db.Insert("cities").Prepared(true).Rows(goquCity{Name: "Ulm", Country: "DE", Population: new(int64(5))}).
		OnConflict(goqu.DoUpdate("name", goqu.Record{"population": goqu.L("population + excluded.population")})).Executor().Exec()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Update("cities").Set(goqu.Record{"founded": nil, "capital": false}).Where(goqu.C("name").Like("par%")).Executor().Exec(); err != nil {
		t.Fatal(err)
	}
	var cities []goquCity
	if err := db.From("cities").Where(goqu.C("name").In("Ulm", "Paris")).Order(goqu.C("name").Asc()).ScanStructs(&cities); err != nil {
		t.Fatal(err)
	}
	if len(cities) != 2 || cities[0].Capital || cities[0].Founded.Valid || *cities[1].Population != 120_005 {
		t.Errorf("cities %+v", cities)
	}
}
