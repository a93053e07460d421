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
// and so does every interior page from then on. It does nothing with them until a
// transaction waits for a third leaf (sleep.go). When a thousand reads in a row
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
// How long the last scans became says more about the next one (habit.go). The
// longer the window, the nearer in the file are the pages of a batch to each
// other: they are sorted, and neighbours become one range together with the few
// pages between them.
//
// Up to eight scans of a file are told apart. The leaves of a scan may name
// other pages, see follow.go: the overflow pages of long rows, or the rows of a
// table by their rowids in an index. Whether a scan reads those is learnt. The
// rows also give a range away that lies within one leaf of an index (entries.go).
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
	// range serves both. foreignMax is how many of them the scan may not come to
	// later, so that they are read for nothing: a range costs as much as two
	// pages. holesShare is one such page for how many others.
	gapMax     = 8
	foreignMax = 2
	holesShare = 48
	rangeMax   = 1 << 20 // bytes
	longPages  = 4096
	warmMax    = 64 // batches
	// soonReads is how many reads of other pages may be between two neighbours
	// for them to be no coincidence.
	soonReads = 16
	// advanceEvery is how many reads that nobody expects are passed over.
	advanceEvery = 8
	probes       = 8
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

	// Of the scans that begin at an edge of their tree, of those that follow an
	// index from the middle, and of the others.
	edge, rows, middle habit
	watch              *watch // nil while every page is in the page cache
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
	case offBytes == changeCounterAt && len(p) == changeCounterBytes:
		d.transaction()
	case missed || d.watch != nil:
		d.saw(p, offBytes, missed)
	case offBytes == 0 || len(p) >= pageBytesMin && (p[0] == tableInterior || p[0] == indexInterior):
		d.remember(p, offBytes)
	default:
		d.lastInterior = 0
	}
}

// transaction is called when SQLite looks whether the file has changed, which it
// does at the beginning of a transaction unless the journal is a WAL.
func (d *Detector) transaction() {
	d.lastInterior = 0
	if d.watch != nil {
		d.watch.transaction()
	}
}

// remember keeps the file's format, which SQLite need not read again for as
// long as it has the file open, and the number of a page that may be interior.
func (d *Detector) remember(p []byte, off int64) {
	if off == 0 && len(p) >= databaseHeaderBytes {
		was := d.format
		if d.format, d.hasFormat = parseFormat(p); d.format != was {
			d.Close() // VACUUM: no page is where it was
		}
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
