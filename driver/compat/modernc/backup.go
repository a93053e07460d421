package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"

	turso "github.com/turso-coop/turso-coop/driver"
)

// Backup copies one database over another. It is what NewBackup and NewRestore of a connection return.
type Backup struct {
	native turso.Backup
	other  *conn // the connection that was opened for it; nil once Finish or Commit was called
}

// NewBackup opens dstURI and begins to replace its content with that of the main database.
func (c *conn) NewBackup(dstURI string) (*Backup, error) {
	return c.backup(dstURI, func(other *conn) (turso.Backup, error) {
		return other.native.NewBackup(context.Background(), "main", c.native, "main")
	})
}

// NewRestore opens srcURI and begins to replace the content of the main database with its.
func (c *conn) NewRestore(srcURI string) (*Backup, error) {
	return c.backup(srcURI, func(other *conn) (turso.Backup, error) {
		return c.native.NewBackup(context.Background(), "main", other.native, "main")
	})
}

func (c *conn) backup(uri string, begin func(other *conn) (turso.Backup, error)) (*Backup, error) {
	opened, err := native.Open(uri)
	if err != nil {
		return nil, errorOf(err)
	}
	other := &conn{native: opened.(turso.Conn)}
	b, err := begin(other)
	if err != nil {
		_ = other.Close()
		return nil, errorOf(err)
	}
	return &Backup{b, other}, nil
}

// Step copies up to n pages, all that are left if n is negative, and reports whether there are more.
func (b *Backup) Step(n int32) (bool, error) {
	done, err := b.native.Step(context.Background(), int(n))
	return !done && err == nil, errorOf(err)
}

// Remaining returns how many pages are still to be copied.
func (b *Backup) Remaining() int { return b.native.Remaining() }

// PageCount returns how many pages there are in all.
func (b *Backup) PageCount() int { return b.native.PageCount() }

// Finish ends the backup, complete or not, and closes the connection that was opened for it.
func (b *Backup) Finish() error {
	other, err := b.end()
	if err != nil {
		return err
	}
	return other.Close()
}

// Commit ends the backup and returns the connection that was opened for it, which the caller closes.
func (b *Backup) Commit() (driver.Conn, error) {
	other, err := b.end()
	if err != nil {
		return nil, err
	}
	return other, nil
}

func (b *Backup) end() (other *conn, err error) {
	if other = b.other; other == nil {
		return nil, errors.New("sqlite: the backup has ended")
	}
	b.other = nil
	if err := b.native.Close(); err != nil {
		_ = other.Close()
		return nil, errorOf(err)
	}
	return other, nil
}
