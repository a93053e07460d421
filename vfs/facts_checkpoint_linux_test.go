package vfs_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

const (
	shmPages     = 20  // nPage: the size of the database
	shmAttempted = 128 // nBackfillAttempted
	shmNumbers   = 136 // page numbers of the first frames
)

// walIndexNumber reads a number from the WAL-index of a database.
func walIndexNumber(t *testing.T, path string, at int) uint32 {
	t.Helper()
	index, err := os.ReadFile(path + "-shm")
	if err != nil {
		t.Fatal(err)
	}
	return binary.NativeEndian.Uint32(index[at:])
}

// What waits is bounded by a page that comes later, and nothing else comes in
// between that would need it.
func TestFactCheckpointWritesPagesInOrder(t *testing.T) {
	f := fact{t, "between CKPT_START and CKPT_DONE a checkpoint asks for the size, reads the WAL and writes pages in their order, each once", "holding back neighbours until a later page"}
	tr := newTracer(t)
	c, _ := openWAL(t, tr, `CREATE TABLE u(a INTEGER PRIMARY KEY, b); INSERT INTO u SELECT value, zeroblob(3000) FROM `+series+`; UPDATE u SET b=zeroblob(2999) WHERE a % 3`)
	exec(t, c, `PRAGMA wal_checkpoint`)
	events := tr.take()
	begin, end := slices.Index(events, "db CKPT_START"), slices.Index(events, "db CKPT_DONE")
	if begin < 0 || end < begin {
		t.Fatalf("it goes %q", events)
	}
	last := -1
	for _, e := range events[begin+1 : end] {
		var off int
		if _, err := fmt.Sscanf(e, "db write 4096@%d", &off); err == nil {
			f.check(off > last, "after the page at %d comes %s", last, e)
			last = off
		} else {
			f.check(e == "db size" || strings.HasPrefix(e, "wal read 4096@"), "there is %s", e)
		}
	}
	f.check(last > 100*4096, "the last page is at %d", last)
}

// At CKPT_START it can be known which page will be the last.
func TestFactWALIndexAnnouncesACheckpoint(t *testing.T) {
	f := fact{t, "at CKPT_START the WAL-index says up to which frame the checkpoint goes, and of which pages the frames are", "knowing which page is the last"}
	for _, reading := range []bool{false, true} {
		tr := newTracer(t)
		c, path := openWAL(t, tr, `PRAGMA wal_checkpoint(RESTART); INSERT INTO t VALUES(2)`)
		reader := open(t, path, tr.name)
		want := [4]uint32{0, 1, 1, 2} // backfilled, attempted, frames, page of the first
		if reading {
			exec(t, reader, `BEGIN; SELECT * FROM t`)
			exec(t, c, `INSERT INTO t VALUES(3)`)
			want[2] = 2
		}
		var got [4]uint32
		tr.fail = func(file, op string) error {
			if file == "wal" && op == "sync" { // right before CKPT_START, which cannot fail
				got = [4]uint32{walIndexNumber(t, path, shmBackfill), walIndexNumber(t, path, shmAttempted), walIndexNumber(t, path, shmFrames), walIndexNumber(t, path, shmNumbers)}
			}
			return nil
		}
		exec(t, c, `PRAGMA wal_checkpoint`)
		tr.fail = nil
		f.check(got == want, "with a reader %v, frames in the database, to be copied, in the WAL, and the first one's page are %v, want %v", reading, got, want)
	}
}

// An error of the write that ends a run is as good as one of each page in it.
func TestFactFailedCheckpointMakesNoProgress(t *testing.T) {
	f := fact{t, "whatever of a checkpoint fails, nothing of it counts, and its error is returned", "telling of a failed write when the run ends"}
	for _, fails := range []string{"wal read", "db write", "db truncate", "db sync"} {
		tr := newTracer(t)
		c, path := openWAL(t, tr, `PRAGMA wal_checkpoint(RESTART); INSERT INTO t VALUES(2)`)
		begun := false
		tr.fail = func(file, op string) error {
			begun = begun || file == "wal" && op == "sync"
			if begun && file+" "+op == fails {
				return sqlite3.IOERR
			}
			return nil
		}
		err := c.Exec(`PRAGMA wal_checkpoint`)
		tr.fail = nil
		done := walIndexNumber(t, path, shmBackfill)
		f.check(err != nil && done == 0, "after a failed %s it returns %v, and %d frames are in the database", fails, err, done)
	}
}

// A page that the database has now, and that has no newer frame, it had when
// the checkpoint looked.
func TestFactDatabaseGrowsByPagesInTheWAL(t *testing.T) {
	f := fact{t, "each page by which a commit makes the database larger is in the WAL, also if it is free", "knowing which page is the last when a commit overtakes a checkpoint"}
	for _, grow := range []string{
		`INSERT INTO t VALUES(zeroblob(100000))`,
		`BEGIN; CREATE TABLE u(b); INSERT INTO u VALUES(zeroblob(100000)); DROP TABLE u; COMMIT`,
		`CREATE TRIGGER e AFTER INSERT ON t BEGIN DELETE FROM t; END; INSERT INTO t VALUES(zeroblob(100000))`,
		`VACUUM`,
	} {
		tr := newTracer(t)
		c, path := openWAL(t, tr, `PRAGMA wal_autocheckpoint=0; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA wal_checkpoint(RESTART); INSERT INTO t VALUES(2)`)
		before, frames := walIndexNumber(t, path, shmPages), walIndexNumber(t, path, shmFrames)
		exec(t, c, grow)
		after, last := walIndexNumber(t, path, shmPages), walIndexNumber(t, path, shmFrames)
		there := map[uint32]bool{}
		for frame := frames; frame < last; frame++ {
			there[walIndexNumber(t, path, shmNumbers+4*int(frame))] = true
		}
		f.check(after > before, "after %s the database has %d pages, %d before", grow, after, before)
		for page := before + 1; page <= after; page++ {
			f.check(there[page], "%s adds page %d, and only %v are in the WAL", grow, page, there)
		}
	}
}
