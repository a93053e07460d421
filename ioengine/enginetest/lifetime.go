package enginetest

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/turso-coop/turso-coop/completion"
	"github.com/turso-coop/turso-coop/ioengine"
)

// The tests of this file are about how operations end, whoever asks for it.

func testCancelFinishesExactlyOnce(t *testing.T, x *fixture) {
	f := x.file(pattern(1<<20, 8))
	rng := rand.New(rand.NewPCG(1, 8))
	for range 200 {
		ops := make([]completion.Completion, 16)
		bufs := make([]byte, len(ops)*4096)
		var group completion.Group
		for i := range ops {
			f.ReadvAt(&ops[i], [][]byte{bufs[i*4096:][:4096]}, int64(rng.IntN(255))*4096)
			group.Add(&ops[i])
		}
		done := group.Build()
		if rng.IntN(2) == 0 {
			x.e.Step() // sometimes they have left the queue
		}
		for i := range ops {
			if rng.IntN(2) == 0 {
				ops[i].Cancel()
			}
		}
		x.w.Wait(done)
		for i := range ops {
			switch err := ops[i].Err(); {
			case err == nil && ops[i].N() == 4096:
			case err == completion.ErrCanceled && ops[i].N() == 0:
			default:
				t.Fatalf("canceled read: %d, %v", ops[i].N(), err)
			}
		}
	}
}

func testFileCloseDrains(t *testing.T, x *fixture) {
	f := x.file(pattern(1<<16, 9))
	ops, bufs := make([]completion.Completion, 32), make([]byte, 32*100)
	for i := range ops {
		f.ReadvAt(&ops[i], [][]byte{bufs[i*100:][:100]}, int64(i*100))
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for i := range ops {
		if !ops[i].Finished() || ops[i].Err() != nil {
			t.Fatalf("operation %d after Close: finished=%v, %v", i, ops[i].Finished(), ops[i].Err())
		}
	}
	if !bytes.Equal(bufs, pattern(1<<16, 9)[:len(bufs)]) {
		t.Fatal("wrong bytes")
	}
}

func testEngineCloseDrains(t *testing.T, x *fixture) {
	f := x.file(nil)
	ops := make([]completion.Completion, 8)
	for i := range ops {
		f.WriteAt(&ops[i], []byte("data"), int64(4*i))
	}
	x.closed = true
	if err := x.e.Close(); err != nil {
		t.Fatal(err)
	}
	for i := range ops {
		if !ops[i].Succeeded() {
			t.Fatalf("operation %d after Close: finished=%v, %v", i, ops[i].Finished(), ops[i].Err())
		}
	}
	if err := x.e.Close(); err != ioengine.ErrClosed {
		t.Errorf("second Close: %v", err)
	}
	if _, err := x.e.Open(0); err != ioengine.ErrClosed {
		t.Errorf("Open after Close: %v", err)
	}
}

func testClosedFilesRefuse(t *testing.T, x *fixture) {
	f := x.file([]byte("text"))
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != ioengine.ErrClosed {
		t.Errorf("second Close: %v", err)
	}
	p := make([]byte, 4)
	for name, submit := range map[string]func(*completion.Completion){
		"ReadAt":   func(c *completion.Completion) { f.ReadAt(c, p, 0) },
		"ReadvAt":  func(c *completion.Completion) { f.ReadvAt(c, [][]byte{p}, 0) },
		"WriteAt":  func(c *completion.Completion) { f.WriteAt(c, p, 0) },
		"WritevAt": func(c *completion.Completion) { f.WritevAt(c, [][]byte{p}, 0) },
		"Sync":     func(c *completion.Completion) { f.Sync(c, ioengine.SyncNormal) },
		"Truncate": func(c *completion.Completion) { f.Truncate(c, 0) },
		"Allocate": func(c *completion.Completion) { f.Allocate(c, 9) },
	} {
		if n, err := x.do(submit); n != 0 || err != ioengine.ErrClosed {
			t.Errorf("%s after Close: %d, %v", name, n, err)
		}
	}
}

// Goroutines with regions of their own write, sync and read one file.
func testManyGoroutinesOneFile(t *testing.T, x *fixture) {
	const goroutines, rounds, regionBytes = 16, 30, 4096
	f := x.file(nil)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			w := ioengine.NewWaiter(x.e)
			var c completion.Completion
			got := make([]byte, regionBytes)
			for r := range rounds {
				want := pattern(regionBytes, byte(g*rounds+r))
				f.WriteAt(&c, want, int64(g*regionBytes))
				w.Wait(&c)
				if r%10 == 0 {
					f.Sync(&c, ioengine.SyncNormal)
					w.Wait(&c)
				}
				f.ReadvAt(&c, [][]byte{got[:100], got[100:]}, int64(g*regionBytes))
				w.Wait(&c)
				if c.Err() != nil || !bytes.Equal(got, want) {
					t.Errorf("goroutine %d round %d: %v", g, r, c.Err())
					return
				}
			}
		})
	}
	wg.Wait()
}

// Operations outlive the operating system's thread that submitted them.
func testSubmitterThreadExits(t *testing.T, x *fixture) {
	f := x.file(pattern(1<<20, 10))
	for range 20 {
		ops, bufs := make([]completion.Completion, 8), make([]byte, 8*4096)
		var group completion.Group
		submitted := make(chan *completion.Completion)
		go func() {
			runtime.LockOSThread() // never unlocked: the thread exits
			for i := range ops {
				f.ReadvAt(&ops[i], [][]byte{bufs[i*4096:][:4096]}, int64(i*8192))
				group.Add(&ops[i])
			}
			done := group.Build()
			x.e.Step()
			submitted <- done
		}()
		done := <-submitted
		x.w.Wait(done)
		if done.Err() != nil || done.N() != len(bufs) {
			t.Fatalf("%d, %v", done.N(), done.Err())
		}
	}
}
