package hostile

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// The formats of https://sqlite.org/fileformat2.html: what is needed to write a WAL or a rollback journal, and to make
// SQLite believe one that was changed.

const (
	walHeaderBytes   = 32
	frameHeaderBytes = 24
	walMagic         = 0x377f0682 // plus 1 if the checksums are of big-endian words
	journalMagic     = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
	pendingByte      = 1 << 30 // of the lock; its page holds nothing
)

var be = binary.BigEndian

// pageSizeOf returns what the header of a database says, or 4096 if that cannot be.
func pageSizeOf(db []byte) int {
	if len(db) < 100 {
		return 4096
	}
	size := int(be.Uint16(db[16:]))
	if size == 1 {
		size = 65536
	}
	if size < 512 || size&(size-1) != 0 {
		return 4096
	}
	return size
}

// pages yields the pages of a database.
func pages(db []byte) [][]byte { return slices.Collect(slices.Chunk(db, pageSizeOf(db))) }

// inWALMode returns a database whose header says that it is to be read with a WAL.
func inWALMode(db []byte) []byte {
	db = bytes.Clone(db)
	db[18], db[19] = 2, 2
	return db
}

// makeWAL returns a WAL that turns the first image of a database into each of the others, one commit for each.
func makeWAL(sequence, salt uint32, images [][]byte) []byte {
	wal := make([]byte, walHeaderBytes)
	for i, word := range []uint32{walMagic, 3007000, uint32(pageSizeOf(images[0])), sequence, salt, 0x5eed5eed} {
		be.PutUint32(wal[4*i:], word)
	}
	for i, image := range images[1:] {
		before, now := pages(images[i]), pages(image)
		last := 0
		for n, page := range now {
			if n < len(before) && bytes.Equal(page, before[n]) {
				continue
			}
			last = len(wal)
			wal = be.AppendUint32(wal, uint32(n+1))
			wal = be.AppendUint32(wal, 0)
			wal = append(wal, wal[16:24]...)      // the salts
			wal = append(wal, make([]byte, 8)...) // the checksum
			wal = append(wal, page...)
		}
		be.PutUint32(wal[last+4:], uint32(len(now)))
	}
	sealWAL(wal)
	return wal
}

// sealWAL makes the checksums of a WAL right. Frames with other salts than the header's keep theirs, as they are left
// over from before.
func sealWAL(wal []byte) {
	if len(wal) < walHeaderBytes {
		return
	}
	sum := &walSum{order: binary.LittleEndian}
	if be.Uint32(wal)&1 == 1 {
		sum.order = be
	}
	sum.add(wal[:24])
	sum.put(wal[24:])
	size := int64(be.Uint32(wal[8:]))
	if size < 512 || size > 65536 || size%8 != 0 {
		return // there are no frames that SQLite would look at
	}
	for frame := range slices.Chunk(wal[walHeaderBytes:], int(frameHeaderBytes+size)) {
		if len(frame) < int(frameHeaderBytes+size) || !bytes.Equal(frame[8:16], wal[16:24]) {
			return
		}
		sum.add(frame[:8])
		sum.add(frame[frameHeaderBytes:])
		sum.put(frame[16:])
	}
}

// walSum is the running checksum of a WAL.
type walSum struct {
	order  binary.ByteOrder
	s0, s1 uint32
}

func (s *walSum) add(b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		s.s0 += s.order.Uint32(b) + s.s1
		s.s1 += s.order.Uint32(b[4:]) + s.s0
	}
}

func (s *walSum) put(b []byte) {
	be.PutUint32(b, s.s0)
	be.PutUint32(b[4:], s.s1)
}

// makeJournal returns a rollback journal that turns the database after into before.
func makeJournal(before, after []byte, sectorBytes int) []byte {
	j := make([]byte, sectorBytes)
	copy(j, journalMagic)
	was, now := pages(before), pages(after)
	records := uint32(0)
	for n, page := range was {
		if n < len(now) && bytes.Equal(page, now[n]) {
			continue
		}
		j = be.AppendUint32(j, uint32(n+1))
		j = append(j, page...)
		j = append(j, 0, 0, 0, 0)
		records++
	}
	for i, word := range []uint32{records, 0x5eed5eed, uint32(len(was)), uint32(sectorBytes), uint32(pageSizeOf(before))} {
		be.PutUint32(j[8+4*i:], word)
	}
	sealJournal(j)
	return j
}

// sealJournal makes the checksums of a rollback journal right.
func sealJournal(j []byte) {
	if len(j) < 28 {
		return
	}
	nonce, sector, size := be.Uint32(j[12:]), int64(be.Uint32(j[20:])), int64(be.Uint32(j[24:]))
	if sector < 32 || sector > int64(len(j)) || size < 512 || size > 65536 {
		return // SQLite believes no record of it
	}
	for record := range slices.Chunk(j[sector:], int(size+8)) {
		if int64(len(record)) < size+8 {
			return
		}
		sum := nonce
		for i := size - 200; i > 0; i -= 200 {
			sum += uint32(record[4+i])
		}
		be.PutUint32(record[4+size:], sum)
	}
}

// withSuper appends to a rollback journal the name of a super-journal.
func withSuper(j []byte, pageSize int, name string) []byte {
	sum := uint32(0)
	for _, c := range []byte(name) {
		sum += uint32(c)
	}
	j = be.AppendUint32(bytes.Clone(j), uint32(pendingByte/pageSize+1))
	j = append(j, name...)
	j = be.AppendUint32(j, uint32(len(name)))
	j = be.AppendUint32(j, sum)
	return append(j, journalMagic...)
}
