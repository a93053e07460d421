package conn

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/ncruces/go-sqlite3"
)

// ErrBlobClosed is what every call on a closed BLOB returns.
var ErrBlobClosed = errors.New("BLOB is closed")

// blobPiece bounds the bytes that one call of SQLite moves: the binding has a buffer of that size for every open BLOB,
// and a context that ends is seen between two calls.
const blobPiece = 256 << 10

// Blob is an open BLOB or TEXT of one row. https://sqlite.org/c3ref/blob.html
type Blob struct {
	c   *Conn
	ctx context.Context
	b   *sqlite3.Blob // nil once closed
	err error         // why no row is open

	failed bool // the last call of SQLite did, which repeats its error when b is closed
}

// OpenBlob opens a value for reading, and for writing if write is set. It is part of a transaction until it is closed.
// ctx ends its calls too.
func (c *Conn) OpenBlob(ctx context.Context, schema, table, column string, row int64, write bool) (_ *Blob, err error) {
	outer, err := c.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer c.leave(outer, &err)
	b, err := c.db.OpenBlob(schema, table, column, row, write)
	if err != nil {
		return nil, withContext(ctx, err)
	}
	c.hold(b, b.Close)
	return &Blob{c: c, ctx: ctx, b: b}, nil
}

func (b *Blob) enter() (context.Context, error) {
	if b.b == nil {
		return nil, ErrBlobClosed
	}
	return b.c.enter(b.ctx)
}

// Size returns the number of bytes, 0 once b is closed.
func (b *Blob) Size() int64 {
	if b.b == nil {
		return 0
	}
	return b.b.Size()
}

// ReadAt implements io.ReaderAt.
func (b *Blob) ReadAt(p []byte, off int64) (n int, err error) {
	outer, err := b.enter()
	if err != nil {
		return 0, err
	}
	defer b.c.leave(outer, &err)
	if b.err != nil {
		return 0, b.err
	}
	if _, err := b.b.Seek(off, io.SeekStart); err != nil {
		return 0, fmt.Errorf("read BLOB at offset %d: %w", off, err)
	}
	for n < len(p) {
		if err := b.interrupted(); err != nil {
			return n, err
		}
		m, err := b.b.Read(p[n:min(n+blobPiece, len(p))])
		n += m
		b.failed = err != nil && err != io.EOF
		if err == io.EOF && n == len(p) {
			return n, nil
		}
		if err != nil {
			return n, withContext(b.ctx, err)
		}
	}
	return n, nil
}

// WriteAt implements io.WriterAt. The size of a BLOB cannot change.
func (b *Blob) WriteAt(p []byte, off int64) (n int, err error) {
	outer, err := b.enter()
	if err != nil {
		return 0, err
	}
	defer b.c.leave(outer, &err)
	if b.err != nil {
		return 0, b.err
	}
	if size := b.b.Size(); off < 0 || off > size-int64(len(p)) {
		return 0, fmt.Errorf("write %d bytes at offset %d of a BLOB of %d: its size cannot change", len(p), off, size)
	}
	if _, err := b.b.Seek(off, io.SeekStart); err != nil {
		return 0, err
	}
	for n < len(p) {
		if err := b.interrupted(); err != nil {
			return n, err
		}
		m, err := b.b.Write(p[n:min(n+blobPiece, len(p))])
		n += m
		if b.failed = err != nil; b.failed {
			return n, withContext(b.ctx, err)
		}
	}
	return n, nil
}

// interrupted is what SQLite does not look at while it moves bytes.
func (b *Blob) interrupted() error {
	if b.ctx.Err() != nil {
		return withContext(b.ctx, sqlite3.INTERRUPT)
	}
	return nil
}

// Reopen moves b to another row. If that fails all that is left to do is Close.
func (b *Blob) Reopen(row int64) (err error) {
	outer, err := b.enter()
	if err != nil {
		return err
	}
	defer b.c.leave(outer, &err)
	if b.err == nil {
		b.err = withContext(b.ctx, b.b.Reopen(row))
		b.failed = b.err != nil
	}
	return b.err
}

// Close closes b and, if it was open for writing outside of a transaction and nothing else is under way, commits.
// Closing it again does nothing.
func (b *Blob) Close() (err error) {
	blob := b.b
	b.b = nil
	if blob == nil || b.c.err != nil {
		return nil
	}
	outer, err := b.c.enter(context.Background())
	if err != nil {
		return err
	}
	defer b.c.leave(outer, &err)
	b.c.drop(blob)
	if err = blob.Close(); b.failed {
		return nil
	}
	return err
}
