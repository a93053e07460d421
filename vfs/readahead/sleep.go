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

	// What SQLite reads to see whether the file has changed since the last
	// transaction: https://sqlite.org/fileformat2.html#file_change_counter
	changeCounterAt    = 24
	changeCounterBytes = 16
)

type sleep struct {
	asleep bool
	misses int // awake: leaves that were waited for in this transaction
	calm   int // awake: transactions in a row with few of them
	leaves []missedLeaf
}

// A missedLeaf was waited for in this transaction, while the watch was asleep.
type missedLeaf struct {
	page  uint32
	index bool // it is a leaf of an index
}

// missedAsleep takes note of a leaf, or an overflow page, and wakes the watch if
// it is time to.
func (w *watch) missedAsleep(leaf missedLeaf) {
	s := &w.sleep
	s.leaves = append(s.leaves, leaf)
	if len(s.leaves) < wakeMisses {
		return
	}
	s.asleep, s.misses, s.calm = false, wakeMisses, 0
	for _, leaf := range s.leaves {
		w.leafRead(leaf.page, true, false, true)
		if leaf.index {
			w.sawIndexLeaf(leaf.page)
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
