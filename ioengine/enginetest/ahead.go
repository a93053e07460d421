package enginetest

import (
	"errors"
	"io"
	"testing"

	"github.com/turso-coop/turso-coop/completion"
	"github.com/turso-coop/turso-coop/ioengine"
)

// What is cached is what a read returns, and what is not in the file is not
// cached either.
func testCachedReadsTellTheTruth(t *testing.T, x *fixture) {
	content := pattern(3*4096+100, 12)
	f := x.file(content)
	x.content(f) // what the system can keep, it now keeps
	p := make([]byte, 4096)
	for _, off := range []int64{0, 100, 4096, 2*4096 + 100} {
		clear(p)
		if f.ReadCached(p, off) && string(p) != string(content[off:][:len(p)]) {
			t.Errorf("wrong bytes at %d", off)
		}
	}
	f.ReadCached(nil, 0) // whatever the answer, there is nothing to be wrong
	for _, off := range []int64{-1, 2*4096 + 101, 1 << 40} {
		if f.ReadCached(p, off) {
			t.Errorf("at %d there are not so many bytes to be cached", off)
		}
	}
}

// Reads that do not wait, and reads by whoever is alone, are reads like any other,
// if they are made at all: counted, and of what is in the file.
func testReadsWithoutACompletion(t *testing.T, x *fixture) {
	content := pattern(3*4096+100, 12)
	f := x.file(content)
	x.content(f)
	before := x.e.Stats()
	made, size := 0, int64(len(content))
	for _, off := range []int64{0, 100, 4096, size - 4096, size - 100, size, -1, 1 << 40} {
		p := make([]byte, 4096)
		want := ""
		if 0 <= off && off < size {
			want = string(content[off:min(off+4096, size)])
		}
		if f.ReadInline(p, off) {
			if made++; string(p) != want {
				t.Errorf("inline: wrong bytes at %d", off)
			}
		} else if n, err := x.do(func(c *completion.Completion) { f.ReadMissed(c, p, off) }); string(p[:n]) != want || (err == nil) != (n == 4096) {
			t.Errorf("missed: %d bytes at %d, %v", n, off, err)
		} else if off >= 0 {
			made++
		}
		clear(p)
		if n, alone, err := f.ReadAlone(p, off); alone {
			made++
			if string(p[:n]) != want || n < 4096 && err != io.EOF || n == 4096 && err != nil {
				t.Errorf("alone: %d bytes at %d, %v", n, off, err)
			}
		}
	}
	s := x.e.Stats()
	if s.Reads-before.Reads < int64(made) || s.SystemCalls < before.SystemCalls {
		t.Errorf("%d reads were made: %+v, before %+v", made, s, before)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, alone, _ := f.ReadAlone(make([]byte, 1), 0); alone || f.ReadInline(make([]byte, 1), 0) {
		t.Error("a closed file is read")
	}
}

// A hint changes nothing, wherever it points.
func testReadAheadIsOnlyAHint(t *testing.T, x *fixture) {
	content := pattern(5*4096+100, 13)
	f := x.file(content)
	ranges := []ioengine.Range{
		{OffBytes: 4096, Bytes: 2 * 4096}, {}, {OffBytes: 0, Bytes: 1 << 22}, {OffBytes: 1 << 50, Bytes: 4096},
		{OffBytes: -4096, Bytes: 8192}, {OffBytes: 4096, Bytes: -1},
	}
	x.must(func(c *completion.Completion) { f.ReadAhead(c, ranges) })
	x.must(func(c *completion.Completion) { f.ReadAhead(c, nil) })
	if string(x.content(f)) != string(content) {
		t.Error("the file's content has changed")
	}
	if s := x.e.Stats(); s.ReadAheads != 2 || s.Operations() != s.Reads {
		t.Errorf("%+v", s)
	}
}

// Closing a file ends the hints on it.
func testCloseEndsReadAhead(t *testing.T, x *fixture) {
	f := x.file(pattern(1<<20, 14))
	ranges := make([]ioengine.Range, 10_000)
	for i := range ranges {
		ranges[i] = ioengine.Range{OffBytes: int64(i * 7919 % 256 * 4096), Bytes: 4096}
	}
	hints := make([]completion.Completion, 8)
	for i := range hints {
		f.ReadAhead(&hints[i], ranges)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for i := range hints {
		if !hints[i].Finished() || hints[i].Err() != nil {
			t.Errorf("hint %d after Close: finished=%v, %v", i, hints[i].Finished(), hints[i].Err())
		}
	}
	if _, err := x.do(func(c *completion.Completion) { f.ReadAhead(c, ranges) }); !errors.Is(err, ioengine.ErrClosed) {
		t.Errorf("hint on a closed file: %v", err)
	}
	if f.ReadCached(make([]byte, 1), 0) {
		t.Error("a closed file answers from the page cache")
	}
}
