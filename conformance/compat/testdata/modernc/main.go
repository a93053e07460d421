// A program written for modernc.org/sqlite. It prints what it sees.
package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
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

// sum aggregates groups and windows.
type sum struct{ total int64 }

func (s *sum) Step(_ *sqlite.FunctionContext, args []driver.Value) error {
	n, ok := args[0].(int64)
	if !ok {
		return errors.New("no integer")
	}
	s.total += n
	return nil
}
func (s *sum) WindowInverse(_ *sqlite.FunctionContext, args []driver.Value) error {
	s.total -= args[0].(int64)
	return nil
}
func (s *sum) WindowValue(*sqlite.FunctionContext) (driver.Value, error) { return s.total, nil }
func (s *sum) Final(*sqlite.FunctionContext)                             { event("final") }

// cancel is what the SQL function of its name calls: it cancels the statement that calls it.
var cancel context.CancelFunc

func init() {
	sqlite.MustRegisterScalarFunction("cancel", 0, func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
		cancel()
		return int64(1), nil
	})
	sqlite.MustRegisterScalarFunction("kind", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		return fmt.Sprintf("%T %v", args[0], args[0]), nil
	})
	sqlite.MustRegisterDeterministicScalarFunction("same", -1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		if len(args) == 0 {
			return nil, errors.New("nothing given")
		}
		return args[0], nil
	})
	sqlite.MustRegisterScalarFunction("result", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		return map[any]driver.Value{
			int64(0): true, int64(1): time.Unix(77, 0), int64(2): []byte{}, int64(3): 1.5, int64(4): struct{}{},
		}[args[0]], nil
	})
	sqlite.MustRegisterFunction("total_of", &sqlite.FunctionImpl{NArgs: 1, Deterministic: true,
		MakeAggregate: func(sqlite.FunctionContext) (sqlite.AggregateFunction, error) { return &sum{}, nil }})
	sqlite.MustRegisterCollationUtf8("length", func(l, r string) int { return len(l) - len(r) })
	sqlite.RegisterConnectionHook(func(c sqlite.ExecQuerierContext, dsn string) error {
		_, err := c.ExecContext(context.Background(), "CREATE TEMP TABLE opened(dsn); INSERT INTO opened VALUES(?)", []driver.NamedValue{{Ordinal: 1, Value: filepath.Base(dsn)}})
		return err
	})
}

func open(dsn string) *sql.DB {
	c, err := sqlite.NewConnector(dsn)
	check(err)
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(1)
	return db
}

func raw(db *sql.DB, f func(dc any) error) {
	c, err := db.Conn(context.Background())
	check(err)
	defer c.Close()
	check(c.Raw(f))
}

func value(db *sql.DB, query string, args ...any) string {
	var v any
	if err := db.QueryRow(query, args...).Scan(&v); err != nil {
		return "error: " + err.Error()
	}
	return fmt.Sprintf("%T %v", v, v)
}

func main() {
	dir, err := os.MkdirTemp("", "compat")
	check(err)
	defer os.RemoveAll(dir)
	db := open(filepath.Join(dir, "app.db") + "?_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)")
	showFunctions(db)
	showErrors(db)
	showHooks(db)
	showConnection(db)
	showBackup(dir, db)
	check(db.Close())
	showDrivers(dir)
}

func showFunctions(db *sql.DB) {
	for _, query := range []string{
		"SELECT dsn FROM opened", "SELECT kind(1)", "SELECT kind(1.5)", "SELECT kind('a')", "SELECT kind(x'01')", "SELECT kind(NULL)",
		"SELECT same('a')", "SELECT same(NULL, 1)", "SELECT same()", "SELECT kind()",
		"SELECT result(0)", "SELECT result(1)", "SELECT typeof(result(2))", "SELECT result(3)", "SELECT result(5)",
		"SELECT total_of(column1) FROM (VALUES (3), (1), (2))", "SELECT total_of(1) WHERE 0", "SELECT total_of('x')",
		"SELECT group_concat(s) FROM (SELECT total_of(column1) OVER (ROWS 1 PRECEDING) AS s FROM (VALUES (3), (1), (2)))",
		"SELECT group_concat(a) FROM (SELECT column1 AS a FROM (VALUES ('ccc'), ('a'), ('bb')) ORDER BY a COLLATE length)",
	} {
		fmt.Println(query, "=", value(db, query))
	}
	fmt.Println("no value:", strings.HasPrefix(value(db, "SELECT result(4)"), "error: "))
	showEvents("aggregates:")
	fmt.Println("twice:", sqlite.RegisterScalarFunction("kind", 1, nil) != nil, sqlite.RegisterCollationUtf8("length", strings.Compare) != nil)
}

func describe(err error) {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		fmt.Println("another error:", err)
		return
	}
	_, bare := err.(*sqlite.Error)
	fmt.Println(bare, e.Code(), e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE, e.Code()&0xff == sqlite3.SQLITE_CONSTRAINT, err)
	_, known := sqlite.ErrorCodeString[e.Code()]
	fmt.Println("  ", known, strings.HasSuffix(sqlite.ErrorCodeString[e.Code()&0xff], ")"))
}

func showErrors(db *sql.DB) {
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
	ctx, stop := context.WithCancel(context.Background())
	cancel = stop
	_, err = db.ExecContext(ctx, "WITH RECURSIVE c(i) AS (VALUES(cancel()) UNION ALL SELECT i+1 FROM c) SELECT count(*) FROM c")
	fmt.Println("canceled:", errors.Is(err, context.Canceled), err)
}

func showHooks(db *sql.DB) {
	raw(db, func(dc any) error {
		h := dc.(sqlite.HookRegisterer)
		h.RegisterCommitHook(func() int32 { event("nobody"); return 1 }) // replaced by the next
		h.RegisterCommitHook(func() int32 { event("commit"); return 0 })
		h.RegisterRollbackHook(func() { event("rollback") })
		h.RegisterPreUpdateHook(func(d sqlite.SQLitePreUpdateData) {
			before, after := make([]any, d.Count()), make([]any, d.Count())
			oldErr, newErr := d.Old(before...), d.New(after...)
			event("%d %s.%s %v %v depth %d, old %v, new %v", d.Op, d.DatabaseName, d.TableName, before, after, d.Depth(), oldErr == nil, newErr == nil)
		})
		return nil
	})
	_, err := db.Exec("INSERT INTO author VALUES(10, 'j'); UPDATE author SET name='l' WHERE id=10; DELETE FROM author WHERE id=10; INSERT INTO author VALUES(11, 'k')")
	check(err)
	showEvents("changes:")
	tx, err := db.Begin()
	check(err)
	_, err = tx.Exec("INSERT INTO author VALUES(12, 'm')")
	check(err)
	check(tx.Rollback())
	showEvents("rollback:")
	raw(db, func(dc any) error {
		h := dc.(sqlite.HookRegisterer)
		h.RegisterPreUpdateHook(nil)
		h.RegisterRollbackHook(nil)
		h.RegisterCommitHook(func() int32 { return 1 })
		return nil
	})
	_, err = db.Exec("INSERT INTO author VALUES(13, 'n')")
	describe(err)
	raw(db, func(dc any) error {
		dc.(sqlite.HookRegisterer).RegisterCommitHook(nil)
		return dc.(sqlite.AuthorizerRegisterer).RegisterAuthorizer(func(action sqlite.AuthorizerActionCode, a, b, database, trigger string) sqlite.AuthorizerReturnCode {
			switch {
			case action == sqlite.AuthRead && b == "name":
				return sqlite.AuthorizerIgnore
			case action == sqlite.AuthDelete && a == "author":
				return sqlite.AuthorizerDeny
			}
			return sqlite.AuthorizerOK
		})
	})
	fmt.Println("ignored:", value(db, "SELECT name FROM author"))
	_, err = db.Exec("DELETE FROM author")
	describe(err)
	raw(db, func(dc any) error { return dc.(sqlite.AuthorizerRegisterer).RegisterAuthorizer(nil) })
	fmt.Println("seen:", value(db, "SELECT name FROM author"))
}

func showConnection(db *sql.DB) {
	c, err := db.Conn(context.Background())
	check(err)
	before, err := sqlite.Limit(c, sqlite3.SQLITE_LIMIT_ATTACHED, 2)
	check(err)
	after, err := sqlite.Limit(c, sqlite3.SQLITE_LIMIT_ATTACHED, -1)
	check(err)
	fmt.Println("limits:", before, after)
	check(c.Close())
	raw(db, func(dc any) error {
		used, _, err := dc.(sqlite.DBStatus).Status(sqlite.DBStatusCacheUsed, false)
		fmt.Println("status:", used > 0, err)
		_, _, err = dc.(sqlite.DBStatus).Status(999, false)
		fmt.Println("no such counter:", err != nil)
		f := dc.(sqlite.FileControl)
		mode, err := f.FileControlPersistWAL("main", -1)
		fmt.Println("persistent:", mode, err)
		mode, err = f.FileControlPersistWAL("main", 1)
		fmt.Println("persistent:", mode, err)
		version, err := f.FileControlDataVersion("main")
		fmt.Println("version:", version > 0, err)
		info, err := dc.(interface {
			ColumnInfo(string) ([]sqlite.ColumnInfo, error)
		}).ColumnInfo("SELECT id, name AS n, id+1 FROM author")
		fmt.Printf("%+v %v\n", info, err)
		r := dc.(interface{ IsReadOnly(string) (bool, error) })
		readOnly, err := r.IsReadOnly("main")
		fmt.Println("read-only:", readOnly, err)
		_, err = r.IsReadOnly("nowhere")
		fmt.Println("read-only:", err != nil)
		return nil
	})
	at := time.Date(2026, 2, 3, 4, 5, 6, 789000000, time.FixedZone("CET", 3600))
	fmt.Println(value(db, "SELECT ?", at), value(db, "SELECT ?", true), value(db, "SELECT x''"))
}

func showBackup(dir string, db *sql.DB) {
	_, err := db.Exec("CREATE TABLE big(a); WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM c WHERE i<100) INSERT INTO big SELECT randomblob(3000) FROM c")
	check(err)
	want := value(db, "SELECT hex(a) FROM big WHERE rowid=77")
	type copier interface {
		NewBackup(string) (*sqlite.Backup, error)
		NewRestore(string) (*sqlite.Backup, error)
		Serialize() ([]byte, error)
		Deserialize([]byte) error
	}
	run := func(b *sqlite.Backup, err error) *sqlite.Backup {
		check(err)
		steps := 0
		for more := true; more; steps++ {
			more, err = b.Step(20)
			check(err)
		}
		fmt.Println("copy:", steps > 3, b.Remaining(), b.PageCount() > 50)
		return b
	}
	name := filepath.Join(dir, "copy.db")
	var content []byte
	raw(db, func(dc any) error {
		check(run(dc.(copier).NewBackup(name)).Finish())
		c, err := run(dc.(copier).NewBackup(":memory:")).Commit()
		check(err)
		rows, err := c.(driver.QueryerContext).QueryContext(context.Background(), "SELECT count(*) FROM big", nil)
		check(err)
		dest := make([]driver.Value, 1)
		check(rows.Next(dest))
		fmt.Println("committed:", dest[0], rows.Close(), c.Close())
		content, err = dc.(copier).Serialize()
		return err
	})
	memory := open(":memory:")
	raw(memory, func(dc any) error { return run(dc.(copier).NewRestore(name)).Finish() })
	fmt.Println("restored:", value(memory, "SELECT hex(a) FROM big WHERE rowid=77") == want)
	check(memory.Close())
	fmt.Println("serialized:", len(content)%4096, len(content) > 300_000)
}

func showDrivers(dir string) {
	own := &sqlite.Driver{}
	check(own.RegisterScalarFunction("mine", 0, func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) { return "mine", nil }))
	refused := errors.New("not today")
	own.RegisterConnectionHook(func(_ sqlite.ExecQuerierContext, dsn string) error {
		if strings.HasSuffix(dsn, "no") {
			return refused
		}
		return nil
	})
	sql.Register("sqlite_own", own)
	db, err := sql.Open("sqlite_own", ":memory:")
	check(err)
	fmt.Println("own:", value(db, "SELECT mine()"), value(db, "SELECT kind(1)"))
	no, err := sql.Open("sqlite_own", ":memory:?no")
	check(err)
	fmt.Println("refused:", errors.Is(no.Ping(), refused), no.Ping())
	fmt.Println("unknown to others:", value(open(":memory:"), "SELECT mine()"))
	check(os.WriteFile(filepath.Join(dir, "garbage.db"), []byte(strings.Repeat("garbage ", 1000)), 0o644))
	garbage, err := sql.Open("sqlite_own", filepath.Join(dir, "garbage.db"))
	check(err)
	describe(garbage.QueryRow("SELECT 1 FROM sqlite_schema").Scan(new(int)))
	holder := open(filepath.Join(dir, "app.db"))
	_, err = holder.Exec("BEGIN IMMEDIATE")
	check(err)
	_, err = open(filepath.Join(dir, "app.db") + "?_pragma=busy_timeout(10)").Exec("DELETE FROM author")
	describe(err)
	check(holder.Close())
}
