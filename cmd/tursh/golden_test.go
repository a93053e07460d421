package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// golden returns the directory with outputs of the sqlite3 shell that go beyond
// those in testdata, or skips the test.
func golden(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("TURSO_COOP_GOLDEN")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "shell-golden")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the outputs of the sqlite3 shell are not there (TURSO_COOP_GOLDEN names their directory): %v", err)
	}
	return dir
}

// The outputs are those of the sqlite3 shell 3.54.0 for setup.sql.
func TestGoldenModes(t *testing.T) {
	compareModes(t, "testdata/golden/setup.sql", "testdata/golden")
}

func TestGoldenModesElsewhere(t *testing.T) {
	dir := golden(t)
	compareModes(t, filepath.Join(dir, "setup.sql"), filepath.Join(dir, "3.54.0"))
}

func compareModes(t *testing.T, setupFile, dir string) {
	t.Helper()
	setup, err := os.ReadFile(setupFile)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.out"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d outputs, %v", len(files), err)
	}
	name := filepath.Join(t.TempDir(), "t.db")
	must(t, string(setup), name)
	for _, file := range files {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		mode := strings.TrimSuffix(filepath.Base(file), ".out")
		arg := mode
		if mode == "insert" {
			arg = "insert tt"
		}
		check(t, mode, must(t, string(setup)+".mode "+arg+"\n.headers on\nselect * from t;\n"), string(want))
		if mode != "insert" && mode != "tty" { // which are no options
			check(t, "-"+mode, must(t, "", "-"+mode, "-header", name, "select * from t"), string(want))
		}
	}
}

// transcriptSchema makes the database of the transcript of .dump and .schema.
const transcriptSchema = `CREATE TABLE "my t"(a INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT, c REAL, d BLOB, g AS (a+1));
INSERT INTO "my t"(a,b,c,d) VALUES(1,'it''s'||char(10)||'two',1.5,x'00ff'),(2,NULL,9e999,x'0000');
CREATE TABLE p(id INTEGER PRIMARY KEY);
CREATE TABLE ch(x INT REFERENCES p(id), y);
INSERT INTO p VALUES(1);
INSERT INTO ch VALUES(1,2);
CREATE INDEX i1 ON "my t"(b);
CREATE VIEW v AS SELECT a,b FROM "my t";
CREATE TRIGGER tr AFTER INSERT ON p BEGIN SELECT 1; END;
CREATE VIRTUAL TABLE ft USING fts5(z);
CREATE TABLE scratch(x);
ANALYZE;
DROP TABLE scratch;
`

// The 3.54 part of the transcript, command by command; only infinities differ,
// because they must reload.
func TestTranscriptOfSchema(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(golden(t), "transcript-dump-schema-params.txt"))
	if err != nil {
		t.Fatal(err)
	}
	_, part, ok := strings.Cut(string(text), "######## sqlite3-3.54\n")
	if !ok {
		t.Fatal("the transcript has no part for 3.54")
	}
	name := filepath.Join(t.TempDir(), "d.db")
	must(t, transcriptSchema, name)
	seen := 0
	for section := range strings.SplitSeq(part, "--- ") {
		command, want, _ := strings.Cut(section, "\n")
		switch {
		case strings.HasPrefix(command, ".dump"), strings.HasPrefix(command, ".schema --indent"), command == ".tables", command == ".indexes":
		case command == ".schema": // SQLite has a second table of statistics here
			want = strings.TrimSuffix(want, "CREATE TABLE sqlite_stat1(tbl,idx,stat);\n")
		default:
			continue
		}
		seen++
		got := must(t, "", name, command)
		if command == ".schema" {
			got, _, _ = strings.Cut(got, "CREATE TABLE sqlite_stat1")
		}
		check(t, command, got, strings.ReplaceAll(want, ",Inf,", ",1e999,"))
	}
	if seen < 7 {
		t.Errorf("only %d commands in the transcript", seen)
	}
}

// transcriptImport is what the transcript of .import and others shows, as far as
// it says what was typed.
const transcriptImport = `.import -v --csv in.csv t
.schema t
.mode quote
select * from t;
.import --csv dup.csv u
.schema u
.mode list
# in the transcript this is line 10

.import --csv nofile.csv t
.backup nosuch b.db
.bogus
.headers maybe
.help zork
.nullvalue
.scanstats on
select 1;
select '', 'A', 9007199254740993, 0.1+0.2, 1e15, 0.0, 123456789012345678.0, 'a'||char(27)||'[31m'||char(9)||char(1);
`

func TestTranscriptOfImport(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(golden(t), "transcript-import-timer-misc.txt"))
	if err != nil {
		t.Fatal(err)
	}
	_, part, _ := strings.Cut(string(text), "######## sqlite3-3.54\n")
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"in.csv":  "a,b,\"c \"\"q\"\"\"\n1,\"x,y\",\n2,\"multi\nline\",\"\",extra\n3\n",
		"dup.csv": "a,a,\n1,2,3\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	r := tursh(t, transcriptImport)
	known := map[string]bool{}
	for line := range strings.Lines(part) {
		known[line] = true
	}
	lines := 0
	for line := range strings.Lines(r.out + r.err) {
		lines++
		if !known[line] && !strings.HasPrefix(line, "Error: unknown command or invalid arguments:  \"scanstats\"") && line != "'a','b','c \"q\"'\n" {
			t.Errorf("the transcript has no line %q", line)
		}
	}
	if lines < 25 {
		t.Errorf("only %d lines:\n%s%s", lines, r.out, r.err)
	}
}
