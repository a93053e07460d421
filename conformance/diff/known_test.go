package diff

import (
	"regexp"
	"testing"

	"github.com/turso-coop/turso-coop/conformance/peer"
)

// known are the statements whose outcome differs from stock SQLite's, and why. A statement that differs in no way any
// more fails the test: the entry must go.
var known = map[string]string{
	"SELECT printf('%.*c', 2000000000, 'x');": "turso-coop's SQLite has 256 MB of memory by default and meets that limit before the one on the length of a value",

	"EXPLAIN QUERY PLAN SELECT a FROM t WHERE b = 'name1' AND a > 190;": enabled("ENABLE_STAT4") + ": the estimated number of rows is a better one",

	"SELECT soundex('Robert');":                              enabled("SOUNDEX"),
	"SELECT sqrt(2), pow(2, 10), pi(), floor(-1.5), exp(1);": enabled("ENABLE_MATH_FUNCTIONS"),
	"SELECT x'61' LIKE 'a';":                                 enabled("LIKE_DOESNT_MATCH_BLOBS"),
	"SELECT load_extension('nothing');":                      enabled("OMIT_LOAD_EXTENSION") + ": native code cannot be loaded",
	"SELECT 'abc' REGEXP 'b';":                               "turso-coop registers REGEXP",
	"SELECT value FROM generate_series(1, 3);":               "a series is built into turso-coop's SQLite",
	"PRAGMA collation_list;":                                 "the collations uint, decimal and time are built into turso-coop's SQLite",
	"PRAGMA cache_spill;":                                    "what fits into the cache depends on the size of a pointer",
	"PRAGMA mmap_size;":                                      "memory-mapped I/O is not offered, because it would bypass the engine",

	"PRAGMA temp.busy_timeout;": "the temporary database has no file of the VFS that could answer for the owner of the connection",
}

func enabled(option string) string {
	return "turso-coop's SQLite is built with " + option + ", mattn's without"
}

// compare compares the outcomes of a script statement by statement.
func compare(t *testing.T, s *side, steps []peer.Step, want, got []string) {
	t.Helper()
	for i, st := range steps {
		reason, listed := known[st.SQL]
		switch equal := got[i] == want[i]; {
		case listed && equal:
			t.Errorf("%s: no longer differs from stock SQLite (%s), but is listed: %s", st.SQL, s.name, reason)
		case !listed && !equal:
			t.Errorf("connection %s: %.300s\n--- stock\n%s\n--- turso-coop, %s\n%s", st.Connection, st.SQL, want[i], s.name, got[i])
		}
	}
}

// knownDifference is a difference that random statements may meet.
type knownDifference struct {
	reason    string
	peer      string         // from whom
	statement *regexp.Regexp // that it is about; nil is any
	want, got *regexp.Regexp // in the outcomes; nil is any
}

var knownDifferences = []*knownDifference{
	{
		reason: "mattn computes times after 2262 and before 1677 in nanoseconds, which overflow",
		peer:   peer.Stock, want: regexp.MustCompile(`\btime `), got: regexp.MustCompile(`\btime (-|\d{5}|[013-9]|1[0-6]|2[3-9]|22[6-9])`),
	},
	{
		reason:    "of what fails in an ALTER TABLE for a STRICT table, mattn reports the primary code only",
		peer:      peer.Stock,
		statement: regexp.MustCompile(`^ALTER TABLE \S+ ADD COLUMN`), want: regexp.MustCompile(`^error constraint failed \(19\)`), got: regexp.MustCompile(`^error constraint failed \(3091\)`),
	},
}

// knownFor returns the entry that explains a difference, nil if there is none.
func knownFor(name, statement, want, got string) *knownDifference {
	matches := func(re *regexp.Regexp, text string) bool { return re == nil || re.MatchString(text) }
	for _, k := range knownDifferences {
		if k.peer == name && matches(k.statement, statement) && matches(k.want, want) && matches(k.got, got) {
			return k
		}
	}
	return nil
}
