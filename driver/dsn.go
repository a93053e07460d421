package driver

import (
	"cmp"
	"crypto/rand"
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
	profile   *profile // decides what no key does
	open      conn.Options
	maxMemory int64         // in bytes, of one connection; 0 is the binding's limit
	gather    bool          // statements that wait to write are run together
	leaks     time.Duration // what is open for longer is reported; 0 reports nothing
	memory    bool          // the content lives and dies with the connections
	shared    string        // name of the database in memory that exists as long as the pool; "" is none

	begin    string   // starts a transaction; "" is what the profile says
	readOnly bool     // a transaction that says that it only reads cannot write
	times    encoding // of arguments
	values   decoding // of results

	doubleQuotes bool       // may stand around strings
	defensive    bool       // SQLITE_DBCONFIG_DEFENSIVE
	password     bool       // an _auth_pass was given
	setup        []pragma   // run for every new connection, in this order
	inits        []initFunc // then these
}

// pragma is one step of setting a connection up.
type pragma struct {
	sql  string
	from string // what to name in an error: the _pragma of the DSN, "" for the keys with checked values

	first bool // it comes before anything that reads the file
}

// fromKey is what is named instead of a _pragma with the key of an encrypted database.
const fromKey = "the _pragma with the database's key"

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

// parseDSN checks everything that a DSN says to the driver of profile p. It opens nothing. Its errors do not repeat the
// DSN, which can hold a key.
func parseDSN(dsn string, p *profile) (*config, error) {
	name, query := dsn, ""
	isURI := strings.HasPrefix(dsn, "file:")
	if i := strings.IndexByte(dsn, '?'); i > 0 && (isURI || !p.literalName) {
		name, query = dsn[:i], dsn[i+1:]
	}
	if isURI {
		query, _, _ = strings.Cut(query, "#") // the fragment of a URI means nothing to SQLite
	}
	cfg := &config{profile: p}
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
	if err := cfg.readProfile(p); err != nil {
		return err
	}
	for _, read := range []func(*params) error{
		cfg.readPragmas, cfg.readTransactions, cfg.readTimes, cfg.readOthers, cfg.readKeys,
	} {
		if err := read(p); err != nil {
			return err
		}
	}
	if err := cfg.readName(name, p); err != nil {
		return err
	}
	if err := p.refuseUnknown(); err != nil {
		return err
	}
	cfg.open.TimeLayout = cfg.times.layout
	return cfg.open.Check()
}

// readProfile takes over what the profile says, before any key changes it.
func (cfg *config) readProfile(p *params) error {
	if name := p.get("_compat", ""); name != "" {
		var err error
		if cfg.profile, err = profileNamed(name); err != nil {
			return fmt.Errorf("_compat: %w", err)
		}
	}
	cfg.readOnly = cfg.profile.readOnly
	cfg.times, cfg.values = cfg.profile.times, cfg.profile.values
	cfg.doubleQuotes = cfg.profile.doubleQuotes
	cfg.open.BusyTimeout = cfg.profile.busyTimeout
	return nil
}

// params are the keys of a DSN in order.
type params struct {
	list  []param
	asked map[string]bool // the names that were looked for, which are those that mean something
}

type param struct {
	key, value string
	raw        string // the text of both
}

func parseQuery(query string) (*params, error) {
	if _, err := url.ParseQuery(query); err != nil {
		return nil, err
	}
	p := &params{asked: map[string]bool{"": true}}
	for raw := range strings.SplitSeq(query, "&") {
		k, v, _ := strings.Cut(raw, "=")
		key, _ := url.QueryUnescape(k)
		value, _ := url.QueryUnescape(v)
		p.list = append(p.list, param{key, value, raw})
	}
	return p, nil
}

// get returns the first value of alias, or of key if alias is not there at all. An empty value counts as none.
func (p *params) get(key, alias string) string {
	p.asked[key], p.asked[alias] = true, true
	value, found := "", false
	for _, p := range p.list {
		if alias != "" && p.key == alias {
			return p.value
		}
		if p.key == key && !found {
			value, found = p.value, true
		}
	}
	return value
}

// boolean returns the value of a key that is a boolean; given says whether it has one.
func (p *params) boolean(key string) (value, given bool, err error) {
	switch v := p.get(key, ""); strings.ToUpper(v) {
	case "":
		return false, false, nil
	case "0", "NO", "FALSE", "F", "OFF":
		return false, true, nil
	case "1", "YES", "TRUE", "T", "ON":
		return true, true, nil
	default:
		return false, false, bad(key, v, "one of "+booleans)
	}
}

// refuseUnknown refuses keys that mean nothing, if _strict asks for it.
func (p *params) refuseUnknown() error {
	if strict, _, err := p.boolean("_strict"); err != nil || !strict {
		return err
	}
	for _, p2 := range p.list {
		if !p.asked[p2.key] {
			return fmt.Errorf("%s: there is no such key here, and _strict is set", p2.key)
		}
	}
	return nil
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
	{"_prefetch", "", "prefetch", booleans},
	{"_query_only", "", "query_only", booleans},
}

var autoVacuumKey = pragmaKey{"_auto_vacuum", "_vacuum", "auto_vacuum", "0 NONE 1 FULL 2 INCREMENTAL"}

const booleans = "0 NO FALSE OFF 1 YES TRUE ON"

// readPragma adds what k says to the set-up.
func (cfg *config) readPragma(k pragmaKey, p *params) error {
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
func (cfg *config) readPragmas(p *params) error {
	p.asked["_pragma"] = true
	var free []string
	for _, p := range p.list {
		if p.key != "_pragma" || p.value == "" {
			continue
		}
		if strings.Contains(p.value, "\x00") {
			return bad(p.key, strconv.Quote(p.value), "text without a NUL byte")
		}
		free = append(free, p.value)
	}
	slices.SortStableFunc(free, func(a, b string) int {
		order := cmp.Compare(pragmaRank(a), pragmaRank(b))
		if order == 0 && cfg.profile.sorted {
			order = cmp.Compare(strings.ToLower(a), strings.ToLower(b))
		}
		return order
	})
	late := slices.IndexFunc(free, func(v string) bool { return pragmaRank(v) == rankLate })
	if late < 0 {
		late = len(free)
	}
	for _, v := range free[:late] {
		from := "_pragma=" + v
		if pragmaRank(v) == rankKey {
			from = fromKey
		}
		cfg.setup = append(cfg.setup, pragma{"PRAGMA " + v, from, pragmaRank(v) <= rankWait})
	}
	if err := cfg.readPragma(autoVacuumKey, p); err != nil {
		return err
	}
	if cfg.profile.synchronous != "" && p.get("_synchronous", "_sync") == "" {
		cfg.addSetup("PRAGMA synchronous="+cfg.profile.synchronous, "")
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
	cfg.setup = append(cfg.setup, pragma{sql: sql, from: from})
}

// Ranks of PRAGMAs.
const (
	rankKey  = iota // holds the key of an encrypted database
	rankWait        // says how long to wait for locks
	rankFile        // says how to make the file
	rankLate        // may come at any time
)

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
		return rankKey
	case "busy_timeout":
		return rankWait
	case "page_size", "auto_vacuum":
		return rankFile
	}
	return rankLate
}

// readTransactions reads how transactions begin and how long statements wait for each other.
func (cfg *config) readTransactions(p *params) error {
	if v := p.get("_busy_timeout", "_timeout"); v != "" {
		ms, err := checkInt("_busy_timeout", v, math.MinInt32, "a number of milliseconds")
		if err != nil {
			return err
		}
		cfg.open.BusyTimeout = time.Duration(ms) * time.Millisecond
	}
	switch v := strings.ToUpper(p.get("_txlock", "")); v {
	case "":
	case string(Deferred), string(Immediate), string(Exclusive):
		cfg.begin = "BEGIN " + v
	case "CONCURRENT":
		return bad("_txlock", v, "one of DEFERRED IMMEDIATE EXCLUSIVE: this SQLite has no BEGIN CONCURRENT")
	default:
		return bad("_txlock", p.get("_txlock", ""), "one of DEFERRED IMMEDIATE EXCLUSIVE")
	}
	switch v := p.get("_readonly_tx", ""); v {
	case "":
	case "enforce":
		cfg.readOnly = true
	default:
		return bad("_readonly_tx", v, "enforce")
	}
	return nil
}

// readOthers reads the keys of this package that belong nowhere else.
func (cfg *config) readOthers(p *params) error {
	if err := cfg.readConfiguration(p); err != nil {
		return err
	}
	if v := p.get("_mutex", ""); v != "" { // one connection is used by one goroutine at a time, whatever it says
		if err := checkWord("_mutex", v, "NO FULL"); err != nil {
			return err
		}
	}
	if err := cfg.readReports(p); err != nil {
		return err
	}
	if v := p.get("_max_memory", ""); v != "" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < leastMemory || n > mostMemory {
			return bad("_max_memory", v, fmt.Sprintf("a number of bytes from %d to %d", leastMemory, mostMemory))
		}
		cfg.maxMemory = n
	}
	for _, key := range []string{"_auth", "_auth_user", "_auth_crypt", "_auth_salt"} {
		p.asked[key] = true
	}
	cfg.password = p.get("_auth_pass", "") != ""
	return nil
}

// The limits of _max_memory: less does not hold SQLite itself, more it cannot address.
const (
	leastMemory int64 = 4 << 20
	mostMemory  int64 = 4 << 30
)

// readConfiguration reads the keys that stand for sqlite3_db_config.
func (cfg *config) readConfiguration(p *params) error {
	on, given, err := p.boolean("_dqs")
	if err != nil {
		return err
	}
	if given {
		cfg.doubleQuotes = on
	}
	if cfg.defensive, _, err = p.boolean("_defensive"); err != nil {
		return err
	}
	if n := p.count("_defensive"); n > 1 {
		return fmt.Errorf("_defensive: given %d times", n)
	}
	if v := p.get("_journal_mode", "_journal"); cfg.defensive && strings.EqualFold(v, "OFF") {
		return bad("_journal_mode", v, "another mode: with _defensive it has no effect")
	}
	// modernc asks by _error_rc for texts that never belong to another error, which is so here anyway.
	_, _, err = p.boolean("_error_rc")
	return err
}

// count returns how often a key is given.
func (p *params) count(key string) (n int) {
	for _, p := range p.list {
		if p.key == key {
			n++
		}
	}
	return n
}

// readKeys reads the keys of RegisterKey.
func (cfg *config) readKeys(all *params) error {
	for _, p := range all.list {
		keys.RLock()
		open := keys.open[p.key]
		keys.RUnlock()
		if open == nil {
			continue
		}
		all.asked[p.key] = true
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
func (cfg *config) readName(name string, p *params) error {
	vfsName, err := readVFS(p)
	if err != nil {
		return err
	}
	path, isURI := strings.CutPrefix(name, "file:")
	if before, _, found := strings.Cut(path, "#"); found && isURI {
		path, p.list = before, nil // SQLite reads nothing behind the fragment's mark
	}
	if isURI {
		for _, key := range []string{"mode", "cache", "immutable", "nolock", "psow", "modeof"} {
			p.asked[key] = true
		}
	}
	inMemory := path == ":memory:" || isURI && p.get("mode", "") == "memory"
	switch v := p.get("_memory", ""); {
	case v != "" && v != "shared":
		return bad("_memory", v, "shared")
	case v != "" && !inMemory:
		return bad("_memory", v, "a database in memory beside it, as :memory: is")
	case v != "":
		cfg.shared = newSharedName()
		path, vfsName = "/"+cfg.shared, memVFS
	case isURI && inMemory && p.get("cache", "") == "shared":
		// This build of SQLite has no shared cache; a database of the memdb VFS is shared as well.
		path, vfsName = "/"+strings.TrimLeft(path, "/"), memVFS
	}
	cfg.memory = inMemory || path == "" || vfsName == memVFS
	cfg.open.VFS, cfg.open.Filename = vfsName, path
	if isURI {
		cfg.open.Filename = "file:" + path + p.kept(vfsName)
	}
	return nil
}

// kept returns the query of a URI with the keys that SQLite or the VFS may read.
func (p *params) kept(vfsName string) string {
	var kept []string
	for _, p := range p.list {
		switch {
		case p.key == "vfs", p.key == "_pragma", p.key == "cache", p.raw == "":
		case p.key == "mode" && p.value == "memory" && vfsName == memVFS:
		default:
			kept = append(kept, p.raw)
		}
	}
	if len(kept) == 0 {
		return ""
	}
	return "?" + strings.Join(kept, "&")
}

// memVFS is the VFS of databases in memory that several connections share.
const memVFS = "memdb"

// newSharedName returns a name for a database in memory that no other pool uses.
func newSharedName() string { return "turso-coop-" + rand.Text() }

// readVFS chooses the VFS.
func readVFS(p *params) (string, error) {
	p.asked["vfs"] = true
	name := ""
	for _, p := range p.list {
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
