package vfs

// runBytes bounds what a checkpoint holds back of a run of neighbouring pages.
// Larger writes save little more, and the page cache keeps what was written by
// one call in one piece, of which a part is then the slower to overwrite the
// larger it is: single pages by a sixth after writes of 64 KiB, and by four
// fifths after 1 MiB (Linux 6.18, ext4).
const runBytes = 64 << 10

// A run is where in its database a checkpoint is. Offsets are in bytes.
type run struct {
	certain int64 // a page that the checkpoint will write if it gets so far; 0 if none is known
	end     int64 // of the last page that was written
	long    bool  // that page was a neighbour of the one before
}

// CheckpointStart is called on the database before a checkpoint copies pages
// out of the WAL, in their order in the database, each by a write of its own.
// Neighbours wait for each other, and are written by one call.
//
// Readers stop to look at the WAL for those pages right after CheckpointDone,
// which cannot fail, and if the checkpoint was not complete there is no sync in
// between either. So a page waits only if a write is certain to follow that
// ends the waiting, and in which SQLite can be told that something could not be
// written: that of the page that certainPage finds in the WAL-index. Where it
// finds none nothing waits.
//
// Nobody can want the bytes that wait: until then every reader, of whatever
// process, finds those pages in the WAL.
func (f *file) CheckpointStart() {
	f.checkpointing, f.run = true, run{}
	if fd, ok := f.openWALIndex(); ok {
		x := walIndex{fd: fd}
		if page := int64(x.certainPage()); page > 0 {
			f.run.certain = (page - 1) * x.pageBytes
		}
	}
}

// CheckpointDone is called when all pages were copied, or one could not be
// read or written, or the checkpoint was interrupted. If anything waits it has
// ended early and counts for nothing, and SQLite knows why.
func (f *file) CheckpointDone() {
	f.checkpointing = false
	if f.held.any() {
		_ = f.flush()
	}
}

// holdPage takes a page of a checkpoint if it may wait, or is the last of those
// that do. What waited before it is written now if it is no neighbour. A page
// is not copied only to be written alone: the first of a run waits if the run
// before it had a second.
func (f *file) holdPage(p []byte, off int64) (held bool, err error) {
	h, r := &f.held, &f.run
	neighbour := off == r.end
	if !neighbour {
		if err := f.flush(); err != nil {
			return false, err
		}
	}
	wait, last := neighbour || r.long, off >= r.certain
	r.end, r.long = off+int64(len(p)), neighbour
	if !h.any() && (last || !wait || len(p) >= runBytes) {
		return false, nil
	}
	h.put(p, off)
	if last || len(h.buf) >= runBytes {
		return true, f.flush()
	}
	return true, nil
}
