package sqlite3

import (
	"context"
	"errors"

	turso "github.com/turso-coop/turso-coop/driver"
)

// SQLiteBackup copies one database over another.
type SQLiteBackup struct{ native turso.Backup }

// Backup begins to replace the content of the database dest of this connection with that of src of srcConn. Finish must
// be called.
func (destConn *SQLiteConn) Backup(dest string, srcConn *SQLiteConn, src string) (*SQLiteBackup, error) {
	b, err := destConn.native.NewBackup(context.Background(), dest, srcConn.native, src)
	if err != nil {
		return nil, errorOf(err)
	}
	return &SQLiteBackup{b}, nil
}

// Step copies up to p pages, all that are left if p is negative, and reports whether the copy is complete. That a database
// is locked is no error: nothing was copied, and the step may be tried again.
func (b *SQLiteBackup) Step(p int) (bool, error) {
	done, err := b.native.Step(context.Background(), p)
	err = errorOf(err)
	var e Error
	if errors.As(err, &e) && (e.Code == ErrBusy || e.Code == ErrLocked) {
		return false, nil
	}
	return done, err
}

// Remaining returns how many pages are still to be copied.
func (b *SQLiteBackup) Remaining() int { return b.native.Remaining() }

// PageCount returns how many pages there are in all.
func (b *SQLiteBackup) PageCount() int { return b.native.PageCount() }

// Finish ends the backup, complete or not.
func (b *SQLiteBackup) Finish() error { return b.Close() }

// Close is Finish.
func (b *SQLiteBackup) Close() error { return errorOf(b.native.Close()) }
