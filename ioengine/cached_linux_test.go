package ioengine

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/turso-coop/turso-coop/completion"
)

// N1: that the page cache has less than was asked for, or nothing, does not
// mean that the file ends there.
func TestN1ShortCachedReadIsNotTheEnd(t *testing.T) {
	const size, half = 1 << 20, 1 << 19
	content := make([]byte, size)
	for i := range content {
		content[i] = byte(i * 2654435761 >> 13)
	}
	osFile, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer osFile.Close()
	if _, err := osFile.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := osFile.Sync(); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []Kind{Pool, Uring} {
		e, err := Open(Options{Kind: kind})
		if err != nil {
			t.Logf("%s is not to be had here: %v", kind, err)
			continue
		}
		defer e.Close()
		f, err := e.Open(osFile.Fd())
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		p := make([]byte, 3*4096)
		cacheFirst(t, osFile, half)
		if n, _ := sysReadCached(osFile.Fd(), p, half-4096); n == len(p) {
			t.Skip("this file system does not drop what is cached")
		}
		for _, off := range []int64{half - 4096, half + 1<<17, size - 8192} {
			var c completion.Completion
			f.ReadAt(&c, p, off)
			NewWaiter(e).Wait(&c)
			want := content[off:min(off+int64(len(p)), size)]
			if c.N() != len(want) || (c.Err() == nil) != (len(want) == len(p)) || !bytes.Equal(p[:c.N()], want) {
				t.Errorf("%s: read at %d: %d bytes of %d, %v", kind, off, c.N(), len(want), c.Err())
			}
		}
	}
}

// Who may have to wait for the disk beside another is not alone.
func TestReadAloneIsAlone(t *testing.T) {
	osFile, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer osFile.Close()
	if _, err := osFile.WriteString("abc"); err != nil {
		t.Fatal(err)
	}
	e, err := Open(Options{Kind: Pool})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	f, err := e.Open(osFile.Fd())
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 3)
	for _, others := range []int64{0, 1, 0} {
		e.(*engine).reads.Store(others) // they are underway
		if n, alone, err := f.ReadAlone(p, 0); alone != (others == 0) || alone && (n != 3 || err != nil) {
			t.Errorf("beside %d: %d bytes, alone=%v, %v", others, n, alone, err)
		}
		if left := e.(*engine).reads.Swap(0); left != others {
			t.Errorf("%d reads are underway, want %d", left, others)
		}
	}
}

// cacheFirst leaves the first n bytes of a file in the page cache, and no more.
func cacheFirst(t *testing.T, f *os.File, n int) {
	t.Helper()
	for _, advice := range []int{unix.FADV_DONTNEED, unix.FADV_RANDOM} {
		if err := unix.Fadvise(int(f.Fd()), 0, 0, advice); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.ReadAt(make([]byte, n), 0); err != nil {
		t.Fatal(err)
	}
}
