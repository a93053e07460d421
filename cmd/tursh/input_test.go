package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/turso-coop/turso-coop/driver"
)

func TestInput(t *testing.T) {
	for _, tc := range []struct{ name, input, want string }{
		{"comments and blanks", "\n  \n-- one\n# two\n/* three */\n/* four\nfive */\nselect 1;\n", "1\n"},
		{"several lines", "select\n1\n,\n'a;\nb'\n;\n", "1|a;\nb\n"},
		{"several statements", "select 1; select 2; ; select 3;;;\n", "1\n2\n3\n"},
		{"statement after a comment", "/* a */ select 1; -- b\n -- c\n", "1\n"},
		{"terminators", "select 1\ngo\nselect 2\n  /\nselect 3 /\n1;\nselect 'go\ngo\n';\nGO\n", "1\n2\n3\ngo\ngo\n\n"},
		{"trigger", "create table t(x);\ncreate trigger tr after insert on t begin\n  insert into t select 7 where 0;\n  select 1;\nend;\ninsert into t values(1);\nselect * from t;\n", "1\n"},
		{"crlf", "select 1;\r\n.print a\r\nselect 'a\r\nb';\r\n", "1\na\na\nb\n"},
		{"no line end", "select 1;\nselect 2", "1\n2\n"},
		{"dot in a statement", "select 1\n.print x\n;\n", ""},
		{"byte order mark", "\ufeffselect 1;\n", "1\n"},
	} {
		t.Run(tc.name, func(t *testing.T) { check(t, "output", tursh(t, tc.input).out, tc.want) })
	}
}

func TestRead(t *testing.T) {
	inner := file(t, "inner.sql", "select 'inner';\nselec;\nselect 'after';\n.quit\nselect 'never';\n")
	outer := file(t, "outer.sql", "select 'outer';\n.read '"+inner+"'\nselect 'back';\n")
	r := tursh(t, ".read "+outer+"\n.read nofile\n.read "+t.TempDir()+"\nselect 'end';\n")
	check(t, "output", r.out, "outer\ninner\nafter\nback\nend\n")
	if want := "Parse error near line 2 of " + inner + ": near \"selec\": syntax error\n  selec;\n  ^--- error here\n  did you mean \"select\"?\nError: cannot open \"nofile\"\nError: cannot open \""; !strings.HasPrefix(r.err, want) || r.code != 1 {
		t.Errorf("exit code %d, errors %q", r.code, r.err)
	}
	r = tursh(t, "select 1;\n.read '"+outer+"'\nselect 2;\n", "-bail")
	check(t, "output with -bail", r.out, "1\nouter\ninner\n")
	if r.code != 1 {
		t.Errorf("exit code %d", r.code)
	}

	r = tursh(t, ".read '|echo \"select 1;\"; echo selec'\nselect 2;\n.read '|echo .quit; yes'\n.read \"|exit 1\"\n")
	check(t, "output of commands", r.out, "1\n2\n")
	check(t, "errors", r.err, "Parse error near line 2 of <pipe>: near \"selec\": syntax error\n  selec\n  ^--- error here\n  did you mean \"select\"?\n")

	exit := file(t, "exit.sql", ".exit 5\nselect 1;\n")
	if r := tursh(t, ".read "+exit+"\nselect 2;\n"); r != (result{code: 5}) {
		t.Errorf(".exit 5 in a file: %+v", r)
	}
	self := filepath.Join(t.TempDir(), "self.sql")
	if err := os.WriteFile(self, []byte(".read "+self+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	r = tursh(t, "", ":memory:", ".read "+self)
	check(t, "nested too deep", r.err, self+": Input nesting limit (25) reached at line 1. Check recursion.\n")
}

func TestStartupFile(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	write := func(name, text string) string {
		name = filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return name
	}
	const input = "select 1 as a;\n"
	check(t, "none", must(t, input), "1\n")
	write(".sqliterc", ".headers on\n")
	check(t, "~/.sqliterc", must(t, input), "a\n1\n")
	check(t, "overridden", must(t, input, "-noheader"), "1\n")
	check(t, "-noinit", must(t, input, "-noinit"), "1\n")
	write(".config/sqlite3/sqliterc", ".mode csv\n.headers on\n")
	check(t, "~/.config", must(t, input), "a\r\n1\r\n")
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "xdg"))
	write("xdg/sqlite3/sqliterc", ".mode json\n")
	check(t, "XDG_CONFIG_HOME", must(t, input), "[{\"a\":1}]\n")
	other := write("other", ".mode table\nselec;\n")
	r := tursh(t, input, "-init", other)
	check(t, "-init", r.out, "+---+\n| a |\n+---+\n| 1 |\n+---+\n")
	check(t, "-init", r.err, "Parse error near line 2 of "+other+": near \"selec\": syntax error\n  selec;\n  ^--- error here\n  did you mean \"select\"?\n")
	if r.code != 0 {
		t.Errorf("exit code %d after an error in the start-up file", r.code)
	}
	check(t, "missing", fmt.Sprint(tursh(t, input, "-init", "nofile")), "{1\n cannot open: \"nofile\"\n 0}")
	check(t, "missing with -bail", fmt.Sprint(tursh(t, input, "-bail", "-init", "nofile")), "{ cannot open: \"nofile\"\n 1}")
}

// A database that does not exist is made by the first statement, not before.
func TestDatabaseCreatedWhenNeeded(t *testing.T) {
	name := filepath.Join(t.TempDir(), "new ?#%41.db")
	exists := func() bool {
		_, err := os.Stat(name)
		return err == nil
	}
	must(t, "-- nothing\n.help\n.mode csv\n.print x\n.quit\n", name)
	if exists() {
		t.Error("the database was created for no reason")
	}
	r := tursh(t, "select 1;", "-ifexists", name)
	check(t, "-ifexists", r.err, "Error: unable to open database \""+name+"\": unable to open database file\n")
	if r.code != 1 || exists() {
		t.Errorf("-ifexists: exit code %d, created %v", r.code, exists())
	}
	must(t, "create table t(x);\n", name)
	if !exists() {
		t.Error("the database was not created")
	}
	check(t, ".tables", must(t, "", name, ".tables"), "t\n")
	check(t, "URI", must(t, "", "file://"+strings.NewReplacer("?", "%3f", "#", "%23", "%", "%25").Replace(name)+"?mode=ro", ".tables"), "t\n")
}

func TestOpen(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "create table one(x);", "one.db")
	check(t, "output", must(t, ".open one.db\n.tables\n.open\n.tables\n.open two.db\ncreate table two(x);\n.tables\n.open --new one.db\n.tables\n.open --ifexist two.db\n.tables\n"), "one\ntwo\ntwo\n")
	r := tursh(t, ".open --readonly two.db\ncreate table x(y);\n.open --zork\n.open a b\n.open --ifexists three.db\ncreate table z(x);\n.tables\n.open nodir/x.db\nselect 5;")
	check(t, "output", r.out, "z\n5\n")
	check(t, "errors", r.err, "Error near line 2: attempt to write a readonly database\nunknown option: --zork\nextra argument: \"b\"\n"+
		"Error: unable to open database \"three.db\": unable to open database file\nNotice: using substitute in-memory database instead of \"three.db\"\n"+
		"Error: unable to open database \"nodir/x.db\": unable to open database file\nNotice: using substitute in-memory database instead of \"nodir/x.db\"\n")
	if r.code != 1 {
		t.Errorf("exit code %d", r.code)
	}
}

func TestBadDatabases(t *testing.T) {
	dir := t.TempDir()
	garbage := file(t, "garbage.db", strings.Repeat("This is not a database.\n", 200))
	short := file(t, "short.db", "SQLite")
	readOnly := filepath.Join(dir, "ro.db")
	must(t, "create table t(x);", readOnly)
	for _, tc := range []struct {
		name string
		args []string
		err  string
	}{
		{"directory", []string{dir}, "Error: unable to open database \"" + dir + "\": unable to open database file\n"},
		{"directory and SQL", []string{dir, "select 1"}, "Error: unable to open database \"" + dir + "\": unable to open database file\n"},
		{"missing directory", []string{dir + "/no/x.db", "select 1"}, "Error: unable to open database \"" + dir + "/no/x.db\": unable to open database file\n"},
		{"missing, read-only", []string{"-readonly", dir + "/no.db", ".tables"}, "Error: unable to open database \"" + dir + "/no.db\": unable to open database file\n"},
		{"garbage", []string{garbage, "select * from t"}, "Parse error in 2nd command line argument: file is not a database (26)\n"},
		{"garbage, command", []string{garbage, ".tables"}, "Error: file is not a database\n"},
		{"cut short", []string{short, "select * from t"}, "Parse error in 2nd command line argument: file is not a database (26)\n"},
		{"read-only", []string{"-readonly", readOnly, "insert into t values(1)"}, "Error in 3rd command line argument: attempt to write a readonly database\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := tursh(t, "", tc.args...)
			check(t, "errors", r.err, tc.err)
			if r.code != 1 || r.out != "" {
				t.Errorf("exit code %d, output %q", r.code, r.out)
			}
		})
	}
}

func TestEngine(t *testing.T) {
	name := filepath.Join(t.TempDir(), "e.db")
	must(t, "create table t(x);\ninsert into t values(1);", "-engine", "pool", name)
	check(t, "pool", must(t, "select * from t;", name, "-engine", "pool"), "1\n")
	t.Setenv("TURSO_COOP_ENGINE", "steam")
	r := tursh(t, "", name, "select 1")
	if r.code != 1 || !strings.HasPrefix(r.err, "Error: unable to open database \""+name+"\": ") || !strings.Contains(r.err, "TURSO_COOP_ENGINE") {
		t.Errorf("%+v", r)
	}
}

func TestLoad(t *testing.T) {
	module := filepath.Join("..", "..", "wasmext", "ext", "sample.wasm")
	check(t, "output", must(t, ".load "+module+"\nselect levenshtein('abc', 'abd');\n.open\n.load "+module+"\nselect levenshtein('', 'abd');"), "1\n3\n")
	r := tursh(t, "", "", ".load input_test.go", "select 1")
	if r.code != 1 || r.out != "" || !strings.HasPrefix(r.err, "Error: ") || !strings.Contains(r.err, "input_test.go") {
		t.Errorf("%+v", r)
	}
}

// A run of the shell leaves nothing behind in the process.
func TestNothingLeft(t *testing.T) {
	name := filepath.Join(t.TempDir(), "n.db")
	module := filepath.Join("..", "..", "wasmext", "ext", "sample.wasm")
	use := func() {
		r := tursh(t, zoo+".load "+module+"\nselect 1.5;\n.dump\n.read nofile\n.open "+name+"\nbegin;\ncreate table if not exists t(x);\ninsert into t values(1);\nselec;\nselect levenshtein('a','b');\n")
		if r.code != 1 {
			t.Fatalf("%+v", r)
		}
	}
	use() // what is made once for the process is made now
	count := func() (goroutines, files int) {
		entries, _ := os.ReadDir("/proc/self/fd")
		return runtime.NumGoroutine(), len(entries)
	}
	goroutines, files := count()
	for range 5 {
		use()
	}
	for end := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		g, f := count()
		if g <= goroutines && f <= files {
			return
		}
		if time.Now().After(end) {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines and %d files, before %d and %d\n%s", g, f, goroutines, files, buf[:runtime.Stack(buf, true)])
		}
	}
}

// A lock of another connection is an error of the statement, and passes.
func TestLocked(t *testing.T) {
	name := filepath.Join(t.TempDir(), "l.db")
	must(t, "create table t(x);", name)
	connector, err := driver.NewConnector(name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := connector.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	other := c.(driver.Conn)
	exec := func(sql string) {
		t.Helper()
		if err := do(t.Context(), other, sql); err != nil {
			t.Fatal(err)
		}
	}
	exec("begin exclusive")
	r := tursh(t, "select count(*) from t;\n.tables\n", name)
	if !regexp.MustCompile(` near line 1: database is locked: connection .* \(5\)\n(.*\n)*Error: database is locked: connection .*\n$`).MatchString(r.err) || r.code != 1 {
		t.Errorf("%+v", r)
	}
	// Opening has to wait as well.
	const wait = 150 * time.Millisecond
	start := time.Now()
	r = tursh(t, "", "-cmd", fmt.Sprint(".timeout ", wait.Milliseconds()), name, "select count(*) from t")
	if took := time.Since(start); took < wait || !strings.Contains(r.err, "database is locked") {
		t.Errorf("after %v: %+v", took, r)
	}
	input, say := io.Pipe()
	done := make(chan result)
	go func() {
		var out, err bytes.Buffer
		code := run([]string{"tursh", name}, input, &out, &err)
		done <- result{out.String(), err.String(), code}
	}()
	fmt.Fprintln(say, "select 'first' from t;")
	fmt.Fprintln(say, ".print waited") // taken when the first is over
	exec("commit")
	fmt.Fprintln(say, ".timeout 60000\nselect count(*) from t;")
	say.Close()
	if r := <-done; r.out != "waited\n0\n" {
		t.Errorf("%+v", r)
	}
}

func TestGarbageInput(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for range 20 {
		garbage := make([]byte, 20_000)
		for i := range garbage {
			garbage[i] = byte(r.Intn(256))
		}
		res := tursh(t, string(garbage))
		if res.code != 1 || res.err == "" {
			t.Errorf("exit code %d, errors %q", res.code, res.err)
		}
	}
}

// One line of 20 MB, as one statement and as many.
func TestLongLine(t *testing.T) {
	const size = 20 << 20
	text := strings.Repeat("x", size)
	check(t, "one literal", must(t, "select length('"+text+"') as n;\n"), fmt.Sprintln(size))
	const statement = "insert into t values(1,'some text to make it longer than that');"
	n := size / len(statement)
	check(t, "many statements", must(t, "create table t(a,b);begin;"+strings.Repeat(statement, n)+"commit;select count(*) from t;\n"), fmt.Sprintln(n))
	r := tursh(t, "select '"+text+"\n")
	if r.code != 1 || !strings.HasPrefix(r.err, "Parse error near line 1: unrecognized token: ") {
		t.Errorf("unterminated: exit code %d, errors %.100q", r.code, r.err)
	}
}

// What cannot be written ends the shell.
func TestOutputFails(t *testing.T) {
	var errs bytes.Buffer
	input := "select 1;\ncreate table t(x);\nwith c(n) as (select 1 union all select n+1 from c) select n from c;\nselect 2;\n"
	code := run([]string{"tursh"}, strings.NewReader(input), failingWriter{}, &errs)
	check(t, "errors", errs.String(), "Error: cannot write results: disk full\n")
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// Results come out statement by statement, before what goes to stderr.
func TestFlushedByStatement(t *testing.T) {
	input, say := io.Pipe()
	hear, output := io.Pipe()
	done := make(chan int)
	go func() {
		code := run([]string{"tursh"}, input, output, output)
		output.Close()
		done <- code
	}()
	lines := newScriptReader(hear)
	for statement, want := range map[string]string{
		"select 1;": "1", ".print x": "x", ".bogus": "Error: unknown command or invalid arguments:  \"bogus\". Enter \".help\" for help",
	} {
		fmt.Fprintln(say, statement)
		got, err := lines.readLine("")
		if err != nil {
			t.Fatal(err)
		}
		check(t, statement, got, want)
	}
	fmt.Fprintln(say, "select 1; select 2; selec; select 3;")
	for _, want := range []string{"1", "2", "Parse error near line 4: near \"selec\": syntax error"} {
		got, err := lines.readLine("")
		if err != nil {
			t.Fatal(err)
		}
		check(t, "output then error", got, want)
	}
	say.Close()
	io.Copy(io.Discard, hear)
	if code := <-done; code != 1 {
		t.Errorf("exit code %d", code)
	}
}
