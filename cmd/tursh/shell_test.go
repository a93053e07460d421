package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	_ "github.com/turso-coop/turso-coop/vfs/oracle" // files are what SQLite asked for
)

// childVar makes the test program be the shell, for tests that need a process.
const childVar = "TURSH_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVar) != "" {
		main()
	}
	home, err := os.MkdirTemp("", "tursh")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for name, value := range map[string]string{"HOME": home, "XDG_CONFIG_HOME": "", "NO_COLOR": "1"} {
		os.Setenv(name, value)
	}
	code := m.Run()
	os.RemoveAll(home)
	os.Exit(code)
}

// result is what a run of the shell gave.
type result struct {
	out, err string
	code     int
}

// tursh runs the shell on input with arguments.
func tursh(t *testing.T, input string, args ...string) result {
	t.Helper()
	var out, err bytes.Buffer
	code := run(append([]string{"tursh"}, args...), strings.NewReader(input), &out, &err)
	return result{out.String(), err.String(), code}
}

// must is tursh where nothing is to go wrong. It returns the output.
func must(t *testing.T, input string, args ...string) string {
	t.Helper()
	r := tursh(t, input, args...)
	if r.code != 0 || r.err != "" {
		t.Fatalf("tursh %q: exit code %d, errors:\n%s", args, r.code, r.err)
	}
	return r.out
}

func check(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

// file writes a file into a fresh directory and returns its name.
func file(t *testing.T, name, text string) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestModes(t *testing.T) {
	for _, tc := range []struct{ name, input, want string }{
		{"no rows", ".mode column\nselect 1 where 0;\n.mode csv\nselect 1 where 0;\n.mode json\nselect 1 where 0;\n.headers on\n.mode list\nselect 1 where 0;\n.mode table\nselect 1 where 0;", ""},
		{"no rows in a table", ".mode table\nselect 1 as one, 2 where 0;", "+-----+---+\n| one | 2 |\n+-----+---+\n"},
		{"headers stay", ".headers on\nselect 1 as a;\n.mode csv\nselect 2 as b;\n.headers off\n.mode column\nselect 3 as c;", "a\n1\nb\r\n2\r\n3\n"},
		{"null", ".nullvalue N\nselect null, '';\n.mode table\nselect null;\n.nullvalue NIL\nselect null n;", "N|\n+------+\n| null |\n+------+\n|      |\n+------+\n+-----+\n|  n  |\n+-----+\n| NIL |\n+-----+\n"},
		{"separators", ".separator ' ; ' '!\\n'\nselect 1,2;\n.separator , \"\\n\"\nselect 1,2;", "1 ; 2!\\n1,2\n"},
		{"csv separator", ".mode csv\n.separator ';'\nselect 'a;b', 'c,d', 1;", "\"a;b\";c,d;1\r\n"},
		{"csv", ".mode csv\nselect '', null, 'a b', 'a''b', 'a', x'61', x'2c', x'22', 'é', -1.5, char(9);", "\"\",,\"a b\",\"a'b\",a,a,\",\",\"\"\"\",\"é\",-1.5,\"\t\"\r\n"},
		{"control characters", "select char(27)||'[31m'||char(9,7,0,127);\nselect 'a'||char(13,10)||'b'||char(13)||'c';", "^[[31m\t^G^@\x7f\na\r\nb^Mc\n"},
		{"json", ".mode json\nselect char(1,8,9,10,12,13,34,92) as 'a\"b', 9e999 i, -9e999 j, 1e15 r, x'' b;\nselect 1;", "[{\"a\\\"b\":\"\\u0001\\b\\t\\n\\f\\r\\\"\\\\\",\"i\":9.0e+999,\"j\":-9.0e+999,\"r\":1000000000000000.0,\"b\":\"\"}]\n[{\"1\":1}]\n"},
		{"reals", "select 0.1+0.2, 0.3, 198.47731899344, 1e15, 1e17, -0.0, 5e-324, 9e999, -9e999, 1.0;", "0.30000000000000004|0.3|198.47731899344001|1000000000000000.0|1.0e+17|0.0|4.9406564584124654e-324|Inf|-Inf|1.0\n"},
		{"columns", ".mode column\nselect 1 a, 'x' || char(10) || 'yy' b union all select 22, char(9)||'z';", "a       b\n--  ---------\n 1  x\n    yy\n\n22          z\n"},
		{"wide", ".mode table\nselect '日本' a, 'e'||char(0x301) b, '👍' c;", "+------+---+----+\n|  a   | b | c  |\n+------+---+----+\n| 日本 | e\u0301 | 👍 |\n+------+---+----+\n"},
		{"describe", ".mode\n.mode csv\n.mode\n.separator x\n.nullvalue \"a\\tb\"\n.headers on\n.mode\n.mode json\n.mode", ".mode list\n.mode csv\n.mode csv --colsep \"x\" --null \"a\\tb\" --titles on\n.mode json\n"},
		{"options", ".mode list --colsep ', ' --null N -rowsep ';\\n' --titles on\nselect 1 a, null b;\n.mode --list", "a, b;\\n1, N;\\navailable modes: ascii box c column count csv html insert jatom jobject json line list markdown off psql qbox quote split table tabs tcl batch tty\n"},
		{"split", ".mode split\nwith c(n) as (select 1 union all select n+1 from c where n<11) select 'name'||(n*n*n*n*n*n*n) from c;\nselect 'one';",
			"name1     name2187    name78125    name823543    name4782969    name19487171\n" +
				"name128   name16384   name279936   name2097152   name10000000\none\n"},
	} {
		t.Run(tc.name, func(t *testing.T) { check(t, "output", must(t, tc.input), tc.want) })
	}
}

func TestExplain(t *testing.T) {
	check(t, "plan", must(t, "create table a(x); create table b(y);\nexplain query plan select * from a, b;"), "QUERY PLAN\n|--SCAN a\n`--SCAN b\n")
	code := must(t, "create table a(x);\nexplain select x from a;")
	for _, want := range []string{
		"addr  opcode         p1    p2    p3    p4             p5  comment      \n----  -------------  ----  ----  ----  -------------  --  -------------\n",
		"\n2     Rewind         0     ",
		"\n3       Column         0     ",
		"\n5     Next           0     3     0                    1   \n",
	} {
		if !strings.Contains(code, want) {
			t.Errorf("no %q in\n%s", want, code)
		}
	}
}

func TestErrors(t *testing.T) {
	long := strings.Repeat("x", 60)
	for _, tc := range []struct{ name, input, out, err string }{
		{"syntax", "select 1;\n\nselect 1 frm x;\nselect 2;\n", "1\n2\n",
			"Parse error near line 3: near \"x\": syntax error\n  select 1 frm x;\n               ^--- error here\n  did you mean \"from\"?\n"},
		{"rest of the line", "selec 2; select 3;\nselect 4;", "4\n",
			"Parse error near line 1: near \"selec\": syntax error\n  selec 2; select 3;\n  ^--- error here\n  did you mean \"select\"?\n"},
		{"several lines", "select 1,\n\n 2 frm\n x, y from z;", "",
			"Parse error near line 1: near \"x\": syntax error\n  select 1,   2 frm  x, y from z;\n                     ^--- error here\n  did you mean \"from\"?\n"},
		{"far right", "select 1, 2, 3, 4, 5, 6 frm x;", "",
			"Parse error near line 1: near \"x\": syntax error\n  select 1, 2, 3, 4, 5, 6 frm x;\n                error here ---^\n  did you mean \"from\"?\n"},
		{"cut", "select '" + long + "', '" + long + "' frm x, '" + long + "';", "",
			"Parse error near line 1: near \"x\": syntax error\n  " + strings.Repeat("x", 44) + "' frm x, '" + strings.Repeat("x", 24) +
				"\n" + strings.Repeat(" ", 38) + "error here ---^\n  did you mean \"from\"?\n"},
		{"incomplete", "select 1;\nselect", "1\n", "Parse error near line 2: incomplete input\n"},
		{"unterminated", "select 'a;\n", "",
			"Parse error near line 1: unrecognized token: \"'a;\"\n  select 'a;\n         ^--- error here\n"},
		{"constraint", "create table u(x unique);\ninsert into u values(1);\ninsert into u values(1);", "", "Error near line 3: UNIQUE constraint failed: u.x\n"},
		{"amid rows", ".mode json\nselect abs(x) from (select 1 x union all select -9223372036854775808);", "[{\"abs(x)\":1}]\n", "Error near line 2: integer overflow\n"},
		{"nul byte", "select 'a\x00b';\nselect 2;", "2\n", "Parse error near line 1: SQL text contains a NUL byte at offset 9, where SQLite would stop reading: bind the value instead\n"},
		{"unknown command", ".bogus\n.s\n.nonc\n", "", strings.ReplaceAll("Error: unknown command or invalid arguments:  \"bogus\". Enter \".help\" for help\n"+
			"Error: unknown command or invalid arguments:  \"s\". Enter \".help\" for help\nError: unknown command or invalid arguments:  \"nonc\". Enter \".help\" for help\n  did you mean \"nonce\"?\n", "\t", "")},
		{"mode", "select 1;\n.mode jsonl\n", "1\n", "line 2: .mode jsonl\nline 2:       ^--- unknown mode\nline 2: Use \".help .mode\" for more info\n  did you mean \"json\"?\n"},
		{"mode option", ".mode list --zork\n.mode --null\n", "",
			"line 1: .mode list --zork\nline 1:            ^--- bad option\nline 1: Use \".help .mode\" for more info\n" +
				"line 2: .mode --null\nline 2:       ^--- missing argument\n"},
		{"option on the right", ".mode --null 'some text here' --zork\n", "",
			"line 1: .mode --null 'some text here' --zork\nline 1:                 bad option ---^\nline 1: Use \".help .mode\" for more info\n"},
		{"usage", ".nullvalue\n.headers\n.read\n.separator\n.bail\n.load\n.schema a b\n.schema --zork\n", "",
			"Usage: .nullvalue STRING\nUsage: .headers off|on|always\nUsage: .read FILE\nUsage: .separator COL ?ROW?\nUsage: .bail on|off\n" +
				"Usage: .load FILE\nUsage: .schema ?--indent? ?--nosys? ?LIKE-PATTERN?\nUnknown option: \"--zork\"\n"},
		{"missing files", ".read nofile\n.load nofile.so\n", "", "Error: cannot open \"nofile\"\nError: cannot load \"nofile.so\": only WebAssembly modules can be loaded, no C libraries\n"},
		{"help", ".help zork", "Nothing matches 'zork'\n", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := tursh(t, tc.input)
			check(t, "output", r.out, tc.out)
			check(t, "errors", r.err, tc.err)
			want := 1
			if tc.err == "" {
				want = 0
			}
			if r.code != want {
				t.Errorf("exit code %d", r.code)
			}
		})
	}
}

// A value that is no boolean is an error in words only.
func TestBoolean(t *testing.T) {
	r := tursh(t, ".headers maybe\nselect 1 as a;\n.headers 0x10\nselect 2 as b;\n.headers NO\nselect 3;\n.headers 1\nselect 4 as d;")
	check(t, "output", r.out, "1\nb\n2\n3\nd\n4\n")
	check(t, "errors", r.err, "ERROR: Not a boolean value: \"maybe\". Assuming \"no\".\n")
	if r.code != 0 {
		t.Errorf("exit code %d", r.code)
	}
}

func TestArguments(t *testing.T) {
	script := file(t, "some.sql", "select 'script';\nselect * from none;\n")
	fine := file(t, "fine.txt", "select 'fine';\n")
	notSQL := file(t, "notes.md", "")
	for _, tc := range []struct {
		name  string
		args  []string
		out   string
		err   string
		code  int
		input string
	}{
		{name: "sql", args: []string{":memory:", "select 1; select 2", "select 3"}, out: "1\n2\n3\n"},
		{name: "first that fails", args: []string{":memory:", "select 1; selec 2; select 3", "select 4"}, out: "1\n", code: 1,
			err: "Parse error in 2nd command line argument: near \"selec\": syntax error\n  selec 2; select 3\n  ^--- error here\n  did you mean \"select\"?\n"},
		{name: "dot-commands", args: []string{"", ".headers on", "select 1 as a", ".mode jsonl", "select 2"}, out: "a\n1\n", code: 1,
			err: "argv[4]: .mode jsonl\nargv[4]:       ^--- unknown mode\nargv[4]: Use \".help .mode\" for more info\n  did you mean \"json\"?\n"},
		{name: "exit code", args: []string{"", ".exit 7", "select 1"}, code: 7},
		{name: "exit 0", args: []string{"", ".exit", "select 1"}},
		{name: "scripts", args: []string{fine, script}, out: "fine\nscript\n", code: 1,
			err: "Parse error near line 2 of " + script + ": no such table: none\n"},
		{name: "not a script", args: []string{"", notSQL}, code: 1,
			err: "Parse error in 2nd command line argument: near \"/\": syntax error\n  " + notSQL[:min(78, len(notSQL))] + "\n  ^--- error here\n"},
		{name: "options after the file", args: []string{":memory:", "-csv", "select 1,'a b'", "--header"}, out: "1,\"'a b'\"\r\n1,\"a b\"\r\n"},
		{name: "end of options", args: []string{"--", "-readonly.db", ".print ok"}, out: "ok\n"},
		{name: "unknown option", args: []string{":memory:", "--bad"}, err: "tursh: Error: unknown option: -bad\nUse -help for a list of options.\n", code: 1},
		{name: "missing argument", args: []string{"--separator"}, err: "tursh: Error: missing argument to --separator\n", code: 1},
		{name: "engine", args: []string{"-engine", "steam"}, err: "tursh: Error: -engine is uring, pool or auto, not \"steam\"\n", code: 1},
		{name: "separators", args: []string{"-separator", ",", "-newline", ";", "-nullvalue", "N", "", "select 1,null"}, out: "1,N;"},
		{name: "cmd", args: []string{"-cmd", ".headers on", "-cmd", "select 1 as a", "-cmd", "selec", ":memory:"}, input: "select 2 as b;", out: "a\n1\nb\n2\n",
			err: "Parse error in 6th command line argument: near \"selec\": syntax error\n  selec\n  ^--- error here\n  did you mean \"select\"?\n"},
		{name: "cmd bail", args: []string{"-bail", "-cmd", "selec", ":memory:"}, input: "select 2 as b;", code: 1,
			err: "Parse error in 3rd command line argument: near \"selec\": syntax error\n  selec\n  ^--- error here\n  did you mean \"select\"?\n"},
		{name: "cmd exit", args: []string{"-cmd", ".exit 3", ":memory:"}, input: "select 2;", code: 3},
		{name: "bail", args: []string{"-bail"}, input: "select 1;\nselec;\nselect 2;\n", out: "1\n", code: 1,
			err: "Parse error near line 2: near \"selec\": syntax error\n  selec;\n  ^--- error here\n  did you mean \"select\"?\n"},
		{name: "echo", args: []string{"-echo"}, input: "-- hello\n\nselect\n1;\n.print x\n", out: "-- hello\n\nselect\n1;\n1\n.print x\nx\n"},
		{name: "no input", args: []string{":memory:"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			r := tursh(t, tc.input, tc.args...)
			check(t, "output", r.out, tc.out)
			check(t, "errors", r.err, tc.err)
			if r.code != tc.code {
				t.Errorf("exit code %d, want %d", r.code, tc.code)
			}
		})
	}
}

func TestHelpAndVersion(t *testing.T) {
	r := tursh(t, "", "-help")
	if r.code != 0 || r.out != "" || !strings.Contains(r.err, "Usage: tursh [OPTIONS] [FILENAME [SQL...]]\n") || !strings.Contains(r.err, "   -separator TEXT ") {
		t.Errorf("-help: %+v", r)
	}
	for _, o := range options {
		if o.about != "" && !strings.Contains(r.err, "   -"+o.names[0]) {
			t.Errorf("-help does not tell of -%s", o.names[0])
		}
	}
	if out := must(t, "", "-version"); !strings.HasPrefix(out, "3.54.1 20") || !strings.HasSuffix(out, "-bit)\n") {
		t.Errorf("-version: %q", out)
	}
	list := must(t, ".help\n")
	if !strings.Contains(list, "\n.read FILE               Run the SQL and commands in FILE\n") || strings.Contains(list, ".archive") {
		t.Errorf(".help:\n%s", list)
	}
	check(t, ".help rea", must(t, ".help rea"), ".read FILE               Run the SQL and commands in FILE\n   If FILE begins with | it is a command of the system, whose output is run.\n")
	check(t, ".help .se", must(t, ".help .se"), ".separator COL ?ROW?     Set the separators of columns and rows\n")
	if text := must(t, ".help rowids"); !strings.HasPrefix(text, ".dump ") || !strings.Contains(text, "   --preserve-rowids ") {
		t.Errorf(".help rowids:\n%s", text)
	}
	if all := must(t, ".help -all"); !strings.Contains(all, "   --indent ") || !strings.Contains(all, "   --readonly ") {
		t.Errorf(".help -all:\n%s", all)
	}
}

// Where input is to be prompted for but is no terminal, prompts and results go
// to the same stream, and nothing edits.
func TestInteractiveWithoutTerminal(t *testing.T) {
	r := tursh(t, "select 1\n+ (2\n);\nselec;\n.bogus\n.mode csv\nselect 'x y';", "-interactive", "")
	const prompt, indent = "SQLite-3.54 memory-> ", "               "
	i := strings.Index(r.out, "\n") + 1
	if !regexp.MustCompile(`^SQLite version 3\.54\.\d+ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n$`).MatchString(r.out[:i]) {
		t.Errorf("greeting %q", r.out[:i])
	}
	check(t, "output", r.out[i:], "Enter \".help\" for usage hints.\n"+prompt+indent+"  ;-> "+indent+" );-> "+
		"3\n"+prompt+prompt+prompt+prompt+"\"x y\"\r\n"+prompt+"\n")
	check(t, "errors", r.err, "Parse error near line 4: near \"selec\": syntax error\n  selec;\n  ^--- error here\n  did you mean \"select\"?\n"+
		"Error: unknown command or invalid arguments:  \"bogus\". Enter \".help\" for help\n")
	if r.code != 0 {
		t.Errorf("exit code %d", r.code)
	}
}

// Abbreviations mean what they do in the sqlite3 shell.
func TestFindCommand(t *testing.T) {
	for name, want := range map[string]string{
		"h": "headers", "he": "headers", "hel": "help", "header": "headers", "d": "dump", "da": "databases", "e": "echo", "ex": "exit", "exi": "exit",
		"s": "scanstats", "sch": "schema", "se": "separator", "i": "import", "q": "quit", "v": "version", "m": "mode", "n": "nullvalue",
		"o": "output", "op": "open", "p": "prompt", "pri": "print", "r": "recover", "rea": "read", "t": "trace", "ta": "tables", "timeo": "timeout",
		"b": "", "ba": "", "bai": "bail", "cd": "cd", "c": "clone", "cha": "changes", "re": "recover", "nonc": "", "nonce": "nonce",
		"": "", "helpx": "", "READ": "",
	} {
		got := ""
		if c := findCommand(name); c != nil {
			got = c.name
		}
		if got != want {
			t.Errorf("findCommand(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestParseDot(t *testing.T) {
	for text, want := range map[string]string{
		`.a`:                               `[a@1]`,
		`. a  b `:                          `[a@2 b@5]`,
		`.a b;`:                            `[a@1 b@3]`,
		`.a b ; `:                          `[a@1 b@3]`,
		`.a 'b c' "d e"`:                   `[a@1 b c@4 d e@10]`,
		`.a 'b\n' "c\td\"\\\101\x41\x4\z"`: "[a@1 b\\n@4 c\td\"\\AA\x04z@10]",
		`.a 'b c`:                          `[a@1 b c@4]`,
		`.a "b c\`:                         `[a@1 b c\@4]`,
		`.a b'c'd "e"f`:                    `[a@1 b'c'd@3 e@10 f@12]`,
		`.`:                                `[]`,
		`.;`:                               `[]`,
		`.a ''`:                            `[a@1 @4]`,
	} {
		var got []string
		for _, arg := range parseDot(text).args {
			got = append(got, fmt.Sprintf("%s@%d", arg.text, arg.offset))
		}
		check(t, text, fmt.Sprint(got), want)
	}
}
