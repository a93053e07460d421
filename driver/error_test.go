package driver

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// TestErrorTexts: programs look for these texts and codes.
func TestErrorTexts(t *testing.T) {
	db := open(t, "?_fk=1")
	run(t, db, `CREATE TABLE u(e UNIQUE, n NOT NULL DEFAULT 0, c CHECK (c > 0), k INTEGER PRIMARY KEY, r REFERENCES u(k));
		CREATE TABLE w(a PRIMARY KEY) WITHOUT ROWID; CREATE TABLE s(a INT) STRICT; CREATE TABLE l(a);
		CREATE TRIGGER tr BEFORE INSERT ON l BEGIN SELECT raise(ABORT, 'sorry'); END;
		INSERT INTO u(e, k) VALUES (1, 1); INSERT INTO w VALUES (1)`)
	for _, test := range []struct {
		sql, text string
		code      sqlite3.ExtendedErrorCode
		at        string // what stands at the offset
	}{
		{"INSERT INTO u(e) VALUES (1)", "UNIQUE constraint failed: u.e", sqlite3.CONSTRAINT_UNIQUE, ""},
		{"INSERT INTO u(k) VALUES (1)", "UNIQUE constraint failed: u.k", sqlite3.CONSTRAINT_PRIMARYKEY, ""},
		{"INSERT INTO w VALUES (1)", "UNIQUE constraint failed: w.a", sqlite3.CONSTRAINT_PRIMARYKEY, ""},
		{"INSERT INTO u(n) VALUES (NULL)", "NOT NULL constraint failed: u.n", sqlite3.CONSTRAINT_NOTNULL, ""},
		{"INSERT INTO u(c) VALUES (-1)", "CHECK constraint failed: c > 0", sqlite3.CONSTRAINT_CHECK, ""},
		{"INSERT INTO u(r) VALUES (9)", "FOREIGN KEY constraint failed", sqlite3.CONSTRAINT_FOREIGNKEY, ""},
		{"INSERT INTO s VALUES ('x')", "cannot store TEXT value in INT column s.a", sqlite3.CONSTRAINT_DATATYPE, ""},
		{"INSERT INTO l VALUES (1)", "sorry", sqlite3.CONSTRAINT_TRIGGER, ""},
		{"SELECT x FROM nope", "no such table: nope", sqlite3.ExtendedErrorCode(sqlite3.ERROR), ""},
		{"SELECT nope FROM u", "no such column: nope", sqlite3.ExtendedErrorCode(sqlite3.ERROR), "nope FROM"},
		{"selec 1", `near "selec": syntax error`, sqlite3.ExtendedErrorCode(sqlite3.ERROR), "selec 1"},
		{"SELECT 1; SELECT 2 3", `near "3": syntax error`, sqlite3.ExtendedErrorCode(sqlite3.ERROR), "3"},
		{"SELECT (", "incomplete input", sqlite3.ExtendedErrorCode(sqlite3.ERROR), ""},
		{"SELECT 'open", `unrecognized token: "'open"`, sqlite3.ExtendedErrorCode(sqlite3.ERROR), "'open"},
		{"SELECT zeroblob(2000000000)", "string or blob too big", sqlite3.ExtendedErrorCode(sqlite3.TOOBIG), ""},
		{"INSERT INTO u(k) VALUES ('x')", "datatype mismatch", sqlite3.ExtendedErrorCode(sqlite3.MISMATCH), ""},
		{"COMMIT", "cannot commit - no transaction is active", sqlite3.ExtendedErrorCode(sqlite3.ERROR), ""},
		{"SELECT 'a\x00b'", "SQL text contains a NUL byte at offset 9", sqlite3.ExtendedErrorCode(sqlite3.ERROR), ""},
		{"ATTACH '/nonexistent/a.db' AS x", "unable to open database: /nonexistent/a.db: no such file or directory", sqlite3.ExtendedErrorCode(sqlite3.CANTOPEN), ""},
	} {
		_, err := db.Exec(test.sql)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", test.sql, err)
			continue
		}
		if !strings.HasPrefix(e.Error(), test.text) || e.Code() != int(test.code) || e.ExtendedCode() != e.Code() ||
			e.PrimaryCode() != int(test.code)&0xff || !errors.Is(err, test.code) || !errors.Is(err, test.code.Code()) {
			t.Errorf("%s: %q, code %d, want %q, %d", test.sql, e.Error(), e.Code(), test.text, test.code)
		}
		if e.SQL() != test.sql {
			t.Errorf("%s: the error tells the text %q", test.sql, e.SQL())
		}
		if at := e.Offset(); at < 0 && test.at != "" || at >= 0 && (test.at == "" || !strings.HasPrefix(e.SQL()[at:], test.at)) {
			t.Errorf("%s: offset %d, want that of %q", test.sql, at, test.at)
		}
	}
}

// TestBadFiles opens what is no database.
func TestBadFiles(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name string, content []byte, mode fs.FileMode) {
		t.Helper()
		if err := os.WriteFile(path(name), content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	db := openDSN(t, path("good"))
	run(t, db, "PRAGMA page_size=512; CREATE TABLE t(a, b); CREATE INDEX i ON t(b)")
	run(t, db, "INSERT INTO t SELECT key, randomblob(100) FROM json_each(?)", "["+strings.Repeat("0,", 99)+"0]")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path("good"))
	if err != nil {
		t.Fatal(err)
	}
	write("text", bytes.Repeat([]byte("no database\n"), 100), 0o600)
	write("truncated", good[:len(good)/2/512*512], 0o600)
	corrupt := bytes.Clone(good)
	for i := 1024; i < len(corrupt); i++ {
		corrupt[i] ^= 0x55
	}
	write("corrupt", corrupt, 0o600)
	write("unreadable", good, 0)

	for _, test := range []struct {
		dsn, text string
		code      sqlite3.ErrorCode
		cause     error
	}{
		{path("missing/a.db"), "unable to open database file: no such file or directory", sqlite3.CANTOPEN, fs.ErrNotExist},
		{path("text/a.db"), "unable to open database file: not a directory", sqlite3.CANTOPEN, syscall.ENOTDIR},
		{dir, "unable to open database file", sqlite3.CANTOPEN, nil},
		{path("text"), "file is not a database", sqlite3.NOTADB, nil},
		{path("truncated"), "database disk image is malformed", sqlite3.CORRUPT, nil},
		{path("corrupt"), "database disk image is malformed", sqlite3.CORRUPT, nil},
		{path("unreadable"), "unable to open database file: permission denied", sqlite3.CANTOPEN, fs.ErrPermission},
		{"sqlite://a.db", "unable to open database file: no such file or directory", sqlite3.CANTOPEN, fs.ErrNotExist},
		{"file:" + path("new") + "?mode=rw", "unable to open database file: no such file or directory", sqlite3.CANTOPEN, fs.ErrNotExist},
	} {
		if test.code == sqlite3.CANTOPEN && test.cause == fs.ErrPermission && os.Getuid() == 0 {
			t.Log("an unreadable file cannot be tried by root, who reads it")
			continue
		}
		db := openDSN(t, test.dsn)
		var n any
		err := db.QueryRow("SELECT sum(length(b)) FROM t").Scan(&n)
		var e *Error
		if !errors.As(err, &e) || e.PrimaryCode() != int(test.code) || !strings.HasPrefix(e.Error(), test.text) ||
			test.cause != nil && !errors.Is(err, test.cause) {
			t.Errorf("%s: %v, want %q", test.dsn, err, test.text)
			continue
		}
		if test.cause == nil != (e.SystemErrno() == 0) && test.dsn != dir {
			t.Errorf("%s: system error %v", test.dsn, e.SystemErrno())
		}
		for range 2 {
			if err := db.Close(); err != nil {
				t.Errorf("%s: closing the pool: %v", test.dsn, err)
			}
		}
	}
	if left, err := os.ReadFile(path("corrupt")); err != nil || !bytes.Equal(left, corrupt) {
		t.Error("a corrupt file was changed")
	}
}

// TestIsValid: the pool drops a connection whose file turned out to be bad, but never one to a database in memory,
// whose content would go with it.
func TestIsValid(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.db")
	for _, test := range []struct {
		dsn  string
		want bool
	}{{name, false}, {":memory:", true}} {
		connector, err := NewConnector(test.dsn)
		if err != nil {
			t.Fatal(err)
		}
		c, err := connector.Connect(background)
		if err != nil {
			t.Fatal(err)
		}
		s := c.(*session)
		if !s.IsValid() {
			t.Error("a new connection is not valid")
		}
		_, err = s.ExecContext(background, "CREATE TABLE t(a); PRAGMA writable_schema=1; UPDATE sqlite_schema SET rootpage=99; PRAGMA writable_schema=RESET; SELECT * FROM t", nil)
		if !errors.Is(err, sqlite3.CORRUPT) {
			t.Fatal(err)
		}
		if s.IsValid() != test.want {
			t.Errorf("%s: valid is %v", test.dsn, !test.want)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestPanic: a panic does not cross database/sql; the connection is replaced, and says why until then.
func TestPanic(t *testing.T) {
	boom := function(t, "boom", func() { panic("boom!") })
	for _, journal := range []string{"DELETE", "WAL"} {
		db := open(t, "?"+boom+"&_timeout=100&_journal="+journal)
		run(t, db, "CREATE TABLE t(a)")
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		run(t, tx, "INSERT INTO t VALUES (1)")
		s, err := tx.Prepare("SELECT 1")
		if err != nil {
			t.Fatal(err)
		}
		_, first := tx.Exec("INSERT INTO t SELECT iif(value < 2, value, boom()) FROM json_each('[1, 2]')")
		run(t, db, "INSERT INTO t VALUES (3)") // another connection goes on
		_, second := tx.Exec("SELECT 1")
		_, third := s.Exec()
		for _, err := range []error{first, second, third} {
			var e *Error
			if !errors.As(err, &e) || e.Code() != int(sqlite3.INTERNAL) || !strings.Contains(e.Error(), "boom!") {
				t.Errorf("after the panic: %v", err)
			}
		}
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
		if got := get(t, db, "SELECT group_concat(a) FROM t"); got != "3" {
			t.Errorf("%s: %v", journal, got)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}
