package vfs

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/turso-coop/turso-coop/completion"
)

// Places and sizes in a WAL-index, in bytes: https://sqlite.org/walformat.html#wal_index_format
const (
	indexCopyBytes  = 48 // of the header, which is there twice
	indexPageSize   = 14
	indexFrames     = 16 // mxFrame: how many frames of the WAL are valid
	indexPages      = 20 // nPage: how many pages the database has after the last of them
	indexBackfilled = 96 // nBackfill: how many frames are in the database
	indexAttempted  = 128
	indexHeadBytes  = 136

	// Blocks of page numbers, one a frame, and of as many bytes of hash table.
	// The first has so much less of them as the header is long.
	indexBlockBytes  = 32 << 10
	indexBlockFrames = 4096
	indexFirstFrames = indexBlockFrames - indexHeadBytes/4
)

// A walIndex is what the WAL-index says of the checkpoint that has just begun.
// It is read by its descriptor, as SQLite's own mapping of it cannot be reached.
type walIndex struct {
	fd         uintptr
	pageBytes  int64
	backfilled uint32 // the last frame that is in the database
	safe       uint32 // the last frame that the checkpoint may copy
	last       uint32 // the last frame that is valid now
	pages      uint32 // of the database after it
}

// load reads the header. It fails if another connection is just changing it.
// What it says of the checkpoint only the checkpoint changes, and while that
// has the lock of those who read no WAL nobody begins the WAL anew.
func (x *walIndex) load() bool {
	var head [indexHeadBytes]byte
	if !readDescriptor(x.fd, head[:], 0) || string(head[:indexCopyBytes]) != string(head[indexCopyBytes:2*indexCopyBytes]) {
		return false
	}
	number := func(at int) uint32 { return binary.NativeEndian.Uint32(head[at:]) }
	size := int64(binary.NativeEndian.Uint16(head[indexPageSize:]))
	x.pageBytes = size&0xfe00 + size&1<<16
	x.backfilled, x.safe = number(indexBackfilled), number(indexAttempted)
	x.last, x.pages = number(indexFrames), number(indexPages)
	return x.pageBytes >= 512 && x.backfilled < x.safe && x.safe <= x.last
}

// each calls see with the page of every frame after the first given up to the
// other, in order.
func (x *walIndex) each(after, upTo uint32, see func(page uint32)) bool {
	var block [indexBlockFrames * 4]byte
	for frame := after; frame < upTo; { // counted from 0 it is the next
		off, left := int64(indexHeadBytes)+int64(frame)*4, indexFirstFrames-int64(frame)
		if left <= 0 {
			number, at := -left/indexBlockFrames+1, -left%indexBlockFrames
			off, left = number*indexBlockBytes+at*4, indexBlockFrames-at
		}
		n := min(left, int64(upTo-frame))
		if !readDescriptor(x.fd, block[:n*4], off) {
			return false
		}
		for i := range n {
			see(binary.NativeEndian.Uint32(block[i*4:]))
		}
		frame += uint32(n)
	}
	return true
}

// newerFrames bounds for how many frames that a checkpoint may not copy it is
// looked at what they mean for the others.
const newerFrames = 256

// certainPage returns where the last page is that the checkpoint that begins
// now will certainly write unless it fails before, 0 if that is not known.
//
// SQLite copies, of the frames up to the last one that it knew when it began,
// the newest of each page, if it is not in the database yet, is not too new for
// some reader, and is of a page that the database then had. We do not know when
// it began, except that it was not before the last frame that it may copy. So a
// page with a newer frame is not certain, and neither is one that the database
// did not have after each commit since.
func (f *file) certainPage() int64 {
	fd, ok := f.openWALIndex()
	if !ok || f.wal == nil || f.session == nil {
		return 0
	}
	x := walIndex{fd: fd}
	if !x.load() {
		return 0
	}
	most := x.pages
	var space [newerFrames]uint32
	newer := space[:0]
	if x.last > x.safe {
		if n := x.last - x.safe; n > newerFrames || n > (x.safe-x.backfilled)/4 {
			return 0 // it could take longer than it saves
		}
		if !x.each(x.safe, x.last, func(page uint32) { newer = append(newer, page) }) {
			return 0
		}
		slices.Sort(newer)
		most = min(most, f.wal.fewestPages(x))
	}
	certain := uint32(0)
	if !x.each(x.backfilled, x.safe, func(page uint32) {
		if page > certain && page <= most {
			if _, found := slices.BinarySearch(newer, page); !found {
				certain = page
			}
		}
	}) {
		return 0
	}
	return (int64(certain) - 1) * x.pageBytes
}

// fewestPages returns how many pages the database had when it had the fewest,
// after the commits of the frames from the last one that may be copied on; 0 if
// the WAL cannot be read.
func (f *file) fewestPages(x walIndex) uint32 {
	fewest := uint32(math.MaxUint32)
	for frame := x.safe; frame <= x.last; frame++ {
		var size [4]byte
		f.read.start(size[:], walHeaderBytes+int64(frame-1)*(frameHeaderBytes+x.pageBytes)+4)
		if _, err := completion.Drive(&f.read, f.wait); err != nil {
			return 0
		}
		if pages := binary.BigEndian.Uint32(size[:]); pages != 0 {
			fewest = min(fewest, pages)
		}
	}
	return fewest
}
