package simdisk

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// fileCut is a file at the instant of a [Cut], and what can become of it. The
// lower half is filled in when a power loss is first asked for.
type fileCut struct {
	*inode
	sector int64 // size of one

	base    int // index of the file's first choice in the mask
	ahead   content
	changes []change        // the history, then what was under way
	sizes   []int           // indexes of the changes that changed the size
	lastCut int             // index of the last change that made the file shorter, or -1
	sectors []sectorHistory // by sector
}

// sectorHistory is the indexes of the changes of a file that a sector has seen,
// oldest first.
type sectorHistory struct {
	sector  int64
	changes []int
}

// list finds the sizes and the sectors that are open.
func (f *fileCut) list() {
	type touch struct {
		sector int64
		change int
	}
	var touches []touch
	size := f.durable.size
	f.lastCut = -1
	for i := range f.changes {
		c := &f.changes[i]
		if c.size != size {
			f.sizes = append(f.sizes, i)
			size = c.size
		}
		from, to := c.off, c.end
		if c.cuts() {
			f.lastCut = i
			from, to = c.size, min(c.cutFrom, f.reach(i))
		}
		for s := from / f.sector; s*f.sector < to; s++ {
			touches = append(touches, touch{s, i})
		}
	}
	slices.SortFunc(touches, func(a, b touch) int {
		return cmp.Or(cmp.Compare(a.sector, b.sector), cmp.Compare(a.change, b.change))
	})
	indexes := make([]int, len(touches))
	for i, t := range touches {
		indexes[i] = t.change
		if n := len(f.sectors); n == 0 || f.sectors[n-1].sector != t.sector {
			f.sectors = append(f.sectors, sectorHistory{sector: t.sector, changes: indexes[i:i]})
		}
		last := &f.sectors[len(f.sectors)-1]
		last.changes = last.changes[:len(last.changes)+1]
	}
}

// reach is the largest size after the i-th change, which made the file shorter.
// What it cut off beyond is gone with it, or is back with the old size: the
// sectors there have nothing to decide.
func (f *fileCut) reach(i int) int64 {
	reach := int64(0)
	for _, c := range f.changes[i+1:] {
		reach = max(reach, c.size)
	}
	return reach
}

// build is the content that a mask leaves.
func (f *fileCut) build(m Mask, o *Options) content {
	out := f.durable.clone()
	next := f.base
	sized := -1 // index of the change that set the size
	size := f.durable.size
	if len(f.sizes) > 0 {
		if v := m.pick(next).Version; v > 0 {
			sized = f.sizes[v-1]
			size = f.changes[sized].size
		}
		next++
	}
	for i := 0; i < len(f.sectors); {
		index := f.sectors[i].sector * f.sector / pageBytes
		end := i + 1
		for end < len(f.sectors) && f.sectors[end].sector*f.sector/pageBytes == index {
			end++
		}
		if index*pageBytes < size { // the rest is cut off
			out.setPage(index, f.buildPage(index, f.sectors[i:end], m, next+i, sized, o))
		}
		i = end
	}
	out.resize(size)
	return out
}

// buildPage is one page as the picks for its sectors leave it; the first of
// them is at the given place in the mask.
func (f *fileCut) buildPage(index int64, sectors []sectorHistory, m Mask, at, sized int, o *Options) *page {
	old := f.durable.page(index)
	// whole: the page is as its last change left it; kept: as it was durable.
	whole, last := sized >= f.lastCut && !f.diverged, -1
	kept := true
	for i := range sectors {
		s, pick := &sectors[i], m.pick(at+i)
		v := f.settle(s, pick.Version, sized)
		plain := pick == Pick{Version: pick.Version}
		kept = kept && plain && v == 0
		whole = whole && plain && v == len(s.changes)
		last = max(last, s.changes[len(s.changes)-1])
	}
	switch {
	case kept:
		return old
	case whole:
		return f.changes[last].page(index)
	}
	fresh := new(page)
	fresh.data = *old.at()
	for i := range sectors {
		s := &sectors[i]
		from := s.sector * f.sector % pageBytes
		f.buildSector(fresh.data[from:from+f.sector], s, m.pick(at+i), sized, o)
	}
	return fresh
}

// settle is the version that a sector has if it was to have the given one. The
// zeros of a truncation are not there before the size that it set, and a write
// that was lost changed nothing.
func (f *fileCut) settle(s *sectorHistory, version, sized int) int {
	for version > 0 {
		i := s.changes[version-1]
		if c := &f.changes[i]; !c.lost && (!c.cuts() || i <= sized) {
			break
		}
		version--
	}
	return version
}

// version copies a version of a sector into p.
func (f *fileCut) version(p []byte, s *sectorHistory, version, sized int) {
	off := s.sector * f.sector
	index, from := off/pageBytes, off%pageBytes
	source := f.durable.page(index)
	if version = f.settle(s, version, sized); version > 0 {
		source = f.changes[s.changes[version-1]].page(index)
	}
	copy(p, source.at()[from:])
}

// buildSector is what a pick makes of a sector; p holds version 0.
func (f *fileCut) buildSector(p []byte, s *sectorHistory, pick Pick, sized int, o *Options) {
	off := s.sector * f.sector
	switch {
	case pick.Subset != 0:
		for i, c := range s.changes[:min(len(s.changes), 64)] {
			if pick.Subset>>i&1 != 0 {
				c := &f.changes[c]
				from, to := c.within(off, f.sector)
				if c.cuts() {
					from, to = max(c.size-off, 0), f.sector
				}
				copy(p[from:to], c.page(off / pageBytes).at()[off%pageBytes+from:])
			}
		}
	case pick.Tear != 0:
		f.version(p, s, pick.Version-1, sized)
		f.version(p[:pick.Tear], s, pick.Version, sized)
	case pick.Garbage && pick.Version == 0:
		garbage(p[max(0, f.durable.size-off):], o.Seed, uint64(off))
	case pick.Garbage:
		f.version(p, s, pick.Version-1, sized)
		c := &f.changes[s.changes[pick.Version-1]]
		from, to := c.within(off, f.sector)
		if o.Allow&NoPowersafeOverwrite != 0 && c.partOf(off, f.sector) {
			from, to = 0, f.sector
		}
		garbage(p[from:to], o.Seed, uint64(off))
	default:
		f.version(p, s, pick.Version, sized)
	}
}

// within is the part of a sector that the change wrote, relative to its start.
func (c *change) within(off, sector int64) (from, to int64) {
	return max(c.off-off, 0), min(c.end-off, sector)
}

// garbage fills p with bytes that depend only on the keys.
func garbage(p []byte, seed, key uint64) {
	state := mix(seed ^ mix(key))
	var word [8]byte
	for len(p) > 0 {
		state = mix(state)
		binary.LittleEndian.PutUint64(word[:], state)
		p = p[copy(p, word[:]):]
	}
}
