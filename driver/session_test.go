package driver

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// column returns the first column of all rows.
func column(t *testing.T, db execer, text string, args ...any) (values []any) {
	t.Helper()
	rows, err := db.(interface {
		QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	}).QueryContext(background, text, args...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	for rows.Next() {
		var v any
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return values
}

func ints(n ...int64) (values []any) {
	for _, n := range n {
		values = append(values, n)
	}
	return values
}

func TestScripts(t *testing.T) {
	for _, test := range []struct {
		name, text string
		args       []any
		want       []any
		err        string
	}{
		{name: "no arguments", text: "INSERT INTO t VALUES (1); INSERT INTO t VALUES (2);", want: ints(1, 2)},
		{name: "in turn", text: "INSERT INTO t VALUES (?); INSERT INTO t VALUES (?)", args: []any{10, 11}, want: ints(10, 11)},
		{name: "by number", text: "INSERT INTO t VALUES (?2+?1*10); INSERT INTO t VALUES (?1)", args: []any{1, 2, 3}, want: ints(12, 3)},
		{name: "named, each statement", text: "INSERT INTO t VALUES (:a); INSERT INTO t VALUES (@a+$b)", args: []any{sql.Named("a", 1), sql.Named("b", 2)}, want: ints(1, 3)},
		{name: "one for three", text: "INSERT INTO t VALUES (:a+@a+$a)", args: []any{sql.Named("a", 7)}, want: ints(21)},
		{name: "a position for a name", text: "INSERT INTO t VALUES (:a), ($b)", args: []any{1, 2}, want: ints(1, 2)},
		{name: "mixed", text: "INSERT INTO t VALUES (:a), (?); INSERT INTO t VALUES (?)", args: []any{sql.Named("a", 1), 10, 11}, want: ints(1, 10, 11)},
		{name: "position first", text: "INSERT INTO t VALUES (?), (:a), (?)", args: []any{5, sql.Named("a", 1), 6}, want: ints(5, 1, 6)},
		{name: "position and name for one", text: "INSERT INTO t VALUES (:a), (?), (?)", args: []any{5, sql.Named("a", 1), 6}, want: []any{int64(1), nil, int64(6)}},
		{name: "names alone, then a position", text: "INSERT INTO t VALUES (:a+@a+$a); INSERT INTO t VALUES (?)", args: []any{sql.Named("a", 1), 5}, want: ints(3, 5)},
		{name: "name that nothing has", text: "INSERT INTO t VALUES (:a)", args: []any{sql.Named("b", 1)}, want: []any{nil}},
		{name: "more than asked for", text: "INSERT INTO t VALUES (?)", args: []any{1, 2, sql.Named("x", 3)}, want: ints(1)},
		{name: "comments and nothing", text: ";; -- a ?\n/* ? */ INSERT INTO t VALUES (?) ;; -- c", args: []any{1}, want: ints(1)},
		{name: "empty", text: ""},
		{name: "only a comment", text: "-- nothing"},
		{name: "too few", text: "INSERT INTO t VALUES (?), (?)", args: []any{1}, err: "not enough args to execute query: want 2 got 1"},
		{name: "none", text: "INSERT INTO t VALUES (?)", err: "not enough args to execute query: want 1 got 0"},
		{name: "none left", text: "INSERT INTO t VALUES (?); INSERT INTO t VALUES (?1)", args: []any{1}, want: ints(1), err: "not enough args to execute query: want 1 got 0"},
		{name: "too few beside a name", text: "INSERT INTO t VALUES (:a), (?), (?)", args: []any{sql.Named("a", 1), 2}, err: "not enough args to execute query: want 3 got 2"},
		{name: "error in the middle", text: "INSERT INTO t VALUES (1); selec 2; INSERT INTO t VALUES (3)", want: ints(1), err: `near "selec": syntax error`},
		{name: "a table of its own", text: "CREATE TABLE u(a); INSERT INTO u VALUES (4); INSERT INTO t SELECT a FROM u", want: ints(4)},
	} {
		t.Run(test.name, func(t *testing.T) {
			db := open(t, "")
			run(t, db, "CREATE TABLE t(a)")
			_, err := db.Exec(test.text, test.args...)
			if test.err == "" && err != nil || test.err != "" && (err == nil || err.Error() != test.err) {
				t.Fatalf("error %v, want %q", err, test.err)
			}
			if got := column(t, db, "SELECT a FROM t"); !slices.Equal(got, test.want) {
				t.Fatalf("%v, want %v", got, test.want)
			}
		})
	}
}

func TestQueryScripts(t *testing.T) {
	db := open(t, "")
	run(t, db, "CREATE TABLE t(a)")
	for _, test := range []struct {
		text string
		want []any
	}{
		{"SELECT 1; SELECT 2", ints(2)},
		{"SELECT 1; -- tail", ints(1)},
		{"SELECT 1;; /* c */ ;", ints(1)},
		{"INSERT INTO t VALUES (5); SELECT a FROM t", ints(5)},
		{"CREATE TABLE u(a); SELECT count(*) FROM u", ints(0)},
		{"DELETE FROM t; INSERT INTO t VALUES (6)", nil},
		{"PRAGMA user_version=3; PRAGMA user_version", ints(3)},
		{"INSERT INTO t VALUES (7), (8) RETURNING a", ints(7, 8)},
		{"UPDATE t SET a=a+1 RETURNING a; SELECT max(a) FROM t", ints(9)},
		{"", nil},
		{"-- only a comment", nil},
		{";", nil},
	} {
		if got := column(t, db, test.text); !slices.Equal(got, test.want) {
			t.Errorf("%q: %v, want %v", test.text, got, test.want)
		}
	}
	if got := column(t, db, "SELECT ?; SELECT ?", 1, 2); !slices.Equal(got, ints(2)) {
		t.Errorf("arguments in turn: %v", got)
	}
	_, err := db.Query("INSERT INTO t VALUES (99); selec 1")
	if err == nil || get(t, db, "SELECT count(*) FROM t WHERE a=99") != int64(1) {
		t.Errorf("the statement before the error was not run, error %v", err)
	}
	rows, err := db.Query("")
	if err != nil {
		t.Fatal(err)
	}
	if names, err := rows.Columns(); len(names) != 0 || err != nil {
		t.Error(names, err)
	}
	if types, err := rows.ColumnTypes(); len(types) != 0 || err != nil {
		t.Error(types, err)
	}
}

// TestFirstStep: a statement that writes takes effect by Query alone; one that reads takes no lock before its rows are
// asked for.
func TestFirstStep(t *testing.T) {
	db := open(t, "?_timeout=0")
	run(t, db, "CREATE TABLE t(a); INSERT INTO t VALUES (1), (2)")
	rows, err := db.Query("INSERT INTO t VALUES (3), (4) RETURNING a")
	if err != nil {
		t.Fatal(err)
	}
	rows.Close()
	rows, err = db.Query("SELECT a FROM t") // never closed before the end of the test
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	run(t, db, "PRAGMA locking_mode=EXCLUSIVE; DELETE FROM t WHERE a=1; PRAGMA locking_mode=NORMAL; SELECT count(*) FROM t")
	n := 0
	for rows.Next() {
		n++
	}
	if n != 3 || rows.Err() != nil {
		t.Fatalf("%d rows, %v", n, rows.Err())
	}
	c, err := db.Conn(background)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	rows, err = c.QueryContext(background, "BEGIN")
	if err != nil {
		t.Fatal(err)
	}
	rows.Close()
	run(t, c, "ROLLBACK")
}

func TestResults(t *testing.T) {
	db := open(t, "")
	db.SetMaxOpenConns(1)
	check := func(text string, id, changes int64) {
		t.Helper()
		res := run(t, db, text)
		gotID, _ := res.LastInsertId()
		gotChanges, _ := res.RowsAffected()
		if gotID != id || gotChanges != changes {
			t.Errorf("%s: id %d, changes %d, want %d, %d", text, gotID, gotChanges, id, changes)
		}
	}
	check("", 0, 0)
	check("CREATE TABLE t(a)", 0, 0)
	check("INSERT INTO t VALUES (1), (2), (3)", 3, 3)
	check("SELECT 1", 3, 3)
	check("CREATE TABLE u(a)", 3, 3)
	check("INSERT INTO t VALUES (4); DELETE FROM t WHERE a < 3", 4, 2)
	check("INSERT INTO t VALUES (5), (6) RETURNING a", 6, 2)
	check("-- nothing", 0, 0)
}

func TestColumnTypes(t *testing.T) {
	db := open(t, "")
	run(t, db, `CREATE TABLE t(i BigInt, s VARCHAR(10), b BLOB, r REAL, n DECIMAL(10,2), d DATETIME, o BOOLEAN, x)`)
	rows, err := db.Query("SELECT *, i+1 FROM t")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		name string
		typ  any
	}{
		{"BigInt", sql.NullInt64{}}, {"VARCHAR(10)", sql.NullString{}}, {"BLOB", sql.RawBytes{}}, {"REAL", sql.NullFloat64{}},
		{"DECIMAL(10,2)", sql.NullFloat64{}}, {"DATETIME", sql.NullTime{}}, {"BOOLEAN", sql.NullBool{}}, {"", new(any)}, {"", new(any)},
	} {
		got := types[i]
		if got.DatabaseTypeName() != want.name || got.ScanType() != reflect.TypeOf(want.typ) {
			t.Errorf("%s is %q, %v, want %q, %T", got.Name(), got.DatabaseTypeName(), got.ScanType(), want.name, want.typ)
		}
		if nullable, ok := got.Nullable(); !nullable || !ok {
			t.Error("not nullable")
		}
		if _, ok := got.Length(); ok {
			t.Error("has a length")
		}
	}
}

// TestResetSession: a transaction begun by SQL stays open from one call to the next.
func TestResetSession(t *testing.T) {
	db := open(t, "")
	db.SetMaxOpenConns(1)
	run(t, db, "CREATE TABLE t(a)")
	run(t, db, "BEGIN")
	run(t, db, "INSERT INTO t VALUES (1)")
	run(t, db, "ROLLBACK")
	if got := get(t, db, "SELECT count(*) FROM t"); got != int64(0) {
		t.Fatal(got)
	}
}

func TestRawConn(t *testing.T) {
	db := open(t, "")
	c, err := db.Conn(background)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	err = c.Raw(func(dc any) error {
		conn := dc.(Conn)
		s, tail, err := conn.Statement(background, "CREATE TABLE t(d DATE, b BOOLEAN, x); SELECT 2")
		if err != nil || tail != " SELECT 2" || s.SQL() != "CREATE TABLE t(d DATE, b BOOLEAN, x);" || s.ReadOnly() {
			t.Errorf("%q, %q, %v", s.SQL(), tail, err)
		}
		if row, err := s.Step(background); row || err != nil {
			t.Error(row, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if s, tail, err := conn.Statement(background, " ; -- x"); s != nil || tail != "" || err != nil {
			t.Error(s, tail, err)
		}

		s, _, err = conn.Statement(background, "INSERT INTO t VALUES (:a, @b, ?) RETURNING d, b, x")
		if err != nil {
			return err
		}
		defer s.Close()
		if s.BindCount() != 3 || s.BindName(1) != ":a" || s.BindName(2) != "@b" || s.BindName(3) != "" || s.BindName(9) != "" {
			t.Error(s.BindCount(), s.BindName(1), s.BindName(2), s.BindName(3))
		}
		for i, v := range []any{"2024-01-01", int64(5), []byte{1}} {
			if err := s.Bind(i+1, v); err != nil {
				t.Error(err)
			}
		}
		if s.ColumnCount() != 3 || s.ColumnName(0) != "d" || s.ColumnDeclType(0) != "DATE" || s.ColumnName(3) != "" || s.ColumnName(-1) != "" {
			t.Error(s.ColumnCount(), s.ColumnName(0), s.ColumnDeclType(0))
		}
		if s.Column(0) != nil || s.ColumnType(0) != sqlite3.NULL {
			t.Error("a value before the first step")
		}
		for range 2 {
			if row, err := s.Step(background); !row || err != nil {
				t.Fatal(row, err)
			}
			if s.Column(0) != "2024-01-01" || s.Column(1) != int64(5) || string(s.Column(2).([]byte)) != "\x01" {
				t.Error(s.Column(0), s.Column(1), s.Column(2))
			}
			if s.ColumnType(0) != sqlite3.TEXT || s.ColumnType(1) != sqlite3.INTEGER || s.ColumnType(2) != sqlite3.BLOB || s.ColumnType(3) != sqlite3.NULL {
				t.Error("column types")
			}
			if row, err := s.Step(background); row || err != nil || s.Column(0) != nil {
				t.Error(row, err)
			}
			if err := s.Reset(); err != nil {
				t.Error(err)
			}
		}
		if conn.Raw() == nil {
			t.Error("no bare connection")
		}

		// The interfaces that database/sql no longer uses.
		legacy := dc.(interface {
			Exec(string, []sqldriver.Value) (sqldriver.Result, error)
			Query(string, []sqldriver.Value) (sqldriver.Rows, error)
		})
		if _, err := legacy.Exec("INSERT INTO t VALUES (?, ?, ?)", []sqldriver.Value{"2024-01-01", int64(1), nil}); err != nil {
			t.Error(err)
		}
		rows, err := legacy.Query("SELECT b FROM t WHERE x IS ?", []sqldriver.Value{nil})
		if err != nil {
			return err
		}
		dest := make([]sqldriver.Value, 1)
		if err := rows.Next(dest); err != nil || dest[0] != true {
			t.Error(dest[0], err)
		}
		if err := rows.Next(dest); err != io.EOF {
			t.Error(err)
		}
		return rows.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestEngines: the DSN chooses what moves the bytes, and Stats tells.
func TestEngines(t *testing.T) {
	for _, engine := range []string{"pool", "uring"} {
		name := filepath.Join(t.TempDir(), "a.db")
		db, err := sql.Open(Name, name+"?_journal=WAL&_engine="+engine)
		if err != nil {
			t.Logf("without %s: %v", engine, err)
			continue
		}
		defer db.Close()
		run(t, db, "CREATE TABLE t(a); INSERT INTO t VALUES (1), (2)")
		if got := get(t, db, "SELECT sum(a) FROM t"); got != int64(3) {
			t.Error(got)
		}
		c, err := db.Conn(background)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		err = c.Raw(func(dc any) error {
			files := dc.(Conn).Stats().Files
			if files == nil || string(files.Engine.Engine) != engine || files.Writes == 0 || files.Engine.Writes == 0 {
				t.Errorf("%s: %+v", engine, files)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	connector, err := NewConnector(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	c, err := connector.Connect(background)
	if err != nil {
		t.Fatal(err)
	}
	if stats := c.(Conn).Stats(); stats.Files != nil {
		t.Errorf("in memory: %+v", stats.Files)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if stats := c.(Conn).Stats(); stats.Files != nil {
		t.Errorf("closed: %+v", stats.Files)
	}
}

// TestLegacyCalls: what database/sql/driver asks for and database/sql no longer uses.
func TestLegacyCalls(t *testing.T) {
	c, err := (Driver{}).Open(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	create, err := c.Prepare("CREATE TABLE t AS SELECT ? AS a")
	if err != nil {
		t.Fatal(err)
	}
	defer create.Close()
	tx, err := c.(Conn).BeginTx(background, sqldriver.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := create.(*stmt).Exec([]sqldriver.Value{"x"}); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	query, err := c.Prepare("SELECT a FROM t WHERE a > ?")
	if err != nil {
		t.Fatal(err)
	}
	defer query.Close()
	rows, err := query.(*stmt).Query([]sqldriver.Value{"w"})
	if err != nil {
		t.Fatal(err)
	}
	dest := make([]sqldriver.Value, 1)
	if err := rows.Next(dest); err != nil || dest[0] != "x" {
		t.Fatal(dest[0], err)
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := (Driver{}).Open(":memory:?_fk=x"); err == nil {
		t.Error("a bad DSN is opened")
	}
	for compat, want := range map[string]string{"": "mattn", "modernc": "modernc"} {
		c, err := Driver{compat}.OpenConnector(":memory:")
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Driver(); got != (Driver{want}) {
			t.Errorf("the connector of %q has the driver %v", compat, got)
		}
	}
}

// TestClosed: whatever is asked of what was closed is an error.
func TestClosed(t *testing.T) {
	connector, err := NewConnector(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	dc, err := connector.Connect(background)
	if err != nil {
		t.Fatal(err)
	}
	c := dc.(Conn)
	s, err := c.PrepareContext(background, "SELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	st, _, err := c.Statement(background, "SELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := s.(sqldriver.StmtQueryContext).QueryContext(background, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for name, call := range map[string]func() error{
		"Close":     c.Close,
		"Ping":      func() error { return c.Ping(background) },
		"Exec":      func() error { _, err := c.ExecContext(background, "SELECT 1", nil); return err },
		"Query":     func() error { _, err := c.QueryContext(background, "SELECT 1", nil); return err },
		"Prepare":   func() error { _, err := c.Prepare("SELECT 1"); return err },
		"Begin":     func() error { _, err := c.BeginTx(background, sqldriver.TxOptions{}); return err },
		"Statement": func() error { _, _, err := c.Statement(background, "SELECT 1"); return err },
		"Step":      func() error { _, err := st.Step(background); return err },
		"Bind":      func() error { return st.Bind(1, nil) },
		"Stmt.Exec": func() error { _, err := s.(sqldriver.StmtExecContext).ExecContext(background, nil); return err },
		"Rows.Next": func() error { return rows.Next(make([]sqldriver.Value, 1)) },
	} {
		err := call()
		var e *Error
		if !errors.As(err, &e) || e.Error() != "connection is closed" || e.Code() != int(sqlite3.MISUSE) {
			t.Errorf("%s after Close: %v", name, err)
		}
	}
	if c.IsValid() || !errors.Is(c.ResetSession(background), sqldriver.ErrBadConn) {
		t.Error("the pool would keep a closed connection")
	}
	if s.Close() != nil || st.Close() != nil || rows.Close() != nil || st.Close() != nil {
		t.Error("closing what has gone with the connection is an error")
	}
	if len(rows.Columns()) > 1 || st.ColumnCount() != 0 || st.Column(0) != nil || c.Raw() != nil {
		t.Error("a closed connection says something")
	}
}
