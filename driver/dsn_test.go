package driver

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/vfs"
)

func TestDSNName(t *testing.T) {
	for _, test := range []struct {
		dsn, filename, vfs string
		memory             bool
	}{
		{"a.db", "a.db", vfs.Name, false},
		{"a.db?", "a.db", vfs.Name, false},
		{"a.db?mode=ro&cache=shared", "a.db", vfs.Name, false},
		{"a b%20#?_fk=1", "a b%20#", vfs.Name, false},
		{"?a.db", "?a.db", vfs.Name, false},
		{"sqlite://a.db", "sqlite://a.db", vfs.Name, false},
		{"", "", vfs.Name, true},
		{":memory:", ":memory:", vfs.Name, true},
		{":memory:?_fk=1&cache=shared", ":memory:", vfs.Name, true},
		{"a?vfs=memdb", "a", "memdb", true},
		{"file:a.db", "file:a.db", vfs.Name, false},
		{"file:", "file:", vfs.Name, true},
		{"file:a%20b.db?mode=ro&_fk=1", "file:a%20b.db?mode=ro&_fk=1", vfs.Name, false},
		{"file:a.db?_pragma=user_version(1)&cache=shared&x=%26#f?g", "file:a.db?x=%26", vfs.Name, false},
		{"file:a#b?mode=ro&_fk=1", "file:a", vfs.Name, false},
		{"file::memory:", "file::memory:", vfs.Name, true},
		{"file::memory:?cache=shared", "file:/:memory:", "memdb", true},
		{"file:x?mode=memory&cache=private", "file:x?mode=memory", vfs.Name, true},
		{"file:x?mode=memory&cache=shared&_fk=1", "file:/x?_fk=1", "memdb", true},
		{"file:/x?vfs=memdb&mode=ro", "file:/x?mode=ro", "memdb", true},
		{"file:x?vfs=os", "file:x", "os", false},
		{"file:x?vfs=os&vfs=os", "file:x", "os", false},
		{"x?vfs=turso-coop&_engine=pool", "x", vfs.Name + "-pool", false},
		{"file:x?_engine=pool", "file:x?_engine=pool", vfs.Name + "-pool", false},
	} {
		cfg, err := parseDSN(test.dsn, profiles[0])
		if err != nil {
			t.Errorf("%q: %v", test.dsn, err)
			continue
		}
		if cfg.open.Filename != test.filename || cfg.open.VFS != test.vfs || cfg.memory != test.memory {
			t.Errorf("%q: file %q, VFS %q, memory %v, want %q, %q, %v", test.dsn, cfg.open.Filename, cfg.open.VFS,
				cfg.memory, test.filename, test.vfs, test.memory)
		}
	}
}

// TestPragmaOrder: the order of a DSN is kept but for what must come early, unless the profile sorts.
func TestPragmaOrder(t *testing.T) {
	for profile, want := range map[string]string{
		"mattn":   "busy_timeout(1)|auto_vacuum=1|synchronous=NORMAL|user_version(1)|Application_id(2)|cache_size(3)|foreign_keys=1",
		"modernc": "busy_timeout(1)|auto_vacuum=1|synchronous=FULL|Application_id(2)|cache_size(3)|user_version(1)|foreign_keys=1",
		"ncruces": "busy_timeout(1)|auto_vacuum=1|user_version(1)|Application_id(2)|cache_size(3)|foreign_keys=1",
	} {
		p, err := profileNamed(profile)
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := parseDSN("file:a.db?_fk=1&_pragma=user_version(1)&_pragma=Application_id(2)&_pragma=cache_size(3)&_pragma=busy_timeout(1)&_vacuum=1", p)
		if err != nil {
			t.Fatal(err)
		}
		var steps []string
		for _, s := range cfg.setup {
			steps = append(steps, strings.ReplaceAll(s.sql, "PRAGMA ", ""))
		}
		if got := strings.ReplaceAll(strings.Join(steps, "|"), ";", "|"); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", profile, got, want)
		}
	}
}

// TestDSNPragmas shows the order of the set-up.
func TestDSNPragmas(t *testing.T) {
	for _, test := range []struct{ query, want string }{
		{"", "synchronous=NORMAL"},
		{"_sync=full", "synchronous=full"},
		{"_synchronous=2&_sync=EXTRA", "synchronous=EXTRA"},
		{"_synchronous=2&_sync=", "synchronous=NORMAL"},
		{"_pragma=synchronous(off)", "synchronous=NORMAL|synchronous(off)"},
		{"_pragma=b(1)&_pragma=&_pragma=a=2", "synchronous=NORMAL|b(1)|a=2"},
		{
			"_query_only=1&_cache_size=-5&_writable_schema=no&_secure_delete=fast&_rt=1&_locking=exclusive&_journal=wal" +
				"&_ignore_check_constraints=0&_fk=on&_defer_fk=off&_cslike=true&_vacuum=full",
			"auto_vacuum=full;synchronous=NORMAL;case_sensitive_like=true;defer_foreign_keys=off;foreign_keys=on;" +
				"ignore_check_constraints=0;journal_mode=wal;locking_mode=exclusive;recursive_triggers=1;" +
				"secure_delete=fast;writable_schema=no;cache_size=-5;query_only=1",
		},
		{
			"_pragma=journal_mode(wal)&_pragma=main.page_size=512&_pragma=%20Busy_Timeout%20=%201&_pragma=auto_vacuum(1)" +
				"&_pragma=hexkey('00')&_vacuum=0&_fk=1",
			"hexkey('00')| Busy_Timeout = 1|main.page_size=512|auto_vacuum(1)|auto_vacuum=0;synchronous=NORMAL|" +
				"journal_mode(wal)|foreign_keys=1",
		},
	} {
		cfg, err := parseDSN("a.db?"+test.query, profiles[0])
		if err != nil {
			t.Errorf("%q: %v", test.query, err)
			continue
		}
		var steps []string
		for _, p := range cfg.setup {
			steps = append(steps, strings.ReplaceAll(p.sql, "PRAGMA ", ""))
		}
		if got := strings.Join(steps, "|"); got != test.want {
			t.Errorf("%q:\ngot  %s\nwant %s", test.query, got, test.want)
		}
	}
}

func TestDSNValues(t *testing.T) {
	cfg, err := parseDSN("a.db?_timeout=7&_busy_timeout=9&_loc=Asia/Tokyo&_txlock=Immediate&_mutex=no&_stmt_cache_size=0&unknown=x", profiles[0])
	if err != nil {
		t.Fatal(err)
	}
	if cfg.open.BusyTimeout != 7*time.Millisecond || cfg.values.zone.String() != "Asia/Tokyo" || cfg.begin != "BEGIN IMMEDIATE" {
		t.Fatalf("%+v", cfg)
	}
	if cfg, err = parseDSN("a.db?_timeout=&_busy_timeout=9&_loc=auto", profiles[0]); err != nil || cfg.open.BusyTimeout != 5*time.Second || cfg.values.zone != time.Local {
		t.Fatalf("%+v, %v", cfg, err)
	}
}

// TestBadDSN: sql.Open says what is wrong, before anything is opened.
func TestBadDSN(t *testing.T) {
	for query, want := range map[string]string{
		"_fk=2":                   "_foreign_keys=2: want one of 0 NO FALSE OFF 1 YES TRUE ON",
		"_foreign_keys=yess":      "_foreign_keys=yess: want one of",
		"_journal_mode=fast":      "_journal_mode=fast: want one of DELETE TRUNCATE PERSIST MEMORY WAL OFF",
		"_sync=4":                 "_synchronous=4: want one of 0 OFF 1 NORMAL 2 FULL 3 EXTRA",
		"_locking=shared":         "_locking_mode=shared: want one of NORMAL EXCLUSIVE",
		"_vacuum=3":               "_auto_vacuum=3: want one of 0 NONE 1 FULL 2 INCREMENTAL",
		"_secure_delete=slow":     "_secure_delete=slow: want one of 0 NO FALSE OFF 1 YES TRUE ON FAST",
		"_cache_size=big":         "_cache_size=big: want an integer",
		"_timeout=5s":             "_busy_timeout=5s: want a number of milliseconds",
		"_timeout=9999999999":     "_busy_timeout=9999999999: want a number of milliseconds",
		"_stmt_cache_size=-1":     "_stmt_cache_size=-1: want a number of statements",
		"_txlock=late":            "_txlock=late: want one of DEFERRED IMMEDIATE EXCLUSIVE",
		"_mutex=yes":              "_mutex=yes: want one of NO FULL",
		"_loc=Mars":               "_loc=Mars: want auto or the name of a time zone",
		"_pragma=a%00b":           `_pragma="a\x00b": want text without a NUL byte`,
		"vfs=nope":                "vfs=nope: want the name of a registered VFS",
		"vfs=os&vfs=memdb":        "vfs=memdb: another vfs=os was given before",
		"vfs=memdb&_engine=uring": "_engine=uring: want no vfs=memdb beside it",
		"_engine=steam":           "steam",
		"_test=x":                 "_test=x: no such hook",
		"a=%zz":                   "invalid URL escape",
		"a;b":                     "invalid semicolon separator",
	} {
		for _, dsn := range []string{"/nonexistent/a.db?" + query, "file:/nonexistent/a.db?" + query} {
			db, err := sql.Open(Name, dsn)
			if err == nil {
				db.Close()
				t.Errorf("%s: no error", dsn)
			} else if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "/nonexistent/a.db:") {
				t.Errorf("%s: %v, want %q", dsn, err, want)
			}
		}
	}
	if _, err := sql.Open(Name, "a\x00b"); err == nil || !strings.Contains(err.Error(), "NUL") {
		t.Errorf("a NUL byte in the name: %v", err)
	}
}

// TestBadPragma: what only SQLite can judge fails when a connection is opened, and names the key.
func TestBadPragma(t *testing.T) {
	db := open(t, "?_pragma=user_version(1)&_pragma=no(")
	err := db.Ping()
	if err == nil || !strings.Contains(err.Error(), "_pragma=no(: incomplete input") {
		t.Fatal(err)
	}
	var e *Error
	if !errors.As(err, &e) || e.Code() != int(sqlite3.ERROR) {
		t.Fatal(err)
	}
}

// TestDefaults: what the build of SQLite changes from SQLite's defaults is undone.
func TestDefaults(t *testing.T) {
	db := open(t, "")
	for pragma, want := range map[string]int64{
		"foreign_keys": 0, "trusted_schema": 1, "synchronous": 1, "busy_timeout": 5000, "recursive_triggers": 0,
	} {
		if got := get(t, db, "PRAGMA "+pragma); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %v", pragma, got, want)
		}
	}
	if got := get(t, db, `SELECT "hello"`); got != "hello" {
		t.Error(got)
	}
	run(t, db, `CREATE TABLE t(a DEFAULT "x")`)
	db = open(t, "?_timeout=1234&_sync=full&_fk=1")
	for pragma, want := range map[string]int64{"foreign_keys": 1, "synchronous": 2, "busy_timeout": 1234} {
		if got := get(t, db, "PRAGMA "+pragma); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %v", pragma, got, want)
		}
	}
}

func TestExtensions(t *testing.T) {
	db := open(t, "")
	run(t, db, "CREATE VIRTUAL TABLE f USING fts5(x); INSERT INTO f VALUES ('the quick fox')")
	if got := get(t, db, "SELECT count(*) FROM f WHERE f MATCH 'quick'"); got != int64(1) {
		t.Error(got)
	}
	run(t, db, "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1); INSERT INTO r VALUES (1, 2, 3)")
	if got := get(t, db, "SELECT id FROM r WHERE x0 < 2.5"); got != int64(1) {
		t.Error(got)
	}
	for expression, want := range map[string]any{
		`'abc' REGEXP '^a.c$'`: int64(1), `'abc' REGEXP '^\d{2,3}$'`: int64(0), `NULL REGEXP 'a'`: nil, `'a' REGEXP NULL`: nil,
	} {
		if got := get(t, db, "SELECT "+expression); got != want {
			t.Errorf("%s is %v, want %v", expression, got, want)
		}
	}
}

// TestDefensive: in a database that is there already, the tables behind virtual tables are known before anybody has used those.
func TestDefensive(t *testing.T) {
	dsn := filepath.Join(t.TempDir(), "a.db") + "?_defensive=1&_pragma=auto_vacuum(1)&_pragma=user_version(1)"
	run(t, openDSN(t, dsn), "CREATE VIRTUAL TABLE f USING fts5(x); CREATE VIRTUAL TABLE r USING rtree(id, x0, x1)")
	for _, text := range []string{"DROP TABLE f_config", "DELETE FROM r_node"} {
		if _, err := openDSN(t, dsn).Exec(text); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
}

// TestRegisterKey: keys run in the order of the DSN, after the pragmas, and are undone in the opposite order.
func TestRegisterKey(t *testing.T) {
	var log []string
	for _, name := range []string{"a", "b", "bad"} {
		hook(t, name, func(db *sqlite3.Conn) (func() error, error) {
			s, _, err := db.Prepare("PRAGMA user_version")
			if err != nil {
				return nil, err
			}
			defer s.Close()
			s.Step()
			log = append(log, fmt.Sprintf("open %s at version %d", name, s.ColumnInt(0)))
			if name == "bad" {
				err = errors.New("no luck")
			}
			return func() error { log = append(log, "close "+name); return nil }, err
		})
	}
	for dsn, want := range map[string][]string{
		":memory:?_test=b&_pragma=user_version(7)&_test=a": {"open b at version 7", "open a at version 7", "close a", "close b"},
		":memory:?_test=a&_test=bad&_test=b":               {"open a at version 0", "open bad at version 0", "close bad", "close a"},
	} {
		log = nil
		c, err := NewConnector(dsn)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := c.Connect(background)
		switch {
		case strings.Contains(dsn, "bad"):
			if err == nil || err.Error() != "no luck" {
				t.Errorf("%s: %v", dsn, err)
			}
		case err != nil:
			t.Errorf("%s: %v", dsn, err)
		default:
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
		}
		if !slices.Equal(log, want) {
			t.Errorf("%s:\ngot  %q\nwant %q", dsn, log, want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a key is registered twice")
		}
	}()
	RegisterKey("_test", nil)
}

func TestMemory(t *testing.T) {
	shared := func(dsn string) bool {
		t.Helper()
		db, err := sql.Open(Name, dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		var conns [2]*sql.Conn
		for i := range conns {
			if conns[i], err = db.Conn(background); err != nil {
				t.Fatal(err)
			}
			defer conns[i].Close()
		}
		if _, err := conns[0].ExecContext(background, "CREATE TABLE t(a)"); err != nil {
			t.Fatal(err)
		}
		_, err = conns[1].ExecContext(background, "INSERT INTO t VALUES (1)")
		if err != nil && !strings.Contains(err.Error(), "no such table") {
			t.Fatal(err)
		}
		return err == nil
	}
	for dsn, want := range map[string]bool{
		":memory:":                   false,
		"":                           false,
		":memory:?cache=shared":      false,
		"file::memory:":              false,
		"file::memory:?cache=shared": true,
		"file:TestMemory?mode=memory&cache=shared":    true,
		"file:/TestMemory2?vfs=memdb":                 true,
		"file:TestMemory3?vfs=memdb":                  false,
		"file:TestMemory4?mode=memory&cache=private":  false,
		filepath.Join(t.TempDir(), "a?cache=private"): true,
	} {
		if got := shared(dsn); got != want {
			t.Errorf("%q: shared is %v", dsn, got)
		}
	}
}

func TestReadOnly(t *testing.T) {
	for _, journal := range []string{"DELETE", "WAL"} {
		name := filepath.Join(t.TempDir(), "a.db")
		rw := openDSN(t, name+"?_journal="+journal)
		run(t, rw, "CREATE TABLE t(a); INSERT INTO t VALUES (1)")
		ro := openDSN(t, "file:"+name+"?mode=ro")
		check := func(when string) {
			t.Helper()
			if got := get(t, ro, "SELECT a FROM t"); got != int64(1) {
				t.Errorf("%s, %s: %v", journal, when, got)
			}
			_, err := ro.Exec("INSERT INTO t VALUES (2)")
			if !errors.Is(err, sqlite3.READONLY) || err.Error() != "attempt to write a readonly database" {
				t.Errorf("%s, %s: %v", journal, when, err)
			}
		}
		check("beside a writer")
		if err := rw.Close(); err != nil {
			t.Fatal(err)
		}
		check("alone")
		if _, err := openDSN(t, "file:"+name+"-not?mode=ro").Exec("SELECT 1"); !errors.Is(err, sqlite3.CANTOPEN) {
			t.Error(err)
		}
	}
}

func TestUserAuthentication(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.db")
	db := openDSN(t, name+"?_auth&_auth_user=u&_auth_pass=p&_auth_crypt=sha1")
	run(t, db, "CREATE TABLE users(a)")
	if err := openDSN(t, name+"?_auth_pass=p").Ping(); err != nil {
		t.Fatal(err)
	}
	run(t, db, "PRAGMA writable_schema=1; CREATE TABLE sqlite_user(a); PRAGMA writable_schema=0")
	if err := openDSN(t, name+"?_auth_pass=p").Ping(); err == nil || !strings.Contains(err.Error(), "_auth_pass") {
		t.Fatal(err)
	}
}

// FuzzDSN: whatever a DSN says, it is accepted or refused with an error that tells the name.
func FuzzDSN(f *testing.F) {
	for _, dsn := range []string{
		"", ":memory:", "a.db?_fk=1&_pragma=x(1)", "file:a?mode=memory&cache=shared#f?x", "file://host/a", "file:#?_fk=2", "?", "a?%zz", "a?=&&;",
		"a?_compat=modernc&_strict=1&_timezone=UTC&_time_format=sqlite", "file::memory:?_memory=shared&_compat=ncruces&_timefmt=auto",
	} {
		f.Add(dsn)
	}
	f.Fuzz(func(t *testing.T, dsn string) {
		for _, p := range profiles {
			cfg, err := parseDSN(dsn, p)
			if err == nil && (cfg.open.VFS == "" || cfg.open.TimeLayout == "" || cfg.open.Check() != nil) {
				t.Errorf("%q: %+v", dsn, cfg)
			}
			if err != nil && !strings.HasPrefix(err.Error(), "driver: open ") {
				t.Errorf("%q: %v", dsn, err)
			}
		}
	})
}
