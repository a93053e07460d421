package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// inFile makes a directory with a file the working directory.
func inFile(t *testing.T, name, text string) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// rowsOfCSV returns n rows of three fields.
func rowsOfCSV(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d,text %d,\"quoted, %d\"\n", i, i, i)
	}
	return b.String()
}

// What goes into the table is what is in the file, whether rows go in one by one
// or many at a time, and whatever the number of rows is.
func TestImportRows(t *testing.T) {
	const sum = ";select count(*), coalesce(sum(a),0), sum(b = 'text '||a), sum(c = 'quoted, '||a) from t;\n"
	for _, n := range []int{1, 2, batchRows, batchRows + 1, 3*batchRows + 7, 1000} {
		want := fmt.Sprintf("%d|%d|%d|%d\n", n, n*(n-1)/2, n, n)
		inFile(t, "in.csv", rowsOfCSV(n))
		check(t, fmt.Sprint(n, " rows"), must(t, "create table t(a int,b,c);\n.import --csv in.csv t\n"+sum), want)
		check(t, fmt.Sprint(n, " rows with a trigger"),
			must(t, "create table t(a int,b,c); create table log(x); create trigger tr after insert on t begin insert into log values(new.a); end;\n"+
				".import --csv in.csv t\n"+sum+"select count(*) from log;\n"), want+fmt.Sprintln(n))
		check(t, fmt.Sprint(n, " rows in a transaction"), must(t, "create table t(a int,b,c);\nbegin;\n.import --csv in.csv t\ncommit;\n"+sum), want)
	}
}

// Rows that the table refuses are left out, each with its line, and those around
// them are not.
func TestImportRefused(t *testing.T) {
	inFile(t, "in.csv", rowsOfCSV(120)+"7,again,\nx\"y,1,2\n50,again,\n120,last,\n")
	r := tursh(t, "create table t(a integer primary key,b,c);\n.import --csv in.csv t\nselect count(*), max(a) from t;\n")
	check(t, "output", r.out, "121|120\n")
	check(t, "errors", r.err, "in.csv:121: INSERT failed: UNIQUE constraint failed: t.a\n"+
		"in.csv:122: INSERT failed: datatype mismatch\nin.csv:123: INSERT failed: UNIQUE constraint failed: t.a\n")
	if r.code != 1 {
		t.Errorf("exit code %d", r.code)
	}
	r = tursh(t, "create table t(a integer primary key,b,c);\n.bail on\n.import --csv in.csv t\n", "kept.db")
	check(t, "rows before the first that is refused, with .bail", must(t, "select count(*) from t;", "kept.db"), "120\n")
	check(t, "errors with .bail", r.err, "in.csv:121: INSERT failed: UNIQUE constraint failed: t.a\n")

	// A table may say for itself what becomes of a conflict.
	check(t, "on conflict replace", must(t, "create table t(a integer primary key on conflict replace,b,c);\n.import --csv <<END t\n1,x,\n1,y,\nEND\nselect count(*), b from t;\n"), "1|y\n")
}

// A disk that is full ends the import, says where, and leaves nothing of it.
func TestImportOnFullDisk(t *testing.T) {
	inFile(t, "in.csv", rowsOfCSV(20000))
	for _, begin := range []string{"", "begin;\ninsert into t values(-1,'','');\n"} {
		os.Remove("full.db")
		r := tursh(t, "create table t(a,b,c);\npragma cache_size=5;\npragma max_page_count=20;\n"+begin+".import --csv in.csv t\nselect count(*) from t where a>=0;\n", "full.db")
		check(t, "output", r.out, "20\n0\n")
		if !strings.HasPrefix(r.err, "in.csv:") || !strings.Contains(r.err, ": import stopped: database or disk is full\n") ||
			!strings.HasSuffix(r.err, "in.csv: nothing was imported into t\n") || r.code != 1 {
			t.Errorf("exit code %d, errors %q", r.code, r.err)
		}
		check(t, "integrity", must(t, "pragma integrity_check;", "full.db"), "ok\n")
	}
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full")
	}
	for _, command := range []string{".once /dev/full\n.dump\n", ".output /dev/full\nselect * from t;\n"} {
		r := tursh(t, "create table t(a,b,c);\n.import --csv in.csv t\n"+command+".output\nselect 'on';\n")
		check(t, command, r.out, "on\n")
		check(t, command, r.err, "Error: cannot write to \"/dev/full\": no space left on device\n")
		if r.code != 1 {
			t.Errorf("%q: exit code %d", command, r.code)
		}
	}
}

func TestImportOddities(t *testing.T) {
	inFile(t, "in.csv", "1,2,3,4\n5\n\xff,b,c\n\xfe,b,c\n\"open,6,7\n")
	r := tursh(t, "create table t(a,b,c);\n.import --csv in.csv t\nselect hex(a), b, c from t;\n")
	check(t, "output", r.out, "31|2|3\n35||\nFF|b|c\nFE|b|c\n6F70656E2C362C370A||\n")
	check(t, "errors", r.err, "in.csv:1: expected 3 columns but found 4 - extras ignored\n"+
		"in.csv:2: expected 3 columns but found 1 - filling the rest with NULL\n"+
		"in.csv:3: not UTF-8 - imported as it is\n"+
		"in.csv:5: unterminated \"-quoted field\n"+
		"in.csv:5: expected 3 columns but found 1 - filling the rest with NULL\n"+
		"in.csv: 2 fields are not UTF-8\n")
	for _, tc := range []struct{ name, input, err string }{
		{"no file", ".import none.csv t", "line 1: cannot open \"none.csv\"\n"},
		{"no arguments", ".import", "line 1: Missing FILE argument\n\n"},
		{"no table", ".import in.csv", "line 1: Missing TABLE argument\n\n"},
		{"option", ".import --zork in.csv t", "line 1: .import --zork in.csv t\nline 1:         ^--- unknown option\n"},
		{"separator", ".import --colsep é in.csv t", "Error: .import column separator must be ASCII\n"},
		{"here document", ".import --csv <<END t\n1,2", "line 2: Content terminator \"END\" not found.\n"},
		{"empty", ".import --csv <<END t\nEND\n", "<stdin>: empty file\n"},
		{"json", ".import --json <<END t\n[1]\nEND\n", "<stdin>: record 1: not an object, as in {\"name\": value}\n"},
		{"a directory", ".import . t", "line 1: cannot open \".\"\n"},
	} {
		r := tursh(t, tc.input)
		check(t, tc.name, r.err, tc.err)
		if r.code != 1 || r.out != "" {
			t.Errorf("%s: %+v", tc.name, r)
		}
	}
}

func TestImportJSON(t *testing.T) {
	inFile(t, "in.ndjson", "{\"b\":\"x\",\"a\":1}\n{\"a\":2.5,\"c\":[1]}\n")
	check(t, "new table", must(t, ".import in.ndjson t\n.mode quote\n.headers on\nselect * from t;\n"),
		"'b','a','c'\n'x',1,NULL\nNULL,2.5,'[1]'\n")
	r := tursh(t, "create table t(a, b);\n.import in.ndjson t\n.mode quote\nselect * from t;\n")
	check(t, "table with other columns", r.out, "1,'x'\n2.5,NULL\n")
	check(t, "what has no column", r.err, "in.ndjson:2: no column for \"c\" - ignored\n")
}
