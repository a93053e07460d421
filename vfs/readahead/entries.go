package readahead

import (
	"math"
	"slices"
)

// A range of an index may lie within one leaf, so that there are no neighbours to
// notice, and yet name hundreds of rows. It is noticed by the rows: two that had
// to be waited for, and whose entries in the leaf are near each other.

const (
	// nearEntries is how far apart two entries may be: the rows between them
	// were in the page cache.
	nearEntries = 8
	// rowTries is how many rows are compared with a leaf's entries.
	rowTries = 4
)

// entries is the leaf of an index that was read last, and what is read after it.
type entries struct {
	leaf   uint32 // 0 if it is of no interest
	misses int    // leaves of tables since
	last   rowids // of the last of them
	lastAt int    // the number of that read
	all    []entry
}

// An entry of an index.
type entry struct {
	rowid int64
	key   record // it aliases the watch's buffer
}

// rowids are those from first to last.
type rowids struct{ first, last int64 }

func (r rowids) has(rowid int64) bool { return r.first <= rowid && rowid <= r.last }

// rowidsBelow are the rowids that n's i-th child can have.
func (w *watch) rowidsBelow(n *node, i int) rowids {
	r := rowids{math.MinInt64, math.MaxInt64}
	for range depthMax {
		if i > 0 && r.first == math.MinInt64 {
			r.first = n.keys[i-1] + 1
		}
		if i < len(n.keys) && r.last == math.MaxInt64 {
			r.last = n.keys[i]
		}
		page := n.page
		if n, i = w.nodes.parent(page); n == nil || !n.table {
			break
		}
	}
	return r
}

// sawIndexLeaf takes note of a leaf that is read.
func (w *watch) sawIndexLeaf(page uint32) { w.index.leaf, w.index.misses = page, 0 }

// hasScan reports whether a scan is busy with the leaf, or may find out itself
// whether it follows the rows.
func (w *watch) hasScan(leaf uint32) bool {
	return slices.ContainsFunc(w.scans, func(s *scan) bool {
		return s.lastLeaf == leaf && (s.kind == nothing || s.quiet <= nearEntries)
	})
}

// sawRow takes note that n's i-th child, a leaf of a table, had to be waited for,
// and begins a scan if it is the second of a range.
func (w *watch) sawRow(n *node, i int) {
	x := &w.index
	if x.leaf == 0 || !n.table {
		return
	}
	row, last, gap := w.rowidsBelow(n, i), x.last, w.reads-x.lastAt
	x.last, x.lastAt = row, w.reads
	if x.misses++; x.misses == 1 {
		return
	}
	x.all = x.all[:0]
	if w.image(x.leaf) {
		w.format.eachRowid(w.buf, x.leaf, func(rowid int64, key record) {
			x.all = append(x.all, entry{rowid, key})
		})
	}
	from, to := x.nearest(last, row)
	if from != to && !w.hasScan(x.leaf) {
		w.beginInside(from, to, n, gap)
	}
	if from != to || x.misses == rowTries {
		x.leaf = 0
	}
}

// nearest finds the entries of two rows, or of the leaves that have those, that are
// next to each other; the same ones if there are none.
func (x *entries) nearest(first, second rowids) (from, to int) {
	a, b, distance := -1, -1, nearEntries+1
	for i, entry := range x.all {
		switch {
		case first.has(entry.rowid):
			a = i
		case second.has(entry.rowid):
			b = i
		default:
			continue
		}
		if d := max(a, b) - min(a, b); a >= 0 && b >= 0 && d < distance {
			from, to, distance = a, b, d
		}
	}
	return from, to
}

// beginInside begins a scan that goes on from one entry of the leaf to another, which
// was so many reads later. If they have the same key, it is taken for one of the rows
// with that key.
func (w *watch) beginInside(from, to int, parent *node, gap int) {
	n, i := w.nodes.parent(w.index.leaf)
	if n == nil || n.table {
		return
	}
	all, dir := w.index.all, 1
	if to < from {
		dir = -1
	}
	s := w.newScan(n, i, i, dir)
	s.gap = gap
	s.edge = s.edge && (dir > 0 && from < nearEntries || dir < 0 && len(all)-from <= nearEntries)
	s.kind, s.pages.consumed, s.leaves.consumed = rows, 2, 1
	s.table, s.depth = w.root(parent)
	if all[from].key.equal(all[to].key) {
		s.key = all[to].key.clone()
	}
	for i := to + dir; i >= 0 && i < len(all) && !s.done; i += dir {
		if s.key != nil && !all[i].key.equal(*s.key) {
			s.done = true
		} else {
			s.items = append(s.items, item{leaf: s.leaves.taken - 1, rowid: all[i].rowid})
		}
	}
	if !s.done {
		if page, p := w.next(s); p == going {
			s.leaves.push(page) // it is asked for when there is need
		}
	}
	w.addScan(s)
}
