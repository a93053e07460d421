package readahead

import "slices"

const (
	// windowBytesMax bounds how far a scan is read ahead of, and so how much
	// is read in vain if it ends.
	windowBytesMax = 256 << 20
	// horizonShare is how many times as far as its window a scan knows which
	// pages it will come to.
	horizonShare = 64
	// quietMax is the number of reads without one that a scan expected after
	// which it is over.
	quietMax = 1 << 13
	// strayReads is the same after which a page that it has asked for, but that is
	// not its next, is taken for one that somebody else reads. If that counted, a
	// scan that was left would ask for more, and so would meet more such reads.
	strayReads = 32
	// pauseReads is for how many reads a scan does not look again for a page
	// that it needs and that has not arrived.
	pauseReads = 8
)

// A step is a place in a B-tree: the i-th child of node.
type step struct {
	node *node
	i    int
}

// A scan reads the leaves of a B-tree one after the other. Ahead of it goes a
// frontier, which gives the leaves that it will come to.
type scan struct {
	dir      int    // +1 or -1
	edge     bool   // it began at the first leaf, or backwards at the last
	path     []step // the frontier: path[0] is the last leaf given, path[k+1] is where path[k].node is
	surveyed step   // up to here the nodes below path[1] are known
	done     bool   // the frontier has come to the end of the tree
	left     uint32 // leaves that it may still give: corrupt trees may have no end

	leaves   queue
	lastLeaf uint32 // the leaf that the scan is at
	quiet    int    // reads since one was expected
	gap      int    // the most that quiet has been when the next page was read
	warm     int    // batches since one was not in the page cache
	pause    int    // cached reads before it looks again for what had not arrived

	seen         pageSet // read, or asked for
	ahead        pageSet // asked for and not read
	issued, used int     // pages

	followed
}

// newScan is a scan that began at the child of n with the number first and has come
// to the i-th.
func (w *watch) newScan(n *node, i, first, dir int) *scan {
	s := &scan{dir: dir, gap: 1, left: w.format.pages, lastLeaf: n.children[i]}
	s.path = append(s.path, step{n, i})
	s.edge = first == n.end(-dir)
	for len(s.path) < depthMax {
		parent, j := w.nodes.parent(s.path[len(s.path)-1].node.page)
		if parent == nil {
			break
		}
		s.path = append(s.path, step{parent, j})
		s.edge = s.edge && j == parent.end(-dir)
	}
	s.seen.add(n.children[i])
	return s
}

// top is the uppermost node of the scan's tree that is known.
func (s *scan) top() *node { return s.path[len(s.path)-1].node }

// length is how many pages of those that it is about the scan has read; 0 if
// that means nothing.
func (s *scan) length() int {
	switch s.kind {
	case nothing:
		return s.leaves.consumed
	case overflow:
		return 0
	}
	return s.pages.consumed
}

// end is the index of the child that a scan in that direction comes to last.
func (n *node) end(dir int) int {
	if dir < 0 {
		return 0
	}
	return len(n.children) - 1
}

func (n *node) has(i int) bool { return i >= 0 && i < len(n.children) }

// window is how many pages a scan that has used so many is read ahead of.
// One that began at the edge of a tree most often goes on to its end; another
// has an end that is not known.
func (w *watch) window(s *scan, used int) int {
	pages := used / 2
	switch {
	case s.edge && used >= 256:
		pages = 8 * used
	case s.edge && used >= 16:
		pages = 4 * used
	case s.edge:
		pages = used
	}
	h, least := w.habitOf(s), 2
	if h.halvings == halvingsMax {
		least = 1 // most scans end within a few pages: one of these is in vain, not two
	}
	return w.bounded(max(pages>>h.halvings, least))
}

// bounded is a window of no more than windowBytesMax.
func (w *watch) bounded(pages int) int { return min(pages, windowBytesMax/w.format.pageBytes) }

// habitOf is that of scans like s.
func (w *watch) habitOf(s *scan) *habit {
	switch {
	case s.edge:
		return &w.edge
	case s.kind >= rows:
		return &w.rows
	}
	return &w.middle
}

// A progress says how the frontier fares.
type progress uint8

const (
	going   progress = iota
	waiting          // for an interior page to arrive
	ended            // there is nothing more, or nothing that makes sense
)

// next gives the next leaf of a scan.
func (w *watch) next(s *scan) (uint32, progress) {
	at := &s.path[0]
	if !at.node.has(at.i + s.dir) {
		if p := w.climb(s, 0); p != going {
			return 0, p
		}
	}
	if s.left == 0 {
		return 0, ended
	}
	s.left--
	at.i += s.dir
	return at.node.children[at.i], going
}

// climb moves path[k] to the next node of its level, before its first child.
// If it has to wait it can be called again.
func (w *watch) climb(s *scan, k int) progress {
	if k+1 == len(s.path) {
		return ended
	}
	above := &s.path[k+1]
	if !above.node.has(above.i + s.dir) {
		if p := w.climb(s, k+1); p != going {
			return p
		}
	}
	n, p := w.load(s, above.node, above.i+s.dir)
	if p != going {
		return p
	}
	above.i += s.dir
	s.path[k] = step{n, n.end(-s.dir) - s.dir}
	return going
}

// load makes the i-th child of parent, an interior page, known. If it is not
// there yet it is asked for, and its neighbours with it that will soon be
// needed too.
func (w *watch) load(s *scan, parent *node, i int) (*node, progress) {
	page := parent.children[i]
	if n := w.nodes.byPage[page]; n != nil {
		return n, going
	}
	if !w.image(page) {
		for range 1 + w.horizon(s) {
			if parent.has(i) {
				w.want(s, parent.children[i])
			}
			i += s.dir
		}
		s.pause = pauseReads
		return nil, waiting
	}
	n := w.format.parseNode(w.buf, page)
	if n == nil || n.table != parent.table {
		return nil, ended
	}
	return w.nodes.add(n), going
}

// horizon is how many nodes beside the frontier's a scan should know: what is
// known to be read soon can be read along with what is asked for now.
func (w *watch) horizon(s *scan) int {
	return 2 + horizonShare*w.window(s, s.leaves.consumed)/max(64, len(s.path[0].node.children))
}

// survey makes the next nodes known, as far as they have arrived.
func (w *watch) survey(s *scan) {
	if len(s.path) < 2 {
		return
	}
	above := s.path[1]
	if s.surveyed.node != above.node {
		s.surveyed = above
	}
	end := above.i + s.dir*w.horizon(s)
	for known := &s.surveyed; known.node.has(known.i+s.dir) && (end-known.i)*s.dir > 0; known.i += s.dir {
		if _, p := w.load(s, known.node, known.i+s.dir); p != going {
			return
		}
	}
}

// want asks for a page, if it was not asked for before.
func (w *watch) want(s *scan, page uint32) bool {
	if s.seen.has(page) || !w.format.valid(page) || !s.seen.add(page) {
		return false
	}
	w.batch = append(w.batch, page)
	return true
}

// expects takes note that a page is read, and reports whether s was ahead of it.
func (w *watch) expects(s *scan, page uint32) bool {
	asked := s.ahead.remove(page)
	if asked {
		s.used++
		w.counts.Used.Add(int64(w.format.pageBytes))
	}
	switch { // most often a page is the first of its queue
	case s.leaves.takeFirst(page):
		s.lastLeaf = page
		s.goesOn()
	case s.pages.takeFirst(page):
		s.goesOn()
	case !asked, s.quiet > max(strayReads, 2*s.gap):
		return false
	case s.pages.takeAny(page):
	case s.leaves.takeAny(page):
		s.lastLeaf = page
	default: // it was read together with its neighbours
		s.pages.consumed++
	}
	s.quiet = 0
	return true
}

// goesOn takes note of how long the scan was quiet before it read its next page. That
// is not believed at once: another scan may have begun where this one was left.
func (s *scan) goesOn() { s.gap = max(s.gap, min(s.quiet, 4*s.gap)) }

// advance asks for as much as the scan deserves.
func (w *watch) advance(s *scan, missed bool) {
	if w.source.Busy() {
		return
	}
	if s.pause > 0 && !missed {
		s.pause--
		return
	}
	s.pause = 0
	used := s.leaves.consumed
	if s.kind == overflow {
		used += s.pages.consumed // the same table
	}
	window := w.window(s, used)
	if s.kind == nothing {
		window = w.bounded(w.habitOf(s).window(window, used))
	}
	inside := s.kind == rows && s.leaves.consumed < 2 && len(s.items) > 0
	if room := window - s.leaves.lead(); room >= min(window/2, max(window/8, 256)) && !s.done && !inside {
		w.refresh()
		w.survey(s)
		for s.leaves.lead() < window {
			page, p := w.next(s)
			if s.done = p == ended; p != going {
				break
			}
			s.leaves.push(page)
			w.want(s, page)
		}
	}
	if s.kind != nothing && s.kind != everything {
		w.follow(s)
	}
	w.flush(s)
}

// over reports whether nothing more is to be expected of a scan.
func (s *scan) over() bool {
	return s.quiet > quietMax || s.warm > warmMax || s.done && s.leaves.lead() == 0 && s.pages.lead() == 0 && len(s.items) == 0 && len(s.chains) == 0
}

// end settles what a scan has read in vain, and what that means for the next.
func (w *watch) end(s *scan) {
	wasted := s.issued - s.used
	w.counts.Wasted.Add(int64(wasted) * int64(w.format.pageBytes))
	length := s.length()
	if s.done && len(s.path) == 1 && s.key == nil {
		w.cutOff, w.cutOffAt = s, w.reads
		length = 0 // it may go on in the next node
	}
	w.habitOf(s).learn(length, s.issued, wasted)
	w.scans = slices.DeleteFunc(w.scans, func(other *scan) bool { return other == s })
}
