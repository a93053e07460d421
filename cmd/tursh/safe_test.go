package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The first thing that reaches beyond the database ends a shell in safe mode.
func TestSafeMode(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("secret", []byte("secret"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, tc := range [][2]string{
		{".shell echo", "cannot run .shell in safe mode"},
		{".once x", "cannot run .once in safe mode"},
		{".output x", "cannot run .output in safe mode"},
		{".import secret t", "cannot run .import in safe mode"},
		{".read secret", "cannot run .read in safe mode"},
		{".backup x", "cannot run .backup in safe mode"},
		{".save x", "cannot run .save in safe mode"},
		{".restore secret", "cannot run .restore in safe mode"},
		{".clone x", "cannot run .clone in safe mode"},
		{".cd /", "cannot run .cd in safe mode"},
		{".load x.wasm", "cannot run .load in safe mode"},
		{".io trace x", "cannot run .io in safe mode"},
		{".open secret", "cannot open disk-based database files in safe mode"},
		{"attach 'x' as x;", "cannot run ATTACH in safe mode"},
		{"select readfile('secret');", "cannot use the readfile() function in safe mode"},
		{"select WriteFile('x', '');", "cannot use the writefile() function in safe mode"},
		{"select edit('x');", "cannot use the edit() function in safe mode"},
		{"select * from fsdir('.');", "cannot use the fsdir() function in safe mode"},
	} {
		r := tursh(t, "select 1;\n"+tc[0]+"\nselect 2;\n", "-safe")
		check(t, tc[0], r.out, "1\n")
		check(t, tc[0], r.err, "line 2: "+tc[1]+"\n")
		if r.code != 1 {
			t.Errorf("%s: exit code %d", tc[0], r.code)
		}
	}
	if files, _ := filepath.Glob("*"); len(files) != 1 {
		t.Errorf("files: %q", files)
	}
	check(t, "what is safe", must(t, "create table t(x);\ninsert into t values(1);\n.tables\n.open :memory:\n.mode json\nselect 1 as a;\n", "-safe"), "t\n[{\"a\":1}]\n")
}

func TestNonce(t *testing.T) {
	r := tursh(t, ".nonce abc\n.shell echo once\n.shell echo twice\nselect 2;\n", "-safe", "-nonce", "abc")
	if !strings.HasSuffix(r.err, "line 3: cannot run .shell in safe mode\n") || r.out != "once\n" || r.code != 1 {
		t.Errorf("%+v", r)
	}
	r = tursh(t, ".nonce xyz\nselect 2;\n", "-safe", "-nonce", "abc")
	if r != (result{err: "line 1: incorrect nonce: \"xyz\"\n", code: 1}) {
		t.Errorf("another nonce: %+v", r)
	}
	// What lifts safe mode does so for SQL too, and only for one line of it.
	r = tursh(t, ".nonce abc\nselect readfile('/nonexistent') is null;\nselect readfile('x');\n", "-safe", "-nonce", "abc")
	if r.out != "1\n" || r.code != 1 {
		t.Errorf("SQL behind a nonce: %+v", r)
	}
}
