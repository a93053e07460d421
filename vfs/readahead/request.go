package readahead

import (
	"slices"

	"github.com/turso-coop/turso-coop/ioengine"
)

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
	w.refresh() // pages may be from nodes that were seen when the file was longer
	end, _ := slices.BinarySearch(w.batch, w.format.pages+1)
	if w.batch = w.batch[:end]; end == 0 {
		return
	}
	s.scattered = scattered(w.batch)
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
	pages := w.issuedPages
	if s.edge {
		// A long scan may use early what it will have of holes in the end: that
		// makes the fewest ranges.
		pages = max(pages, min(4*pages, w.nodes.children))
	}
	if foreign > foreignMax || foreign > 0 && (w.holes+foreign)*holesShare > pages {
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
// as is known: one from the middle may end anywhere, unless it is long.
func (w *watch) awaits(page uint32, s *scan) bool {
	if !s.edge && s.issued < longPages {
		return false
	}
	n, _ := w.nodes.parent(page)
	if n == nil {
		// In a table that consists of overflow pages for the most part, this is
		// one of them.
		return s.kind == overflow && s.pages.consumed > s.leaves.consumed
	}
	return n.table == s.path[0].node.table || n.table && s.kind >= rows
}
