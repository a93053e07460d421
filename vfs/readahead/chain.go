package readahead

import "encoding/binary"

const (
	// linksMax is how many links between overflow pages count.
	linksMax = 32
	// absentMax is how many chains are looked at whose page has not arrived.
	absentMax = 32
	// linksPerRead is how many links are followed in one read: a chain of a
	// corrupt file may go round and round.
	linksPerRead = 1 << 12
)

// sawLink takes note of where an overflow page that was read goes on.
func (s *scan) sawLink(page uint32, p []byte) {
	switch next := binary.BigEndian.Uint32(p); next {
	case 0:
		return
	case page + 1:
		s.straight++
	default:
		s.bent++
	}
	if s.straight+s.bent > linksMax {
		s.straight, s.bent = s.straight/2, s.bent/2
	}
}

// beginChain asks for the first page of a chain.
func (w *watch) beginChain(s *scan, it *item, window int) {
	c := chain{leaf: int32(it.leaf), page: it.first, left: int32(it.pages - 1), all: int32(min(it.pages, window))}
	it.pages = 0
	w.want(s, c.page)
	s.chains = append(s.chains, c)
	s.chained += int(c.all)
}

// walk asks for the next page of each chain whose last one has arrived.
func (w *watch) walk(s *scan) {
	for s.walked < len(s.chains) && s.chains[s.walked].left == 0 {
		s.walked++
	}
	absent, links := 0, 0
	for i := s.walked; i < len(s.chains) && absent < absentMax; i++ {
		c := &s.chains[i]
		for c.left > 0 {
			if links++; links > linksPerRead {
				return
			}
			link := w.buf[:4]
			if !w.source.ReadCached(link, int64(c.page-1)*int64(w.format.pageBytes)) {
				absent++
				break
			}
			c.page = binary.BigEndian.Uint32(link)
			if c.left--; !w.format.valid(c.page) {
				c.left = 0
			} else if w.want(s, c.page) {
				break
			}
		}
	}
	if absent > 0 {
		s.pause = pauseReads
	}
}

// passChains forgets the chains that leaves before that one have named.
func (s *scan) passChains(leaf int) {
	n := 0
	for n < len(s.chains) && int(s.chains[n].leaf) < leaf {
		s.chained -= int(s.chains[n].all)
		n++
	}
	s.chains, s.walked = s.chains[n:], max(0, s.walked-n)
}
