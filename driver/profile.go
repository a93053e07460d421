package driver

import (
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/internal/conn"
)

// profile is one behaviour where the drivers that this package stands in for disagree. What they agree on is not here.
// The keys of a DSN have the last word: they change the copy of its parts that a config holds.
type profile struct {
	name string // as _compat and Driver.Compat spell it

	// Names and set-up.

	literalName  bool          // a "?" in a plain path is part of the path, which can have no keys
	busyTimeout  time.Duration // how long a statement waits for a lock
	synchronous  string        // the level of a connection for which nothing else was asked; "" leaves it to SQLite
	foreignKeys  bool          // are enforced
	doubleQuotes bool          // may stand around strings
	trusted      bool          // a schema may use any function
	sorted       bool          // PRAGMAs of _pragma run in alphabetical order, not in that of the DSN

	// Transactions.

	begin     string // starts a transaction, if the connection can write; otherwise it is "BEGIN"
	isolation bool   // sql.LevelSerializable and sql.LevelLinearizable mean IMMEDIATE and EXCLUSIVE
	readOnly  bool   // a transaction that says that it only reads cannot write

	// Statements and their arguments.

	single     bool // a text holds one statement; only Exec without arguments takes more
	whole      bool // a prepared text runs all of its statements, not just the first
	rebind     bool // each statement of a text takes all arguments from the first on, not in turn what the last has left
	namesOnly  bool // a parameter with a name takes only the argument of that name, and must get one
	exact      bool // arguments that nothing takes are an error also outside of prepared statements
	resetRowID bool // LastInsertId is 0 unless the call has inserted a row

	// Values and errors.

	times    encoding
	values   decoding
	describe describer
	text     errorText
}

// profiles are in the order of their importance; the first is the default.
var profiles = [...]*profile{
	{
		name:        "mattn",
		busyTimeout: 5 * time.Second, synchronous: "NORMAL", doubleQuotes: true, trusted: true,
		begin:    "BEGIN",
		times:    encoding{layout: conn.TimeLayout},
		values:   decoding{numbers: secondsOrMillis, zeroTime: true, booleans: positiveIsTrue},
		describe: describeDeclared,
		text:     plainText,
	},
	{
		name: "modernc",
		// modernc itself does not wait for locks; waiting fails no program that worked without.
		busyTimeout: 5 * time.Second, synchronous: "FULL", doubleQuotes: true, trusted: true, sorted: true,
		begin: "BEGIN",
		whole: true, rebind: true, namesOnly: true,
		times:    encoding{layout: layoutString},
		values:   decoding{emptyIsNil: true},
		describe: describeValues,
		text:     codeBehind,
	},
	{
		name:        "ncruces",
		literalName: true,
		busyTimeout: time.Minute, foreignKeys: true,
		begin: "BEGIN IMMEDIATE", isolation: true, readOnly: true,
		single: true, exact: true, resetRowID: true,
		times:    encoding{layout: time.RFC3339Nano},
		values:   decoding{format: sqlite3.TimeFormatAuto, clock: true, booleans: zeroOrOne, anyText: roundTripping},
		describe: describeHints,
		text:     codeBefore,
	},
}

// profileNamed returns the profile of a name, the default one for "".
func profileNamed(name string) (*profile, error) {
	if name == "" {
		return profiles[0], nil
	}
	for _, p := range profiles {
		if p.name == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("want mattn, modernc or ncruces, not %q", name)
}
