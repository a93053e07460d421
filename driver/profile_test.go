package driver

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// openAs opens a pool on a new file by the driver of a profile.
func openAs(t testing.TB, profile, query string) *sql.DB {
	t.Helper()
	c, err := Driver{profile}.OpenConnector("file:" + filepath.Join(t.TempDir(), "test.db") + "?" + query)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	t.Cleanup(func() { db.Close() })
	return db
}

func TestNames(t *testing.T) {
	for name, timeout := range map[string]int64{Name: 5000, Name + "-modernc": 5000, Name + "-ncruces": 60000} {
		db, err := sql.Open(name, "file:"+filepath.Join(t.TempDir(), "test.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if got := get(t, db, "PRAGMA busy_timeout"); got != timeout {
			t.Errorf("%s waits %v ms for locks, want %d", name, got, timeout)
		}
	}
	if _, err := (Driver{"sqlite4"}).OpenConnector(":memory:"); err == nil || !strings.Contains(err.Error(), "want mattn, modernc or ncruces") {
		t.Error(err)
	}
}

// TestUnion: every profile knows the keys of all drivers.
func TestUnion(t *testing.T) {
	const query = "_fk=1&_sync=3&_pragma=cache_size(77)&_dqs=0&_txlock=exclusive&_timezone=UTC&_time_format=datetime&_inttotime=0&_decltypes=wide" +
		"&_texttotime=0&_defensive=0&_error_rc=1&_readonly_tx=enforce&_max_memory=16777216&_stmt_cache_size=3&_strict=1&mode=rwc"
	for _, p := range profiles {
		db := openAs(t, "", query+"&_compat="+p.name)
		for pragma, want := range map[string]int64{"foreign_keys": 1, "synchronous": 3, "cache_size": 77} {
			if got := get(t, db, "PRAGMA "+pragma); got != want {
				t.Errorf("%s: %s is %v, want %d", p.name, pragma, got, want)
			}
		}
		if _, err := db.Exec(`SELECT "hello"`); err == nil {
			t.Errorf("%s: double quotes stand around strings", p.name)
		}
		at := time.Date(2024, 2, 3, 4, 5, 6, 7, time.UTC)
		if got := get(t, db, "SELECT CAST(? AS TEXT)", at); got != "2024-02-03 04:05:06" {
			t.Errorf("%s: a time is written as %v", p.name, got)
		}
		run(t, db, "CREATE TABLE t(n DATETIME, w TIMESTAMPTZ); INSERT INTO t VALUES (5, '2024-02-03 04:05:06')")
		if got := get(t, db, "SELECT n FROM t"); got != int64(5) {
			t.Errorf("%s: with _inttotime=0 a number is %v", p.name, got)
		}
		if got, ok := get(t, db, "SELECT w FROM t").(time.Time); !ok || !got.Equal(at.Truncate(time.Second)) {
			t.Errorf("%s: TIMESTAMPTZ is %v", p.name, got)
		}
		tx, err := db.BeginTx(background, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec("DELETE FROM t"); !errors.Is(err, sqlite3.READONLY) {
			t.Errorf("%s: a write in a read-only transaction: %v", p.name, err)
		}
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
		run(t, db, "DELETE FROM t")
	}
}

func TestTimeKeys(t *testing.T) {
	at := time.Date(2024, 2, 3, 4, 5, 6, 7_000_000, time.FixedZone("", 3600))
	for _, test := range []struct {
		query  string
		stored any
	}{
		{"_time_integer_format=unix", int64(1706929506)}, {"_time_integer_format=unix_milli", int64(1706929506007)},
		{"_time_integer_format=unix_micro", int64(1706929506007000)}, {"_time_integer_format=unix_nano", int64(1706929506007000000)},
		{"_time_integer_format=unix&_time_format=sqlite", int64(1706929506)},
		{"_timefmt=unixepoch_milli", int64(1706929506007)}, {"_timefmt=rfc3339", "2024-02-03T04:05:06.007+01:00"},
		{"_timefmt=auto", "2024-02-03T04:05:06.007+01:00"}, {"_timefmt=sqlite", "2024-02-03 03:05:06"},
		{"_time_format=sqlite", "2024-02-03 04:05:06.007+01:00"}, {"_time_format=datetime&_timezone=UTC", "2024-02-03 03:05:06"},
		{"_time_format=string_no_monotonic", "2024-02-03 04:05:06.007 +0100 +0100"}, {"_timefmt=julianday", 2460343.6285417476},
	} {
		for _, p := range profiles {
			db := openAs(t, p.name, test.query+"&_inttotime=1")
			run(t, db, "CREATE TABLE t(a DATETIME)")
			run(t, db, "INSERT INTO t VALUES (?)", at)
			stored := get(t, db, "SELECT +a FROM t")
			if got, ok := stored.(time.Time); ok { // ncruces gives text that time.RFC3339Nano writes as a time
				stored = got.Format(time.RFC3339Nano)
			}
			if stored != test.stored {
				t.Errorf("%s, %s: stored as %#v, want %#v", p.name, test.query, stored, test.stored)
			}
			if strings.Contains(test.query, "julianday") {
				continue // REAL, which is a time only by _timefmt and only to about a millisecond
			}
			got, ok := get(t, db, "SELECT a FROM t").(time.Time)
			if !ok || !got.Truncate(time.Second).Equal(at.Truncate(time.Second)) {
				t.Errorf("%s, %s: read as %v", p.name, test.query, got)
			}
		}
	}
}

func TestConflicts(t *testing.T) {
	for query, want := range map[string]string{
		"_timefmt=sqlite&_time_format=sqlite":       "_timefmt: another key says how to write times",
		"_timefmt=sqlite&_time_integer_format=unix": "_timefmt: another key says how to write times",
		"_loc=UTC&_timezone=Asia/Tokyo":             "_timezone=Asia/Tokyo: another _loc=UTC is given",
		"_timezone=Mars":                            "_timezone=Mars: want the name of a time zone",
		"_time_format=x":                            "_time_format=x: want one of sqlite datetime string_no_monotonic",
		"_time_integer_format=x":                    "_time_integer_format=x: want one of unix unix_milli unix_micro unix_nano",
		"_inttotime=x":                              "_inttotime=x: want one of",
		"_texttotime=x":                             "_texttotime=x: want one of",
		"_dqs=x":                                    "_dqs=x: want one of",
		"_error_rc=x":                               "_error_rc=x: want one of",
		"_defensive=1&_defensive=1":                 "_defensive: given 2 times",
		"_defensive=1&_journal=off":                 "_journal_mode=off: want another mode",
		"_txlock=concurrent":                        "this SQLite has no BEGIN CONCURRENT",
		"_readonly_tx=yes":                          "_readonly_tx=yes: want enforce",
		"_decltypes=narrow":                         "_decltypes=narrow: want wide",
		"_memory=shared":                            "_memory=shared: want a database in memory beside it",
		"_memory=x":                                 "_memory=x: want shared",
		"_max_memory=1000":                          "_max_memory=1000: want a number of bytes from 4194304 to 4294967296",
		"_compat=sqlite4":                           "_compat: want mattn, modernc or ncruces",
		"_strict=x":                                 "_strict=x: want one of",
		"_strict=1&_fk=1&_fkk=1":                    "_fkk: there is no such key here",
	} {
		if _, err := NewConnector("a.db?" + query); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", query, err, want)
		}
	}
	if _, err := NewConnector("a.db?_strict=1&mode=ro"); err == nil || !strings.Contains(err.Error(), "mode: there is no such key here") {
		t.Errorf("a key of SQLite on a path: %v", err)
	}
	if _, err := NewConnector("file:a.db?_strict=1&mode=ro&cache=shared&_test=&vfs=os&_auth_user=u"); err != nil && !strings.Contains(err.Error(), "_test=") {
		t.Error(err)
	}
}

// TestLiteralName: with the name for programs of ncruces a path has no keys.
func TestLiteralName(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.db?_fk=x")
	c, err := Driver{"ncruces"}.OpenConnector(name)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	defer db.Close()
	if got := get(t, db, "SELECT file FROM pragma_database_list"); got != name {
		t.Errorf("opened %v, want %s", got, name)
	}
}

// TestPrivateMemory: _memory=shared makes a database for one pool, which lasts as long as the pool.
func TestPrivateMemory(t *testing.T) {
	for _, dsn := range []string{":memory:?_memory=shared", "file::memory:?_memory=shared&_fk=1", "file:x?mode=memory&_memory=shared"} {
		db, other := openDSN(t, dsn), openDSN(t, dsn)
		db.SetMaxIdleConns(0)
		run(t, db, "CREATE TABLE t(a)")
		if n := db.Stats().OpenConnections; n != 0 {
			t.Fatalf("%d connections are open", n)
		}
		run(t, db, "INSERT INTO t VALUES (1)")
		if got := get(t, db, "SELECT a FROM t"); got != int64(1) {
			t.Errorf("%s: %v", dsn, got)
		}
		if _, err := other.Exec("SELECT a FROM t"); err == nil {
			t.Errorf("%s: two pools share a database", dsn)
		}
	}
	c, err := Driver{}.Open(":memory:?_memory=shared")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.(Conn).ExecContext(background, "CREATE TABLE t(a)", nil); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestMaxMemory(t *testing.T) {
	db := openDSN(t, ":memory:?_max_memory=8388608")
	_, err := db.Exec("CREATE TABLE t AS SELECT zeroblob(20000000) AS b")
	if !errors.Is(err, sqlite3.NOMEM) {
		t.Error(err)
	}
	if got := get(t, db, "SELECT 1"); got != int64(1) {
		t.Error(got)
	}
}

func TestWithTxLock(t *testing.T) {
	db := open(t, "?_timeout=0&_journal=WAL")
	run(t, db, "CREATE TABLE t(a)")
	for _, test := range []struct {
		lock  TxLock
		opts  sql.TxOptions
		write bool // somebody else can write
	}{
		{Deferred, sql.TxOptions{}, true}, {Immediate, sql.TxOptions{}, false}, {Exclusive, sql.TxOptions{}, false},
		{Immediate, sql.TxOptions{ReadOnly: true}, true},
	} {
		tx, err := db.BeginTx(WithTxLock(background, test.lock), &test.opts)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec("INSERT INTO t VALUES (1)"); (err == nil) != test.write {
			t.Errorf("%s, %+v: others write: %v", test.lock, test.opts, err)
		}
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	}
	if _, err := db.BeginTx(WithTxLock(background, "SHARED"), nil); err == nil || !strings.Contains(err.Error(), `no lock "SHARED"`) {
		t.Error(err)
	}
}

// TestReadOnlyTx: what a read-only transaction forbids is allowed again after it, however it ends.
func TestReadOnlyTx(t *testing.T) {
	db := openAs(t, "ncruces", "")
	db.SetMaxOpenConns(1)
	run(t, db, "CREATE TABLE t(a)")
	for _, end := range []func(*sql.Tx) error{(*sql.Tx).Commit, (*sql.Tx).Rollback} {
		tx, err := db.BeginTx(background, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec("INSERT INTO t VALUES (1)"); !errors.Is(err, sqlite3.READONLY) {
			t.Error(err)
		}
		if err := end(tx); err != nil {
			t.Error(err)
		}
		run(t, db, "INSERT INTO t VALUES (2)")
	}
	ctx, cancel := context.WithCancel(background)
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	_ = tx.Rollback() // database/sql may have been faster
	run(t, db, "INSERT INTO t VALUES (3)")
	run(t, db, "PRAGMA query_only=ON")
	if tx, err = db.BeginTx(background, &sql.TxOptions{ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
	if got := get(t, db, "PRAGMA query_only"); got != int64(1) {
		t.Error("a transaction has allowed what the program had forbidden")
	}
}

func TestMarshalError(t *testing.T) {
	db := open(t, "")
	run(t, db, "CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES (1)")
	_, err := db.Exec("INSERT INTO t VALUES (1)")
	text, jerr := json.Marshal(err)
	if want := `{"Code":19,"ExtendedCode":2067,"SystemErrno":0}`; jerr != nil || string(text) != want {
		t.Errorf("%s, %v, want %s", text, jerr, want)
	}
	var unrelated struct{ Code, ExtendedCode int }
	var code *int
	var wrapped *Error
	if (&Error{}).As(&unrelated) || (&Error{}).As(&code) || (&Error{}).As(nil) || (&Error{}).As((*int)(nil)) || (&Error{}).As(5) {
		t.Error("an error is found to be what it is not")
	}
	if !errors.As(fmt.Errorf("insert: %w", err), &wrapped) || wrapped.Code() != int(sqlite3.CONSTRAINT_UNIQUE) {
		t.Error(wrapped)
	}
	var theirs *sqlite3.Error
	if !errors.As(err, &theirs) || theirs.ExtendedCode() != sqlite3.CONSTRAINT_UNIQUE {
		t.Error("the binding's error is not found")
	}
}

// TestScript: with the name for programs of modernc a prepared text runs whole.
func TestScript(t *testing.T) {
	db := openAs(t, "modernc", "")
	run(t, db, "CREATE TABLE t(a)")
	s, err := db.Prepare("INSERT INTO t VALUES (?1); SELECT ?1 + count(*) FROM t")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Exec(5); err != nil {
		t.Error(err)
	}
	var n int
	if err := s.QueryRow(10).Scan(&n); err != nil || n != 12 {
		t.Error(n, err)
	}
	c, err := db.Conn(background)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	err = c.Raw(func(dc any) error {
		s, err := dc.(Conn).Prepare("INSERT INTO t VALUES (?1); SELECT a FROM t WHERE a = ?1")
		if err != nil {
			return err
		}
		defer s.Close()
		legacy := s.(interface { // which database/sql no longer uses
			Exec([]sqldriver.Value) (sqldriver.Result, error)
			Query([]sqldriver.Value) (sqldriver.Rows, error)
		})
		if _, err := legacy.Exec([]sqldriver.Value{int64(7)}); err != nil {
			return err
		}
		rows, err := legacy.Query([]sqldriver.Value{int64(8)})
		if err != nil {
			return err
		}
		return rows.Close()
	})
	if err != nil {
		t.Error(err)
	}
	if got := get(t, db, "SELECT group_concat(a) FROM t"); got != "5,10,7,8" {
		t.Error(got)
	}
}
