package conn

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

func openBlob(t *testing.T, c *Conn, row int64, write bool) *Blob {
	t.Helper()
	b, err := c.OpenBlob(background, "main", "t", "data", row, write)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func TestBlob(t *testing.T) {
	const size = 3*blobPiece + 17
	c := open(t, ":memory:")
	script(t, c, "CREATE TABLE t(id INTEGER PRIMARY KEY, data)")
	script(t, c, "INSERT INTO t VALUES(1, zeroblob(786449)), (2, 'short')")
	b := openBlob(t, c, 1, true)
	if b.Size() != size {
		t.Fatalf("size %d", b.Size())
	}
	want := make([]byte, size)
	for i := range want {
		want[i] = byte(i * 7 >> 3)
	}
	if n, err := b.WriteAt(want[100:], 100); n != size-100 || err != nil {
		t.Fatal(n, err)
	}
	if n, err := b.WriteAt(want[:100], 0); n != 100 || err != nil {
		t.Fatal(n, err)
	}
	got, err := io.ReadAll(io.NewSectionReader(b, 0, b.Size()))
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	for _, test := range []struct {
		off  int64
		n    int
		size int
		err  error
	}{
		{size - 5, 5, 5, nil}, {size - 5, 5, 6, io.EOF}, {size, 0, 1, io.EOF}, {size + 9, 0, 1, io.EOF}, {3, 0, 0, nil},
	} {
		if n, err := b.ReadAt(make([]byte, test.size), test.off); n != test.n || err != test.err {
			t.Errorf("read %d at %d: %d, %v", test.size, test.off, n, err)
		}
	}
	if _, err := b.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("a negative offset is read")
	}
	for _, off := range []int64{-1, size, size - 1} {
		if n, err := b.WriteAt([]byte("ab"), off); n != 0 || err == nil {
			t.Errorf("write at %d: %d, %v", off, n, err)
		}
	}
	if err := b.Reopen(2); err != nil || b.Size() != 5 {
		t.Fatalf("reopened: %d, %v", b.Size(), err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
	if _, err := b.ReadAt(got, 0); err != ErrBlobClosed || b.Size() != 0 {
		t.Errorf("closed: %v, size %d", err, b.Size())
	}
}

func TestBlobErrors(t *testing.T) {
	c := open(t, ":memory:")
	script(t, c, "CREATE TABLE t(id INTEGER PRIMARY KEY, data); INSERT INTO t VALUES(1, x'010203'), (2, NULL)")
	for _, row := range []int64{2, 3} {
		if _, err := c.OpenBlob(background, "main", "t", "data", row, false); err == nil {
			t.Errorf("row %d is opened", row)
		}
	}
	b := openBlob(t, c, 1, false)
	if _, err := b.WriteAt([]byte{9}, 0); !errors.Is(err, sqlite3.READONLY) {
		t.Errorf("write to what was opened for reading: %v", err)
	}
	failed := b.Reopen(2)
	if failed == nil {
		t.Error("NULL is opened")
	}
	if _, err := b.ReadAt(make([]byte, 1), 0); err != failed {
		t.Errorf("read after that: %v", err)
	}
	b = openBlob(t, c, 1, false)
	script(t, c, "UPDATE t SET data=x'04' WHERE id=1")
	if _, err := b.ReadAt(make([]byte, 1), 0); !errors.Is(err, sqlite3.ABORT) {
		t.Errorf("read what has changed: %v", err)
	}

	ctx, cancel := context.WithCancel(background)
	b, err := c.OpenBlob(ctx, "main", "t", "data", 1, false)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := b.ReadAt(make([]byte, 1), 0); !errors.Is(err, context.Canceled) {
		t.Errorf("read after the context's end: %v", err)
	}
	// What is open does not keep the connection open.
	if err := c.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if _, err := b.ReadAt(make([]byte, 1), 0); err != ErrClosed {
		t.Errorf("read after that: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Errorf("close the BLOB: %v", err)
	}
}
