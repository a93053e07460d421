// Package enginetest is the contract of [ioengine.Engine] as tests, for every
// implementation to run.
package enginetest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/turso-coop/turso-coop/completion"
	"github.com/turso-coop/turso-coop/ioengine"
)

// Run tests the engines that open makes. Each test opens its own engine and
// closes it, and checks that no goroutine and no descriptor is left.
func Run(t *testing.T, open func() (ioengine.Engine, error)) {
	tests := []struct {
		name string
		f    func(*testing.T, *fixture)
	}{
		{"WritesAreRead", testWritesAreRead},
		{"ShortReadsEndInEOF", testShortReadsEndInEOF},
		{"VectorsBeyondOneCall", testVectorsBeyondOneCall},
		{"EmptyTransfers", testEmptyTransfers},
		{"TruncateAndAllocate", testTruncateAndAllocate},
		{"ErrorsAreTheSystems", testErrorsAreTheSystems},
		{"QueuedOperationsGoTogether", testQueuedOperationsGoTogether},
		{"TouchingWritesAreOne", testTouchingWritesAreOne},
		{"MoreThanTheQueueHolds", testMoreThanTheQueueHolds},
		{"StepFinishesWithoutWaiting", testStepFinishesWithoutWaiting},
		{"SyncsAreShared", testSyncsAreShared},
		{"CancelFinishesExactlyOnce", testCancelFinishesExactlyOnce},
		{"FileCloseDrains", testFileCloseDrains},
		{"EngineCloseDrains", testEngineCloseDrains},
		{"ClosedFilesRefuse", testClosedFilesRefuse},
		{"ManyGoroutinesOneFile", testManyGoroutinesOneFile},
		{"SubmitterThreadExits", testSubmitterThreadExits},
		{"CachedReadsTellTheTruth", testCachedReadsTellTheTruth},
		{"ReadsWithoutACompletion", testReadsWithoutACompletion},
		{"ReadAheadIsOnlyAHint", testReadAheadIsOnlyAHint},
		{"CloseEndsReadAhead", testCloseEndsReadAhead},
		{"StatsCountEveryOperation", testStatsCountEveryOperation},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			checkLeaks(t)
			e, err := open()
			if err != nil {
				t.Fatal(err)
			}
			x := &fixture{t: t, e: e, w: ioengine.NewWaiter(e)}
			test.f(t, x)
			if err := e.Close(); err != nil && !x.closed {
				t.Errorf("Close: %v", err)
			}
		})
	}
}

// fixture is an engine under test with helpers that fail the test.
type fixture struct {
	t      *testing.T
	e      ioengine.Engine
	w      completion.Waiter
	closed bool // the test closed the engine itself
}

// file opens a new temporary file with the given content.
func (x *fixture) file(content []byte) ioengine.File {
	x.t.Helper()
	path := filepath.Join(x.t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		x.t.Fatal(err)
	}
	return x.open(path, os.O_RDWR)
}

func (x *fixture) open(path string, flag int) ioengine.File {
	x.t.Helper()
	osFile, err := os.OpenFile(path, flag, 0)
	if err != nil {
		x.t.Fatal(err)
	}
	f, err := x.e.Open(osFile.Fd())
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() {
		_ = f.Close() // engine first, descriptor second
		osFile.Close()
	})
	return f
}

// do waits for one operation and returns its result.
func (x *fixture) do(submit func(c *completion.Completion)) (int, error) {
	x.t.Helper()
	var c completion.Completion
	submit(&c)
	x.w.Wait(&c)
	if !c.Finished() {
		x.t.Fatal("Wait returned before the operation finished")
	}
	return c.N(), c.Err()
}

func (x *fixture) must(submit func(c *completion.Completion)) {
	x.t.Helper()
	if _, err := x.do(submit); err != nil {
		x.t.Fatal(err)
	}
}

// content reads the whole file.
func (x *fixture) content(f ioengine.File) []byte {
	x.t.Helper()
	size, err := f.Size()
	if err != nil {
		x.t.Fatal(err)
	}
	p := make([]byte, size)
	x.must(func(c *completion.Completion) { f.ReadAt(c, p, 0) })
	return p
}

// checkLeaks fails the test if it leaves a goroutine or a descriptor behind.
// It waits for goroutines that are on their way out.
func checkLeaks(t *testing.T) {
	goroutines, descriptors := runtime.NumGoroutine(), countDescriptors()
	t.Cleanup(func() {
		deadline := time.Now().Add(10 * time.Second)
		for runtime.NumGoroutine() > goroutines {
			if time.Now().After(deadline) {
				buf := make([]byte, 1<<20)
				t.Fatalf("%d goroutines left\n%s", runtime.NumGoroutine()-goroutines, buf[:runtime.Stack(buf, true)])
			}
			runtime.Gosched()
		}
		if n := countDescriptors(); n > descriptors {
			t.Errorf("%d descriptors left", n-descriptors)
		}
	})
}

// countDescriptors counts the process's open descriptors where /proc tells.
func countDescriptors() int {
	names, _ := filepath.Glob("/proc/self/fd/*")
	return len(names)
}

// pattern is n bytes that depend on their position.
func pattern(n int, seed byte) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i) ^ byte(i>>8)*31 ^ seed
	}
	return p
}

func testWritesAreRead(t *testing.T, x *fixture) {
	f := x.file(nil)
	want := pattern(10_000, 1)
	n, err := x.do(func(c *completion.Completion) { f.WriteAt(c, want, 123) })
	if n != len(want) || err != nil {
		t.Fatalf("WriteAt: %d, %v", n, err)
	}
	got := make([]byte, len(want))
	n, err = x.do(func(c *completion.Completion) { f.ReadAt(c, got, 123) })
	if n != len(got) || err != nil || !bytes.Equal(got, want) {
		t.Fatalf("ReadAt: %d, %v", n, err)
	}
	x.must(func(c *completion.Completion) { f.Sync(c, ioengine.SyncFull) })
	if got := x.content(f); !bytes.Equal(got[:123], make([]byte, 123)) {
		t.Fatal("the hole does not read as zeros")
	}
}

func testShortReadsEndInEOF(t *testing.T, x *fixture) {
	f := x.file(pattern(1000, 2))
	for _, vectored := range []bool{false, true} {
		for _, r := range []struct{ off, len, want int }{
			{0, 1000, 1000}, {0, 1001, 1000}, {999, 2, 1}, {1000, 1, 0}, {5000, 10, 0},
		} {
			p := make([]byte, r.len)
			n, err := x.do(func(c *completion.Completion) {
				if vectored {
					f.ReadvAt(c, [][]byte{p[:1], p[1:]}, int64(r.off))
				} else {
					f.ReadAt(c, p, int64(r.off))
				}
			})
			if short := r.want < r.len; n != r.want || (err == io.EOF) != short || (err != nil) != short {
				t.Errorf("%d bytes at %d (vectored %v): %d, %v", r.len, r.off, vectored, n, err)
			}
			if !bytes.Equal(p[:n], pattern(1000, 2)[min(r.off, 1000):][:n]) {
				t.Errorf("%d bytes at %d: wrong bytes", r.len, r.off)
			}
		}
	}
}

// A vector may have more buffers than one system call takes, empty ones too.
func testVectorsBeyondOneCall(t *testing.T, x *fixture) {
	f := x.file(nil)
	want := pattern(3000*7, 3)
	split := func(p []byte) (bufs [][]byte) {
		for i := 0; len(p) > 0; i++ {
			n := min(i%15, len(p))
			bufs = append(bufs, p[:n])
			p = p[n:]
		}
		return bufs
	}
	n, err := x.do(func(c *completion.Completion) { f.WritevAt(c, split(want), 50) })
	if n != len(want) || err != nil {
		t.Fatalf("WritevAt: %d, %v", n, err)
	}
	got := make([]byte, len(want))
	n, err = x.do(func(c *completion.Completion) { f.ReadvAt(c, split(got), 50) })
	if n != len(want) || err != nil || !bytes.Equal(got, want) {
		t.Fatalf("ReadvAt: %d, %v", n, err)
	}
}

func testEmptyTransfers(t *testing.T, x *fixture) {
	f := x.file(nil)
	for name, submit := range map[string]func(*completion.Completion){
		"ReadAt":   func(c *completion.Completion) { f.ReadAt(c, nil, 0) },
		"ReadvAt":  func(c *completion.Completion) { f.ReadvAt(c, nil, 0) },
		"WriteAt":  func(c *completion.Completion) { f.WriteAt(c, []byte{}, 0) },
		"WritevAt": func(c *completion.Completion) { f.WritevAt(c, [][]byte{{}, {}}, 0) },
	} {
		if n, err := x.do(submit); n != 0 || err != nil {
			t.Errorf("%s of nothing: %d, %v", name, n, err)
		}
	}
}

func testTruncateAndAllocate(t *testing.T, x *fixture) {
	f := x.file(pattern(100, 4))
	size := func(want int64) {
		t.Helper()
		if got, err := f.Size(); got != want || err != nil {
			t.Fatalf("Size: %d, %v, want %d", got, err, want)
		}
	}
	size(100)
	x.must(func(c *completion.Completion) { f.Truncate(c, 60) })
	size(60)
	x.must(func(c *completion.Completion) { f.Allocate(c, 50) })
	size(60) // never smaller
	x.must(func(c *completion.Completion) { f.Allocate(c, 200) })
	size(200)
	want := append(pattern(100, 4)[:60], make([]byte, 140)...)
	if !bytes.Equal(x.content(f), want) {
		t.Fatal("what was cut off or allocated does not read as zeros")
	}
	x.must(func(c *completion.Completion) { f.Truncate(c, 0) })
	size(0)
}

func testErrorsAreTheSystems(t *testing.T, x *fixture) {
	path := filepath.Join(t.TempDir(), "read-only")
	if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := x.open(path, os.O_RDONLY)
	for name, submit := range map[string]func(*completion.Completion){
		"WriteAt":         func(c *completion.Completion) { f.WriteAt(c, []byte("x"), 0) },
		"WritevAt":        func(c *completion.Completion) { f.WritevAt(c, [][]byte{{1}, {2}}, 0) },
		"Truncate":        func(c *completion.Completion) { f.Truncate(c, 0) },
		"negative offset": func(c *completion.Completion) { f.ReadAt(c, make([]byte, 1), -1) },
		"negative size":   func(c *completion.Completion) { f.Allocate(c, -1) },
	} {
		n, err := x.do(submit)
		if n != 0 || err == nil || err == io.EOF || errors.Is(err, ioengine.ErrClosed) {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
	if got := x.content(f); string(got) != "text" {
		t.Errorf("the read-only file holds %q", got)
	}
}

// What is queued before somebody waits is finished as one group, in batches.
func testQueuedOperationsGoTogether(t *testing.T, x *fixture) {
	const pages, pageBytes = 64, 512
	f := x.file(nil)
	before := x.e.Stats()
	want := pattern(pages*pageBytes, 5)
	var group completion.Group
	ops := make([]completion.Completion, pages)
	for i := range ops {
		f.WriteAt(&ops[i], want[i*pageBytes:][:pageBytes], int64(i*pageBytes))
		group.Add(&ops[i])
	}
	done := group.Build()
	x.w.Wait(done)
	if done.N() != len(want) || done.Err() != nil {
		t.Fatalf("group of writes: %d, %v", done.N(), done.Err())
	}
	if !bytes.Equal(x.content(f), want) {
		t.Fatal("wrong bytes")
	}
	after := x.e.Stats()
	if batches := after.Batches - before.Batches; batches != 1 || after.Batched-before.Batched != pages {
		t.Errorf("%d operations in %d batches, want all in one", after.Batched-before.Batched, batches)
	}
}

// Queued writes that touch end to end go out as one, whatever their order;
// each is told its own result.
func testTouchingWritesAreOne(t *testing.T, x *fixture) {
	f, other := x.file(nil), x.file(nil)
	want := pattern(6*1000, 12)
	before := x.e.Stats()
	var ops [8]completion.Completion
	var group completion.Group
	for i, part := range []int{3, 0, 5, 1, 4, 2} {
		if p := want[part*1000:][:1000]; i%2 == 0 {
			f.WriteAt(&ops[i], p, int64(part*1000))
		} else {
			f.WritevAt(&ops[i], [][]byte{p[:10], p[10:]}, int64(part*1000))
		}
		group.Add(&ops[i])
	}
	f.WriteAt(&ops[6], want[:500], 7000)     // touches nothing
	other.WriteAt(&ops[7], want[:500], 6000) // of another file
	group.Add(&ops[6])
	group.Add(&ops[7])
	done := group.Build()
	x.w.Wait(done)
	if done.Err() != nil || ops[0].N() != 1000 || ops[7].N() != 500 || done.N() != 7000 {
		t.Fatalf("%d, %v", done.N(), done.Err())
	}
	if got := x.content(f); !bytes.Equal(got[:6000], want) || !bytes.Equal(got[7000:], want[:500]) {
		t.Error("wrong bytes")
	}
	if n := x.e.Stats().MergedWrites - before.MergedWrites; n != 5 {
		t.Errorf("%d writes went along with others, want 5 of 6", n)
	}
}

// A caller that only submits does not make the queue grow for ever.
func testMoreThanTheQueueHolds(t *testing.T, x *fixture) {
	const n = 3000
	f := x.file(pattern(n, 6))
	ops, bufs := make([]completion.Completion, n), make([]byte, n)
	var group completion.Group
	for i := range ops {
		f.ReadvAt(&ops[i], [][]byte{bufs[i : i+1]}, int64(i))
		group.Add(&ops[i])
	}
	done := group.Build()
	x.w.Wait(done)
	if done.N() != n || done.Err() != nil || !bytes.Equal(bufs, pattern(n, 6)) {
		t.Fatalf("%d, %v", done.N(), done.Err())
	}
}

func testStepFinishesWithoutWaiting(t *testing.T, x *fixture) {
	f := x.file(nil)
	ops := make([]completion.Completion, 3)
	f.WriteAt(&ops[0], []byte("abc"), 0)
	f.Sync(&ops[1], ioengine.SyncNormal)
	f.Allocate(&ops[2], 10)
	deadline := time.Now().Add(10 * time.Second)
	for !ops[0].Finished() || !ops[1].Finished() || !ops[2].Finished() {
		if time.Now().After(deadline) {
			t.Fatal("Step does not make progress")
		}
		x.e.Step()
		runtime.Gosched()
	}
	for i := range ops {
		if ops[i].Err() != nil {
			t.Error(ops[i].Err())
		}
	}
}

// Syncs that are taken together are answered together.
func testSyncsAreShared(t *testing.T, x *fixture) {
	const n = 20
	f := x.file(pattern(100, 7))
	ops := make([]completion.Completion, n)
	var group completion.Group
	for i := range ops {
		f.Sync(&ops[i], ioengine.SyncMode(i%3))
		group.Add(&ops[i])
	}
	done := group.Build()
	x.w.Wait(done)
	if done.Err() != nil {
		t.Fatal(done.Err())
	}
	// The first may run before the others have reached the file; those that
	// wait for it meanwhile share what follows.
	if s := x.e.Stats(); s.Syncs != n || s.SharedSyncs == 0 {
		t.Errorf("%d syncs, %d shared", s.Syncs, s.SharedSyncs)
	}
}

func testStatsCountEveryOperation(t *testing.T, x *fixture) {
	f := x.file(pattern(8192, 11))
	p := make([]byte, 4096)
	for range 3 {
		x.must(func(c *completion.Completion) { f.ReadAt(c, p, 0) })
	}
	x.must(func(c *completion.Completion) { f.WriteAt(c, p, 4096) })
	x.must(func(c *completion.Completion) { f.Sync(c, ioengine.SyncNormal) })
	x.must(func(c *completion.Completion) { f.Truncate(c, 100) })
	x.must(func(c *completion.Completion) { f.Allocate(c, 200) })
	s := x.e.Stats()
	if s.Reads != 3 || s.Writes != 1 || s.Syncs != 1 || s.Truncates != 1 || s.Allocates != 1 || s.Operations() != 7 {
		t.Errorf("operations: %+v", s)
	}
	if s.BytesRead != 3*4096 || s.BytesWritten != 4096 {
		t.Errorf("bytes: %+v", s)
	}
	if s.InlineHits+s.Direct+s.Batched != s.Operations() {
		t.Errorf("inline, direct and batched do not add up: %+v", s)
	}
	if s.Engine == ioengine.Auto || s.Reason == "" {
		t.Errorf("engine %q, reason %q", s.Engine, s.Reason)
	}
}
