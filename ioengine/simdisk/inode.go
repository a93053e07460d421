package simdisk

import (
	"slices"
)

// An inode is a file apart from its name: what the medium holds, what the page
// cache holds, and every change in between.
type inode struct {
	number   uint64
	path     string // it was created with, for messages
	volatile bool   // of a file system in memory: without durable content
	opens    int    // open descriptions

	durable content
	cache   content
	history []change // not synced, oldest first
	// diverged: the two contents differ also where no change is pending,
	// because a write-back failed, was lost or went astray.
	diverged bool

	resident []uint64 // bit set of the pages that RWF_NOWAIT finds in the cache

	// The last failed write-back, as errseq_t of Linux keeps it: every open
	// description is told once.
	lostErr  error
	lostSeq  uint64 // 0: none yet
	lostSeen bool   // somebody was told
}

// A change is one step in the history of a file: bytes written, or a size set.
type change struct {
	seq      uint64
	off, end int64   // bytes it wrote, none if it only set the size
	first    int64   // index of pages[0]
	pages    []*page // the page cache's, right after the change
	size     int64   // of the file, right after
	cutFrom  int64   // size before, of a change that made the file shorter
	lost     bool    // the device acknowledged the bytes and did not store them
}

func (c *change) cuts() bool { return c.cutFrom > c.size }

// page is the i-th page of the file after the change, for pages it wrote to,
// and for those that it cut off.
func (c *change) page(i int64) *page {
	if i -= c.first; i < 0 || i >= int64(len(c.pages)) {
		return nil
	}
	return c.pages[i]
}

// writeTo applies a write to the content and returns it as a change.
func writeTo(m *content, p []byte, off int64) change {
	c := change{off: off, end: off + int64(len(p))}
	c.first, c.pages = m.write(p, off)
	c.size, c.cutFrom = m.size, m.size
	return c
}

// resizeTo applies a truncation or extension to the content and returns it as
// a change.
func resizeTo(m *content, size int64) change {
	c := change{cutFrom: m.size, size: size}
	m.resize(size)
	if c.cuts() && size%pageBytes != 0 {
		c.first = size / pageBytes
		c.pages = []*page{m.page(c.first)}
	}
	return c
}

// historyLimit bounds a file's history: beyond it the older half reaches the
// medium, as a kernel's own write-back does sooner or later.
const historyLimit = 1 << 14

// remember puts a change that the page cache has into the history.
func (f *inode) remember(c change, sector int64) {
	if f.volatile {
		return
	}
	f.history = append(f.history, c)
	if len(f.history) >= historyLimit {
		f.persist(f.history[historyLimit/2].seq, sector)
	}
}

// covered is the number of changes in the history up to cutoff.
func (f *inode) covered(cutoff uint64) int {
	n := 0
	for n < len(f.history) && f.history[n].seq <= cutoff {
		n++
	}
	return n
}

// forget drops the n oldest changes of the history.
func (f *inode) forget(n int) {
	// A new array: crash images share the old one.
	f.history = slices.Clone(f.history[n:])
}

// persist brings the changes up to cutoff to the medium.
func (f *inode) persist(cutoff uint64, sector int64) {
	n := f.covered(cutoff)
	for i := range f.history[:n] {
		f.durable.absorb(&f.history[i], f.diverged, sector)
	}
	f.forget(n)
}

// absorb applies a change to the medium: whole pages where page cache and
// medium agree about the rest of them, otherwise only the sectors written to.
func (m *content) absorb(c *change, diverged bool, sector int64) {
	for i, p := range c.pages {
		i := c.first + int64(i)
		switch {
		case c.lost, c.off == c.end:
		case !diverged:
			m.setPage(i, p)
		default:
			m.setPage(i, mergeSectors(m.page(i), p, c.off-i*pageBytes, c.end-i*pageBytes, sector))
		}
	}
	m.resize(c.size)
}

// mergeSectors is old with those sectors of fresh that overlap [from, to).
func mergeSectors(old, fresh *page, from, to, sector int64) *page {
	from = max(from, 0) / sector * sector
	to = min((to+sector-1)/sector*sector, pageBytes)
	merged := new(page)
	merged.data = *old.at()
	copy(merged.data[from:to], fresh.data[from:to])
	return merged
}

// failWriteback is a write-back of the changes up to cutoff that failed: the
// pages are clean afterwards, so no later sync writes them. The page cache
// keeps its bytes, or reverts to what is on the medium.
func (f *inode) failWriteback(cutoff uint64, err error, revert bool) {
	n := f.covered(cutoff)
	later := f.history[n:]
	size := f.durable.size
	if n > 0 {
		size = f.history[n-1].size
	}
	f.forget(n)
	if size != f.durable.size {
		// The size is metadata and still dirty.
		f.history = slices.Insert(f.history, 0, change{seq: cutoff, size: size, cutFrom: f.durable.size})
	}
	f.diverged = true
	if revert {
		f.cache = f.durable.clone()
		f.cache.resize(size)
		for i := range later {
			f.cache.absorb(&later[i], true, 1)
		}
	}
	f.lostErr, f.lostSeen = err, false
	f.lostSeq++
}

// rot changes one page on the medium and in the page cache, and nothing else
// knows: what is written there later heals it.
func (f *inode) rot(i int64, change func(*[pageBytes]byte)) {
	for _, m := range []*content{&f.durable, &f.cache} {
		fresh := new(page)
		fresh.data = *m.page(i).at()
		change(&fresh.data)
		m.setPage(i, fresh)
	}
	f.durable.resize(f.durable.size)
	f.diverged = true
}

// setResident marks the pages of [off, end) as cached.
func (f *inode) setResident(off, end int64) {
	if off == end {
		return
	}
	for i := off / pageBytes; i*pageBytes < end; i++ {
		for int64(len(f.resident)) <= i/64 {
			f.resident = append(f.resident, 0)
		}
		f.resident[i/64] |= 1 << (i % 64)
	}
}

// cachedUpTo is how many bytes from off on, up to end, the cache holds without
// a gap.
func (f *inode) cachedUpTo(off, end int64) int64 {
	end = min(end, f.cache.size)
	i := off / pageBytes
	for ; i*pageBytes < end; i++ {
		if i/64 >= int64(len(f.resident)) || f.resident[i/64]&(1<<(i%64)) == 0 {
			break
		}
	}
	return max(0, min(end, i*pageBytes)-off)
}

// clone is a copy for a crash image. Pages and the changes themselves are
// shared: they never change.
func (f *inode) clone() *inode {
	c := *f
	c.opens = 0
	c.durable, c.cache = f.durable.clone(), f.cache.clone()
	c.history, c.resident = slices.Clip(f.history), slices.Clone(f.resident)
	return &c
}
