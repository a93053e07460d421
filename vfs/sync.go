package vfs

import (
	"os"
	"path/filepath"

	sqlitevfs "github.com/ncruces/go-sqlite3/vfs"

	"github.com/turso-coop/turso-coop/completion"
	"github.com/turso-coop/turso-coop/ioengine"
)

// syncFile makes durable what was written to a file, and with a new journal's
// first sync also that the journal exists.
type syncFile struct {
	f     *file
	c     completion.Completion
	mode  ioengine.SyncMode
	dir   *os.File
	dirIO ioengine.File
	state syncState
}

type syncState uint8

const (
	syncStart    syncState = iota // nothing is submitted
	syncWait                      // the sync is submitted; when c has finished without an error, the file's content is durable
	syncOpenDir                   // the content is durable, the directory entry is not
	syncDirStart                  // as before, and the directory is open
	syncDirWait                   // the content is durable; when c has finished without an error, the directory entry is too
	syncDone                      // the result was returned
)

func (m *syncFile) start(flags sqlitevfs.SyncFlag) {
	m.state, m.mode = syncStart, ioengine.SyncNormal
	if flags&sqlitevfs.SYNC_FULL == sqlitevfs.SYNC_FULL {
		m.mode = ioengine.SyncFull
		if m.f.flags&sqlitevfs.OPEN_MAIN_JOURNAL != 0 {
			// A rollback journal only has to be ahead of the database.
			m.mode = ioengine.SyncBarrier
		}
	}
}

func (m *syncFile) Step() (completion.IOResult[struct{}], error) {
	for {
		switch m.state {
		case syncStart:
			m.state = syncWait
			m.f.io.Sync(&m.c, m.mode)
			return completion.IO[struct{}](&m.c), nil
		case syncWait:
			if err := m.c.Err(); err != nil || !m.f.unsyncedDir {
				return m.done(err)
			}
			m.state = syncOpenDir
		case syncOpenDir:
			if opened, err := m.openDir(); !opened {
				return m.done(err)
			}
			m.state = syncDirStart
		case syncDirStart:
			m.state = syncDirWait
			m.dirIO.Sync(&m.c, m.mode)
			return completion.IO[struct{}](&m.c), nil
		case syncDirWait:
			err := m.c.Err()
			m.closeDir()
			if err != nil {
				return m.done(dirSyncError{err})
			}
			m.f.unsyncedDir = false
			return m.done(nil)
		default:
			panic("vfs: syncFile stepped after it was done")
		}
	}
}

func (m *syncFile) done(err error) (completion.IOResult[struct{}], error) {
	m.state = syncDone
	return completion.Done(struct{}{}), err
}

// openDir opens the file's directory. One that cannot be opened is not synced,
// as in SQLite's own unix VFS: it may be searchable and yet not readable.
func (m *syncFile) openDir() (bool, error) {
	dir, err := os.Open(filepath.Dir(m.f.path))
	if err != nil {
		return false, nil
	}
	m.dirIO, err = m.f.engine.Open(dir.Fd())
	if err != nil {
		dir.Close()
		return false, err
	}
	m.dir = dir
	return true, nil
}

func (m *syncFile) closeDir() {
	m.dirIO.Close()
	m.dir.Close()
	m.dir, m.dirIO = nil, nil
}
