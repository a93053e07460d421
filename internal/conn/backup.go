package conn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// ErrBackupClosed is what every call on a closed backup returns.
var ErrBackupClosed = errors.New("backup is closed")

// Backup copies the content of one database over that of another, page by page. https://sqlite.org/c3ref/backup_finish.html
//
// SQLite copies between two connections that share their memory, which those of the binding do not. So the source opens
// the destination's file a second time and copies into that. A destination without a file gets an image, once it is
// complete.
type Backup struct {
	src, dst *Conn // dst is nil if the image is what is wanted
	schema   string
	image    *image // nil if the pages go to a file
	b        *sqlite3.Backup
	closed   bool
	complete bool
	failed   bool // the last step did, and SQLite repeats its error when the backup is closed
}

// NewBackup begins to replace the content of schema of dst with that of srcSchema of src. The two must not be used by
// other goroutines during a step, and Close must be called.
func NewBackup(ctx context.Context, dst *Conn, schema string, src *Conn, srcSchema string) (_ *Backup, err error) {
	b := &Backup{src: src, dst: dst, schema: schema}
	uri, err := dst.copyURI(ctx, schema, src, srcSchema)
	if err != nil {
		return nil, err
	}
	return b.open(ctx, srcSchema, uri)
}

// open begins to copy to uri, or to an image if that is "".
func (b *Backup) open(ctx context.Context, srcSchema, uri string) (_ *Backup, err error) {
	if strings.IndexByte(srcSchema, 0) >= 0 {
		return nil, fmt.Errorf("the name of the database %q contains a NUL byte", srcSchema)
	}
	outer, err := b.src.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer b.src.leave(outer, &err)
	if uri == "" {
		b.image = newImage(nil)
		uri = b.image.uri(true)
	}
	if b.b, err = b.src.db.BackupInit(srcSchema, uri); err != nil {
		b.free()
		return nil, withContext(ctx, err)
	}
	b.src.hold(b, func() error { b.free(); return b.b.Close() })
	return b, nil
}

// copyURI returns how src can open the file of schema of c, "" if that has none.
func (c *Conn) copyURI(ctx context.Context, schema string, src *Conn, srcSchema string) (uri string, err error) {
	err = c.do(ctx, func(db *sqlite3.Conn) error {
		path := db.Filename(schema).String()
		if path == "" {
			return nil
		}
		if readOnly, _ := c.ReadOnly(schema); readOnly {
			return sqlite3.READONLY
		}
		system, err := db.FileControl(schema, sqlite3.FCNTL_VFSNAME)
		if err != nil {
			return err
		}
		name, _ := system.(string)
		uri = Options{Filename: path, VFS: name}.uri()
		return nil
	})
	if err == nil && uri != "" && src.Filename(srcSchema) == c.Filename(schema) {
		err = fmt.Errorf("the backup of %s would be written over itself", c.Filename(schema))
	}
	return uri, err
}

// Step copies up to pages pages, all that are left if that is negative. It waits for locks as a statement of the source
// does. BUSY and LOCKED end only the step: it may be tried again.
func (b *Backup) Step(ctx context.Context, pages int) (done bool, err error) {
	switch {
	case b.closed:
		return false, ErrBackupClosed
	case b.complete:
		return true, nil
	}
	if done, err = b.step(ctx, pages); !done || err != nil {
		return false, err
	}
	if b.image != nil && b.dst != nil {
		err = b.dst.restore(ctx, b.schema, b.image)
	}
	b.complete = err == nil
	return b.complete, err
}

func (b *Backup) step(ctx context.Context, pages int) (done bool, err error) {
	outer, err := b.src.enter(ctx)
	if err != nil {
		return false, err
	}
	defer b.src.leave(outer, &err)
	err = b.src.retry(ctx, func() (err error) {
		b.failed = true
		done, err = b.b.Step(pages)
		b.failed = err != nil
		return err
	})
	return done, err
}

// retry calls f until it is not told that a lock is taken, as long as c waits for locks: SQLite asks the busy handler
// only for some of the locks that a backup takes.
func (c *Conn) retry(ctx context.Context, f func() error) error {
	begin := time.Now()
	for count := 0; ; count++ {
		if ctx.Err() != nil {
			return withContext(ctx, sqlite3.INTERRUPT)
		}
		err := f()
		if !errors.Is(err, sqlite3.BUSY) || time.Since(begin) >= c.busy.timeout || !c.busy.wait(ctx, count) {
			return withContext(ctx, err)
		}
	}
}

// restore replaces the content of schema with an image.
func (c *Conn) restore(ctx context.Context, schema string, from *image) (err error) {
	outer, err := c.enter(ctx)
	if err != nil {
		return err
	}
	defer c.leave(outer, &err)
	return c.retry(ctx, func() error { return c.db.Restore(schema, from.uri(false)) })
}

// Remaining returns how many pages were still to be copied after the last step.
func (b *Backup) Remaining() int {
	if b.closed || b.src.err != nil {
		return 0
	}
	return b.b.Remaining()
}

// PageCount returns how many pages the source had at the last step.
func (b *Backup) PageCount() int {
	if b.closed || b.src.err != nil {
		return 0
	}
	return b.b.PageCount()
}

// Close ends the backup. If it is not complete the destination keeps, or gets back, the content that it had. Closing it
// again does nothing.
func (b *Backup) Close() (err error) {
	if b.closed || b.b == nil {
		return nil
	}
	b.closed = true
	if b.src.err != nil {
		return nil // the source took it along
	}
	outer, err := b.src.enter(context.Background())
	if err != nil {
		return err
	}
	defer b.src.leave(outer, &err)
	b.src.drop(b)
	b.free()
	if err = b.b.Close(); b.failed {
		return nil
	}
	return err
}

// free gives the image's memory back.
func (b *Backup) free() {
	if b.image != nil {
		b.image.remove()
	}
}

// Run makes all steps, of pages pages each, and calls progress, if it is not nil, after each. The source is read in one
// transaction, so that the copy is of one moment and no writer makes it begin again; writers of a database without a WAL
// wait until Run returns.
func (b *Backup) Run(ctx context.Context, schema string, pages int, progress func(remaining, total int) error) (err error) {
	if b.src.Autocommit() {
		// A read transaction begins with the first read.
		begin := "BEGIN; SELECT 1 FROM " + sqlite3.QuoteIdentifier(schema) + ".sqlite_schema LIMIT 1"
		defer func() {
			if !b.src.Autocommit() {
				rerr := b.src.script(context.Background(), "ROLLBACK") // it has written nothing
				err = cmp.Or(err, rerr)
			}
		}()
		if err := b.src.script(ctx, begin); err != nil {
			return err
		}
	}
	for {
		done, err := b.Step(ctx, pages)
		if err != nil {
			return err
		}
		if progress != nil {
			if err := progress(b.Remaining(), b.PageCount()); err != nil {
				return err
			}
		}
		if done {
			return nil
		}
	}
}

// Serialize returns the content of schema as its file would be.
func (c *Conn) Serialize(ctx context.Context, schema string) (content []byte, err error) {
	b, err := (&Backup{src: c}).open(ctx, schema, "")
	if err != nil {
		return nil, err
	}
	err = b.Run(ctx, schema, backupPages, nil)
	if err = cmp.Or(err, b.Close()); err != nil {
		return nil, err
	}
	return b.image.SliceFile, nil
}

// backupPages is how many pages are copied between two looks at the context.
const backupPages = 1024

// Deserialize replaces the content of schema with that of a file. It reads content, but does not keep it.
func (c *Conn) Deserialize(ctx context.Context, schema string, content []byte) error {
	from := newImage(content)
	defer from.remove()
	return c.restore(ctx, schema, from)
}
