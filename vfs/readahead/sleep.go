package readahead

// Looking a row up here and there costs a page or two of leaves in each transaction,
// and no scan comes of it. A watch sleeps as long as nothing else goes on: it keeps
// the interior pages that it sees, and looks at nothing else.

const (
	// wakeMisses is the number of leaves waited for in one transaction that wakes
	// a watch.
	wakeMisses = 3
	// sleepAfter is the number of transactions in a row with fewer, while there
	// is no scan, after which it sleeps.
	sleepAfter = 16
	// leavesMax is the number of leaves that a sleeping watch remembers.
	leavesMax = 1 << 10

	// What SQLite reads to see whether the file has changed since the last
	// transaction: https://sqlite.org/fileformat2.html#file_change_counter
	changeCounterAt    = 24
	changeCounterBytes = 16
)

type sleep struct {
	asleep bool
	misses int // leaves that were waited for in this transaction
	calm   int // awake: transactions in a row with few of them
	leaves []leaf
}

// A leaf, or an overflow page, was read in this transaction, while the watch was
// asleep.
type leaf struct {
	page   uint32
	index  bool // it is a leaf of an index
	missed bool
}

// sawAsleep takes note of a leaf and wakes the watch if it is time to. Those that
// did not have to be waited for say where a scan began.
func (w *watch) sawAsleep(l leaf) {
	s := &w.sleep
	if len(s.leaves) == leavesMax {
		s.leaves = s.leaves[:0]
	}
	s.leaves = append(s.leaves, l)
	if l.missed {
		s.misses++
	}
	if s.misses < wakeMisses {
		return
	}
	s.asleep, s.calm = false, 0
	for _, l := range s.leaves {
		w.leafRead(l.page, l.missed, false, true)
		if l.index {
			w.sawIndexLeaf(l.page)
		}
	}
}

// transaction is called when one begins.
func (w *watch) transaction() {
	s := &w.sleep
	if s.calm++; s.misses >= wakeMisses || len(w.scans) > 0 {
		s.calm = 0
	}
	s.misses, s.leaves = 0, s.leaves[:0]
	s.asleep = s.asleep || s.calm > sleepAfter
}
