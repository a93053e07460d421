// Package readahead notices that SQLite scans a B-tree, and has the pages that
// the scan will come to brought to the page cache before it asks for them.
//
// # What is known
//
// A [Detector] sees the pages that one connection reads of a database file, and
// whether each had to wait for the disk. Interior pages name their children in
// order (https://sqlite.org/fileformat2.html#b_tree_pages), so they say what a
// scan reads next. As long as nothing has to wait, a detector does no more than
// keep the numbers of the last interior pages. The first read that waits makes
// it watch: those pages are taken from the page cache again and become nodes,
// and so does every interior page from then on. When a thousand reads in a row
// did not wait and no scan goes on, all of that is forgotten.
//
// # A scan
//
// Two leaves that are neighbours, read one after the other, and both had to
// wait: that is a scan, forward or backward. Ahead of it goes its frontier, a
// path in the tree that gives leaf after leaf and loads the interior pages that
// it needs. The distance to the scan, the window, begins with two pages and
// grows with what the scan has used: a scan that began at the edge of the tree
// most often goes to its end, so its window soon becomes many times as long as
// what it has read, while one from the middle is read ahead of by half of that.
// If scans turn out to end early, the windows of the next ones are halved. The
// longer the window, the nearer in the file are the pages of a batch to each
// other: they are sorted, and neighbours become one range together with the few
// pages between them.
//
// Up to eight scans of a file are told apart. The leaves of a scan may name
// other pages, see follow.go: the overflow pages of long rows, or the rows of a
// table by their rowids in an index. Whether a scan reads those is learnt.
//
// # What can go wrong
//
// Nothing but I/O in vain. Pages only reach the page cache, and SQLite reads
// them from there or from the disk as ever; errors are nobody's business. Page
// numbers come from pages that may be corrupt, or out of date because a newer
// version is in the WAL: each is checked against the size of the file, a tree
// that leads back to itself ends where the file's pages are used up, and every
// table here has a limit.
package readahead

import (
	"slices"
	"sync/atomic"

	"github.com/turso-coop/turso-coop/ioengine"
)

const (
	scansMax = 8
	// idleMax is the number of reads after which a detector that nothing has
	// come of stops watching.
	idleMax = 1 << 10
	// calmReads is the number of reads after which one has had to wait for so
	// long that the others hardly matter.
	calmReads = 256
	// gapMax is the number of pages between two wanted ones up to which one
	// range serves both; the pages between are read for nothing, unless the
	// scan comes to them later. holesShare is one such page for how many others.
	gapMax     = 8
	holesShare = 48
	rangeMax   = 1 << 20 // bytes
	cautionMax = 5
	warmMax    = 64 // batches
	// soonReads is how many reads of other pages may be between two neighbours
	// for them to be no coincidence.
	soonReads = 16
	probes    = 8
)

// A Source is a database file to a detector.
type Source interface {
	// ReadCached fills p from offset offBytes if the page cache holds all of it.
	ReadCached(p []byte, offBytes int64) bool
	// Busy reports whether the last ranges given to ReadAhead are still used.
	Busy() bool
	// ReadAhead brings ranges to the page cache. It is not called while the
	// source is busy, and does not wait.
	ReadAhead(ranges []ioengine.Range)
	// Size is the file's size in bytes.
	Size() (int64, error)
}

// Counts are what detectors have done, in bytes. Several may share them.
type Counts struct {
	Issued atomic.Int64 // asked for ahead of a scan
	Used   atomic.Int64 // of these, read later
	Wasted atomic.Int64 // of these, not read before the scan was over
}

// A Detector sees the pages that one connection reads of a file. One goroutine
// at a time may use it.
type Detector struct {
	source Source
	counts *Counts

	format    format
	hasFormat bool // of a database, and SQLite has read it
	// The interior pages that were read last, and among them the ones right
	// before another: roots, most often.
	recent, upper recently
	lastInterior  uint32

	// How often the last scans ended early: the windows of the next ones are halved
	// so often. It is said of those that begin at an edge of their tree, and of
	// the others, by itself.
	caution struct{ edge, middle int }
	watch   *watch // nil while every page is in the page cache
}

// New returns a detector of scans of source.
func New(source Source, counts *Counts) *Detector {
	return &Detector{source: source, counts: counts}
}

// recently holds the page numbers that were put in last.
type recently struct {
	pages [16]uint32
	next  int
}

func (r *recently) put(page uint32) {
	if !slices.Contains(r.pages[:], page) {
		r.pages[r.next%len(r.pages)] = page
		r.next++
	}
}

// Saw is called with each read that has succeeded: p was read from offset
// offBytes, and missed says that it was not in the page cache.
func (d *Detector) Saw(p []byte, offBytes int64, missed bool) {
	switch {
	case missed || d.watch != nil:
		d.saw(p, offBytes, missed)
	case offBytes == 0 || len(p) >= pageBytesMin && (p[0] == tableInterior || p[0] == indexInterior):
		d.remember(p, offBytes)
	default:
		d.lastInterior = 0
	}
}

// remember keeps the file's format, which SQLite need not read again for as
// long as it has the file open, and the number of a page that may be interior.
func (d *Detector) remember(p []byte, off int64) {
	if off == 0 && len(p) >= databaseHeaderBytes {
		d.format, d.hasFormat = parseFormat(p)
	}
	if len(p) < pageBytesMin {
		return
	}
	page := uint32(off/int64(len(p))) + 1
	if !isInterior(p, page) {
		d.lastInterior = 0
		return
	}
	d.recent.put(page)
	if d.lastInterior != 0 {
		d.upper.put(d.lastInterior)
	}
	d.lastInterior = page
}

func (d *Detector) saw(p []byte, off int64, missed bool) {
	d.remember(p, off)
	if d.watch == nil {
		d.watch = d.newWatch(len(p))
	}
	if w := d.watch; w != nil {
		w.saw(p, off, missed)
		if w.idle > idleMax && len(w.scans) == 0 {
			d.watch = nil
		}
	}
}

// Close ends all scans.
func (d *Detector) Close() {
	if d.watch != nil {
		for len(d.watch.scans) > 0 {
			d.watch.end(d.watch.scans[0])
		}
		d.watch = nil
	}
}

// A watch is what a detector needs as long as pages have to be waited for.
type watch struct {
	*Detector
	format format
	nodes  nodes
	scans  []*scan
	at     step // the last leaf whose place is known
	reads  int
	idle   int // reads since one had to wait

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
	w := &watch{Detector: d, format: d.format, buf: make([]byte, pageBytes)}
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
	if interior := whole && w.learnNode(p, page); !interior {
		w.leafRead(page, missed, expected, whole)
	}
	for _, s := range w.scans {
		w.advance(s, missed)
	}
	for i := len(w.scans) - 1; i >= 0; i-- {
		if w.scans[i].over() {
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
		case s.kind == nothing:
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
	soon := w.reads-n.lastAt <= soonReads
	begins := n.read(i) && missed && n.lastMissed && (soon || i-n.first != n.dir)
	n.lastMissed, n.lastAt = missed, w.reads
	switch {
	case !missed || expected:
	case begins:
		w.begin(n, i, n.dir)
	default:
		w.learn(page)
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

// begin begins a scan at n's i-th child, or sets one right that has overtaken
// its frontier.
func (w *watch) begin(n *node, i, dir int) {
	for _, s := range w.scans {
		if s.dir == dir && w.reaches(s, n) {
			s.path[0].i, s.lastLeaf, s.quiet = i, n.children[i], 0
			s.leaves.taken, s.leaves.pages = s.leaves.end(), nil
			return
		}
	}
	if len(w.scans) == scansMax {
		w.end(slices.MaxFunc(w.scans, func(a, b *scan) int { return a.quiet - b.quiet }))
	}
	s := w.newScan(n, i, dir)
	if c := w.cutOff; c != nil && c.dir == dir && c.path[0].node.table == n.table && n.first == n.end(-dir) && w.reads-w.cutOffAt <= soonReads {
		s.edge, s.leaves.consumed = c.edge, c.leaves.consumed
	}
	w.cutOff = nil
	w.scans = append(w.scans, s)
}

// reaches reports whether the frontier of s is in n, or waits for the next node,
// which n is: then it goes there.
func (w *watch) reaches(s *scan, n *node) bool {
	if s.path[0].node == n {
		return true
	}
	parent, j := w.nodes.parent(n.page)
	if parent == nil || len(s.path) < 2 || s.path[1].node != parent || s.path[1].i+s.dir != j {
		return false
	}
	s.path[0].node, s.path[1].i = n, j
	return true
}

// flush asks for what is in the batch, unless that is in the page cache already.
// If it is again and again, the scan does not need anybody to read ahead.
func (w *watch) flush(s *scan) {
	if len(w.batch) == 0 {
		return
	}
	if len(w.batch) >= probes && w.warm() {
		w.batch = w.batch[:0]
		s.warm++
		return
	}
	s.warm = 0
	slices.Sort(w.batch)
	w.ranges = w.ranges[:0]
	size := int64(w.format.pageBytes)
	var last *ioengine.Range
	for i, page := range w.batch {
		s.ahead.add(page)
		w.issue(s)
		off := int64(page-1) * size
		if last != nil && off+size-last.OffBytes <= rangeMax && w.joins(s, w.batch[i-1], page) {
			last.Bytes = off + size - last.OffBytes
			continue
		}
		w.ranges = append(w.ranges, ioengine.Range{OffBytes: off, Bytes: size})
		last = &w.ranges[len(w.ranges)-1]
	}
	w.batch = w.batch[:0]
	w.source.ReadAhead(w.ranges)
}

// issue counts a page that is asked for.
func (w *watch) issue(s *scan) {
	s.issued++
	w.issuedPages++
	w.counts.Issued.Add(int64(w.format.pageBytes))
}

// warm reports whether the pages of the batch seem to be in the page cache.
func (w *watch) warm() bool {
	for i := range probes {
		page := w.batch[i*len(w.batch)/probes]
		if !w.source.ReadCached(w.buf[:1], int64(page-1)*int64(w.format.pageBytes)) {
			return false
		}
	}
	return true
}

// joins reports whether the pages between a and b may be read with them. What
// the scan has come to is not read again, and what it will come to is no waste;
// of the rest there may be a little.
func (w *watch) joins(s *scan, a, b uint32) bool {
	if b-a > gapMax+1 {
		return false
	}
	foreign := 0
	for page := a + 1; page < b; page++ {
		if !s.seen.has(page) && !w.awaits(page, s) {
			foreign++
		}
	}
	// A long scan may use early what it will have of holes in the end: that
	// makes the fewest ranges.
	if foreign > 0 && (w.holes+foreign)*holesShare > max(w.issuedPages, min(4*w.issuedPages, w.nodes.children)) {
		return false
	}
	for page := a + 1; page < b; page++ {
		if s.seen.has(page) {
			continue
		}
		w.issue(s)
		if w.awaits(page, s) && s.seen.add(page) {
			s.ahead.add(page)
		}
	}
	w.holes += foreign
	return true
}

// awaits reports whether s will come to a page that it has not come to, as far
// as is known.
func (w *watch) awaits(page uint32, s *scan) bool {
	n, _ := w.nodes.parent(page)
	if n == nil {
		// In a table that consists of overflow pages for the most part, this is
		// one of them.
		return s.kind == overflow && s.pages.consumed > s.leaves.consumed
	}
	return n.table == s.path[0].node.table || n.table && s.kind == rows
}
