package profiles

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"
)

var scripts = []call{
	{"INSERT INTO t VALUES (1); INSERT INTO t VALUES (2);", nil},
	{"INSERT INTO t VALUES (?); INSERT INTO t VALUES (?)", []any{10, 11}},
	{"INSERT INTO t VALUES (?1); INSERT INTO t VALUES (?1)", []any{20}},
	{"INSERT INTO t VALUES (:a); INSERT INTO t VALUES (:a+1)", []any{a("a", 1)}},
	{"INSERT INTO t VALUES (:a); INSERT INTO t VALUES (@b)", []any{a("a", 1), a("b", 2)}},
	{"INSERT INTO t VALUES (?);", []any{1}}, {"INSERT INTO t VALUES (?); -- tail", []any{1}}, {"; ; INSERT INTO t VALUES (?) /* ? */ ;", []any{1}},
	{"INSERT INTO t VALUES (1); selec 2; INSERT INTO t VALUES (3)", nil}, {"INSERT INTO t VALUES (5), (6) RETURNING a", nil},
	{"INSERT INTO t VALUES (1), (2), (3); DELETE FROM t WHERE a < 3", nil}, {"INSERT INTO t VALUES (1); CREATE TABLE u(a)", nil},
	{"CREATE TABLE u(a)", nil}, {"SELECT 1", nil}, {"DELETE FROM t", nil}, {"", nil}, {"-- comment", nil}, {" ; ", nil}, {"BEGIN; INSERT INTO t VALUES (1); COMMIT", nil},
}

var queries = []call{
	{"SELECT 1; SELECT 2", nil}, {"INSERT INTO t VALUES (5); SELECT a FROM t", nil}, {"SELECT 1; -- tail", nil}, {"SELECT 1;", nil}, {"SELECT 1; ", nil},
	{"SELECT 1; DELETE FROM t", nil}, {"SELECT 1; SELECT 2 WHERE 0", nil}, {"SELECT ?; SELECT ?", []any{1, 2}}, {"SELECT ?1; SELECT ?1", []any{1}},
	{"", nil}, {"-- comment", nil}, {";", nil}, {"INSERT INTO t VALUES (7)", nil}, {"INSERT INTO t VALUES (7), (8) RETURNING a", nil},
	{"CREATE TABLE u(a)", nil}, {"SELECT a FROM t WHERE a > ?", []any{0}}, {"SELECT 1; selec 2", nil}, {"PRAGMA user_version=3; PRAGMA user_version", nil},
}

func statementScenarios() []Scenario {
	var list []Scenario
	for _, c := range scripts {
		list = append(list, Scenario{fmt.Sprintf("exec %q %v", c.text, c.args), nil, func(o *Observer) {
			db := o.table()
			o.exec(db, c.text, c.args...)
			o.query(db, "SELECT a FROM t")
		}}, Scenario{fmt.Sprintf("prepare and exec %q %v", c.text, c.args), nil, func(o *Observer) {
			db := o.table()
			s, err := db.Prepare(c.text)
			if err != nil {
				o.note("prepare: %s", describe(err))
				return
			}
			defer s.Close()
			res, err := s.Exec(c.args...)
			o.result("prepared", res, err)
			o.query(db, "SELECT a FROM t")
		}})
	}
	for _, c := range queries {
		list = append(list, Scenario{fmt.Sprintf("query %q %v", c.text, c.args), nil, func(o *Observer) {
			db := o.table()
			o.query(db, c.text, c.args...)
			o.query(db, "SELECT a FROM t")
		}}, Scenario{fmt.Sprintf("prepare and query %q %v", c.text, c.args), nil, func(o *Observer) {
			db := o.table()
			s, err := db.Prepare(c.text)
			if err != nil {
				o.note("prepare: %s", describe(err))
				return
			}
			defer s.Close()
			rows, err := s.Query(c.args...)
			o.rows("prepared", rows, err)
			o.query(db, "SELECT a FROM t")
		}})
	}
	return append(list,
		Scenario{"query that writes, rows never asked for", nil, func(o *Observer) {
			db := o.table()
			rows, err := db.Query("INSERT INTO t VALUES (7)")
			o.note("%s", ok(err))
			if err == nil {
				rows.Close()
			}
			o.query(db, "SELECT a FROM t")
		}},
		Scenario{"results", nil, func(o *Observer) {
			db := o.table()
			for _, text := range []string{"INSERT INTO t VALUES (1), (2)", "SELECT 1", "CREATE TABLE v(a)", "DELETE FROM t WHERE a=1", "UPDATE t SET a=5", "DELETE FROM t WHERE 0"} {
				o.exec(db, text)
			}
		}},
		Scenario{"BEGIN and COMMIT by Exec", nil, func(o *Observer) {
			db := o.table()
			for _, text := range []string{"BEGIN", "INSERT INTO t VALUES (1)", "ROLLBACK"} {
				o.exec(db, text)
			}
			o.query(db, "SELECT a FROM t")
		}},
		Scenario{"prepared SELECT * after ALTER TABLE", nil, func(o *Observer) {
			db := o.table()
			s, err := db.Prepare("SELECT * FROM t")
			if err != nil {
				o.note("%s", describe(err))
				return
			}
			defer s.Close()
			o.must(db, "INSERT INTO t VALUES (1); ALTER TABLE t ADD COLUMN b DEFAULT 'x'")
			rows, err := s.Query()
			o.rows("prepared", rows, err)
		}},
		Scenario{"no rows", nil, func(o *Observer) {
			var n int
			o.note("%s", ok(o.table().QueryRow("SELECT a FROM t").Scan(&n)))
		}},
		Scenario{"ping", nil, func(o *Observer) { o.note("%s", ok(o.table().Ping())) }},
	)
}

// table opens a database with a table t(a).
func (o *Observer) table() *sql.DB {
	db := o.open("")
	o.must(db, "CREATE TABLE t(a)")
	return db
}

func transactionScenarios() []Scenario {
	list := []Scenario{
		{"context that has ended", nil, func(o *Observer) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_, err := o.table().ExecContext(ctx, "INSERT INTO t VALUES (1)")
			o.note("%s", ok(err))
		}},
		{"deadline of a query", nil, deadlineOfQuery},
		{"deadline of a write", nil, func(o *Observer) {
			db := o.table()
			ctx, err := DeadlineIn(db)
			if err == nil {
				_, err = db.ExecContext(ctx, "INSERT INTO t "+Endless+"SELECT n FROM c")
			}
			o.note("%s", ok(err))
		}},
		{"deadline of a wait", nil, func(o *Observer) {
			db, reader, watcher := o.table(), o.open(""), o.open("")
			o.must(reader, "BEGIN; SELECT * FROM t")
			o.note("%s", ok(ExecUntilDeadline(db, watcher, "INSERT INTO t VALUES (1)")))
		}},
		{"interrupted write in a transaction", nil, interruptedWrite},
		{"commit that fails", nil, func(o *Observer) {
			db := o.table()
			o.must(db, "PRAGMA foreign_keys=ON; CREATE TABLE p(k PRIMARY KEY); CREATE TABLE c(k REFERENCES p DEFERRABLE INITIALLY DEFERRED)")
			tx, err := db.Begin()
			if err != nil {
				o.note("%s", describe(err))
				return
			}
			o.exec(tx, "INSERT INTO c VALUES (1)")
			o.note("commit %s", ok(tx.Commit()))
			o.exec(db, "INSERT INTO p VALUES (2)")
			o.query(db, "SELECT count(*) FROM c")
		}},
		{"read-only transaction", nil, func(o *Observer) { o.transaction(&sql.TxOptions{ReadOnly: true}) }},
	}
	for level := sql.LevelDefault; level <= sql.LevelLinearizable; level++ {
		list = append(list, Scenario{"isolation " + level.String(), nil, func(o *Observer) { o.transaction(&sql.TxOptions{Isolation: level}) }})
	}
	for _, lock := range []string{"deferred", "immediate", "exclusive"} {
		list = append(list, Scenario{"_txlock " + lock, nil, func(o *Observer) {
			o.lockTaken("_txlock="+lock, nil)
			o.lockTaken("_txlock="+lock, &sql.TxOptions{ReadOnly: true})
		}})
	}
	return append(list, Scenario{"default lock", nil, func(o *Observer) { o.lockTaken("", nil) }},
		Scenario{"default lock with query_only", []string{Modernc, Ncruces}, func(o *Observer) { o.lockTaken("_pragma=query_only(1)", nil) }})
}

// transaction begins a transaction, writes, and tells what is left.
func (o *Observer) transaction(opts *sql.TxOptions) {
	db := o.table()
	tx, err := db.BeginTx(context.Background(), opts)
	if err != nil {
		o.note("begin %s", describe(err))
		return
	}
	o.exec(tx, "INSERT INTO t VALUES (1)")
	o.note("commit %s", ok(tx.Commit()))
	o.exec(db, "INSERT INTO t VALUES (2)")
	o.query(db, "SELECT a FROM t")
	o.lockTaken("", opts)
}

// lockTaken tells what others can do while a transaction has done nothing yet.
func (o *Observer) lockTaken(params string, opts *sql.TxOptions) {
	db, other := o.open(params), o.open("")
	o.must(other, "CREATE TABLE IF NOT EXISTS t(a); PRAGMA busy_timeout=0")
	tx, err := db.BeginTx(context.Background(), opts)
	if err != nil {
		o.note("begin %s", describe(err))
		return
	}
	defer tx.Rollback()
	_, werr := other.Exec("INSERT INTO t VALUES (9)")
	var n int
	rerr := other.QueryRow("SELECT count(*) FROM t").Scan(&n)
	o.note("others can write %v, read %v", werr == nil, rerr == nil)
}

// deadlineOfQuery tells only that the deadline ended the query: of the driver's error and the context's own, rows return
// the one that database/sql sees first, and some drivers' is not the context's.
func deadlineOfQuery(o *Observer) {
	db := o.table()
	ctx, err := DeadlineIn(db)
	if err != nil {
		o.note("%s", describe(err))
		return
	}
	var n int
	err = db.QueryRowContext(ctx, Endless+"SELECT count(*) FROM c").Scan(&n)
	o.note("ended %v", errors.Is(err, context.DeadlineExceeded) || codeOf(err) == int(sqlite3.INTERRUPT))
}

// interruptedWrite has SQLite roll a transaction back.
func interruptedWrite(o *Observer) {
	db := o.table()
	ctx, err := DeadlineIn(db)
	if err != nil {
		o.note("%s", describe(err))
		return
	}
	tx, err := db.Begin()
	if err != nil {
		o.note("%s", describe(err))
		return
	}
	o.exec(tx, "INSERT INTO t VALUES (1)")
	_, err = tx.ExecContext(ctx, "INSERT INTO t "+Endless+"SELECT n FROM c")
	o.note("interrupted %v", errors.Is(err, context.DeadlineExceeded))
	o.exec(tx, "INSERT INTO t VALUES (2)")
	o.note("commit %s", ok(tx.Commit()))
	o.query(db, "SELECT a FROM t")
}
