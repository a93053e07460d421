//go:build unix

package oracle

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// blockBytes is the unit in which a shadow keeps what it knows.
const blockBytes = 4096

// A shadow is what a file has to hold as far as one connection knows: the bytes
// that it has written since it last gave up the lock that protects them.
type shadow struct {
	blocks map[int64]*block // by number
	fresh  []int64          // numbers of those that were written since they were compared
	size   int64            // after a truncation and what was written after it; -1 if it is not known
}

// A block holds known bytes, whose mask is 0xff.
type block struct {
	bytes, mask [blockBytes]byte
	fresh       bool
}

func newShadow() shadow { return shadow{blocks: map[int64]*block{}, size: -1} }

func (s *shadow) empty() bool { return len(s.blocks) == 0 && s.size < 0 }

func (s *shadow) forget() {
	clear(s.blocks)
	s.fresh, s.size = s.fresh[:0], -1
}

// pieces calls f with each block that a range touches, and its part of it.
func pieces(off int64, n int, f func(number int64, from, to, at int)) {
	for at := 0; at < n; {
		number, from := (off+int64(at))/blockBytes, int((off+int64(at))%blockBytes)
		to := min(blockBytes, from+n-at)
		f(number, from, to, at)
		at += to - from
	}
}

func (s *shadow) write(p []byte, off int64) {
	pieces(off, len(p), func(number int64, from, to, at int) {
		b := s.blocks[number]
		if b == nil {
			b = new(block)
			s.blocks[number] = b
		}
		if !b.fresh {
			b.fresh = true
			s.fresh = append(s.fresh, number)
		}
		copy(b.bytes[from:to], p[at:])
		for i := from; i < to; i++ {
			b.mask[i] = 0xff
		}
	})
	if s.size >= 0 {
		s.size = max(s.size, off+int64(len(p)))
	}
}

func (s *shadow) truncate(size int64) {
	for number, b := range s.blocks {
		switch begin := number * blockBytes; {
		case begin >= size:
			delete(s.blocks, number)
		case begin+blockBytes > size:
			clear(b.mask[size-begin:])
		}
	}
	s.size = size
}

// end is where the known bytes end.
func (s *shadow) end() (end int64) {
	for number, b := range s.blocks {
		if i := int64(bytes.LastIndexByte(b.mask[:], 0xff)); i >= 0 {
			end = max(end, number*blockBytes+i+1)
		}
	}
	return end
}

// overlay puts what is known of p's range into p, of which n bytes are valid,
// and returns how many are valid then: up to the last that is known.
func (s *shadow) overlay(p []byte, n int, off int64) int {
	if len(s.blocks) == 0 {
		return n
	}
	pieces(off, len(p), func(number int64, from, to, at int) {
		b := s.blocks[number]
		if b == nil {
			return
		}
		for i := from; i < to; i++ {
			if b.mask[i] != 0 {
				p[at+i-from] = b.bytes[i]
				n = max(n, at+i-from+1)
			}
		}
	})
	return n
}

// differs returns where got, the file's bytes from the beginning of the block
// on as far as there are any, is not as it has to be, or -1.
func (b *block) differs(got []byte) int {
	full := len(got) == blockBytes
	for i := 0; i < blockBytes; {
		if full && i%8 == 0 {
			mask := binary.LittleEndian.Uint64(b.mask[i:])
			if (binary.LittleEndian.Uint64(b.bytes[i:])^binary.LittleEndian.Uint64(got[i:]))&mask == 0 {
				i += 8
				continue
			}
		}
		if b.mask[i] != 0 && (i >= len(got) || got[i] != b.bytes[i]) {
			return i
		}
		i++
	}
	return -1
}

// compareFresh reads what was written since it was last called, and compareAll
// all that is known. They return what differs, "" if nothing does.
func (s *shadow) compareFresh(file reader) string {
	for _, number := range s.fresh {
		b := s.blocks[number]
		if b == nil {
			continue // truncated
		}
		if what := b.compare(file, number*blockBytes); what != "" {
			return what
		}
		b.fresh = false
	}
	s.fresh = s.fresh[:0]
	return s.compareSize(file)
}

func (s *shadow) compareAll(file reader) string {
	for number, b := range s.blocks {
		if what := b.compare(file, number*blockBytes); what != "" {
			return what
		}
	}
	return s.compareSize(file)
}

func (s *shadow) compareSize(file reader) string {
	if size := file.size(); s.size >= 0 && size != s.size {
		return fmt.Sprintf("the file has %d bytes, and SQLite has made it %d", size, s.size)
	}
	return ""
}

// compare reads the file where the block begins.
func (b *block) compare(file reader, begin int64) string {
	var got [blockBytes]byte
	n := file.readAt(got[:], begin)
	switch i := b.differs(got[:n]); {
	case i < 0:
		return ""
	case i >= n:
		return fmt.Sprintf("the file ends at %d, and SQLite has written byte %d", begin+int64(n), begin+int64(i))
	default:
		return fmt.Sprintf("byte %d is %#02x, and SQLite has written %#02x", begin+int64(i), got[i], b.bytes[i])
	}
}

// boundBlocks is how much a shadow keeps of what it has not compared yet, and
// waitingBlocks how much of that need not be in the file: twice what package
// vfs holds back.
const (
	boundBlocks   = 16 << 20 / blockBytes
	waitingBlocks = 8 << 20 / blockBytes
)

// shrink forgets what the file holds already when the shadow has become large,
// and reports whether what is left is small enough.
func (s *shadow) shrink(file reader) bool {
	if len(s.blocks) < boundBlocks {
		return true
	}
	for number, b := range s.blocks {
		if b.compare(file, number*blockBytes) == "" {
			delete(s.blocks, number)
		}
	}
	return len(s.blocks) < waitingBlocks
}
