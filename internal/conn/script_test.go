package conn

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestStatementEnd(t *testing.T) {
	for _, test := range []struct{ first, rest string }{
		{"", ""},
		{"SELECT 1", ""},
		{"SELECT 1;", " SELECT 2;"},
		{"SELECT ';';", "x"},
		{"SELECT 'it''s;';", "x"},
		{`SELECT ";" AS "a"";";`, "x"},
		{"SELECT `;`;", "x"},
		{"SELECT [;];", "x"},
		{"SELECT 1 -- ;\n;", "x"},
		{"SELECT 1 /* ; */;", "x"},
		{"SELECT 1 - 2 / 3;", "x"},
		{"SELECT 'no end; ", ""},
		{"SELECT 1 -- no end;", ""},
		{"/* no end;", ""},
		{"[no end;", ""},
	} {
		if got := statementEnd(test.first+test.rest, 0, 0); got != len(test.first) {
			t.Errorf("statementEnd(%q) = %d, want %d", test.first+test.rest, got, len(test.first))
		}
	}
	if got := statementEnd("a;b;c;d;", 2, 5); got != 6 {
		t.Errorf("the first end at or behind 5 is %d, want 6", got)
	}
}

func TestBlank(t *testing.T) {
	for sql, want := range map[string]bool{
		"":                  true,
		" \t\r\n\f":         true,
		";;":                true,
		"-- c":              true,
		"/* c":              true,
		"; -- c\n/* ; */ ;": true,
		"-":                 false,
		"/":                 false,
		"'":                 false,
		"-- c\nSELECT 1":    false,
		"/* c */ - 1":       false,
		"\v":                false,
		" \v":               true,
		"/**/--\n\ufeff;":   true,
	} {
		if got := Blank(sql); got != want {
			t.Errorf("Blank(%q) = %v, want %v", sql, got, want)
		}
	}
}

// TestLongScript runs a script longer than what is given to the compiler at once, with statements that look as if they
// ended earlier than they do, and compares with the same statements run singly.
func TestLongScript(t *testing.T) {
	statements := []string{
		"CREATE TABLE t(a, b);",
		"CREATE TABLE log(what);",
		"\n;; ; -- nothing\n;",
		"CREATE TRIGGER tr AFTER INSERT ON t BEGIN" + strings.Repeat(" INSERT INTO log VALUES(';');", 40) + " END;",
		"INSERT INTO t VALUES($p(x;y), 'a;''b');",
		"/* ; */ INSERT INTO t VALUES(1, \";\");",
	}
	for i := range 500 {
		statements = append(statements, fmt.Sprintf("INSERT INTO t VALUES(%d, 'row %d;');", i, i))
	}
	script := strings.Join(statements, "\n") + "\nSELECT count(*), (SELECT count(*) FROM log) FROM t -- end;"

	c := open(t, ":memory:")
	if _, err := c.Raw().Config(1013, true); err != nil { // double-quoted strings, off in this build
		t.Fatal(err)
	}
	var last *Stmt
	for tail := script; ; {
		s, rest, err := c.Prepare(context.Background(), tail)
		if err != nil {
			t.Fatalf("at %.60q: %v", tail, err)
		}
		if s == nil {
			break
		}
		if !strings.HasSuffix(tail, rest) || s.SQL() == "" {
			t.Fatalf("text %q, rest %.60q", s.SQL(), rest)
		}
		if tail = rest; rest == "" {
			last = s
			break
		}
		if err := s.Exec(context.Background()); err != nil {
			t.Fatalf("%.60q: %v", s.SQL(), err)
		}
		s.Close()
	}
	row := make([]any, 2)
	if ok, err := last.Next(context.Background(), row); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if row[0] != int64(502) || row[1] != int64(502*40) {
		t.Fatalf("%v rows and %v in the log, want 502 and %d", row[0], row[1], 502*40)
	}
}

func TestSyntaxErrorOffset(t *testing.T) {
	c := open(t, ":memory:")
	pad := strings.Repeat("-- pad\n", 1000)
	for _, test := range []struct {
		sql  string
		want string // what stands at the offset; "" for none
	}{
		{"selec 1", "selec 1"},
		{"SELECT 1 2", "2"},
		{pad + "SELECT 1 2; SELECT 3;" + pad, "2; SELECT"},
		{pad + ";; SELECT 'a' 'b;", "'b;"},
		{pad + "SELECT 1, nope; SELECT", "nope; SELECT"},
		{pad + "SELECT (", ""},
	} {
		_, _, err := c.Prepare(context.Background(), test.sql)
		var at *SyntaxError
		switch errors.As(err, &at); {
		case err == nil:
			t.Errorf("%.40q: no error", test.sql)
		case at == nil && test.want != "":
			t.Errorf("%.40q: no offset in %v", test.sql, err)
		case at != nil && !strings.HasPrefix(test.sql[at.Offset:], test.want):
			t.Errorf("%.40q: %v: found at %.20q, want at %q", test.sql, err, test.sql[at.Offset:], test.want)
		}
	}
}

// FuzzCompile: a text that is compiled piece by piece has the statements and the errors of one compiled whole.
func FuzzCompile(f *testing.F) {
	for _, sql := range []string{
		"SELECT 1; SELECT 2",
		";; SELECT ';' -- ;\n; /* ; */ SELECT [;], `;`, \";\"",
		"CREATE TRIGGER tr AFTER INSERT ON t BEGIN SELECT 1; SELECT ';'; SELECT 3; END; SELECT 2",
		"EXPLAIN CREATE TEMP TRIGGER tr AFTER INSERT ON t BEGIN SELECT 1; END",
		"SELECT $a(;), :b, @c::d(;e;)",
		"SELECT 'a;; SELECT x'';",
		"SELECT (;", "SELECT 1 /*;", "SELECT -- ;", "BEGIN; END; selec", "x'1;'", "\xff;\xfe",
	} {
		f.Add(sql)
	}
	c, err := Open(background, Options{Filename: ":memory:"})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { c.Close() })
	if err := c.Script(background, "CREATE TABLE t(a)"); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		if strings.Contains(sql, "\x00") || len(sql) > 1000 {
			return
		}
		for range len(sql) + 1 { // every statement takes at least a byte
			whole, wholeText, wholeTail, wholeErr := c.compile(sql, len(sql))
			piece, text, tail, err := c.compile(sql, 0)
			if fmt.Sprint(err) != fmt.Sprint(wholeErr) || (whole == nil) != (piece == nil) || tail != wholeTail {
				t.Fatalf("%q:\nwhole: %v, %v, tail %q\npiece: %v, %v, tail %q", sql, whole != nil, wholeErr, wholeTail, piece != nil, err, tail)
			}
			var at, wholeAt *SyntaxError
			if errors.As(err, &at) != errors.As(wholeErr, &wholeAt) || at != nil && at.Offset != wholeAt.Offset {
				t.Fatalf("%q: offset %v, whole %v", sql, at, wholeAt)
			}
			if whole == nil {
				if err == nil && !Blank(sql) {
					t.Fatalf("%q holds no statement but is not blank", sql)
				}
				return
			}
			if Blank(sql) || !strings.HasSuffix(wholeText, text) {
				t.Fatalf("%q: text %q, whole %q, blank %v", sql, text, wholeText, Blank(sql))
			}
			whole.Close()
			piece.Close()
			sql = tail
		}
	})
}
