//go:build unix

package locks

import (
	"slices"
	"testing"

	"github.com/turso-coop/turso-coop/conformance/peer"
)

var (
	normalDelete = mode{"DELETE", "NORMAL", false}
	normalWAL    = mode{"WAL", "NORMAL", false}
)

// TestFaultsAreFound: a process that locks less, elsewhere or for longer than it should is told apart from stock SQLite
// at the step that a session is about.
func TestFaultsAreFound(t *testing.T) {
	peer.NeedStock(t)
	const inserts = "A INSERT INTO t VALUES (2, 'two')"
	s := script{"write", "\nA BEGIN\nA " + query + "\n" + inserts + "\nA COMMIT"}
	reference := newPlayer(pair{stock, stock})
	for _, fault := range []struct{ name, params string }{
		{"no locks", "&nolock=1"},
		{"a lock file instead of locks", "&vfs=unix-dotfile"},
		{"locks that are kept", "&_locking=EXCLUSIVE"},
	} {
		t.Run(fault.name, func(t *testing.T) {
			faulty := newPlayer(pair{side{"faulty", peer.Stock, fault.params}, stock})
			for _, m := range []mode{normalDelete, normalWAL} {
				lines := s.lines(m)
				i := slices.Index(lines, inserts)
				want, got := reference.play(t, lines, false), faulty.play(t, lines, false)
				if !slices.Contains(differing(want, got), i) {
					t.Errorf("%v: not found; both have seen\n%s", m, got[i])
				}
			}
		})
	}
}

// TestLeftOutStepsAreFound: a session in which one step is left out looks different at the other steps.
func TestLeftOutStepsAreFound(t *testing.T) {
	peer.NeedStock(t)
	reference := newPlayer(pair{stock, stock})
	for _, left := range []struct {
		script, step string // the first step of this text
		mode         mode
	}{
		{"read", "A BEGIN", normalDelete},
		{"read", "A BEGIN", normalWAL},
		{"write", "A ROLLBACK TO s", normalDelete},
		{"spill", "A PRAGMA cache_size=5", normalDelete},
		{"begin", "A BEGIN EXCLUSIVE", normalDelete},
		{"begin", "A BEGIN IMMEDIATE", normalWAL},
		{"upgrade", "B ROLLBACK", normalWAL},
		{"checkpoint", "B BEGIN", normalWAL},
		{"checkpoint", "B PRAGMA wal_checkpoint(TRUNCATE)", normalWAL},
		{"change the journal mode", "A PRAGMA journal_mode=PERSIST", normalDelete},
		{"change the locking mode", "A PRAGMA locking_mode=EXCLUSIVE", normalWAL},
		{"kill a writer that has spilled", "A BEGIN", normalDelete},
		{"kill a reader", "B BEGIN", normalWAL},
		{"vacuum", "A DELETE FROM t WHERE a>3", normalDelete},
	} {
		s := scripts[slices.IndexFunc(scripts, func(s script) bool { return s.name == left.script })]
		lines := s.lines(left.mode)
		i := slices.Index(lines, left.step)
		want := slices.Delete(reference.play(t, lines, false), i, i+1)
		got := reference.play(t, slices.Delete(lines, i, i+1), false)
		if len(differing(want, got)) == 0 {
			t.Errorf("%s, %v: nobody sees that %s is left out", left.script, left.mode, left.step)
		}
	}
}
