package vfs_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
	sqlitevfs "github.com/ncruces/go-sqlite3/vfs"
	"golang.org/x/sys/unix"
)

// Positions in the WAL-index, https://sqlite.org/walformat.html#the_wal_index_file_format.
const (
	shmFrames   = 16  // mxFrame in the first copy of the header: what is published
	shmBackfill = 96  // nBackfill: how much of it is in the database
	shmWrite    = 120 // WAL_WRITE_LOCK
	shmCkpt     = 121 // WAL_CKPT_LOCK
	shmReadMark = 123 // the first of five WAL_READ_LOCKs
)

// watchWAL makes the tracer write down what happens to a database's WAL-index.
// Its operations pass the VFS unseen, but the operating system knows the locks
// and the file shows the memory.
func watchWAL(t *testing.T, tr *tracer, path string) {
	f, err := os.Open(path + "-shm")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		tr.watch = nil
		f.Close()
	})
	names := []string{"published", "backfilled", "write lock", "checkpoint lock", "read mark"}
	state := func() [5]uint32 {
		var head [shmWrite]byte
		if _, err := f.ReadAt(head[:], 0); err != nil {
			t.Fatal(err)
		}
		return [...]uint32{
			binary.LittleEndian.Uint32(head[shmFrames:]),
			binary.LittleEndian.Uint32(head[shmBackfill:]),
			locked(t, f, shmWrite, 1), locked(t, f, shmCkpt, 1), locked(t, f, shmReadMark, 5),
		}
	}
	last := state()
	tr.watch = func() (changes []string) {
		now := state()
		for i, name := range names {
			if now[i] != last[i] {
				changes = append(changes, fmt.Sprintf("%s %d", name, now[i]))
			}
		}
		last = now
		return changes
	}
}

// locked is 1 if somebody holds a lock on one of n bytes.
func locked(t *testing.T, f *os.File, start, n int64) uint32 {
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: start, Len: n}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &lock); err != nil {
		t.Fatal(err)
	}
	if lock.Type == unix.F_UNLCK {
		return 0
	}
	return 1
}

// openWAL opens a WAL database with one table of one row, watched, and with a
// commit hook that is noted.
func openWAL(t *testing.T, tr *tracer, sql string) (c *sqlite3.Conn, path string) {
	c, path = openTraced(t, tr, `PRAGMA journal_mode=WAL; CREATE TABLE t(a); INSERT INTO t VALUES(1); SELECT * FROM t; `+sql)
	watchWAL(t, tr, path)
	c.CommitHook(func() bool { tr.note("", "commit hook", ""); return true })
	return c, path
}

// The whole of writing is built on this: write-behind lives between the commit
// hook and the commit frame's data, a shared sync stands in for the one before
// the publication, the turn passes on when the step has returned.
func TestFactOrderOfAFullCommit(t *testing.T) {
	f := fact{t, "a durable commit goes: commit hook, frames, sync, publication, write lock, PHASETWO, read mark, and the step returns", "write-behind, commit syncs and the writer's turn"}
	tr := newTracer(t)
	c, _ := openWAL(t, tr, `CREATE TABLE u(a); PRAGMA synchronous=FULL; SELECT * FROM t`)
	s, _, err := c.Prepare(`INSERT INTO t VALUES(2)`)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.Step()
	tr.note("", "step returned", "")
	if err := s.Reset(); err != nil {
		t.Fatal(err)
	}
	tr.note("", "reset returned", "")
	f.trace(tr.take("getter"), `
		db pragma experimental_pragma_20251114=1
		read mark 1
		write lock 1
		commit hook
		wal write 24@20632 commit
		wal write 4096@20656
		wal sync 2
		published 6
		write lock 0
		db PHASETWO
		read mark 0
		step returned
		reset returned
	`)
	exec(t, c, `BEGIN; INSERT INTO t VALUES(3); INSERT INTO u VALUES(3)`)
	tr.take()
	exec(t, c, `COMMIT`)
	f.trace(tr.take("getter")[1:], `
		commit hook
		wal write 24@24752
		wal write 4096@24776
		wal write 24@28872 commit
		wal write 4096@28896
		wal sync 2
		published 8
		write lock 0
		db PHASETWO
	`)
}

// Write-behind has to flush inside the last write: at NORMAL no other call
// that could fail comes before everybody sees the commit.
func TestFactNormalCommitPublishesWithoutASync(t *testing.T) {
	f := fact{t, "at NORMAL and OFF nothing comes between the commit frame's data and the publication", "flushing in the write of that data"}
	for _, sync := range []string{"NORMAL", "OFF"} {
		tr := newTracer(t)
		c, _ := openWAL(t, tr, `PRAGMA synchronous=`+sync)
		exec(t, c, `INSERT INTO t VALUES(2)`)
		f.trace(tr.take("getter")[3:], `
			commit hook
			wal write 24@12392 commit
			wal write 4096@12416
			published 4
			write lock 0
			db PHASETWO
		`)
	}
}

// The getter cannot return an error, so nothing can be flushed in it, but it
// can assert that nothing is left to be flushed.
func TestFactGetterIsCalledAtEverySharedMemoryOperation(t *testing.T) {
	f := fact{t, "SharedMemory is called at every operation on the WAL-index", "asserting that nothing is buffered at a publication"}
	tr := newTracer(t)
	c, path := openWAL(t, tr, `PRAGMA synchronous=FULL`)
	other := open(t, path, tr.name)
	exec(t, c, `INSERT INTO t VALUES(2); SELECT * FROM t; PRAGMA wal_checkpoint; BEGIN; INSERT INTO t VALUES(3); COMMIT; BEGIN EXCLUSIVE; ROLLBACK`)
	exec(t, other, `INSERT INTO t VALUES(4); PRAGMA wal_checkpoint(TRUNCATE); SELECT * FROM t`)
	tr.note("", "end", "")
	asked, changes := false, 0
	for _, e := range tr.take() {
		switch name, _, _ := strings.Cut(e, " "); name {
		case "published", "write", "read", "checkpoint":
			f.check(asked, "there is a change (%s) without a call", e)
			changes++
		case "backfilled": // stored without an operation
		default:
			asked = e == "shm getter"
		}
	}
	if changes < 20 {
		t.Errorf("only %d changes were seen", changes)
	}
}

// A queue that is entered while this connection holds the write lock would be
// a deadlock with whoever has the turn and waits for the lock.
func TestFactHiddenBlockingLocksKeepTheHintFirst(t *testing.T) {
	f := fact{t, "with a busy timeout the hint comes before every lock, if struct{ SharedMemory } hides that they could block, and after the write lock if not", "hiding blocking locks"}
	for _, hide := range []bool{true, false} {
		tr := newTracer(t)
		if !hide {
			tr.shm = func(_ string, lent sqlitevfs.SharedMemory) sqlitevfs.SharedMemory { return lent }
		}
		c, _ := openWAL(t, tr, `PRAGMA busy_timeout=1000`)
		exec(t, c, `INSERT INTO t VALUES(2)`)
		want := "db pragma experimental_pragma_20251114=1\n read mark 1\n write lock 1"
		if !hide {
			want = "write lock 1\n db pragma experimental_pragma_20251114=1\n read mark 1"
		}
		f.trace(tr.take("getter")[:3], want)
	}
}

// A flush at the commit frame is not enough: after it come rewritten headers,
// which a killed process must not keep to itself.
func TestFactChecksumsAreRewrittenAfterTheCommitFrame(t *testing.T) {
	f := fact{t, "after a page was spilled and changed again, the commit rewrites that frame in place and then all later headers, the commit frame's last", "writing through once the commit frame is complete"}
	tr := newTracer(t)
	c, path := openTraced(t, tr, `PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; CREATE TABLE t(a INTEGER PRIMARY KEY, b); PRAGMA cache_size=10; INSERT INTO t SELECT value, zeroblob(3000) FROM `+series)
	exec(t, c, `BEGIN; UPDATE t SET b=zeroblob(2999) WHERE a<30; UPDATE t SET b=zeroblob(2998) WHERE a<3`)
	spilled := tr.only("write")
	watchWAL(t, tr, path)
	exec(t, c, `COMMIT`)
	events := tr.take("getter")

	f.check(slices.Contains(spilled, "wal write 24@428512"), "nothing is written before the commit: %q", spilled)
	commit := slices.IndexFunc(events, func(e string) bool { return strings.HasSuffix(e, " commit") })
	if commit < 1 {
		t.Fatalf("no commit frame among %q", events)
	}
	f.check(events[0] == "wal write 4096@428536", "the first write is %s, not the data of the first spilled frame", events[0])
	rewritten := slices.DeleteFunc(slices.Clone(events[commit+2:]), func(e string) bool { return !strings.HasPrefix(e, "wal") })
	f.check(len(rewritten) > 2*len(spilled)/3 && rewritten[0] == "wal read 8@424408" && rewritten[1] == "wal read 4120@428512" && rewritten[2] == "wal write 24@428512",
		"after the commit frame comes %q", rewritten)
	last := rewritten[len(rewritten)-1]
	f.check(last == events[commit], "the last write before the publication is %s, not the commit frame's header again", last)
	f.check(strings.HasPrefix(events[len(events)-3], "published "), "the end of the commit is %q", events[len(events)-3:])
}

// These are all the syncs of a WAL. Only a commit's may be shared; the
// header's keeps old headers apart from new frames, the checkpoint's keeps the
// WAL ahead of the database, and comes before anything that announces it.
func TestFactSyncsOfAWAL(t *testing.T) {
	f := fact{t, "a WAL is synced after its header, at a commit, and before CKPT_START, and checkpoint_fullfsync marks the first and the last", "telling which sync may be shared"}
	for _, test := range []struct{ sync, header, commit, checkpoint, database string }{
		{"FULL", "\n wal sync 3", "\n wal sync 2", "\n wal sync 3", "\n db sync 3"},
		{"NORMAL", "\n wal sync 3", "", "\n wal sync 3", "\n db sync 3"},
		{"OFF", "", "", "", ""},
	} {
		tr := newTracer(t)
		c, _ := openWAL(t, tr, `PRAGMA checkpoint_fullfsync=1; PRAGMA synchronous=`+test.sync+`; PRAGMA wal_checkpoint; SELECT * FROM t`)
		exec(t, c, `INSERT INTO t VALUES(2)`)
		// The WAL starts again: the restart is published before the header is written.
		f.trace(tr.take("getter", "pragma", "read mark 0", "read mark 1", "write lock 0", "write lock 1"), `
			commit hook
			published 0
			backfilled 0
			wal write 32@0`+test.header+`
			wal write 24@32 commit
			wal write 4096@56`+test.commit+`
			published 1
			db PHASETWO
		`)
		exec(t, c, `PRAGMA wal_checkpoint`)
		tr.note("", "end", "")
		f.trace(tr.take("getter", "pragma", "size", "read mark 0", "read mark 1"), `
			checkpoint lock 1`+test.checkpoint+`
			db CKPT_START
			wal read 4096@56
			db write 4096@4096
			db CKPT_DONE
			db truncate 8192`+test.database+`
			backfilled 1
			checkpoint lock 0
			end
		`)
	}
}

// Database writes are never held back past CKPT_DONE: readers stop looking at
// the WAL right after it.
func TestFactPartialCheckpointIsNotSynced(t *testing.T) {
	f := fact{t, "a checkpoint that a reader keeps from completing stores its progress right after CKPT_DONE, without a sync", "having written everything before CKPT_DONE"}
	tr := newTracer(t)
	c, path := openWAL(t, tr, ``)
	reader := open(t, path, tr.name)
	exec(t, reader, `BEGIN; SELECT * FROM t`)
	exec(t, c, `INSERT INTO t VALUES(2)`)
	tr.take()
	exec(t, c, `PRAGMA wal_checkpoint`)
	tr.note("", "end", "")
	events := tr.take("getter", "size")
	i := slices.Index(events, "db CKPT_DONE")
	f.check(i > 0 && events[i+1] == "backfilled 3", "the checkpoint goes %q", events)
}

// journal_size_limit truncates after the sync and before the publication: what
// is buffered must be written by then.
func TestFactSizeLimitTruncatesBeforeThePublication(t *testing.T) {
	f := fact{t, "journal_size_limit asks for the size and truncates the WAL between sync and publication", "closing the commit window at either call"}
	tr := newTracer(t)
	c, _ := openWAL(t, tr, `PRAGMA synchronous=FULL; PRAGMA journal_size_limit=0; PRAGMA wal_checkpoint; SELECT * FROM t`)
	exec(t, c, `INSERT INTO t VALUES(2)`)
	events := tr.take("getter")
	f.trace(events[slices.Index(events, "wal write 24@32 commit"):], `
		wal write 24@32 commit
		wal write 4096@56
		wal sync 2
		wal size
		wal truncate 4152
		published 1
		write lock 0
		db PHASETWO
	`)
}

// Abandon gives up the locks on the WAL-index through its descriptor.
func TestFactWALIndexLendsItsDescriptor(t *testing.T) {
	f := fact{t, "the WAL-index of the operating system's VFS has a method Fd() uintptr", "giving up the locks of a connection that panicked"}
	tr := newTracer(t)
	var lent sqlitevfs.SharedMemory
	tr.shm = func(_ string, shm sqlitevfs.SharedMemory) sqlitevfs.SharedMemory { lent = shm; return shm }
	openTraced(t, tr, `PRAGMA journal_mode=WAL; CREATE TABLE t(a)`)
	_, ok := lent.(interface{ Fd() uintptr })
	f.check(ok, "a %T has none", lent)
}

// Two SQLite libraries in one process do not see each other's locks, so tests
// compare through child processes, and the documentation warns.
func TestFactLocksOfAnotherLibraryInTheProcessAreNotSeen(t *testing.T) {
	f := fact{t, "the operating system's VFS does not see the POSIX locks that its own process holds", "never opening a database by two libraries in one process"}
	tr := newTracer(t)
	_, path := openTraced(t, tr, `CREATE TABLE t(a)`)
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	const reservedByte = 0x40000001
	reserved := unix.Flock_t{Type: unix.F_WRLCK, Start: reservedByte, Len: 1}
	if err := unix.FcntlFlock(file.Fd(), unix.F_SETLK, &reserved); err != nil {
		t.Fatal(err)
	}
	seen, err := tr.files[0].CheckReservedLock()
	f.check(!seen && err == nil, "CheckReservedLock says %v, %v", seen, err)
}
