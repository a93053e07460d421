package main

import (
	"strings"
	"testing"
)

// Errors about a name that is not known end in the one that may have been meant.
func TestSuggestions(t *testing.T) {
	const schema = "create table Artist(ArtistId, Name); create index ByName on Artist(Name);\n"
	for _, tc := range [][2]string{
		{"select * from Artits;", "Artist"},
		{"select * from main.Artst;", "Artist"},
		{"select Nmae from Artist;", "Name"},
		{"select a.ArtistID2 from Artist a;", "ArtistId"},
		{"insert into Artist(Nam) values(1);", "Name"},
		{"drop index ByNme;", "ByName"},
		{"select uper('x');", "upper"},
		{"select 'a' = 'b' collate nocas;", "NOCASE"},
		{"selct 1;", "select"},
		{"SELECT * FORM Artist;", "FROM"},
		{"select * from Artist wher 1 = 2 group x;", "where"},
		{".tabels", "tables"},
		{".mode colum", "column"},
		{".backup mian x.db", "main"},
		{".dbconfig defensiv", "defensive"},
	} {
		r := tursh(t, schema+tc[0]+"\n")
		if want := "\n  did you mean \"" + tc[1] + "\"?\n"; !strings.HasSuffix(r.err, want) {
			t.Errorf("%s: %q, want %q", tc[0], r.err, want)
		}
	}
	for _, input := range []string{"select * from zork;", "select zork;", ".zork", "select 1 +;", "select '" + strings.Repeat("x", 10000) + "' from " + strings.Repeat("y", 10000) + ";"} {
		if r := tursh(t, schema+input); strings.Contains(r.err, "did you mean") || r.code != 1 {
			t.Errorf("%.40s: %.200q", input, r.err)
		}
	}
	// A test of SQLite's own shell must see what that shell says.
	check(t, "in a test", must(t, schema+".testcase x\nselect * from Artits;\n.check 'Parse error near line 3: no such table: Artits'\n"), "1 test run with 0 errors\n")
}

func TestPromptEscapes(t *testing.T) {
	t.Setenv("USER", "me")
	sh := newShell("tursh", strings.NewReader(""), new(strings.Builder), new(strings.Builder))
	sh.version = "3.54.1"
	for _, tc := range [][3]string{
		{"/A-/v /f> ", "", "SQLite-3.54 memory> "},
		{"/V //x /101/e[1m", "", "3.54.1 /x A\x1b[1m"},
		{"/xin/:out/;.", "", "out."},
		{"/min memory/x twice/;/:file/;.", "", "in memory."},
		{"/rread only/;/u", "", "me"},
		{"/B/C-> ", ");", "\x00);-> "},
		{"/D%Y/D", "", ""},
		{"/z/", "", "UNKNOWN(\"/z\")"},
	} {
		got := sh.expandPrompt(tc[0], tc[1])
		if strings.Contains(tc[0], "/D") {
			if len(got) != len("2026") || strings.Trim(got, "0123456789") != "" {
				t.Errorf("%q is %q", tc[0], got)
			}
			continue
		}
		check(t, tc[0], got, tc[2])
	}
	sh.target.name = "/some/where/a.db"
	check(t, "/f", sh.expandPrompt("/f /F /m-/:+/;", ""), "a.db /some/where/a.db +")
}

func TestConfigSurvives(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	must(t, ".mode box --wrap 30\n.headers off\n.timer verbose\n.prompt \"a\\\"b> \"\n.timer off\n.changes on\n.config save\n")
	check(t, "the next shell", must(t, ".mode\n.prompt --show\ncreate table t(x);\n"),
		".mode box --titles off --wrap 30\nMain prompt:  'a\"b> '\nContinuation: '/B/C-> '\nchanges: 0   total_changes: 0\n")
	check(t, "-noinit", must(t, ".mode\n", "-noinit"), ".mode list\n")
	must(t, ".config reset\n")
	check(t, "after a reset", must(t, ".mode\n"), ".mode list\n")
}
