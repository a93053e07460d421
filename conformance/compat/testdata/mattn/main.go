// A program written for github.com/mattn/go-sqlite3. It prints what it sees.
package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"
)

var events []string

func event(format string, args ...any) { events = append(events, fmt.Sprintf(format, args...)) }

func showEvents(title string) {
	fmt.Println(title, strings.Join(events, "; "))
	events = nil
}

func check(err error) {
	if err != nil {
		log.Output(2, err.Error())
		os.Exit(1)
	}
}

type median struct{ values []float64 }

func (m *median) Step(v float64) { m.values = append(m.values, v) }
func (m *median) Done() (float64, error) {
	if len(m.values) == 0 {
		return 0, errors.New("no values")
	}
	sort.Float64s(m.values)
	return m.values[len(m.values)/2], nil
}

type level int8

func setUp(c *sqlite3.SQLiteConn) error {
	c.RegisterCommitHook(func() int { event("commit of nobody"); return 1 }) // replaced by the next
	c.RegisterCommitHook(func() int { event("commit"); return 0 })
	c.RegisterRollbackHook(func() { event("rollback") })
	c.RegisterUpdateHook(func(op int, db, table string, rowid int64) {
		kind := map[int]string{sqlite3.SQLITE_INSERT: "insert", sqlite3.SQLITE_UPDATE: "update", sqlite3.SQLITE_DELETE: "delete"}[op]
		event("%s %s.%s %d", kind, db, table, rowid)
	})
	if err := c.RegisterFunc("shout", func(s string, n ...int) string {
		return strings.ToUpper(s) + strings.Repeat("!", len(n))
	}, true); err != nil {
		return err
	}
	if err := c.RegisterFunc("lift", func(l level) (level, error) {
		if l > 9 {
			return 0, errors.New("too high")
		}
		return l + 1, nil
	}, true); err != nil {
		return err
	}
	if err := c.RegisterFunc("kind", func(v any) string { return fmt.Sprintf("%T %v", v, v) }, true); err != nil {
		return err
	}
	if err := c.RegisterFunc("head", func(b []byte) []byte { return b[:1] }, true); err != nil {
		return err
	}
	if err := c.RegisterAggregator("median", func() *median { return &median{} }, true); err != nil {
		return err
	}
	return c.RegisterCollation("length", func(a, b string) int { return len(a) - len(b) })
}

func open(name string) (*sql.DB, *sqlite3.SQLiteConn) {
	db, err := sql.Open("sqlite3_app", name)
	check(err)
	db.SetMaxOpenConns(1)
	var raw *sqlite3.SQLiteConn
	c, err := db.Conn(context.Background())
	check(err)
	check(c.Raw(func(dc any) error { raw = dc.(*sqlite3.SQLiteConn); return nil }))
	check(c.Close())
	return db, raw
}

func value(db *sql.DB, query string, args ...any) string {
	var v any
	if err := db.QueryRow(query, args...).Scan(&v); err != nil {
		return "error: " + err.Error()
	}
	return fmt.Sprintf("%T %v", v, v)
}

func main() {
	sql.Register("sqlite3_app", &sqlite3.SQLiteDriver{ConnectHook: setUp})
	dir, err := os.MkdirTemp("", "compat")
	check(err)
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "app.db")
	db, raw := open(name + "?_journal=WAL&_fk=1")
	showFunctions(db)
	showErrors(db, raw)
	showHooks(db, raw)
	showConnection(db, raw, name)
	showStatements(raw)
	showBackup(dir, db, raw)
	check(db.Close())
	showRefusals(dir)
}

func showFunctions(db *sql.DB) {
	for _, query := range []string{
		"SELECT shout('hey', 1, 2)", "SELECT shout(x'6869')", "SELECT shout()", "SELECT shout(1)",
		"SELECT lift(3)", "SELECT lift(10)", "SELECT lift('x')", "SELECT lift()",
		"SELECT kind(1)", "SELECT kind(1.5)", "SELECT kind('a')", "SELECT kind(x'01')", "SELECT kind(NULL)",
		"SELECT hex(head(x'0102'))", "SELECT median(column1) FROM (VALUES (3.0), (1.0), (2.0))", "SELECT median(1.0) WHERE 0",
		"SELECT group_concat(a) FROM (SELECT column1 AS a FROM (VALUES ('ccc'), ('a'), ('bb')) ORDER BY a COLLATE length)",
	} {
		got := value(db, query)
		if strings.HasPrefix(got, "error: ") {
			got = "error" // of our own functions the texts differ
		}
		fmt.Println(query, "=", got)
	}
	fmt.Println("own error:", strings.Contains(value(db, "SELECT lift(10)"), "too high"))
}

func describe(err error) {
	e, isValue := err.(sqlite3.Error)
	var as sqlite3.Error
	found := errors.As(err, &as)
	text, _ := json.Marshal(err)
	fmt.Println(isValue, found, int(e.Code), int(e.ExtendedCode), int(e.SystemErrno), err, string(text))
	fmt.Println("  ", e.Code == sqlite3.ErrConstraint, e.ExtendedCode == sqlite3.ErrConstraintUnique, e.Code == sqlite3.ErrBusy)
}

func showErrors(db *sql.DB, raw *sqlite3.SQLiteConn) {
	_, err := db.Exec("CREATE TABLE author(id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL CHECK(name <> 'x')); CREATE TABLE book(author REFERENCES author(id))")
	check(err)
	for _, query := range []string{
		"INSERT INTO author(name) VALUES('a'), ('a')", "INSERT INTO author VALUES(1, 'a'), (1, 'b')", "INSERT INTO author(name) VALUES(NULL)",
		"INSERT INTO author(name) VALUES('x')", "INSERT INTO book VALUES(7)", "SELECT nothing", "SELEC 1", "SELECT * FROM nowhere",
		"ATTACH '/nowhere/at/all.db' AS other",
	} {
		_, err := db.Exec(query)
		describe(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	check(raw.RegisterFunc("cancel", func() int { cancel(); return 1 }, false)) // while the statement runs, whatever the schedule
	_, err = db.ExecContext(ctx, "WITH RECURSIVE c(i) AS (VALUES(cancel()) UNION ALL SELECT i+1 FROM c) SELECT count(*) FROM c")
	fmt.Println("canceled:", err == context.Canceled, err)
	for _, no := range []sqlite3.ErrNo{sqlite3.ErrBusy, sqlite3.ErrConstraint, sqlite3.ErrNotADB, sqlite3.ErrFull} {
		fmt.Println(no, int(no.Extend(2)), no.Extend(2))
	}
	fmt.Println(sqlite3.Error{Code: sqlite3.ErrReadonly}, sqlite3.ErrNoExtended(sqlite3.ErrBusySnapshot))
}

func showHooks(db *sql.DB, raw *sqlite3.SQLiteConn) {
	events = nil
	_, err := db.Exec("INSERT INTO author VALUES(10, 'j'), (11, 'k'); UPDATE author SET name='l' WHERE id=11; DELETE FROM author WHERE id=10")
	check(err)
	showEvents("changes:")
	tx, err := db.Begin()
	check(err)
	_, err = tx.Exec("INSERT INTO author VALUES(12, 'm')")
	check(err)
	fmt.Println("in a transaction:", !raw.AutoCommit())
	check(tx.Rollback())
	showEvents("rollback:")
	raw.RegisterUpdateHook(nil)
	raw.RegisterRollbackHook(nil)
	raw.RegisterCommitHook(func() int { return 1 })
	_, err = db.Exec("INSERT INTO author VALUES(13, 'n')")
	describe(err)
	raw.RegisterCommitHook(nil)
	raw.RegisterAuthorizer(func(op int, a, b, db string) int {
		switch {
		case op == sqlite3.SQLITE_READ && b == "name":
			return sqlite3.SQLITE_IGNORE
		case op == sqlite3.SQLITE_DELETE && a == "author":
			return sqlite3.SQLITE_DENY
		}
		return sqlite3.SQLITE_OK
	})
	fmt.Println("ignored:", value(db, "SELECT name FROM author"))
	_, err = db.Exec("DELETE FROM author")
	describe(err)
	raw.RegisterAuthorizer(nil)
	fmt.Println("seen:", value(db, "SELECT name FROM author"))
}

func showConnection(db *sql.DB, raw *sqlite3.SQLiteConn, name string) {
	fmt.Println("file:", raw.GetFilename("") == name, raw.GetFilename("main") == name, raw.GetFilename("temp") == "", raw.AutoCommit())
	fmt.Println("limits:", raw.GetLimit(sqlite3.SQLITE_LIMIT_ATTACHED), raw.SetLimit(sqlite3.SQLITE_LIMIT_ATTACHED, 2), raw.GetLimit(sqlite3.SQLITE_LIMIT_ATTACHED))
	fmt.Println("file control:", raw.SetFileControlInt("", sqlite3.SQLITE_FCNTL_CHUNK_SIZE, 4096), raw.SetFileControlInt("main", sqlite3.SQLITE_FCNTL_PERSIST_WAL, 0))
	version, number, source := sqlite3.Version()
	fmt.Println("version:", version, number, len(source) > 20)
	fmt.Println("times:", sqlite3.SQLiteTimestampFormats)
	at := time.Date(2026, 2, 3, 4, 5, 6, 789000000, time.FixedZone("", 3600))
	fmt.Println(value(db, "SELECT ?", at), value(db, "SELECT typeof(?)", at), value(db, "SELECT ?", []byte{}), value(db, "SELECT ?", true))
	fmt.Println("driver:", func() bool { _, ok := db.Driver().(*sqlite3.SQLiteDriver); return ok }())
	fmt.Println("extension:", raw.LoadExtension("/nowhere/lib.so", "") != nil)
}

func showStatements(raw *sqlite3.SQLiteConn) {
	_, err := raw.Exec("CREATE TABLE kinds(a INTEGER, b VARCHAR(10), c DATETIME, d)", nil)
	check(err)
	res, err := raw.Exec("INSERT INTO kinds VALUES(?, ?, ?, ?)", []driver.Value{int64(1), "b", "2026-02-03 04:05:06", 1.5})
	check(err)
	id, _ := res.LastInsertId()
	n, _ := res.RowsAffected()
	_, isResult := res.(*sqlite3.SQLiteResult)
	fmt.Println("result:", id, n, isResult)
	for _, query := range []string{"SELECT a, b, c, d, a+1 FROM kinds", "DELETE FROM kinds WHERE a=7"} {
		s, err := raw.Prepare(query)
		check(err)
		st := s.(*sqlite3.SQLiteStmt)
		fmt.Println("read-only:", st.Readonly())
		r, err := st.Query(nil)
		check(err)
		rows := r.(*sqlite3.SQLiteRows)
		fmt.Printf("%q %q\n", rows.Columns(), rows.DeclTypes())
		dest := make([]driver.Value, len(rows.Columns()))
		for rows.Next(dest) == nil {
			fmt.Printf("%v\n", dest)
		}
		check(rows.Close())
		check(st.Close())
	}
	tx, err := raw.Begin()
	check(err)
	_, isTx := tx.(*sqlite3.SQLiteTx)
	fmt.Println("transaction:", isTx, tx.Commit())
}

func showBackup(dir string, db *sql.DB, raw *sqlite3.SQLiteConn) {
	_, err := db.Exec("CREATE TABLE big(a); WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM c WHERE i<100) INSERT INTO big SELECT randomblob(3000) FROM c")
	check(err)
	want := value(db, "SELECT hex(a) FROM big WHERE rowid=77")
	memory, inMemory := open(":memory:")
	copied, inFile := open(filepath.Join(dir, "copy.db"))
	for _, c := range []struct{ dst, src *sqlite3.SQLiteConn }{{inMemory, raw}, {inFile, inMemory}} {
		b, err := c.dst.Backup("main", c.src, "main")
		check(err)
		steps, done := 0, false
		for !done {
			done, err = b.Step(20)
			check(err)
			if steps++; !done && (b.Remaining() <= 0 || b.Remaining() >= b.PageCount()) {
				fmt.Println("remaining:", b.Remaining(), "of", b.PageCount())
			}
		}
		fmt.Println("backup:", steps > 3, b.Remaining(), b.PageCount() > 50, b.Finish())
	}
	fmt.Println("copies:", value(memory, "SELECT hex(a) FROM big WHERE rowid=77") == want, value(copied, "SELECT hex(a) FROM big WHERE rowid=77") == want)
	content, err := inMemory.Serialize("")
	check(err)
	content[18], content[19] = 1, 1 // a file without a WAL, or the C function refuses it
	other, inOther := open(":memory:")
	check(inOther.Deserialize(content, "main"))
	fmt.Println("serialized:", len(content)%4096, value(other, "SELECT count(*) FROM big"))
	for _, db := range []*sql.DB{memory, copied, other} {
		check(db.Close())
	}
}

func showRefusals(dir string) {
	refused := errors.New("not today")
	sql.Register("sqlite3_refused", &sqlite3.SQLiteDriver{ConnectHook: func(*sqlite3.SQLiteConn) error { return refused }})
	db, err := sql.Open("sqlite3_refused", ":memory:")
	check(err)
	fmt.Println("refused:", db.Ping() == refused)
	check(os.WriteFile(filepath.Join(dir, "garbage.db"), []byte(strings.Repeat("garbage ", 1000)), 0o644))
	for _, name := range []string{filepath.Join(dir, "garbage.db"), "/nowhere/at/all.db"} {
		db, err := sql.Open("sqlite3_app", name)
		check(err)
		describe(db.QueryRow("SELECT 1 FROM sqlite_schema").Scan(new(int)))
	}
	locked := filepath.Join(dir, "app.db")
	holder, _ := open(locked)
	_, err = holder.Exec("BEGIN IMMEDIATE")
	check(err)
	db, err = sql.Open("sqlite3_app", locked+"?_busy_timeout=10")
	check(err)
	_, err = db.Exec("DELETE FROM author")
	describe(err)
	check(holder.Close())
}
