package profiles

import (
	"context"
	"os"
	"strings"
)

// setting is a DSN key and the PRAGMA that shows what it does.
type setting struct {
	params, pragma string
	only           []string
}

var (
	named    = []string{Mattn, Modernc} // the drivers with a key for each of many PRAGMAs
	onMattn  = []string{Mattn}
	onModern = []string{Modernc}
	onNcru   = []string{Ncruces}
)

var settings = []setting{
	{"", "foreign_keys", nil}, {"", "trusted_schema", nil}, {"", "synchronous", nil}, {"", "busy_timeout", nil},
	{"", "recursive_triggers", nil}, {"", "journal_mode", nil}, {"", "locking_mode", nil}, {"", "auto_vacuum", nil},
	{"", "query_only", nil}, {"", "secure_delete", nil}, {"", "case_sensitive_like", nil}, {"", "cache_size", nil},
	{"_journal_mode=WAL", "journal_mode", named}, {"_journal_mode=WAL", "synchronous", named},
	{"_pragma=journal_mode(WAL)", "synchronous", []string{Modernc, Ncruces}},
	{"_journal=wal", "journal_mode", named}, {"_journal_mode=fast", "journal_mode", named},
	{"_journal_mode=PERSIST&_journal=TRUNCATE", "journal_mode", named}, {"_journal_mode=PERSIST&_journal=", "journal_mode", named},
	{"_foreign_keys=1", "foreign_keys", named}, {"_fk=on", "foreign_keys", named}, {"_fk=YES", "foreign_keys", named},
	{"_foreign_keys=1&_fk=0", "foreign_keys", named}, {"_fk=2", "foreign_keys", named}, {"_fk=", "foreign_keys", named},
	{"_busy_timeout=1234", "busy_timeout", named}, {"_timeout=77", "busy_timeout", named}, {"_timeout=5s", "busy_timeout", named},
	{"_busy_timeout=1&_timeout=2", "busy_timeout", named}, {"_busy_timeout=0", "busy_timeout", named},
	{"_synchronous=FULL", "synchronous", named}, {"_sync=3", "synchronous", named}, {"_sync=off", "synchronous", named},
	{"_sync=4", "synchronous", named}, {"_vacuum=full", "auto_vacuum", named}, {"_auto_vacuum=2", "auto_vacuum", named},
	{"_vacuum=3", "auto_vacuum", named}, {"_query_only=1", "query_only", named}, {"_query_only=x", "query_only", named},
	{"_cslike=1", "case_sensitive_like", onMattn}, {"_defer_fk=1", "defer_foreign_keys", onMattn},
	{"_ignore_check_constraints=yes", "ignore_check_constraints", onMattn}, {"_locking=EXCLUSIVE", "locking_mode", onMattn},
	{"_recursive_triggers=1", "recursive_triggers", onMattn}, {"_rt=true", "recursive_triggers", onMattn},
	{"_secure_delete=fast", "secure_delete", onMattn}, {"_secure_delete=true", "secure_delete", onMattn},
	{"_writable_schema=on", "writable_schema", onMattn}, {"_cache_size=-77", "cache_size", onMattn},
	{"_cache_size=big", "cache_size", onMattn}, {"_locking=SHARED", "locking_mode", onMattn},
	{"_mutex=no", "cache_size", onMattn}, {"_mutex=x", "cache_size", onMattn}, {"_stmt_cache_size=10", "cache_size", onMattn},
	{"_stmt_cache_size=-1", "cache_size", onMattn}, {"_loc=auto", "cache_size", onMattn}, {"_loc=Mars", "cache_size", onMattn},
	{"_pragma=cache_size(5)", "cache_size", []string{Modernc, Ncruces}},
	{"_pragma=cache_size%3D5", "cache_size", []string{Modernc, Ncruces}},
	{"_pragma=cache_size(5)&_pragma=cache_size(6)", "cache_size", []string{Modernc, Ncruces}},
	{"_pragma=cache_size(6)&_pragma=cache_size(5)", "cache_size", []string{Modernc, Ncruces}},
	{"_pragma=cache_size(5)", "busy_timeout", []string{Modernc, Ncruces}},
	{"_pragma=busy_timeout(3)", "busy_timeout", []string{Modernc, Ncruces}},
	{"_pragma=cache_size(6)&_pragma=busy_timeout(3)&_pragma=CACHE_SIZE(5)", "cache_size", onModern},
	{"_pragma=foreign_keys(1)&_fk=0", "foreign_keys", onModern}, {"_pragma=no(", "cache_size", []string{Modernc, Ncruces}},
	{"_pragma=foreign_keys(0)", "foreign_keys", []string{Modernc, Ncruces}},
	{"_dqs=0", "cache_size", onModern}, {"_dqs=x", "cache_size", onModern}, {"_defensive=1", "cache_size", onModern},
	{"_defensive=1&_defensive=1", "cache_size", onModern}, {"_defensive=1&_journal_mode=OFF", "journal_mode", onModern},
	{"_error_rc=1", "cache_size", onModern}, {"_error_rc=x", "cache_size", onModern},
	{"_time_format=x", "cache_size", onModern}, {"_time_integer_format=x", "cache_size", onModern},
	{"_inttotime=x", "cache_size", onModern}, {"_texttotime=x", "cache_size", onModern}, {"_timezone=Mars", "cache_size", onModern},
	{"_txlock=late", "cache_size", nil}, {"_txlock=immediate", "cache_size", nil}, {"_txlock=IMMEDIATE", "cache_size", nil},
	{"unknown=x", "cache_size", nil}, {"a=%25zz", "cache_size", nil}, {"a=%zz", "cache_size", nil}, {"mode=rw", "cache_size", nil},
	{"vfs=nope", "cache_size", nil}, {"cache=shared", "cache_size", nil},
}

func dsnScenarios() []Scenario {
	var list []Scenario
	for _, s := range settings {
		list = append(list, Scenario{"dsn " + s.params + ": " + s.pragma, s.only, func(o *Observer) {
			if db := o.open(s.params); db != nil {
				o.query(db, "PRAGMA "+s.pragma)
			}
		}})
	}
	for _, name := range []string{
		"a.db", "a.db?_fk=1", "a b%20#.db", "file:URI%20x.db", "file:a.db?mode=memory", "file:a.db#f?_fk=1", "?a.db", "a.db?mode=ro",
		"a.db?cache=shared", "sub/a.db", "sqlite://a.db",
	} {
		list = append(list, Scenario{"name " + name, nil, func(o *Observer) { o.names(name) }})
	}
	for _, dsn := range []string{
		":memory:", "", "file::memory:", "file::memory:?cache=shared", "file:one?mode=memory&cache=shared", "file:two?mode=memory",
		"file:/three?vfs=memdb", ":memory:?_fk=1", ":memory:?cache=shared",
	} {
		list = append(list, Scenario{"memory " + dsn, nil, func(o *Observer) { o.memory(dsn) }})
	}
	return append(list,
		Scenario{"double quotes", nil, func(o *Observer) {
			if db := o.open(""); db != nil {
				o.query(db, `SELECT "hello"`)
			}
		}},
		Scenario{"double quotes off", onModern, func(o *Observer) {
			if db := o.open("_dqs=false"); db != nil {
				o.query(db, `SELECT "hello"`)
			}
		}},
		Scenario{"defensive", onModern, func(o *Observer) {
			if db := o.open("_defensive=true"); db != nil {
				o.exec(db, "PRAGMA writable_schema=1; UPDATE sqlite_schema SET sql=''")
			}
		}},
		Scenario{"read only", nil, func(o *Observer) {
			if db := o.open(""); db != nil {
				o.must(db, "CREATE TABLE t(a)")
			}
			if db := o.open("mode=ro"); db != nil {
				o.exec(db, "INSERT INTO t VALUES (1)")
			}
		}},
	)
}

// names tells what files there are after a database of a name was opened in the scenario's directory.
func (o *Observer) names(name string) {
	back, err := os.Getwd()
	if err != nil {
		o.note("%v", err)
		return
	}
	if err := os.Chdir(o.dir); err != nil {
		o.note("%v", err)
		return
	}
	defer os.Chdir(back)
	if db := o.openDSN(name); db != nil {
		o.exec(db, "CREATE TABLE t(a)")
		o.query(db, "PRAGMA foreign_keys")
	}
	o.close()
	entries, _ := os.ReadDir(o.dir)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	o.note("files %q", names)
}

// memory tells whether two connections of a pool have the same content.
func (o *Observer) memory(dsn string) {
	back, err := os.Getwd()
	if err != nil || os.Chdir(o.dir) != nil {
		o.note("no directory: %v", err)
		return
	}
	defer os.Chdir(back)
	db := o.openDSN(dsn)
	if db == nil {
		return
	}
	db.SetMaxOpenConns(2)
	ctx := context.Background()
	c1, err := db.Conn(ctx)
	if err != nil {
		o.note("%s", describe(err))
		return
	}
	defer c1.Close()
	o.must(c1, "CREATE TABLE t(a)")
	c2, err := db.Conn(ctx)
	if err != nil {
		o.note("%s", describe(err))
		return
	}
	defer c2.Close()
	_, err = c2.ExecContext(ctx, "INSERT INTO t VALUES (1)")
	o.note("shared %v, no such table %v", err == nil, err != nil && strings.Contains(err.Error(), "no such table"))
	_, err = os.Stat(o.path(strings.SplitN(strings.TrimPrefix(dsn, "file:"), "?", 2)[0]))
	o.note("a file %v", err == nil && dsn != "")
}
