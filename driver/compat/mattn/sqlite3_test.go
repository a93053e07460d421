package sqlite3_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	turso "github.com/turso-coop/turso-coop/driver"
	sqlite3 "github.com/turso-coop/turso-coop/driver/compat/mattn"
	_ "github.com/turso-coop/turso-coop/vfs/oracle" // files are what SQLite asked for
)

func open(t *testing.T, d *sqlite3.SQLiteDriver, dsn string) (*sql.DB, *sqlite3.SQLiteConn) {
	t.Helper()
	connector, err := d.OpenConnector(dsn)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	c, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var raw *sqlite3.SQLiteConn
	if err := c.Raw(func(dc any) error { raw = dc.(*sqlite3.SQLiteConn); return nil }); err != nil {
		t.Fatal(err)
	}
	return db, raw
}

func run(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func TestNothingIsRegistered(t *testing.T) {
	if names := sql.Drivers(); slices.Contains(names, "sqlite3") {
		t.Errorf("the import alone registers %q", names)
	}
}

func TestErrorsLeadToTheirCause(t *testing.T) {
	name := filepath.Join(t.TempDir(), "test.db")
	db, _ := open(t, &sqlite3.SQLiteDriver{}, name)
	other, _ := open(t, &sqlite3.SQLiteDriver{}, name+"?_busy_timeout=1")
	run(t, db, "CREATE TABLE t(a UNIQUE); BEGIN IMMEDIATE")
	_, err := other.Exec("INSERT INTO t VALUES(1)")
	var cause *turso.Error
	if err == nil || err.Error() != "database is locked" || !errors.As(err, &cause) || cause.Holder() == "" {
		t.Errorf("locked: %v", err)
	}
	run(t, db, "COMMIT")
	_, err = (&sqlite3.SQLiteDriver{}).Open(filepath.Join(name+"-dir", "test.db"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such directory: %v", err)
	}

	// The type is found in errors of the package driver too.
	native, err := sql.Open(turso.Name, name)
	if err != nil {
		t.Fatal(err)
	}
	defer native.Close()
	_, err = native.Exec("INSERT INTO t VALUES(1), (1)")
	var e sqlite3.Error
	if !errors.As(err, &e) || e.ExtendedCode != sqlite3.ErrConstraintUnique || e.Code != sqlite3.ErrConstraint {
		t.Errorf("%v: %+v", err, e)
	}
}

func TestPreUpdateHook(t *testing.T) {
	db, c := open(t, &sqlite3.SQLiteDriver{}, ":memory:")
	run(t, db, "CREATE TABLE t(id INTEGER PRIMARY KEY, a)")
	var seen []string
	c.RegisterPreUpdateHook(func(d sqlite3.SQLitePreUpdateData) {
		before, after := make([]any, d.Count()), make([]any, d.Count())
		oldErr, newErr := d.Old(before...), d.New(after...)
		seen = append(seen, fmt.Sprintf("%d %s.%s %d→%d %s→%s %v %v", d.Op, d.DatabaseName, d.TableName, d.OldRowID, d.NewRowID, before, after, oldErr != nil, newErr != nil))
	})
	run(t, db, "INSERT INTO t VALUES(1, 'x'); UPDATE t SET a='y'; DELETE FROM t")
	c.RegisterPreUpdateHook(nil)
	run(t, db, "INSERT INTO t VALUES(2, 'z')")
	for i, want := range []string{"18 main.t", "23 main.t 1→1", "9 main.t 1"} {
		if i >= len(seen) || !strings.HasPrefix(seen[i], want) {
			t.Fatalf("%q", seen)
		}
	}
	if len(seen) != 3 || !strings.HasSuffix(seen[0], "true false") || !strings.HasSuffix(seen[1], "x]→[%!s(int64=1) y] false false") || !strings.HasSuffix(seen[2], "false true") {
		t.Errorf("%q", seen)
	}
}

func TestWhatIsRefused(t *testing.T) {
	name := filepath.Join(t.TempDir(), "test.db")
	db, c := open(t, &sqlite3.SQLiteDriver{}, name)
	run(t, db, "CREATE TABLE t(a)")
	content, err := c.Serialize("main")
	if err != nil || !bytes.HasPrefix(content, []byte("SQLite format 3")) {
		t.Fatalf("%.20q, %v", content, err)
	}
	if err := c.Deserialize(content, ""); err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("Deserialize over a file: %v", err)
	}
	if err := c.LoadExtension("lib.so", ""); err == nil || !strings.Contains(err.Error(), "wasmext") {
		t.Errorf("LoadExtension: %v", err)
	}
	if _, err := (&sqlite3.SQLiteDriver{Extensions: []string{"lib.so"}}).Open(":memory:"); err == nil || !strings.Contains(err.Error(), "lib.so") {
		t.Errorf("Extensions: %v", err)
	}
	if err := c.SetFileControlInt("", sqlite3.SQLITE_FCNTL_MMAP_SIZE, 1); err == nil {
		t.Error("mmap_size is set")
	}
	if _, err := (&sqlite3.SQLiteDriver{}).Open("x.db?_txlock=soon"); err == nil {
		t.Error("a bad DSN is opened")
	}
	if _, err := c.Backup("main", c, "nowhere"); err == nil {
		t.Error("a backup of nothing begins")
	}
	if _, err := c.Native().Raw().FileControl("main", 0); err == nil {
		t.Error("Native is no connection")
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c.RegisterCommitHook(func() int { return 0 })
	c.RegisterCommitHook(nil)
	if err := c.Ping(context.Background()); err == nil || c.AutoCommit() || c.GetLimit(0) != -1 || c.GetFilename("") != "" {
		t.Errorf("a closed connection: %v", err)
	}
}

func ExampleSQLiteDriver() {
	sql.Register("sqlite3_half", &sqlite3.SQLiteDriver{
		ConnectHook: func(c *sqlite3.SQLiteConn) error {
			return c.RegisterFunc("half", func(n int) float64 { return float64(n) / 2 }, true)
		},
	})
	db, err := sql.Open("sqlite3_half", ":memory:")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	var n float64
	err = db.QueryRow("SELECT half(7)").Scan(&n)
	fmt.Println(n, err)
	// Output: 3.5 <nil>
}

func ExampleError() {
	c, err := (&sqlite3.SQLiteDriver{}).OpenConnector(":memory:")
	if err != nil {
		fmt.Println(err)
		return
	}
	db := sql.OpenDB(c)
	defer db.Close()
	_, err = db.Exec("CREATE TABLE user(name UNIQUE); INSERT INTO user VALUES ('ann'), ('ann')")
	var e sqlite3.Error
	if errors.As(err, &e) && e.ExtendedCode == sqlite3.ErrConstraintUnique {
		fmt.Println(e)
	}
	// Output: UNIQUE constraint failed: user.name
}
