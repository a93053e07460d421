package readahead

const (
	chunkPages = 1 << 15
	chunksMax  = 256 // 1 MiB
)

// A pageSet is a set of page numbers, a bit for each in chunks of 4 KiB.
type pageSet struct {
	chunks []*[chunkPages / 64]uint64
	used   int // chunks
}

// add reports false if the set has become too large to take the page.
func (s *pageSet) add(page uint32) bool {
	c := int(page / chunkPages)
	for len(s.chunks) <= c {
		s.chunks = append(s.chunks, nil)
	}
	if s.chunks[c] == nil {
		if s.used == chunksMax {
			return false
		}
		s.used++
		s.chunks[c] = new([chunkPages / 64]uint64)
	}
	s.chunks[c][page%chunkPages/64] |= 1 << (page % 64)
	return true
}

func (s *pageSet) has(page uint32) bool {
	c := int(page / chunkPages)
	return c < len(s.chunks) && s.chunks[c] != nil && s.chunks[c][page%chunkPages/64]&(1<<(page%64)) != 0
}

// remove reports whether the set had the page.
func (s *pageSet) remove(page uint32) bool {
	if !s.has(page) {
		return false
	}
	s.chunks[page/chunkPages][page%chunkPages/64] &^= 1 << (page % 64)
	return true
}
