package readahead

import "math"

// When the rows that an index names lie all over their table, a long window asks
// for so many of its leaves that the gaps between them are read too. Then the
// whole table is asked for, once and in the order of the file, and nothing needs
// to be looked up any more.

const (
	// sweepShare is the part of a table's leaves that the window has to be for
	// all of them to be asked for: four of five gaps between so many are no longer
	// than gapMax.
	sweepShare = 6
	// sweepKeyShare is the part of a table's leaves that the rows of one key must
	// have turned out to have.
	sweepKeyShare = 4
	sweepBytesMax = 384 << 20
	sweepNodesMax = childrenMax * 3 / 4 // children that must be known together
	sweepTries    = 64                  // for the nodes to arrive
)

// scattered reports whether most pages of a sorted batch, if that is large enough
// to tell, are nowhere near the others.
func scattered(batch []uint32) bool {
	alone := 0
	for i := 1; i < len(batch); i++ {
		if batch[i] != batch[i-1]+1 {
			alone++
		}
	}
	return alone > 32 && 2*alone > len(batch)
}

// sweeps reports whether s has come, or comes now, to the point where it asks for
// the whole table. It looks at all nodes of the table, so it is not for each read.
func (w *watch) sweeps(s *scan, window int) bool {
	if !s.sweeping && s.scattered {
		leaves := w.leavesBelow(s.table, s.depth)
		s.sweeping = window*sweepShare >= leaves && leaves <= min(sweepNodesMax, sweepBytesMax/w.format.pageBytes)
		if s.key != nil && s.pages.consumed*sweepKeyShare < leaves {
			s.sweeping = false // most keys have few of a table's rows, and the window has to do with the key
		}
		s.swept = 0
	}
	return s.sweeping
}

// leavesBelow is how many leaves a table has, as far as can be told from the nodes
// that are known.
func (w *watch) leavesBelow(root *node, depth int) int {
	if depth == 1 {
		return len(root.children)
	}
	if depth > 2 {
		return math.MaxInt
	}
	known, leaves := 0, 0
	for _, page := range root.children {
		if n := w.nodes.byPage[page]; n != nil {
			known, leaves = known+1, leaves+len(n.children)
		}
	}
	if known == 0 {
		return math.MaxInt
	}
	return leaves / known * len(root.children)
}

// sweep asks for all leaves of the table, as soon as all of their parents have
// arrived.
func (w *watch) sweep(s *scan) {
	if s.depth == 1 {
		w.wantAll(s, s.table)
	} else if s.swept++; s.swept < sweepTries && !w.arrivedBelow(s, s.table) {
		s.pause = pauseReads
		return
	} else {
		for _, page := range s.table.children {
			if n, _ := w.below(page, true); n != nil {
				w.wantAll(s, n)
			}
		}
	}
	s.kind, s.items, s.pages = everything, nil, queue{consumed: s.pages.consumed}
}

// arrivedBelow asks for the nodes below root and reports whether all are there.
func (w *watch) arrivedBelow(s *scan, root *node) bool {
	arrived := true
	for _, page := range root.children {
		if w.nodes.byPage[page] != nil || arrived && w.image(page) {
			continue
		}
		if arrived = false; s.swept > 1 {
			break // the others were asked for
		}
		w.want(s, page)
	}
	return arrived
}

func (w *watch) wantAll(s *scan, n *node) {
	for _, page := range n.children {
		w.want(s, page)
	}
}
