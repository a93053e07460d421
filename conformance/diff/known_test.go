package diff

import "testing"

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
func compare(t *testing.T, s *side, steps []step, want, got []string) {
	t.Helper()
	for i, st := range steps {
		reason, listed := known[st.SQL]
		switch equal := got[i] == want[i]; {
		case listed && equal:
			t.Errorf("%s: no longer differs from stock SQLite (%s), but is listed: %s", st.SQL, s.name, reason)
		case !listed && !equal:
			t.Errorf("connection %s: %.300s\n--- stock\n%s\n--- turso-coop, %s\n%s", st.connection, st.SQL, want[i], s.name, got[i])
		}
	}
}
