//go:build linux || darwin

package vfs

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/turso-coop/turso-coop/ioengine"
)

// An index is a WAL-index to be read.
type index struct {
	backfilled, attempted, frames, pages uint32
	page                                 func(frame uint32) uint32 // counted from 1
}

// write writes it to a file, and returns that.
func (x index) write(t *testing.T) *os.File {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "index"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	image := make([]byte, (x.frames/indexBlockFrames+2)*indexBlockBytes)
	put := func(at int, n uint32) { binary.NativeEndian.PutUint32(image[at:], n) }
	for _, copy := range []int{0, indexCopyBytes} {
		binary.NativeEndian.PutUint16(image[copy+indexPageSize:], 4096)
		put(copy+indexFrames, x.frames)
		put(copy+indexPages, x.pages)
	}
	put(indexBackfilled, x.backfilled)
	put(indexAttempted, x.attempted)
	// As the format says it: the first block has 4062 page numbers after its
	// header of 136 bytes, each of the others 4096 at its beginning.
	for frame := uint32(1); frame <= x.frames; frame++ {
		if frame <= 4062 {
			put(int(136+4*(frame-1)), x.page(frame))
		} else {
			put(int((frame-4063)/4096+1)*32768+4*int((frame-4063)%4096), x.page(frame))
		}
	}
	if _, err := file.WriteAt(image, 0); err != nil {
		t.Fatal(err)
	}
	return file
}

// Page numbers are found in whatever block they are.
func TestWALIndexBlocks(t *testing.T) {
	const frames = 20_000
	file := index{frames: frames, page: func(frame uint32) uint32 { return frame * 7 }}.write(t)
	x := walIndex{fd: file.Fd()}
	for _, r := range [][2]uint32{{0, 1}, {0, frames}, {4061, 4062}, {4061, 4063}, {4062, 4063}, {4062, 8158}, {8157, 8159}, {8158, 16000}, {19_999, frames}, {5, 5}} {
		frame := r[0]
		if !x.each(r[0], r[1], func(page uint32) {
			if frame++; page != frame*7 {
				t.Fatalf("frames %v: frame %d has page %d, want %d", r, frame, page, frame*7)
			}
		}) || frame != r[1] {
			t.Errorf("frames %v: %d were seen", r, frame-r[0])
		}
	}
	if x.each(frames, 10*frames, func(uint32) {}) {
		t.Error("frames beyond the end of the file were seen")
	}
}

// W8: the page up to which others may wait is one that will be written.
func TestW8CertainPage(t *testing.T) {
	same := func(frame uint32) uint32 { return frame }
	for _, test := range []struct {
		name string
		x    index
		want uint32
	}{
		{"whole", index{0, 100, 100, 100, same}, 100},
		{"not in order", index{0, 100, 100, 200, func(frame uint32) uint32 { return frame * 37 % 101 }}, 100},
		{"the rest", index{99, 100, 100, 100, func(frame uint32) uint32 { return 101 - frame }}, 1},
		{"nothing left", index{100, 100, 100, 100, same}, 0},
		{"the database has become smaller", index{0, 100, 100, 60, same}, 60},
		{"the last pages have newer frames", index{0, 100, 110, 200, func(frame uint32) uint32 { return frame - frame/101*10 }}, 90},
		{"all have newer frames", index{0, 100, 200, 100, func(frame uint32) uint32 { return (frame-1)%100 + 1 }}, 0},
		{"too many newer frames", index{0, 100, 100 + newerFrames + 1, 5000, same}, 0},
		{"as many as possible", index{0, 100, 100 + newerFrames, 5000, same}, 100},
	} {
		x := walIndex{fd: test.x.write(t).Fd()}
		if got := x.certainPage(); got != test.want {
			t.Errorf("%s: page %d, want %d", test.name, got, test.want)
		}
	}
}

// A header that another connection is just changing says nothing.
func TestWALIndexThatChanges(t *testing.T) {
	file := index{0, 100, 100, 100, func(frame uint32) uint32 { return frame }}.write(t)
	if _, err := file.WriteAt([]byte{101}, indexCopyBytes+indexFrames); err != nil {
		t.Fatal(err)
	}
	x := walIndex{fd: file.Fd()}
	if x.certainPage() != 0 {
		t.Error("it is believed")
	}
	if x.fd = ^uintptr(0); x.certainPage() != 0 {
		t.Error("one that cannot be read is believed")
	}
}

// The pages of a checkpoint cost no memory, as soon as there was another.
func TestCheckpointAllocatesNothing(t *testing.T) {
	for _, kind := range []ioengine.Kind{ioengine.Pool, ioengine.Uring} {
		e, err := ioengine.Open(ioengine.Options{Kind: kind})
		if err != nil {
			t.Logf("%s: not to be had here: %v", kind, err)
			continue
		}
		lent, err := os.Create(filepath.Join(t.TempDir(), "test.db"))
		if err != nil {
			t.Fatal(err)
		}
		f := &file{engine: e, wait: ioengine.NewWaiter(e), calls: &calls{}, checkpointing: true}
		f.write.f = f
		if f.io, err = e.Open(lent.Fd()); err != nil {
			t.Fatal(err)
		}
		page := make([]byte, 4096)
		least := 1e9 // the race detector makes pools forget at random
		for range 20 {
			least = min(least, testing.AllocsPerRun(1, func() {
				f.run = run{certain: 29 << 12} // two runs
				for i := range int64(30) {
					if n, err := f.WriteAt(page, i<<12); n != len(page) || err != nil {
						t.Fatal(n, err)
					}
				}
			}))
		}
		if least > 0 || f.held.any() || f.calls.flushes.Load() == 0 {
			t.Errorf("%s: %v allocations a checkpoint, %d flushes", kind, least, f.calls.flushes.Load())
		}
		for _, c := range []interface{ Close() error }{f.io, lent, e} {
			if err := c.Close(); err != nil {
				t.Error(fmt.Errorf("%s: %w", kind, err))
			}
		}
	}
}
