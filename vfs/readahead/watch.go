package readahead

import (
	"slices"

	"github.com/turso-coop/turso-coop/ioengine"
)

// A watch is what a detector needs as long as pages have to be waited for.
type watch struct {
	*Detector
	format format
	nodes  nodes
	scans  []*scan
	at     step // the last leaf whose place is known
	index  entries
	reads  int
	idle   int // reads since one had to wait
	sleep  sleep

	// The last scan that came to the end of a node of which no parent is known,
	// and when. If it goes on with the next node it need not begin small again.
	cutOff   *scan
	cutOffAt int

	buf    []byte // a page's image
	batch  []uint32
	ranges []ioengine.Range

	issuedPages, holes int
}

// newWatch begins to watch a file, unless its pages are not of that size.
func (d *Detector) newWatch(pageBytes int) *watch {
	if !d.hasFormat || d.format.pageBytes != pageBytes {
		return nil
	}
	w := &watch{Detector: d, format: d.format, buf: make([]byte, pageBytes), sleep: sleep{asleep: true}}
	w.refresh()
	for _, r := range []*recently{&d.upper, &d.recent} {
		for _, page := range r.pages {
			if page != 0 && w.image(page) {
				w.learnNode(w.buf, page)
			}
		}
	}
	return w
}

// refresh looks how long the file is: another process may have changed that.
func (w *watch) refresh() {
	size, err := w.source.Size()
	if err != nil {
		size = 0
	}
	w.format.pages = uint32(min(size/int64(w.format.pageBytes), 1<<32-2))
}

// image reads a page into buf, if that need not wait.
func (w *watch) image(page uint32) bool {
	return w.source.ReadCached(w.buf, int64(page-1)*int64(w.format.pageBytes))
}

// learnNode makes an interior page known, and reports whether it is one.
func (w *watch) learnNode(p []byte, page uint32) bool {
	if !isInterior(p, page) {
		return false
	}
	n := w.nodes.byPage[page]
	if n != nil && n.is(&w.format, p) {
		return true
	}
	n = w.format.parseNode(p, page)
	if n != nil {
		w.nodes.add(n)
	}
	return n != nil
}

func (w *watch) saw(p []byte, off int64, missed bool) {
	w.idle++
	w.reads++
	if missed {
		w.idle = 0
	}
	size := int64(w.format.pageBytes)
	if off%size != 0 || len(p) > int(size) {
		return
	}
	page, whole := uint32(off/size)+1, len(p) == int(size)
	expected := w.expected(page, p, whole)
	interior := whole && w.learnNode(p, page)
	switch {
	case interior:
	case !w.sleep.asleep:
		w.sawLeaf(page, p, missed, expected, whole)
	default:
		w.sawAsleep(leaf{page, whole && p[0] == indexLeaf, missed})
	}
	// A read that no scan has to do with changes nothing for any, but what was
	// asked for may have arrived.
	if missed || expected || w.reads%advanceEvery == 0 {
		w.advanceAll(missed)
	}
}

func (w *watch) advanceAll(missed bool) {
	for i := len(w.scans) - 1; i >= 0; i-- {
		if w.advance(w.scans[i], missed); w.scans[i].over() {
			w.end(w.scans[i])
		}
	}
}

// expected tells the scans that a page is read.
func (w *watch) expected(page uint32, p []byte, whole bool) (expected bool) {
	for _, s := range w.scans {
		s.quiet++
		taken := s.leaves.taken
		if !w.expects(s, page) {
			continue
		}
		expected = true
		switch {
		case s.kind == nothing || s.kind == everything:
		case s.leaves.taken == taken:
			if s.kind == overflow && len(p) >= 4 {
				s.sawLink(page, p)
			}
		case whole:
			w.arrived(s, p)
		}
	}
	return expected
}

// sawLeaf is called with a leaf, or an overflow page, while the watch is awake.
func (w *watch) sawLeaf(page uint32, p []byte, missed, expected, whole bool) {
	if missed {
		w.sleep.misses++
	}
	w.leafRead(page, missed, expected, whole)
	if whole && p[0] == indexLeaf {
		w.sawIndexLeaf(page)
	}
}

// leafRead notices a scan when neighbours are read one after the other that
// had to be waited for: two if that was soon, otherwise three.
func (w *watch) leafRead(page uint32, missed, expected, whole bool) {
	n, i := w.place(page, missed)
	if n == nil || !whole {
		if missed && !expected {
			w.learn(page)
		}
		return
	}
	w.at = step{n, i}
	gap := w.reads - n.lastAt
	soon := gap <= soonReads
	begins := n.read(i) && missed && n.lastMissed && (soon || i-n.first != n.dir)
	n.lastMissed, n.lastAt = missed, w.reads
	switch {
	case !missed || expected:
	case begins:
		w.begin(n, i, n.dir, gap)
	default:
		w.learn(page)
		w.sawRow(n, i)
	}
}

// place finds the node that has page as its i-th child. In a long row of reads
// that did not wait it knows the neighbours of the last leaf only: those are the
// ones that a scan reads, and looking for every other is what costs.
func (w *watch) place(page uint32, missed bool) (n *node, i int) {
	for _, i := range [...]int{w.at.i + 1, w.at.i - 1} {
		if n := w.at.node; n != nil && n.has(i) && n.children[i] == page {
			return n, i
		}
	}
	if !missed && w.idle > calmReads {
		return nil, 0
	}
	return w.nodes.parent(page)
}

// read takes note that the i-th child is read, and reports whether it is the
// neighbour of the one before.
func (n *node) read(i int) bool {
	dir := i - n.last
	next := n.last >= 0 && (dir == 1 || dir == -1)
	switch {
	case !next:
		n.first, n.dir = i, 0
	case dir != n.dir:
		n.first, n.dir = n.last, dir
	}
	n.last = i
	return next
}

// begin begins a scan at n's i-th child, so many reads after it was at the one
// before, or sets one right that has overtaken its frontier.
func (w *watch) begin(n *node, i, dir, gap int) {
	for _, s := range w.scans {
		if s.dir == dir && w.reaches(s, n, i) {
			s.path[0].i, s.lastLeaf, s.quiet = i, n.children[i], 0
			s.leaves.taken, s.leaves.pages = s.leaves.end(), nil
			return
		}
	}
	s := w.newScan(n, i, n.first, dir)
	s.leaves.consumed, s.gap = 2, max(gap, 1) // 0 if both woke the watch
	s.seen.add(n.children[i-dir])
	if c := w.cutOff; c != nil && c.dir == dir && c.path[0].node.table == n.table && n.first == n.end(-dir) && w.reads-w.cutOffAt <= soonReads {
		s.edge, s.leaves.consumed = c.edge, c.leaves.consumed
	}
	w.cutOff = nil
	w.addScan(s)
}

// addScan adds a scan. One like it in the same tree that seems to have been left, as
// it has been quiet for twice as long as it was while in use, is over, and if there
// are too many the one that has been quiet for longest. Several cursors may go
// through the same tree in turn: none of their scans is over.
func (w *watch) addScan(s *scan) {
	for i := len(w.scans) - 1; i >= 0; i-- {
		if o := w.scans[i]; !s.edge && o.quiet >= 2*o.gap && w.habitOf(o) == w.habitOf(s) && o.top() == s.top() {
			w.end(o)
		}
	}
	if len(w.scans) == scansMax {
		w.end(slices.MaxFunc(w.scans, func(a, b *scan) int { return a.quiet - b.quiet }))
	}
	w.scans = append(w.scans, s)
}

// reaches reports whether n's i-th child is a little way behind the frontier of s,
// in the same node or in the next one, for which it waits: then it goes there.
func (w *watch) reaches(s *scan, n *node, i int) bool {
	if s.path[0].node == n {
		way := (i - s.path[0].i) * s.dir
		return way >= 0 && way <= soonReads
	}
	parent, j := w.nodes.parent(n.page)
	if parent == nil || len(s.path) < 2 || s.path[1].node != parent || s.path[1].i+s.dir != j {
		return false
	}
	if at := s.path[0]; at.node.has(at.i+s.dir) || (i-n.end(-s.dir))*s.dir > soonReads {
		return false
	}
	s.path[0].node, s.path[1].i = n, j
	return true
}
