package vfs

import (
	"encoding/binary"
	"slices"
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

// newerFrames bounds how many frames, of those that a checkpoint may not copy,
// are kept in mind: with more of them no page is certain.
const newerFrames = 1024

// certainPage returns the last page that the checkpoint that begins now will
// certainly write unless it fails before, 0 if none is certain.
//
// SQLite copies, of the frames up to the last one that it knew when it began,
// the newest of each page, if it is not in the database yet, is not too new for
// some reader, and is of a page that the database then had. We do not know which
// commit that was, except that it was not before the last frame that may be
// copied. So a page that has a frame after that one is not certain. Any other
// that the database has now it had all the time: it grows by pages that are
// written to the WAL.
func (x *walIndex) certainPage() uint32 {
	if !x.load() || x.last-x.safe > newerFrames {
		return 0
	}
	var space [newerFrames]uint32
	newer := space[:0]
	if !x.each(x.safe, x.last, func(page uint32) { newer = append(newer, page) }) {
		return 0
	}
	slices.Sort(newer)
	certain := uint32(0)
	if !x.each(x.backfilled, x.safe, func(page uint32) {
		if page > certain && page <= x.pages {
			if _, found := slices.BinarySearch(newer, page); !found {
				certain = page
			}
		}
	}) {
		return 0
	}
	return certain
}
