package hostile

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// known is a difference that is accepted. ours is the step at which it shows.
type known struct {
	name, reason string
	matches      func(a *attack, ours Step) bool
}

var knownDifferences = [...]known{
	{
		"a chain of some hundred views",
		"SQLite's own stack is 64 KiB in the binding, and 8 MiB in a C program; beyond it the connection ends with an error",
		func(a *attack, ours Step) bool {
			return a.hasMany() && strings.HasPrefix(ours.Text, panicked+"runtime error: index out of range [42949")
		},
	},
	{
		"lengths in a file that ask for much memory",
		"a connection has 256 MiB by default, see _max_memory, and addresses of 32 bits",
		func(_ *attack, ours Step) bool { return ours.Code == int(sqlite3.NOMEM) },
	},
	{
		"8 reserved bytes at the end of pages",
		"the binding takes them for the checksums of https://sqlite.org/cksumvfs.html and refuses pages with other ones",
		func(_ *attack, ours Step) bool { return ours.Extended == int(sqlite3.IOERR_DATA) },
	},
	{
		"a cell that begins in the last bytes of its page",
		"SQLite reads on behind the page, where it keeps a structure of its own; that has other bytes with pointers of 32 bits",
		func(a *attack, _ Step) bool { return a.cellLeavesPage() },
	},
	{
		"the order of what integrity_check finds in a schema of many objects",
		"SQLite goes through them in the order of a hash table, which has more buckets with pointers of 32 bits",
		func(a *attack, ours Step) bool {
			return a.hasMany() && ours.Code == 0 && strings.HasPrefix(ours.What, "PRAGMA")
		},
	},
	{
		"a WAL with right checksums that breaks SQLite's own list of changed pages",
		"stock SQLite crashes; turso-coop's copy of the same code follows the list in a circle",
		func(a *attack, ours Step) bool {
			return ours.What == bothLost && len(a.wal) > 0 && strings.HasSuffix(a.name, checksumsRight)
		},
	},
	{
		"answers in which the builds of SQLite by mattn and modernc differ",
		"turso-coop answers like one of the two: what SQLite finds in pages that are wrong depends on its build",
		func(_ *attack, ours Step) bool { return ours.LikeOther },
	},
}

// hasMany reports whether the schema got a chain of many views.
func (a *attack) hasMany() bool {
	return slices.Contains(a.setup, deepViews(90)) || slices.Contains(a.setup, deepViews(250))
}

// cellLeavesPage reports whether the first two numbers of a cell do not end within its page, in any of the files.
func (f *files) cellLeavesPage() bool {
	size := pageSizeOf(f.db)
	for _, file := range []struct {
		b              []byte
		header, before int
		after          int
	}{{f.db, 0, 0, 0}, {f.wal, walHeaderBytes, frameHeaderBytes, 0}, {f.journal, sectorBytes(size), 4, 4}} {
		if len(file.b) < file.header {
			continue
		}
		for page := range slices.Chunk(file.b[file.header:], file.before+size+file.after) {
			if len(page) == file.before+size+file.after && leavesPage(page[file.before:][:size]) {
				return true
			}
		}
	}
	return false
}

func leavesPage(page []byte) bool {
	header := 0
	if bytes.HasPrefix(page, []byte("SQLite format 3")) {
		header = 100
	}
	first, skipped, numbers, rest := header+8, 0, 1, 1 // no record is empty
	switch page[header] {
	case 2: // inner pages, whose cells begin with the number of a page
		first, skipped = header+12, 4
	case 5:
		first, skipped, rest = header+12, 4, 0
	case 10:
	case 13:
		numbers = 2
	default:
		return false
	}
	for i := range int(be.Uint16(page[header+3:])) {
		pointer := first + 2*i
		if pointer+2 > len(page) {
			return false
		}
		at := int(be.Uint16(page[pointer:]))%len(page) + skipped // as SQLite masks it
		for range numbers {
			for n := 0; n < 8 && at < len(page) && page[at] >= 0x80; n++ {
				at++
			}
			at++
		}
		if at+rest > len(page) {
			return true
		}
	}
	return false
}

// listing counts the cases that known differences explain.
type listing struct {
	mutex sync.Mutex
	count [len(knownDifferences)]int
}

// explains reports whether a difference is known, and counts it. That only turso-coop's process was lost, at no step, never is.
func (l *listing) explains(a *attack, ours Step) bool {
	for i, k := range knownDifferences {
		if ours.What != "" && k.matches(a, ours) {
			l.mutex.Lock()
			defer l.mutex.Unlock()
			l.count[i]++
			return true
		}
	}
	return false
}

// finish reports what was found. A whole campaign in which a known difference does not show fails: its entry
// must go.
func (l *listing) finish(t *testing.T, cases int) {
	for i, k := range knownDifferences {
		suite.List(k.name, k.reason)
		suite.Count("cases with a listed difference", l.count[i])
		if cases >= 200000 && l.count[i] == 0 {
			t.Errorf("no longer differs, but is listed: %s", k.name)
		}
	}
}

func (l *listing) counts() string {
	var texts []string
	for i, k := range knownDifferences {
		texts = append(texts, fmt.Sprintf("%s %d", k.name, l.count[i]))
	}
	return "listed: " + strings.Join(texts, ", ")
}
