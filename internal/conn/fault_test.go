package conn

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/completion"
	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/vfs"
)

// failing is an engine whose operations that change files, or sync them, fail when left has counted down to 0: one of
// them, or with sticky all that follow as well.
type failing struct {
	ioengine.Engine
	left   atomic.Int64 // negative: none fails any more
	sticky atomic.Bool
	err    error
}

func (e *failing) Open(fd uintptr) (ioengine.File, error) {
	f, err := e.Engine.Open(fd)
	return failingFile{f, e}, err
}

type failingFile struct {
	ioengine.File
	e *failing
}

// fails ends the operation of c with the engine's error if it is its turn.
func (f failingFile) fails(c *completion.Completion) bool {
	left := f.e.left.Add(-1)
	if left > 0 || left < 0 && !f.e.sticky.Load() {
		return false
	}
	c.Begin(nil)
	c.Finish(0, f.e.err)
	return true
}

func (f failingFile) WriteAt(c *completion.Completion, p []byte, off int64) {
	if !f.fails(c) {
		f.File.WriteAt(c, p, off)
	}
}

func (f failingFile) Sync(c *completion.Completion, mode ioengine.SyncMode) {
	if !f.fails(c) {
		f.File.Sync(c, mode)
	}
}

func (f failingFile) Truncate(c *completion.Completion, size int64) {
	if !f.fails(c) {
		f.File.Truncate(c, size)
	}
}

// faultyCrowd is a crowd on an engine that can fail.
func faultyCrowd(t *testing.T, mode string, failure error) (*crowd, *failing) {
	t.Helper()
	e, err := ioengine.Open(ioengine.Options{Kind: ioengine.Pool})
	if err != nil {
		t.Fatal(err)
	}
	f := &failing{Engine: e, err: failure}
	f.left.Store(-1)
	name := fmt.Sprintf("failing-%p", f)
	vfs.Register(name, vfs.Options{Engine: f})
	t.Cleanup(func() { e.Close() }) // after the connections
	k := newCrowdOn(t, name, 3, "PRAGMA journal_mode="+mode+"; PRAGMA synchronous=FULL; CREATE TABLE t(a INTEGER PRIMARY KEY, b)")
	for _, c := range k.conns {
		script(t, c, "PRAGMA synchronous=FULL; SELECT * FROM t")
		c.Join(k.family, false)
	}
	return k, f
}

// Each write, sync and truncation of a group fails in turn. Nobody is told that something is there that is not; the
// members run again, and if nothing fails then, their rows are there once.
func TestGroupWithAFault(t *testing.T) {
	for _, mode := range []string{"WAL", "DELETE", "TRUNCATE", "PERSIST"} {
		for _, failure := range []error{syscall.EIO, syscall.ENOSPC} {
			for _, sticky := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%v/sticky %t", mode, failure, sticky), func(t *testing.T) {
					k, f := faultyCrowd(t, mode, failure)
					for nth := int64(1); failGroup(k, f, mode, nth, sticky); nth++ {
					}
				})
			}
		}
	}
}

// failGroup has the nth operation of a group fail. It returns false once there are fewer.
func failGroup(k *crowd, f *failing, mode string, nth int64, sticky bool) bool {
	t := k.t
	t.Helper()
	calls := make([]*call, len(k.conns))
	for i := range calls {
		calls[i] = &call{on: i, sql: "INSERT INTO t(b) VALUES(?)", args: []any{fmt.Sprint(nth, " ", i)}}
	}
	script(t, k.conns[0], "PRAGMA wal_checkpoint(TRUNCATE)") // a group begins with the header of the WAL
	k.conns[0].Join(k.family, false)
	k.begin(calls...)
	f.sticky.Store(sticky)
	f.left.Store(nth)
	k.end(calls...)
	reached := f.left.Swap(-1) <= 0
	f.sticky.Store(false)
	for i, c := range calls {
		got := k.text(fmt.Sprintf("SELECT count(*) FROM t WHERE b='%d %d'", nth, i))
		switch {
		case got == "1\n" && mode != "WAL" && code(c.err) == sqlite3.IOERR_FSYNC, got == "1\n" && mode == "TRUNCATE" && code(c.err) == sqlite3.IOERR_TRUNCATE:
			// The commit was done, and only did not become durable.
		case c.err == nil && got != "1\n", c.err != nil && got != "0\n":
			t.Errorf("operation %d: call %d returned %v, and its row is there %q times", nth, i, c.err, got)
		case c.err != nil && !errors.Is(c.err, f.err) && !sticky:
			t.Errorf("operation %d: call %d: %v", nth, i, c.err)
		case c.err != nil && i > 0 && !sticky: // the first is the one whose statement may have failed
			t.Errorf("operation %d failed once, and call %d was not run again: %v", nth, i, c.err)
		}
	}
	if got := k.text("PRAGMA integrity_check"); got != "ok\n" {
		t.Errorf("operation %d: %s", nth, got)
	}
	again := &call{on: 1, sql: "INSERT INTO t(b) VALUES('again')"}
	again.done = make(chan struct{})
	if again.run(k.conns[1]); again.err != nil {
		t.Errorf("operation %d: afterwards: %v", nth, again.err)
	}
	if t.Failed() {
		t.FailNow()
	}
	return reached
}

// What another connection has met on its files is told with the error.
func TestFailureBehindAGroupsError(t *testing.T) {
	k, f := faultyCrowd(t, "WAL", syscall.ENOSPC)
	calls := []*call{{on: 0, sql: "INSERT INTO t(b) VALUES(1)"}, {on: 1, sql: "INSERT INTO t(b) VALUES(2)"}}
	k.begin(calls...)
	f.sticky.Store(true)
	f.left.Store(1)
	k.end(calls...)
	f.sticky.Store(false)
	for i, c := range calls {
		var behind *FileError
		if !errors.As(c.err, &behind) || !errors.Is(behind.Failure, syscall.ENOSPC) {
			t.Errorf("call %d: %v", i, c.err)
		}
	}
}
