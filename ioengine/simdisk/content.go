package simdisk

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"sync/atomic"
)

// pageBytes is the unit of sharing: what a write does not touch is shared by
// the page cache, the medium, the history and every crash image.
const pageBytes = 4096

// maxFileBytes bounds a file, and so the memory for its table of pages.
const maxFileBytes = 16 << 30

// A page never changes once it is in a table.
type page struct {
	data [pageBytes]byte
	sum  atomic.Uint64 // of data, 0 while nobody has asked
}

var zeroPage page // stands for the nil pages of a table

// at is the page's bytes, also of a nil page.
func (p *page) at() *[pageBytes]byte {
	if p == nil {
		return &zeroPage.data
	}
	return &p.data
}

func (p *page) hash() uint64 {
	if p == nil {
		p = &zeroPage
	}
	h := p.sum.Load()
	if h == 0 {
		h = sum64(p.data[:])
		p.sum.Store(h)
	}
	return h
}

// A content is what a file holds: pages, nil for zeros, and a size. The bytes
// of the last page that lie past the size are zero.
type content struct {
	pages []*page
	size  int64
}

func (m *content) clone() content {
	return content{pages: slices.Clone(m.pages), size: m.size}
}

func (m *content) page(i int64) *page {
	if i >= int64(len(m.pages)) {
		return nil
	}
	return m.pages[i]
}

func (m *content) setPage(i int64, p *page) {
	if missing := i + 1 - int64(len(m.pages)); missing > 0 {
		m.pages = append(m.pages, make([]*page, missing)...)
	}
	m.pages[i] = p
}

// read fills p from off and returns how many bytes the file had for it.
func (m *content) read(p []byte, off int64) int {
	if off >= m.size {
		return 0
	}
	p = p[:min(int64(len(p)), m.size-off)]
	for n := 0; n < len(p); {
		i, at := (off+int64(n))/pageBytes, (off+int64(n))%pageBytes
		n += copy(p[n:], m.page(i).at()[at:])
	}
	return len(p)
}

// write puts p at off and returns the pages that it made, of which the first
// has the given index.
func (m *content) write(p []byte, off int64) (first int64, made []*page) {
	first = off / pageBytes
	last := (off + int64(len(p)) - 1) / pageBytes
	made = make([]*page, 0, last-first+1)
	at := off % pageBytes
	m.size = max(m.size, off+int64(len(p)))
	for i := first; i <= last; i++ {
		fresh := new(page)
		if at > 0 || len(p) < pageBytes {
			fresh.data = *m.page(i).at()
		}
		p = p[copy(fresh.data[at:], p):]
		at = 0
		m.setPage(i, fresh)
		made = append(made, fresh)
	}
	return first, made
}

// resize cuts the content off, or lets it end in zeros.
func (m *content) resize(sizeBytes int64) {
	m.size = sizeBytes
	keep := (sizeBytes + pageBytes - 1) / pageBytes
	if int64(len(m.pages)) > keep {
		clear(m.pages[keep:])
		m.pages = m.pages[:keep]
	}
	at := sizeBytes % pageBytes
	if at == 0 || int64(len(m.pages)) < keep {
		return
	}
	old := m.pages[keep-1].at()
	if !bytes.Equal(old[at:], zeroPage.data[at:]) {
		fresh := new(page)
		copy(fresh.data[:at], old[:at])
		m.pages[keep-1] = fresh
	}
}

// hash depends on what can be read, not on how it is kept.
func (m *content) hash() uint64 {
	h := mix(uint64(m.size))
	for i, p := range m.pages {
		if s := p.hash(); s != zeroPage.hash() {
			h += mix(s ^ mix(uint64(i)))
		}
	}
	return h
}

// mix spreads every bit of x over the result (the finalizer of SplitMix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// sum64 is a hash of p that is the same on every architecture.
func sum64(p []byte) uint64 {
	h := uint64(len(p))
	for len(p) >= 8 {
		h = fold(h ^ binary.LittleEndian.Uint64(p))
		p = p[8:]
	}
	for _, b := range p {
		h = fold(h ^ uint64(b))
	}
	return mix(h)
}

func fold(x uint64) uint64 {
	hi, lo := bits.Mul64(x+0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	return hi ^ lo
}
