package sqltext

import (
	"strings"
	"testing"
)

func scan(text string) *Scanner {
	var s Scanner
	for line := range strings.Lines(text) {
		s.Feed(strings.TrimSuffix(line, "\n"))
	}
	return &s
}

func TestScannerComplete(t *testing.T) {
	const trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; "
	for _, tc := range []struct {
		text string
		want bool
	}{
		{"select 1;", true},
		{"select 1", false},
		{"select 1; -- done", true},
		{"select 1; /* done */", true},
		{"select 1; /* not", false},
		{"select 1;\nselect 2", false},
		{"select ';", false},
		{"select ';\n';", true},
		{"select 'it''s;", false},
		{"select 'it''s';", true},
		{"select \"a;\", `b;`, [c;];", true},
		{"select [a;", false},
		{"-- ;", true},
		{"select 1 -- ;", false},
		{"select 1 - - 2;", true},
		{trigger, false},
		{trigger + "END", false},
		{trigger + "END;", true},
		{trigger + "select 2; end ;", true},
		{trigger + "\n-- end;\nEND\n;", true},
		{trigger + "select case when 1 then 2 end; end;", true},
		{trigger + "select 1 end;", false},
		{"create temp trigger x begin select 1;", false},
		{"create temporary trigger x begin select 1; end;", true},
		{"create /* temp */ trigger x begin select 1;", false},
		{"explain create trigger x begin select 1;", false},
		{"explain query plan select 1;", true},
		{"create table trigger(a);", true},
		{"create unique trigger x begin select 1;", true},
		{"select 1 from create trigger;", true},
		{"createtrigger;", true},
		{"créate trigger;", true},
	} {
		if got := scan(tc.text).Complete(); got != tc.want {
			t.Errorf("complete(%q) = %v, want %v", tc.text, got, tc.want)
		}
	}
}

// A statement may be cut into lines anywhere between tokens.
func TestScannerAcrossLines(t *testing.T) {
	text := "create trigger t after insert on a begin insert into b values ( 'x;' , \"y;\" ) ; select 2 ; end ;"
	words := strings.Fields(text)
	var s Scanner
	for i, w := range words {
		if s.Complete() && i > 0 {
			t.Fatalf("complete before %q, word %d", w, i)
		}
		s.Feed(w)
	}
	if !s.Complete() {
		t.Fatal("not complete at the end")
	}
}

func TestClosers(t *testing.T) {
	for text, want := range map[string]string{
		"select 1":                    ";",
		"select (":                    ");",
		"select ((1), (":              "));",
		"select 'a (":                 "';",
		"select \"a":                  "\";",
		"select [a":                   "];",
		"select (/* x":                "*/);",
		"/* x":                        "*/",
		"create trigger t begin":      ";END;",
		"create trigger t begin a;":   "END;",
		"create trigger t begin;end ": ";",
		"select (1; select":           ";",
	} {
		if got := scan(text).Closers(); got != want {
			t.Errorf("closers(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestExplainOf(t *testing.T) {
	for text, want := range map[string]Explain{
		"select 1":                           NotExplain,
		"explain select 1":                   ExplainCode,
		"EXPLAIN QUERY select":               ExplainCode,
		" /* a */ Explain -- b\n QUERY plan": ExplainPlan,
		"explaining":                         NotExplain,
		"":                                   NotExplain,
	} {
		if got := ExplainOf(text); got != want {
			t.Errorf("ExplainOf(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestTerminators(t *testing.T) {
	for line, want := range map[string]bool{
		"/": true, " / -- run": true, "go": true, "GO  ": true, "go /* now */": true,
		"/* x */": false, "gone": false, "go 2": false, "": false, "g": false, "//": false,
	} {
		if got := IsTerminator(line); got != want {
			t.Errorf("IsTerminator(%q) = %v, want %v", line, got, want)
		}
	}
}

func TestBlank(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, " \t\v\n": true, "-- a": true, "/* a */ -- b\n": true,
		"/* a": false, "-": false, "/": false, "-- a\nb": false,
	} {
		if got := Blank(text); got != want {
			t.Errorf("Blank(%q) = %v, want %v", text, got, want)
		}
	}
}

func BenchmarkScanner(b *testing.B) {
	line := "INSERT INTO t VALUES (1, 'some text; with (semicolons)', 2.5, x'00ff41', NULL);"
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	var s Scanner
	for b.Loop() {
		s.Feed(line)
	}
}
