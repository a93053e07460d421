package vfs

import (
	"fmt"
	"strings"

	sqlitevfs "github.com/ncruces/go-sqlite3/vfs"

	"github.com/turso-coop/turso-coop/completion"
	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/vfs/readahead"
)

// An ahead sees what is read of a file and has more of it brought to the page
// cache: only that, so that whatever it does costs I/O at most.
type ahead interface {
	// Saw is called after each read that has succeeded. missed says that it had
	// to wait.
	Saw(p []byte, offBytes int64, missed bool)
	// Close is called when nothing more is to be read ahead.
	Close()
}

// newAhead is what reads ahead in f, nil for files other than databases and
// WALs. db is the database that a WAL belongs to.
func newAhead(f, db *file) ahead {
	switch {
	case f.flags&sqlitevfs.OPEN_MAIN_DB != 0:
		return readahead.New(&warmer{f: f}, &f.calls.ahead)
	case f.flags&sqlitevfs.OPEN_WAL != 0 && db != nil:
		return &walAhead{warmer: warmer{f: f}, db: db}
	}
	return nil
}

// pragmaPrefetch answers PRAGMA prefetch, and switches reading ahead of this
// database and its WAL on or off if a value is given.
func (f *file) pragmaPrefetch(value string) (string, error) {
	on := f.ahead != nil
	switch strings.ToUpper(value) {
	case "":
	case "0", "NO", "FALSE", "OFF":
		on = false
	case "1", "YES", "TRUE", "ON":
		on = true
	default:
		return "", fmt.Errorf("vfs: PRAGMA prefetch=%s: want 0 or 1", value)
	}
	if was := f.ahead != nil; was && !on {
		f.ahead.Close()
		f.ahead = nil
	} else if on && !was {
		f.ahead = newAhead(f, nil)
	}
	if on {
		return "1", nil
	}
	return "0", nil
}

// CheckpointStart and CheckpointDone are called on the database before and
// after a checkpoint copies pages out of the WAL.
func (f *file) CheckpointStart() { f.checkpointing = true }
func (f *file) CheckpointDone()  { f.checkpointing = false }

// A warmer brings ranges of a file to the page cache, one hint at a time.
type warmer struct {
	f       *file
	c       completion.Completion
	started bool // c was begun
}

var _ readahead.Source = &warmer{}

func (w *warmer) ReadCached(p []byte, offBytes int64) bool { return w.f.io.ReadCached(p, offBytes) }
func (w *warmer) Size() (int64, error)                     { return w.f.io.Size() }
func (w *warmer) Busy() bool                               { return w.started && !w.c.Finished() }

func (w *warmer) ReadAhead(ranges []ioengine.Range) {
	w.started = true
	w.f.io.ReadAhead(&w.c, ranges)
}

// A walAhead reads ahead in a WAL, of which two things read whole: recovery,
// one frame after the other, and a checkpoint, in the order of the pages in the
// database. Everything else reads single frames.
type walAhead struct {
	warmer
	db     *file
	end    int64              // of the last read
	inLine int                // reads that began where the one before ended
	warmed int64              // up to here it was read ahead in line
	blocks map[int64]struct{} // read ahead for the checkpoint that runs
	hint   [1]ioengine.Range
}

const (
	walBlockBytes = 1 << 20
	// inLineMin is the number of reads in line that make a recovery.
	inLineMin = 4
)

func (w *walAhead) Saw(p []byte, off int64, missed bool) {
	if off == w.end {
		w.inLine++
	} else {
		w.inLine, w.warmed = 0, 0
	}
	w.end = off + int64(len(p))
	switch {
	case w.db.ahead == nil || w.Busy():
	case w.db.checkpointing:
		if missed {
			w.warmBlock(off / walBlockBytes)
		}
	case w.inLine >= inLineMin && (missed || w.warmed > 0) && w.warmed-w.end < walBlockBytes:
		from := max(w.warmed, w.end)
		w.warmed = from + 2*walBlockBytes
		w.warm(from, 2*walBlockBytes)
	}
	if !w.db.checkpointing {
		w.blocks = nil
	}
}

func (w *walAhead) Close() {}

func (w *walAhead) warmBlock(block int64) {
	if w.blocks == nil {
		w.blocks = map[int64]struct{}{}
	}
	if _, ok := w.blocks[block]; !ok {
		w.blocks[block] = struct{}{}
		w.warm(block*walBlockBytes, walBlockBytes)
	}
}

func (w *walAhead) warm(off, n int64) {
	size, err := w.Size()
	if err != nil || off >= size {
		return
	}
	w.hint[0] = ioengine.Range{OffBytes: off, Bytes: min(n, size-off)}
	w.ReadAhead(w.hint[:])
}
