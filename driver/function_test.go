package driver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// openHooked opens a pool whose connections setUp sets up.
func openHooked(t *testing.T, dsn string, setUp func(Conn) error) *sql.DB {
	t.Helper()
	c, err := NewConnector(dsn)
	if err != nil {
		t.Fatal(err)
	}
	c.ConnectHook = func(_ context.Context, c Conn) error { return setUp(c) }
	db := sql.OpenDB(c)
	t.Cleanup(func() { db.Close() })
	return db
}

// rawConn returns the driver's connection of c.
func rawConn(t *testing.T, c *sql.Conn) (raw Conn) {
	t.Helper()
	if err := c.Raw(func(dc any) error { raw = dc.(Conn); return nil }); err != nil {
		t.Fatal(err)
	}
	return raw
}

type (
	celsius float32
	name    string
)

func TestRegisterFunc(t *testing.T) {
	db := openHooked(t, ":memory:", func(c Conn) error {
		return errors.Join(
			c.RegisterFunc("plus", func(a int8, b uint32, rest ...int) int {
				sum := int(a) + int(b)
				for _, n := range rest {
					sum += n
				}
				return sum
			}, true),
			c.RegisterFunc("warm", func(t celsius) celsius { return t + 1 }, true),
			c.RegisterFunc("greet", func(n name, loud bool) (name, error) {
				if n == "" {
					return "", errors.New("nobody is there")
				}
				if loud {
					n += "!"
				}
				return "hello " + n, nil
			}, true),
			c.RegisterFunc("cut", func(b []byte) []byte { return b[1:] }, true),
			c.RegisterFunc("kind", func(v any) any { return fmt.Sprintf("%T", v) }, true),
			c.RegisterFunc("same", func(v any) any { return v }, false),
			c.RegisterFunc("odd", func() any { return struct{}{} }, false),
			c.RegisterFunc("verify", func(ok bool) error {
				if !ok {
					return errors.New("check failed")
				}
				return nil
			}, false),
			c.RegisterFunc("big", func() uint64 { return 1 << 63 }, false),
		)
	})
	for _, test := range []struct {
		expr string
		want any // a string in an error if the expression fails
		fail bool
	}{
		{expr: "plus(1, 2)", want: int64(3)},
		{expr: "plus(1, 2, 3, 4)", want: int64(10)},
		{expr: "plus(1)", want: "plus: want at least 2 arguments, got 1", fail: true},
		{expr: "plus(1, 'x')", want: "plus: argument 2: TEXT is no uint32", fail: true},
		{expr: "plus(1, 2, NULL)", want: "plus: argument 3: NULL is no int", fail: true},
		{expr: "warm(1.5)", want: 2.5},
		{expr: "warm(1)", want: 2.0},
		{expr: "warm('1')", want: "TEXT is no driver.celsius", fail: true},
		{expr: "greet('you', 1)", want: "hello you!"},
		{expr: "greet(x'616263', 0)", want: "hello abc"},
		{expr: "greet('', 0)", want: "nobody is there", fail: true},
		{expr: "greet('a')", want: "wrong number of arguments", fail: true},
		{expr: "hex(cut(x'010203'))", want: "0203"},
		{expr: "typeof(cut('a'))", want: "null"},
		{expr: "kind(1)||kind(1.0)||kind('')||kind(x'')||kind(NULL)", want: "int64float64string[]uint8[]uint8"},
		{expr: "same(NULL)", want: nil},
		{expr: "same('a' || char(0) || 'b')", want: "a\x00b"},
		{expr: "same(1.25)", want: 1.25},
		{expr: "odd()", want: "the result, of type struct {}, is no value of SQL", fail: true},
		{expr: "verify(1)", want: nil},
		{expr: "verify(0)", want: "check failed", fail: true},
		{expr: "big()", want: int64(-1 << 63)},
	} {
		var got any
		err := db.QueryRow("SELECT " + test.expr).Scan(&got)
		switch want, _ := test.want.(string); {
		case test.fail:
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", test.expr, err, want)
			}
		case err != nil || got != test.want:
			t.Errorf("%s: %v, %v, want %v", test.expr, got, err, test.want)
		}
	}
	// SQLite relies on what pure promises.
	run(t, db, "CREATE TABLE t(a)")
	run(t, db, "CREATE INDEX i ON t(warm(a))")
	if _, err := db.Exec("CREATE INDEX j ON t(same(a))"); err == nil {
		t.Error("a function that is not pure is indexed")
	}
}

// sum is an aggregate and window function.
type sum struct {
	total int64
	seen  *int
}

func (s *sum) Step(n int64) error {
	*s.seen++
	if n == 13 {
		return errors.New("unlucky")
	}
	s.total += n
	return nil
}
func (s *sum) Inverse(n int64) error { s.total -= n; return nil }
func (s *sum) Done() (int64, error)  { return s.total, nil }

// longest is an aggregate function only, by an interface.
type longest interface {
	Step(words ...string)
	Done() string
}

type longestOf struct{ word string }

func (l *longestOf) Step(words ...string) {
	for _, w := range words {
		if len(w) > len(l.word) {
			l.word = w
		}
	}
}
func (l *longestOf) Done() string { return l.word }

func TestRegisterAggregator(t *testing.T) {
	seen := 0
	db := openHooked(t, ":memory:", func(c Conn) error {
		return errors.Join(
			c.RegisterAggregator("add_up", func() *sum { return &sum{seen: &seen} }, true),
			c.RegisterAggregator("longest", func() longest { return &longestOf{} }, true),
			c.RegisterAggregator("never", func() (*sum, error) { return nil, errors.New("not today") }, true),
			c.RegisterAggregator("none", func() *sum { return nil }, true),
		)
	})
	db.SetMaxOpenConns(1)
	run(t, db, "CREATE TABLE t(a); INSERT INTO t VALUES(1), (2), (3), (4)")
	for _, test := range []struct{ query, want string }{
		{"SELECT add_up(a) FROM t", "10"},
		{"SELECT add_up(a) FROM t WHERE 0", "0"},
		{"SELECT group_concat(s) FROM (SELECT add_up(a) AS s FROM t GROUP BY a % 2)", "6,4"},
		{"SELECT group_concat(s) FROM (SELECT add_up(a) OVER (ORDER BY a ROWS 1 PRECEDING) AS s FROM t)", "1,3,5,7"},
		{"SELECT longest('a', 'bcd') || longest('ef')", "bcdef"},
		{"SELECT add_up(13)", "error: add_up: unlucky"},
		{"SELECT add_up('x')", "error: add_up: argument 1: TEXT is no int64"},
		{"SELECT never(1)", "error: never: not today"},
		{"SELECT never(1) FROM t WHERE 0", "error: never: not today"},
		{"SELECT none(1)", "error: none: its constructor has returned nil"},
		{"SELECT longest(a) OVER (ORDER BY a ROWS 1 PRECEDING) FROM t", "error: longest: argument 1: INTEGER is no string"},
	} {
		var got string
		if err := db.QueryRow(test.query).Scan(&got); err != nil {
			got = "error: " + err.Error()
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s", test.query, got, test.want)
		}
	}
}

func TestFunctionsThatCannotBe(t *testing.T) {
	c := rawConn(t, mustConn(t, open(t, "")))
	for _, impl := range []any{
		nil, 7, (func())(nil), func() {}, func() (int, int) { return 1, 2 }, func() (int, error, error) { return 1, nil, nil },
		func(map[string]int) int { return 1 }, func() chan int { return nil }, func(fmt.Stringer) int { return 1 }, func(...[]string) int { return 1 },
	} {
		if err := c.RegisterFunc("f", impl, true); err == nil || !strings.HasPrefix(err.Error(), "driver: function f: ") {
			t.Errorf("RegisterFunc(%T): %v", impl, err)
		}
	}
	for _, impl := range []any{
		nil, 7, func() {}, func(int) *sum { return nil }, func() sum { return sum{} }, func() *int { return nil }, func() (*sum, int) { return nil, 1 },
	} {
		if err := c.RegisterAggregator("a", impl, true); err == nil || !strings.HasPrefix(err.Error(), "driver: aggregate a: ") {
			t.Errorf("RegisterAggregator(%T): %v", impl, err)
		}
	}
	if err := c.RegisterFunc(strings.Repeat("f", 256), func() int { return 1 }, true); err == nil {
		t.Error("a name of 256 bytes is taken")
	}
}

func mustConn(t *testing.T, db *sql.DB) *sql.Conn {
	t.Helper()
	c, err := db.Conn(background)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestCollation(t *testing.T) {
	db := openHooked(t, ":memory:", func(c Conn) error {
		return c.CreateCollation("length", func(a, b []byte) int { return len(a) - len(b) })
	})
	if got := get(t, db, "SELECT group_concat(a) FROM (SELECT 'ccc' AS a UNION ALL SELECT 'a' UNION ALL SELECT 'bb' ORDER BY a COLLATE length)"); got != "a,bb,ccc" {
		t.Error(got)
	}
}

func TestConnectHook(t *testing.T) {
	refused := errors.New("not this one")
	for _, test := range []struct {
		hook  func(Conn) error
		check func(error) bool
	}{
		{func(Conn) error { return refused }, func(err error) bool { return err == refused }},
		{func(c Conn) error { _, err := c.ExecContext(background, "SELECT oops", nil); return err },
			func(err error) bool { var e *Error; return errors.As(err, &e) }},
		{func(Conn) error { panic("hook") }, func(err error) bool { return errors.Is(err, sqlite3.INTERNAL) }},
		{func(c Conn) error { return c.Close() }, func(err error) bool { return err != nil }},
	} {
		if err := openHooked(t, ":memory:", test.hook).Ping(); !test.check(err) {
			t.Errorf("%v", err)
		}
	}
	var opened []string
	db := openHooked(t, "file:hooked?mode=memory&cache=shared", func(c Conn) error {
		opened = append(opened, c.Filename(""))
		_, err := c.ExecContext(background, "CREATE TABLE IF NOT EXISTS t(a); CREATE TEMP TABLE here(a)", nil)
		return err
	})
	for range 3 {
		run(t, mustConn(t, db), "INSERT INTO t SELECT count(*) FROM here")
	}
	if got := get(t, db, "SELECT count(*) FROM t"); got != int64(3) || len(opened) < 3 {
		t.Errorf("%v rows, opened %q", got, opened)
	}
}
