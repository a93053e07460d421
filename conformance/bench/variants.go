package main

import (
	"cmp"
	"fmt"
	"strings"

	_ "modernc.org/sqlite"

	"github.com/turso-coop/turso-coop/driver"
)

// A variant is a driver and how it is used.
type variant struct {
	name string
	open func(v *variant, j *job) (store, error)
	kind kind

	driver  string // the name in database/sql
	dsn     func(path, journal, sync string) string
	ncruces bool // needs the binary that holds ncruces' driver in place of mattn's
	oneConn bool // one connection writes: database/sql then is the queue
}

// kind says what a variant is compared as.
type kind uint8

const (
	ours       kind = iota
	driverOf        // another SQLite driver, used as turso-coop is
	workaround      // another SQLite driver, with something around it that a careful user writes by hand
	keyValue        // not SQL
)

// busyTimeoutMs is for how long every variant waits for a lock.
const busyTimeoutMs = "10000"

// Every SQLite gets the same PRAGMAs, and takes the write lock when a transaction begins, so that none fails later.

func tursoDSN(more string) func(path, journal, sync string) string {
	return func(path, journal, sync string) string {
		return fmt.Sprintf("file:%s?_busy_timeout=%s&_journal_mode=%s&_synchronous=%s&_txlock=immediate&%s", path, busyTimeoutMs, journal, sync, more)
	}
}

func mattnDSN(path, journal, sync string) string {
	return tursoDSN("_stmt_cache_size=64")(path, journal, sync) // without the last key it compiles a text at every use
}

// pragmaDSN is how modernc's driver and ncruces' are set up.
func pragmaDSN(path, journal, sync string) string {
	return fmt.Sprintf("file:%s?_pragma=busy_timeout(%s)&_pragma=journal_mode(%s)&_pragma=synchronous(%s)&_txlock=immediate", path, busyTimeoutMs, journal, sync)
}

// mattn is also the stock SQLite that others run beside.
const turso, mattn = driver.Name, "mattn"

// again marks the second one of twins.
const again = " again"

// variants are all there are.
var variants = withTwins([]*variant{
	{name: "turso-coop uring", open: openSQL, driver: turso, dsn: tursoDSN("_engine=uring")},
	{name: "turso-coop pool", open: openSQL, driver: turso, dsn: tursoDSN("_engine=pool")},
	{name: "turso-coop uring, _gather=0", open: openSQL, driver: turso, dsn: tursoDSN("_engine=uring&_gather=0")},
	{name: "turso-coop pool, _gather=0", open: openSQL, driver: turso, dsn: tursoDSN("_engine=pool&_gather=0")},
	{name: mattn, kind: driverOf, open: openSQL, driver: "sqlite3", dsn: mattnDSN},
	{name: "modernc", kind: driverOf, open: openSQL, driver: "sqlite", dsn: pragmaDSN},
	{name: "ncruces", kind: driverOf, open: openSQL, driver: "sqlite3", dsn: pragmaDSN, ncruces: true},
	{name: "mattn, one writing connection", kind: workaround, open: openSQL, driver: "sqlite3", dsn: mattnDSN, oneConn: true},
	{name: "modernc, one writing connection", kind: workaround, open: openSQL, driver: "sqlite", dsn: pragmaDSN, oneConn: true},
	{name: "ncruces, one writing connection", kind: workaround, open: openSQL, driver: "sqlite3", dsn: pragmaDSN, ncruces: true, oneConn: true},
	{name: "gathered by hand over turso-coop", kind: workaround, open: openGathered, driver: turso, dsn: tursoDSN("_gather=0")},
	{name: "gathered by hand over mattn", kind: workaround, open: openGathered, driver: "sqlite3", dsn: mattnDSN},
	{name: "gathered by hand over ncruces", kind: workaround, open: openGathered, driver: "sqlite3", dsn: pragmaDSN, ncruces: true},
	{name: pebbleName, kind: keyValue, open: openPebble},
	{name: "bbolt Batch", kind: keyValue, open: openBolt},
}, "turso-coop uring", mattn, "modernc", "ncruces")

// pebbleName is that of the variant whose commits are synced at FULL and not at NORMAL, as SQLite's are.
const pebbleName = "pebble"

// withTwins adds a second one of each of the named variants.
func withTwins(all []*variant, names ...string) []*variant {
	for _, v := range all {
		for _, name := range names {
			if v.name == name {
				twin := *v
				twin.name += again
				all = append(all, &twin)
			}
		}
	}
	return all
}

func variantNamed(name string) (*variant, error) {
	for _, v := range variants {
		if v.name == name {
			return v, nil
		}
	}
	return nil, fmt.Errorf("there is no variant %q", name)
}

// chooseVariants returns the variants whose names hold one of the words, or all if there is no word. A word that begins
// with = is a whole name.
func chooseVariants(words string) ([]*variant, error) {
	if words == "" {
		return variants, nil
	}
	var chosen []*variant
	for _, v := range variants {
		for word := range strings.SplitSeq(words, ";") {
			if name, whole := strings.CutPrefix(word, "="); whole && v.name == name || !whole && strings.Contains(v.name, word) {
				chosen = append(chosen, v)
				break
			}
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("-variants=%s: no variant is called so; there are:\n  %s", words, variantNames())
	}
	return chosen, nil
}

func variantNames() string {
	var names []string
	for _, v := range variants {
		names = append(names, v.name)
	}
	return strings.Join(names, "\n  ")
}

// connections returns how many connections write for a number of callers.
func (v *variant) connections(callers int) int {
	if v.oneConn {
		return 1
	}
	return cmp.Or(callers, 1)
}
