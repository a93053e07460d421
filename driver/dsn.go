package driver

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"
	sqlitevfs "github.com/ncruces/go-sqlite3/vfs"

	"github.com/turso-coop/turso-coop/internal/conn"
	"github.com/turso-coop/turso-coop/vfs"
)

// config is what a DSN says, checked.
type config struct {
	open     conn.Options
	memory   bool           // the content lives and dies with the connections
	begin    string         // starts a transaction
	loc      *time.Location // zone of the times that are read; nil leaves them as they are
	password bool           // an _auth_pass was given
	setup    []pragma       // run for every new connection, in this order
	inits    []initFunc     // then these
}

// pragma is one step of setting a connection up.
type pragma struct {
	sql  string
	from string // what to name in an error: the _pragma of the DSN, "" for the keys with checked values
}

// initFunc sets a new connection up and returns what undoes it once the connection is closed, or nil.
type initFunc = func(*sqlite3.Conn) (close func() error, err error)

// keys are what RegisterKey has registered.
var keys struct {
	sync.RWMutex
	open map[string]func(value string) (initFunc, error)
}

// RegisterKey makes name a key of the DSN, for packages that add something to connections. A DSN may repeat it.
//
// open is called with each of its values when a DSN is parsed, so that a bad value is an error of sql.Open; it may be
// called by several goroutines at once. The init that it returns runs for every new connection, after its pragmas and
// in the order of the DSN; the close that init returns runs after that connection was closed. Both may be nil.
//
// RegisterKey panics if name is registered already. Call it from an init function.
func RegisterKey(name string, open func(value string) (init func(*sqlite3.Conn) (close func() error, err error), err error)) {
	keys.Lock()
	defer keys.Unlock()
	if _, dup := keys.open[name]; dup {
		panic("driver: RegisterKey called twice for " + name)
	}
	if keys.open == nil {
		keys.open = map[string]func(string) (initFunc, error){}
	}
	keys.open[name] = open
}

// parseDSN checks everything that a DSN says. It opens nothing. Its errors do not repeat the DSN, which can hold a key.
func parseDSN(dsn string) (*config, error) {
	name, query := dsn, ""
	if i := strings.IndexByte(dsn, '?'); i > 0 {
		name, query = dsn[:i], dsn[i+1:]
	}
	if strings.HasPrefix(dsn, "file:") {
		query, _, _ = strings.Cut(query, "#") // the fragment of a URI means nothing to SQLite
	}
	cfg := &config{begin: "BEGIN"}
	if err := cfg.read(name, query); err != nil {
		return nil, fmt.Errorf("driver: open %s: %w", name, err)
	}
	return cfg, nil
}

func (cfg *config) read(name, query string) error {
	p, err := parseQuery(query)
	if err != nil {
		return err
	}
	if err := cfg.readPragmas(p); err != nil {
		return err
	}
	if err := cfg.readOthers(p); err != nil {
		return err
	}
	if err := cfg.readKeys(p); err != nil {
		return err
	}
	if err := cfg.readName(name, p); err != nil {
		return err
	}
	return cfg.open.Check()
}

// params are the keys of a DSN in order.
type params []param

type param struct {
	key, value string
	raw        string // the text of both
}

func parseQuery(query string) (params, error) {
	if _, err := url.ParseQuery(query); err != nil {
		return nil, err
	}
	var p params
	for raw := range strings.SplitSeq(query, "&") {
		k, v, _ := strings.Cut(raw, "=")
		key, _ := url.QueryUnescape(k)
		value, _ := url.QueryUnescape(v)
		p = append(p, param{key, value, raw})
	}
	return p, nil
}

// get returns the first value of alias, or of key if alias is not there at all. An empty value counts as none.
func (p params) get(key, alias string) string {
	value, found := "", false
	for _, p := range p {
		if alias != "" && p.key == alias {
			return p.value
		}
		if p.key == key && !found {
			value, found = p.value, true
		}
	}
	return value
}

// bad names a key, its value, and what would have been accepted.
func bad(key, value, want string) error {
	return fmt.Errorf("%s=%s: want %s", key, value, want)
}

// pragmaKey is a key that stands for a PRAGMA, with the words that are its values, in capitals or not; without words
// the value is an integer.
type pragmaKey struct{ key, alias, pragma, words string }

// pragmaKeys are in the order in which they take effect. query_only is last, because nothing can be set after it.
var pragmaKeys = []pragmaKey{
	{"_case_sensitive_like", "_cslike", "case_sensitive_like", booleans},
	{"_defer_foreign_keys", "_defer_fk", "defer_foreign_keys", booleans},
	{"_foreign_keys", "_fk", "foreign_keys", booleans},
	{"_ignore_check_constraints", "", "ignore_check_constraints", booleans},
	{"_journal_mode", "_journal", "journal_mode", "DELETE TRUNCATE PERSIST MEMORY WAL OFF"},
	{"_locking_mode", "_locking", "locking_mode", "NORMAL EXCLUSIVE"},
	{"_recursive_triggers", "_rt", "recursive_triggers", booleans},
	{"_secure_delete", "", "secure_delete", booleans + " FAST"},
	{"_synchronous", "_sync", "synchronous", "0 OFF 1 NORMAL 2 FULL 3 EXTRA"},
	{"_writable_schema", "", "writable_schema", booleans},
	{"_cache_size", "", "cache_size", ""},
	{"_query_only", "", "query_only", booleans},
}

var autoVacuumKey = pragmaKey{"_auto_vacuum", "_vacuum", "auto_vacuum", "0 NONE 1 FULL 2 INCREMENTAL"}

const booleans = "0 NO FALSE OFF 1 YES TRUE ON"

// readPragma adds what k says to the set-up.
func (cfg *config) readPragma(k pragmaKey, p params) error {
	v := p.get(k.key, k.alias)
	if v == "" {
		return nil
	}
	if err := checkWord(k.key, v, k.words); err != nil {
		return err
	}
	cfg.addSetup("PRAGMA "+k.pragma+"="+v, "")
	return nil
}

func checkWord(key, value, words string) error {
	if words == "" {
		_, err := checkInt(key, value, math.MinInt32, "an integer")
		return err
	}
	if !slices.Contains(strings.Fields(words), strings.ToUpper(value)) {
		return bad(key, value, "one of "+words)
	}
	return nil
}

func checkInt(key, value string, least int64, want string) (int64, error) {
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n < least {
		return 0, bad(key, value, want)
	}
	return n, nil
}

// readPragmas makes the set-up. What must come before the database is first read (its key, page size, auto_vacuum) is
// first; then the default of synchronous, which a _pragma may change; named keys have the last word.
func (cfg *config) readPragmas(p params) error {
	var free []string
	for _, p := range p {
		if p.key != "_pragma" || p.value == "" {
			continue
		}
		if strings.Contains(p.value, "\x00") {
			return bad(p.key, strconv.Quote(p.value), "text without a NUL byte")
		}
		free = append(free, p.value)
	}
	slices.SortStableFunc(free, func(a, b string) int { return cmp.Compare(pragmaRank(a), pragmaRank(b)) })
	late := slices.IndexFunc(free, func(v string) bool { return pragmaRank(v) == rankLate })
	if late < 0 {
		late = len(free)
	}
	for _, v := range free[:late] {
		cfg.addSetup("PRAGMA "+v, "_pragma="+v)
	}
	if err := cfg.readPragma(autoVacuumKey, p); err != nil {
		return err
	}
	if p.get("_synchronous", "_sync") == "" {
		cfg.addSetup("PRAGMA synchronous=NORMAL", "")
	}
	for _, v := range free[late:] {
		cfg.addSetup("PRAGMA "+v, "_pragma="+v)
	}
	for _, k := range pragmaKeys {
		if err := cfg.readPragma(k, p); err != nil {
			return err
		}
	}
	return nil
}

// addSetup adds a step to the set-up. Steps that need not be told apart in an error are run as one script.
func (cfg *config) addSetup(sql, from string) {
	if n := len(cfg.setup); n > 0 && from == "" && cfg.setup[n-1].from == "" {
		cfg.setup[n-1].sql += ";" + sql
		return
	}
	cfg.setup = append(cfg.setup, pragma{sql, from})
}

// rankLate is the rank of a PRAGMA that may come at any time.
const rankLate = 3

// pragmaRank orders what must come early.
func pragmaRank(text string) int {
	name := strings.ToLower(strings.TrimLeft(text, " \t\r\n"))
	if end := strings.IndexAny(name, " \t\r\n=(;"); end >= 0 {
		name = name[:end]
	}
	if dot := strings.IndexByte(name, '.'); dot >= 0 {
		name = name[dot+1:]
	}
	switch name {
	case "key", "hexkey", "textkey":
		return 0
	case "busy_timeout":
		return 1
	case "page_size", "auto_vacuum":
		return 2
	}
	return rankLate
}

// readOthers reads the keys of this package that are no pragmas.
func (cfg *config) readOthers(p params) (err error) {
	cfg.open.BusyTimeout = defaultBusyTimeout
	if v := p.get("_busy_timeout", "_timeout"); v != "" {
		ms, err := checkInt("_busy_timeout", v, math.MinInt32, "a number of milliseconds")
		if err != nil {
			return err
		}
		cfg.open.BusyTimeout = time.Duration(ms) * time.Millisecond
	}
	switch v := p.get("_loc", ""); v {
	case "":
	case "auto":
		cfg.loc = time.Local
	default:
		if cfg.loc, err = time.LoadLocation(v); err != nil {
			return bad("_loc", v, "auto or the name of a time zone: "+err.Error())
		}
	}
	if v := p.get("_txlock", ""); v != "" {
		if err := checkWord("_txlock", v, "DEFERRED IMMEDIATE EXCLUSIVE"); err != nil {
			return err
		}
		cfg.begin = "BEGIN " + strings.ToUpper(v)
	}
	if v := p.get("_mutex", ""); v != "" { // one connection is used by one goroutine at a time, whatever it says
		if err := checkWord("_mutex", v, "NO FULL"); err != nil {
			return err
		}
	}
	if err := cfg.readReports(p.get); err != nil {
		return err
	}
	cfg.password = p.get("_auth_pass", "") != ""
	return nil
}

// readKeys reads the keys of RegisterKey.
func (cfg *config) readKeys(p params) error {
	for _, p := range p {
		keys.RLock()
		open := keys.open[p.key]
		keys.RUnlock()
		if open == nil {
			continue
		}
		init, err := open(p.value)
		if err != nil {
			return fmt.Errorf("%s=%s: %w", p.key, p.value, err)
		}
		if init != nil {
			cfg.inits = append(cfg.inits, init)
		}
	}
	return nil
}

// readName decides what to open. A plain name is a path to the letter; SQLite's own keys count in a URI only.
func (cfg *config) readName(name string, p params) error {
	vfsName, err := readVFS(p)
	if err != nil {
		return err
	}
	path, isURI := strings.CutPrefix(name, "file:")
	if !isURI {
		cfg.memory = name == ":memory:" || name == "" || vfsName == memVFS
		cfg.open.Filename, cfg.open.VFS = name, vfsName
		return nil
	}
	if before, _, found := strings.Cut(path, "#"); found {
		path, p = before, nil // SQLite reads nothing behind the fragment's mark
	}
	inMemory := path == ":memory:" || p.get("mode", "") == "memory"
	if inMemory && p.get("cache", "") == "shared" {
		// This build of SQLite has no shared cache; a database of the memdb VFS is shared as well.
		path, vfsName = "/"+strings.TrimLeft(path, "/"), memVFS
	}
	cfg.memory = inMemory || path == "" || vfsName == memVFS
	var kept []string
	for _, p := range p {
		switch {
		case p.key == "vfs", p.key == "_pragma", p.key == "cache", p.raw == "":
		case p.key == "mode" && p.value == "memory" && vfsName == memVFS:
		default:
			kept = append(kept, p.raw) // SQLite and the VFS read what they know
		}
	}
	cfg.open.VFS = vfsName
	cfg.open.Filename = "file:" + path
	if len(kept) > 0 {
		cfg.open.Filename += "?" + strings.Join(kept, "&")
	}
	return nil
}

// memVFS is the VFS of databases in memory that several connections share.
const memVFS = "memdb"

// readVFS chooses the VFS.
func readVFS(p params) (string, error) {
	name := ""
	for _, p := range p {
		if p.key != "vfs" || p.value == "" {
			continue
		}
		if name != "" && name != p.value {
			return "", fmt.Errorf("vfs=%s: another vfs=%s was given before", p.value, name)
		}
		name = p.value
	}
	engine := p.get("_engine", "")
	switch {
	case name == "" || name == vfs.Name:
		return vfs.NameFor(engine)
	case engine != "":
		return "", bad("_engine", engine, "no vfs="+name+" beside it, which does not use an engine")
	case sqlitevfs.Find(name) == nil:
		return "", bad("vfs", name, "the name of a registered VFS")
	}
	return name, nil
}
