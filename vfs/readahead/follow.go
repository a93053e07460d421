package readahead

// A scan's leaves may name further pages that the scan reads in their order:
// an index's leaf the rows of a table, and a table's leaf the overflow pages
// of its rows. Whether it reads them is learnt from reads that had to wait.

type followKind uint8

const (
	nothing    followKind = iota
	overflow              // the chains of a table's leaves
	rows                  // the leaves of a table, by the rowids in an index's leaves
	everything            // the same, and all of them have been asked for
)

const (
	// learnTries bounds how often a scan's reads are compared with its leaf.
	learnTries = 64
	// rowsMin is how many rows of an index are asked for at first.
	rowsMin = 8
	// itemsMax is the number of items at which no further leaf is looked into.
	itemsMax = 1 << 12
	// followMax is how many pages that leaves name are considered in one read: of
	// a corrupt file, all may have been asked for, and each leaf may name millions.
	followMax = 1 << 14
)

// followed is what a scan follows beside the leaves themselves.
type followed struct {
	kind  followKind
	pages queue
	items []item // in the order of the scan, not asked for yet
	// looked is the number of the leaf, in the scan's queue, that is looked
	// into next.
	looked int

	// Overflow: the pages of a chain are neighbours, or each names the next only
	// when it has arrived. These are the next pages that were read and were, or
	// were not, neighbours, of the last ones.
	straight, bent int
	chains         []chain // that are asked for page by page, in the order of the scan
	walked         int     // before this one all are asked for to their ends
	chained        int     // pages of all of them

	key   *record // rows: of all rows, nil if it is not known to be of one key
	table *node   // rows: the root of the table
	depth int     // rows: of its leaves below the root

	scattered bool // the pages of the last batch were
	sweeping  bool // the whole table is to be asked for
	swept     int  // how often that was tried

	tries, matches int
}

// An item is a part of a leaf that names other pages.
type item struct {
	leaf  int    // the leaf's number in the queue
	rowid int64  // rows
	first uint32 // overflow: the first page of a chain,
	pages int    // and its length
}

// A chain of overflow pages has been asked for up to page.
type chain struct {
	leaf int32 // as in item
	page uint32
	left int32 // pages after it
	all  int32 // pages
}

// learn compares a page that was read with what the leaves of the scans name.
func (w *watch) learn(page uint32) {
	parent, _ := w.nodes.parent(page)
	for _, s := range w.scans {
		table := s.path[0].node.table
		if s.kind != nothing || s.tries >= learnTries || table == (parent != nil) || parent != nil && !parent.table {
			continue
		}
		s.tries++
		if !w.image(s.lastLeaf) {
			continue
		}
		if table {
			w.learnOverflow(s, page)
		} else {
			w.learnRows(s, page, parent)
		}
	}
}

// learnOverflow: buf is the leaf that s is at.
func (w *watch) learnOverflow(s *scan, page uint32) {
	w.look(s, overflow, w.buf, s.lastLeaf, s.leaves.taken-1)
	for i, it := range s.items {
		if it.first <= page && page < it.first+uint32(it.pages) {
			s.kind, s.looked, s.items = overflow, s.leaves.taken, s.items[i:]
			if w.image(page) {
				s.sawLink(page, w.buf)
			}
			return
		}
	}
	s.items = s.items[:0]
}

// learnRows: buf is the leaf that s is at. One row that is where the page is
// may be chance.
func (w *watch) learnRows(s *scan, page uint32, parent *node) {
	s.table, s.depth = w.root(parent)
	w.look(s, rows, w.buf, s.lastLeaf, s.leaves.taken-1)
	for i, it := range s.items {
		if leaf, p := w.locate(s, it.rowid, false); p == going && leaf == page {
			if s.matches++; s.matches == 2 {
				s.kind, s.looked, s.items = rows, s.leaves.taken, s.items[i+1:]
				return
			}
			break
		}
	}
	s.items = s.items[:0]
}

// root is the uppermost node above n that is known, and how far below it the
// leaves below n are.
func (w *watch) root(n *node) (root *node, depth int) {
	for depth = 1; depth < depthMax; depth++ {
		above, _ := w.nodes.parent(n.page)
		if above == nil {
			break
		}
		n = above
	}
	return n, depth
}

// look adds what a leaf names to the items.
func (w *watch) look(s *scan, kind followKind, p []byte, page uint32, leaf int) {
	from := len(s.items)
	if kind == overflow {
		w.format.eachOverflow(p, page, func(first uint32, length int) {
			s.items = append(s.items, item{leaf: leaf, first: first, pages: length})
		})
	} else {
		w.format.eachRowid(p, page, func(rowid int64, key record) {
			if s.key != nil && !key.equal(*s.key) {
				s.done = true // and no leaf after this one has it
				return
			}
			s.items = append(s.items, item{leaf: leaf, rowid: rowid})
		})
	}
	if s.dir < 0 {
		for i, j := from, len(s.items)-1; i < j; i, j = i+1, j-1 {
			s.items[i], s.items[j] = s.items[j], s.items[i]
		}
	}
}

// arrived is called with the image of the leaf that s has come to.
func (w *watch) arrived(s *scan, p []byte) {
	at := s.leaves.taken - 1
	drop := 0
	for drop < len(s.items) && s.items[drop].leaf < at {
		drop++
	}
	s.items = s.items[drop:]
	s.pages.pass(at)
	s.passChains(at)
	if s.looked <= at {
		w.look(s, s.kind, p, s.lastLeaf, at)
		s.looked = at + 1
	}
}

// follow asks for the pages that the leaves ahead name.
func (w *watch) follow(s *scan) {
	window := w.window(s, s.pages.consumed)
	if s.kind == overflow {
		window = max(window, 8)
	} else {
		ahead := rowsMin
		if s.key != nil { // and nothing after it
			ahead = max(ahead, 2*s.pages.consumed)
		}
		window = max(window, ahead>>w.habitOf(s).halvings)
		window = w.bounded(w.habitOf(s).window(window, s.pages.consumed))
	}
	w.walk(s)
	if !s.sweeping && s.pages.lead()+s.chained > window/2 {
		return
	}
	if s.kind == rows && w.sweeps(s, window) {
		w.sweep(s)
		return
	}
	for budget := followMax; s.pages.lead()+s.chained < window && budget > 0; budget-- {
		if len(s.items) == 0 && !w.lookAhead(s) {
			return
		}
		if s.kind == rows {
			page, p := w.locate(s, s.items[0].rowid, true)
			if p == waiting {
				s.pause = pauseReads
				w.wantTable(s, window)
				return
			}
			if p == going && w.want(s, page) {
				s.pages.pushNamed(page, s.items[0].leaf)
			}
		} else if s.bent > s.straight {
			w.beginChain(s, &s.items[0], window)
		} else {
			budget -= w.wantChain(s, &s.items[0], window, budget)
		}
		if s.items[0].pages <= 0 {
			s.items = s.items[1:]
		}
	}
}

// lookAhead looks into the leaves that have arrived.
func (w *watch) lookAhead(s *scan) bool {
	s.looked = max(s.looked, s.leaves.taken) // the scan may have jumped over some
	for len(s.items) < itemsMax && s.looked < s.leaves.end() {
		page := s.leaves.pages[s.looked-s.leaves.taken]
		if !w.image(page) {
			w.want(s, page)
			s.pause = pauseReads
			break
		}
		w.look(s, s.kind, w.buf, page, s.looked)
		s.looked++
	}
	return len(s.items) > 0
}

// wantChain asks for a chain's pages as if they were neighbours in the file,
// which they are unless the file had holes when they were written. It considers at
// most so many as budget says, and returns how many it has.
func (w *watch) wantChain(s *scan, it *item, window, budget int) (considered int) {
	for ; it.pages > 0 && s.pages.lead() < window && considered < budget; it.pages-- {
		if w.want(s, it.first) {
			s.pages.pushNamed(it.first, it.leaf)
		}
		it.first++
		considered++
	}
	return considered
}

// locate finds the leaf of a table that has rowid.
func (w *watch) locate(s *scan, rowid int64, load bool) (uint32, progress) {
	n := s.table
	for depth := 1; ; depth++ {
		page := n.children[n.childFor(rowid)]
		if depth == s.depth {
			return page, going
		}
		below, p := w.below(page, load)
		if p != going {
			return 0, p
		}
		n = below
	}
}

// below is a table's interior page, if it is known, or load and in the page cache.
func (w *watch) below(page uint32, load bool) (*node, progress) {
	n := w.nodes.byPage[page]
	if n == nil {
		if !load || !w.image(page) {
			return nil, waiting
		}
		if n = w.format.parseNode(w.buf, page); n != nil && n.table {
			w.nodes.add(n)
		}
	}
	if n == nil || !n.table {
		return nil, ended
	}
	return n, going
}

// wantTable asks for the interior pages of the table that the next items need.
func (w *watch) wantTable(s *scan, items int) {
	for _, it := range s.items[:min(items, len(s.items))] {
		n := s.table
		for depth := 1; depth < s.depth && n != nil && n.table; depth++ {
			page := n.children[n.childFor(it.rowid)]
			if n = w.nodes.byPage[page]; n == nil {
				w.want(s, page)
			}
		}
	}
}
