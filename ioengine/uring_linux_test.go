package ioengine

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/turso-coop/turso-coop/completion"
)

// Without io_uring the pool serves, and Stats says why.
func TestFallbackSaysWhy(t *testing.T) {
	for name, test := range map[string]struct {
		setup setupFunc
		why   string
	}{
		"forbidden, as under seccomp": {func(uint32, *ringParams) (int, error) { return -1, unix.EPERM }, "operation not permitted"},
		"older than io_uring":         {func(uint32, *ringParams) (int, error) { return -1, unix.ENOSYS }, "function not implemented"},
		"locked memory limit":         {func(uint32, *ringParams) (int, error) { return -1, unix.ENOMEM }, "cannot allocate memory"},
		"older than 5.12": {func(n uint32, p *ringParams) (int, error) {
			fd, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
			p.features = featuresWanted &^ (1 << 9)
			return fd, err
		}, "Linux 5.12"},
		"not a ring": {func(n uint32, p *ringParams) (int, error) {
			fd, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
			p.features = featuresWanted
			return fd, err
		}, "io_uring_register"},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := Open(Options{setup: test.setup})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			if s := e.Stats(); s.Engine != Pool || !strings.Contains(s.Reason, test.why) {
				t.Errorf("engine %s, reason %q, want one that says %q", s.Engine, s.Reason, test.why)
			}
			readBack(t, e)
			if _, err := Open(Options{Kind: Uring, setup: test.setup}); err == nil || !strings.Contains(err.Error(), test.why) {
				t.Errorf("forced: %v", err)
			}
		})
	}
}

// readBack writes and reads a few blocks of a new file as one batch each.
func readBack(t *testing.T, e Engine) {
	t.Helper()
	osFile, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer osFile.Close()
	f, err := e.Open(osFile.Fd())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := NewWaiter(e)
	blocks := make([][]byte, 8)
	batch := func(submit func(c *completion.Completion, i int)) {
		t.Helper()
		ops := make([]completion.Completion, len(blocks))
		var group completion.Group
		for i := range ops {
			submit(&ops[i], i)
			group.Add(&ops[i])
		}
		done := group.Build()
		w.Wait(done)
		if done.Err() != nil || done.N() != 512*len(blocks) {
			t.Fatalf("%d, %v", done.N(), done.Err())
		}
	}
	batch(func(c *completion.Completion, i int) {
		f.WriteAt(c, bytes.Repeat([]byte{byte(i + 1)}, 512), int64(512*i))
	})
	batch(func(c *completion.Completion, i int) {
		blocks[i] = make([]byte, 512)
		f.ReadvAt(c, [][]byte{blocks[i][:1], blocks[i][1:]}, int64(512*i))
	})
	for i, b := range blocks {
		if !bytes.Equal(b, bytes.Repeat([]byte{byte(i + 1)}, 512)) {
			t.Fatalf("block %d is wrong", i)
		}
	}
}

// A ring that the kernel no longer accepts anything from is slow, not wrong.
func TestBrokenRingFallsBackToTheWorkers(t *testing.T) {
	e, err := Open(Options{Kind: Uring})
	if err != nil {
		t.Skipf("io_uring is not to be had here: %v", err)
	}
	u := e.(*engine).mech.(*uring)
	fd := u.ring.fd
	u.ring.fd = -1
	readBack(t, e)
	if s := e.Stats(); s.Fallbacks != 8 {
		t.Errorf("%d operations fell back to the workers, want the 8 reads", s.Fallbacks)
	}
	u.ring.fd = fd
	readBack(t, e) // nothing of the refused requests is left in the queue
	if s := e.Stats(); s.Fallbacks != 8 {
		t.Errorf("%d operations fell back to the workers after the ring was mended", s.Fallbacks)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

// The kernel may be interrupted, short of resources, or take only some of the
// requests: everything still finishes, once.
func TestEnterIsTriedAgain(t *testing.T) {
	e, err := Open(Options{Kind: Uring})
	if err != nil {
		t.Skipf("io_uring is not to be had here: %v", err)
	}
	defer e.Close()
	u := e.(*engine).mech.(*uring)
	calls := 0
	u.ring.call = func(fd, n int) (int, unix.Errno) {
		calls++
		switch calls % 5 {
		case 0:
			return 0, unix.EINTR
		case 1:
			return 0, unix.EAGAIN
		case 2:
			return 0, unix.EBUSY
		case 3:
			return ioUringEnter(fd, (n+1)/2)
		default:
			return ioUringEnter(fd, n)
		}
	}
	for range 50 {
		readBack(t, e)
	}
	if s := e.Stats(); s.Fallbacks != 0 {
		t.Errorf("%d operations fell back to the workers", s.Fallbacks)
	}
}

func TestCachedReadAllocatesNothing(t *testing.T) {
	for _, kind := range []Kind{Pool, Uring} {
		e, err := Open(Options{Kind: kind})
		if err != nil {
			t.Logf("%s is not to be had here: %v", kind, err)
			continue
		}
		defer e.Close()
		f, w := benchFile(t, e)
		defer f.Close()
		var c completion.Completion
		p := make([]byte, 4096)
		for name, submit := range map[string]func(){
			"read":  func() { f.ReadAt(&c, p, 4096) },
			"write": func() { f.WriteAt(&c, p, 4096) },
		} {
			if n := testing.AllocsPerRun(100, func() { submit(); w.Wait(&c) }); n != 0 {
				t.Errorf("%s, %s: %v allocations", kind, name, n)
			}
		}
		if e.Stats().InlineHits == 0 {
			t.Errorf("%s: no read was answered inline", kind)
		}
	}
}

func benchFile(tb testing.TB, e Engine) (File, completion.Waiter) {
	tb.Helper()
	osFile, err := os.Create(filepath.Join(tb.TempDir(), "file"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { osFile.Close() })
	if _, err := osFile.Write(make([]byte, 1<<20)); err != nil {
		tb.Fatal(err)
	}
	f, err := e.Open(osFile.Fd())
	if err != nil {
		tb.Fatal(err)
	}
	return f, NewWaiter(e)
}

// The yardstick of the next ones: a bare pread of a cached page.
func BenchmarkCachedPread(b *testing.B) {
	f, err := os.CreateTemp(b.TempDir(), "")
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	p := make([]byte, 4096)
	if _, err := f.Write(make([]byte, 1<<20)); err != nil {
		b.Fatal(err)
	}
	fd := int(f.Fd())
	for b.Loop() {
		if _, err := unix.Pread(fd, p, 4096); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCachedReadUring(b *testing.B) { benchmarkCachedRead(b, Uring, viaCompletion) }
func BenchmarkCachedReadPool(b *testing.B)  { benchmarkCachedRead(b, Pool, viaCompletion) }

// What SQLite's reads take: without a completion, and without asking first.
func BenchmarkCachedReadInline(b *testing.B) {
	benchmarkCachedRead(b, Uring, func(f File, _ completion.Waiter) func(p []byte, off int64) bool { return f.ReadInline })
}

func BenchmarkCachedReadAlone(b *testing.B) {
	benchmarkCachedRead(b, Uring, func(f File, _ completion.Waiter) func(p []byte, off int64) bool {
		return func(p []byte, off int64) bool {
			n, alone, err := f.ReadAlone(p, off)
			return alone && n == len(p) && err == nil
		}
	})
}

func viaCompletion(f File, w completion.Waiter) func(p []byte, off int64) bool {
	var c completion.Completion
	return func(p []byte, off int64) bool {
		f.ReadAt(&c, p, off)
		w.Wait(&c)
		return c.N() == len(p)
	}
}

func benchmarkCachedRead(b *testing.B, kind Kind, how func(File, completion.Waiter) func(p []byte, off int64) bool) {
	e, err := Open(Options{Kind: kind})
	if err != nil {
		b.Skip(err)
	}
	defer e.Close()
	f, w := benchFile(b, e)
	defer f.Close()
	read := how(f, w)
	p := make([]byte, 4096)
	b.ReportAllocs()
	for b.Loop() {
		if !read(p, 4096) {
			b.Fatal("the page is not read")
		}
	}
}
