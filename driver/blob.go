package driver

import (
	"context"
	"io"

	"github.com/turso-coop/turso-coop/internal/conn"
)

// Blob is an open BLOB or TEXT of one row, read and written in pieces: https://sqlite.org/c3ref/blob_open.html. Use
// io.NewSectionReader and io.NewOffsetWriter to read or write it from one end to the other. Its size cannot change: a row
// gets a BLOB of a size from the SQL function zeroblob.
//
// It is used by one goroutine at a time, and only while its connection is: not by database/sql. Errors are *Error,
// except io.EOF. When something else changes the row, further calls fail with ABORT.
type Blob interface {
	io.ReaderAt
	io.WriterAt

	// Close ends the use of the row. What was written outside of a transaction is committed by it, so that its error
	// counts. Closing it again does nothing.
	io.Closer

	// Size returns the number of bytes, 0 once the Blob is closed.
	Size() int64

	// Reopen moves the Blob to another row of its column, which is faster than to open one more. If that fails all that
	// is left to do is Close.
	Reopen(row int64) error
}

// blob is a BLOB of internal/conn whose errors are *Error.
type blob struct {
	*conn.Blob
	c *session
}

func (c *session) OpenBlob(ctx context.Context, schema, table, column string, row int64, write bool) (Blob, error) {
	if err := c.inTransaction(); err != nil {
		return nil, err
	}
	b, err := c.Conn.OpenBlob(ctx, schemaName(schema), table, column, row, write)
	if err != nil {
		return nil, c.fail(err, "", 0)
	}
	return &blob{b, c}, nil
}

func (b *blob) ReadAt(p []byte, off int64) (int, error) {
	n, err := b.Blob.ReadAt(p, off)
	if err == io.EOF {
		return n, err
	}
	return n, b.c.fail(err, "", 0)
}

func (b *blob) WriteAt(p []byte, off int64) (int, error) {
	n, err := b.Blob.WriteAt(p, off)
	return n, b.c.fail(err, "", 0)
}

func (b *blob) Reopen(row int64) error { return b.c.fail(b.Blob.Reopen(row), "", 0) }

func (b *blob) Close() error { return b.c.fail(b.Blob.Close(), "", 0) }
