package dropin

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/turso-coop/turso-coop/conformance/peer"
)

// TestKeys: the keys of the DSN set what they say, and their defaults are mattn's.
func TestKeys(t *testing.T) {
	params := []string{
		"", "?_loc=auto", "?_loc=Europe/Berlin", "?_loc=Nowhere/Never", "?_mutex=no", "?_mutex=full", "?_mutex=x",
		"?_auto_vacuum=0", "?_auto_vacuum=none", "?_auto_vacuum=1", "?_auto_vacuum=FULL", "?_vacuum=incremental", "?_auto_vacuum=2", "?_vacuum=3",
		"?_auto_vacuum=none&_vacuum=full",
		"?_busy_timeout=1234", "?_timeout=0", "?_timeout=-1", "?_busy_timeout=1&_timeout=2", "?_timeout=2&_busy_timeout=1", "?_timeout=x",
		"?_timeout=1.5", "?_busy_timeout=",
		"?_foreign_keys=1", "?_fk=true", "?_fk=YES", "?_fk=on", "?_fk=off", "?_fk=no", "?_fk=2", "?_fk=", "?_foreign_keys=0&_fk=1",
		"?_foreign_keys=1&_fk=0",
		"?_case_sensitive_like=1", "?_cslike=on", "?_cslike=x", "?_defer_foreign_keys=1", "?_defer_fk=on", "?_defer_fk=maybe",
		"?_ignore_check_constraints=1", "?_ignore_check_constraints=x",
		"?_journal_mode=DELETE", "?_journal=TRUNCATE", "?_journal=PERSIST", "?_journal=MEMORY", "?_journal=WAL", "?_journal=wal", "?_journal=OFF",
		"?_journal=WAL2", "?_journal_mode=WAL&_journal=DELETE",
		"?_journal=WAL&_sync=FULL", "?_sync=0", "?_sync=OFF", "?_sync=1", "?_synchronous=full", "?_sync=2", "?_sync=EXTRA", "?_sync=3",
		"?_sync=4", "?_synchronous=OFF&_sync=FULL",
		"?_locking_mode=EXCLUSIVE", "?_locking=normal", "?_locking=x", "?_query_only=1", "?_query_only=0", "?_query_only=x",
		"?_recursive_triggers=1", "?_rt=on", "?_rt=x",
		"?_secure_delete=1", "?_secure_delete=fast", "?_secure_delete=FAST", "?_secure_delete=off", "?_secure_delete=x", "?_writable_schema=1",
		"?_writable_schema=x",
		"?_cache_size=-4000", "?_cache_size=77", "?_cache_size=x", "?_stmt_cache_size=10", "?_stmt_cache_size=-1", "?_stmt_cache_size=x",
		"?_txlock=immediate", "?_txlock=EXCLUSIVE", "?_txlock=deferred", "?_txlock=concurrent",
		"?_auth&_auth_user=u&_auth_pass=p", "?nothing=1&_nothing=2", "?_fk=1&_fk=0", "?%5Ffk=1", "?_fk=%31", "?_fk=1;_rt=1", "?_fk=%zz",
		"?_fk=1&&_rt=1", "?", "?_fk",
		"?mode=ro", "?mode=memory", "?cache=shared", "?immutable=1", "?vfs=nothing", "?vfs=", "?_fk=1#_rt=1",
	}
	const deferred = "the PRAGMA holds until the next transaction ends, and mattn's driver runs one while it opens"
	differs := map[string]string{
		"?_defer_fk=on":          deferred,
		"?_defer_foreign_keys=1": deferred,
	}
	var probes []probe
	for _, p := range params {
		probes = append(probes, probe{name: p, dsn: p, run: settings, differs: differs[p]})
	}
	compare(t, probes)
}

// settings notes everything that a key can set.
func settings(s *seen) {
	if err := s.db.Ping(); err != nil {
		s.note("refused")
		return
	}
	s.db.SetMaxOpenConns(1)
	for _, name := range []string{"auto_vacuum", "busy_timeout", "cache_size", "defer_foreign_keys", "foreign_keys", "ignore_check_constraints",
		"journal_mode", "locking_mode", "query_only", "recursive_triggers", "secure_delete", "synchronous", "writable_schema", "trusted_schema"} {
		s.query("PRAGMA " + name)
	}
	s.query("SELECT 'a' LIKE 'A', \"a string\"")
	s.exec("CREATE TABLE t(a DATETIME)")
	s.exec("INSERT INTO t VALUES (0)")
	s.query("SELECT a FROM t")
	s.begin()
	s.files()
}

// begin notes which lock a transaction takes at its beginning.
func (s *seen) begin() {
	tx, err := s.db.Begin()
	if err != nil {
		s.fail("begin", err)
		return
	}
	defer tx.Rollback()
	other := open(s, filepath.Join(s.dir, "test.db")+"?_timeout=0")
	defer other.Close()
	for _, text := range []string{"SELECT count(*) FROM t", "BEGIN IMMEDIATE"} {
		if _, err := other.Exec(text); err != nil {
			s.fail(text, err)
		}
	}
}

// TestNames: how the DSN is taken apart, and which file is opened.
func TestNames(t *testing.T) {
	where := func(s *seen) {
		if err := s.db.Ping(); err != nil {
			if e := peer.ErrorOf(err); e.Code > 1 {
				s.fail("ping", err)
			} else {
				s.note("refused")
			}
			return
		}
		s.exec("CREATE TABLE IF NOT EXISTS t(a)")
		s.exec("INSERT INTO t VALUES (1)")
		s.query("SELECT file FROM pragma_database_list WHERE name='main'")
		s.query("PRAGMA foreign_keys")
		s.files()
	}
	differs := map[string]string{
		"DIR/sub/../up":        "the binding follows a path through its directories, stock SQLite takes .. and what is before it out of the text",
		"file:DIR/uri?cache=x": "the key means nothing to a build without a shared cache",
		"file:DIR/a?_fk=1#b":   "turso-coop does not take the fragment for a part of the last value",
	}
	var probes []probe
	for _, dsn := range []string{
		"DIR/plain", "DIR/plain?mode=ro", "DIR/plain?mode=rwc&_fk=1", "DIR/a b.db", "DIR/a%20b.db", "DIR/a+b.db", "DIR/a#b.db",
		"DIR/a#b.db?_fk=1", "DIR/ü.db", "DIR//double", "DIR/./dot", "DIR/sub/../up",
		"DIR/none/x.db", "DIR", "DIR/", "DIR/a?b?_fk=1", "DIR/a?_fk=1?_rt=1",
		"file:DIR/uri", "file:DIR/uri?mode=ro", "file:DIR/uri?mode=rw", "file:DIR/uri?mode=rwc&_fk=1", "file:DIR/uri?mode=x", "file:DIR/a%20b.db",
		"file:DIR/a b.db", "file:DIR/a+b.db", "file:DIR/a%23b", "file:DIR/a#b", "file:DIR/a#b?_fk=1",
		"file:DIR/a?_fk=1#b", "file:DIR/a%00b", "file:DIR/a%zz", "file://DIR/three", "file://localhostDIR/four", "file://elsewhereDIR/five",
		"file:DIR/uri?cache=shared", "file:DIR/uri?cache=private", "file:DIR/uri?cache=x", "file:DIR/uri?psow=0", "file:DIR/uri?nolock=1",
		"file:DIR/uri?vfs=nothing", "FILE:DIR/upper", "sqlite://DIR/x", "http://DIR/x",
		":memory:", ":memory:?_fk=1", "file::memory:", "file::memory:?_fk=1", "file:x?mode=memory", "file:x?mode=memory&_fk=1", "file:?_fk=1",
		"file:",
	} {
		probes = append(probes, probe{name: dsn, dsn: dsn, run: where, differs: differs[dsn]})
	}
	compare(t, probes)
}

// TestPools: which DSNs let the connections of a pool see the same database.
func TestPools(t *testing.T) {
	pooled := func(s *seen) {
		a, err := s.db.Conn(background)
		if err != nil {
			s.fail("first", err)
			return
		}
		defer a.Close()
		b, err := s.db.Conn(background)
		if err != nil {
			s.fail("second", err)
			return
		}
		defer b.Close()
		s.execOn(a, "CREATE TABLE t(x)")
		s.execOn(a, "INSERT INTO t VALUES (1)")
		s.queryOn(b, "SELECT * FROM t")
	}
	var probes []probe
	for _, dsn := range []string{
		"", ":memory:", "file::memory:", "file::memory:?cache=shared", "file:NAME?mode=memory&cache=shared", "file:NAME?mode=memory",
		"file:/NAME?vfs=memdb", "file:NAME?vfs=memdb", "file:DIR/test.db?cache=shared",
	} {
		name := fmt.Sprintf("pool%d", len(probes)) // databases in memory are the whole process's
		probes = append(probes, probe{name: dsn, dsn: strings.ReplaceAll(dsn, "NAME", name), run: pooled})
	}
	compare(t, probes)
}

// TestReadOnly: files that cannot be written or read.
func TestReadOnly(t *testing.T) {
	// prepare makes a database with the driver at hand and closes it.
	prepare := func(s *seen, params string) string {
		path := filepath.Join(s.dir, "made.db")
		db := open(s, path+params)
		defer db.Close()
		if _, err := db.Exec("CREATE TABLE t(a); INSERT INTO t VALUES (1)"); err != nil {
			s.fail("prepare", err)
		}
		return path
	}
	try := func(s *seen, dsn string) {
		db := open(s, dsn)
		defer db.Close()
		s.queryOn(db, "SELECT * FROM t")
		s.execOn(db, "INSERT INTO t VALUES (2)")
		s.execOn(db, "PRAGMA user_version=5")
		s.execOn(db, "CREATE TEMP TABLE u(a)")
	}
	write := func(s *seen, content string) string {
		path := filepath.Join(s.dir, "made.db")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			s.fail("write", err)
		}
		return path
	}
	compare(t, []probe{
		{name: "mode=ro", run: func(s *seen) { try(s, "file:"+prepare(s, "")+"?mode=ro") }},
		{name: "mode=ro, WAL", run: func(s *seen) { try(s, "file:"+prepare(s, "?_journal=WAL")+"?mode=ro") }},
		{name: "immutable", run: func(s *seen) { try(s, "file:"+prepare(s, "")+"?immutable=1") }},
		{name: "query_only", run: func(s *seen) { try(s, prepare(s, "")+"?_query_only=1") }},
		{name: "not a database", run: func(s *seen) { try(s, write(s, strings.Repeat("not a database ", 100))) }},
		{name: "short", run: func(s *seen) { try(s, write(s, "short")) }},
		{name: "a header only", run: func(s *seen) { try(s, write(s, "SQLite format 3\x00"+strings.Repeat("\x00", 84))) }},
		{name: "empty", run: func(s *seen) { try(s, write(s, "")) }},
		{name: "truncated", run: func(s *seen) {
			path := prepare(s, "")
			if err := os.Truncate(path, 5000); err != nil {
				s.fail("truncate", err)
			}
			try(s, path)
		}},
		{name: "corrupt", run: func(s *seen) {
			path := prepare(s, "")
			content, err := os.ReadFile(path)
			if err != nil {
				s.fail("read", err)
				return
			}
			for i := 4096; i < len(content); i++ {
				content[i] = 0xAA
			}
			try(s, write(s, string(content)))
		}},
	})
}
