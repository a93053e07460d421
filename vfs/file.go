package vfs

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/ncruces/go-sqlite3/util/vfsutil"
	sqlitevfs "github.com/ncruces/go-sqlite3/vfs"

	"github.com/turso-coop/turso-coop/completion"
	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/vfs/internal/seam"
)

// A file is an open file as SQLite sees it. One connection owns it, so its
// methods are called by one goroutine at a time, and each operation has one
// machine, which is used again and again.
type file struct {
	lent   sqlitevfs.File // the operating system's: descriptor, locks, WAL-index
	engine ioengine.Engine
	io     ioengine.File // the same descriptor, known to the engine
	wait   completion.Waiter
	shm    sqlitevfs.SharedMemory

	path    string // "" for a temporary file
	flags   sqlitevfs.OpenFlag
	calls   *calls // of the file system
	network func(path string) string
	session *session // nil while no connection has claimed the file
	queue   *Queue   // of a database
	closed  bool

	// unsyncedDir: the file may be new and its directory entry not durable.
	// The first sync of a journal makes it so, as SQLite's own unix VFS does.
	unsyncedDir bool

	wal      *file       // of a database, while it is open
	db       *file       // of a WAL, the database if it is one of ours
	held     held        // of a WAL in a commit, of a database in a checkpoint
	behind   writeBehind // of a WAL
	noticeAt int64       // of a WAL, the size at which the owner is told that it has grown

	trust         trust
	ahead         ahead // nil if nothing is read ahead
	checkpointing bool  // pages of the WAL are being copied to this database
	run           run   // while they are

	read     readPage
	write    writePage
	sync     syncFile
	truncate truncateFile
	allocate allocateFile
}

var _ seam.File = &file{} // every optional method is named there

// journals are the files whose directory entry matters to recovery.
const journals = sqlitevfs.OPEN_MAIN_JOURNAL | sqlitevfs.OPEN_SUPER_JOURNAL | sqlitevfs.OPEN_WAL

// newFile takes over lent, an open file of the operating system's VFS. If it
// fails, lent is still the caller's.
func newFile(v *fileSystem, engine ioengine.Engine, lent sqlitevfs.File, name *sqlitevfs.Filename, flags sqlitevfs.OpenFlag) (*file, error) {
	descriptor, ok := lent.(interface{ Fd() uintptr })
	if !ok {
		return nil, errors.New("vfs: this build of go-sqlite3 does not lend the descriptors of its files")
	}
	engineFile, err := engine.Open(descriptor.Fd())
	if err != nil {
		return nil, fmt.Errorf("vfs: open %s: %w", name, err)
	}
	f := &file{
		lent:     lent,
		engine:   engine,
		io:       engineFile,
		calls:    &v.calls,
		network:  v.options.NetworkFileSystem,
		noticeAt: WALNotice,
		path:     name.String(),
		flags:    flags,
		unsyncedDir: runtime.GOOS != "windows" &&
			flags&sqlitevfs.OPEN_CREATE != 0 && flags&journals != 0,
	}
	if s, ok := lent.(sqlitevfs.FileSharedMemory); ok {
		if shm := s.SharedMemory(); shm != nil {
			// The wrapping hides that the locks could block. With blocking
			// locks and a busy timeout SQLite takes the WAL's write lock
			// before it says that a write transaction starts.
			f.shm = struct{ sqlitevfs.SharedMemory }{shm}
		}
	}
	f.wait = ioengine.NewWaiter(engine)
	if flags&sqlitevfs.OPEN_MAIN_DB != 0 {
		f.queue = openQueue(descriptor.Fd())
	}
	var db *file
	if flags&(sqlitevfs.OPEN_MAIN_JOURNAL|sqlitevfs.OPEN_WAL) != 0 {
		if found, ok := vfsutil.UnwrapFile[*file](name.DatabaseFile()); ok {
			db = found
			db.session.add(f)
			if flags&sqlitevfs.OPEN_WAL != 0 {
				f.db, db.wal = db, f
				f.behind.never = db.DeviceCharacteristics()&sqlitevfs.IOCAP_POWERSAFE_OVERWRITE == 0
			}
		}
	}
	f.ahead = newAhead(f, db)
	f.read.f, f.write.f, f.sync.f, f.truncate.f, f.allocate.f = f, f, f, f, f
	return f, nil
}

// ReadAt fills p or returns io.EOF, exactly that value: SQLite's caller takes
// any other error for a failure, and a short count without one for success.
func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if f.held.overlaps(off, len(p)) || f.behind.unheard != nil {
		if err := f.flush(); err != nil {
			return 0, err
		}
	}
	if !f.trust.asks() {
		if n, alone, err := f.io.ReadAlone(p, off); alone {
			return f.hasRead(p, off, false, n, err)
		}
	}
	if f.io.ReadInline(p, off) {
		return f.hasRead(p, off, false, len(p), nil)
	}
	f.read.start(p, off)
	n, err := completion.Drive(&f.read, f.wait)
	return f.hasRead(p, off, true, n, err)
}

// hasRead takes note of a read and returns its result. missed says that it had
// to wait.
func (f *file) hasRead(p []byte, off int64, missed bool, n int, err error) (int, error) {
	if missed {
		f.calls.misses.Add(1)
		f.trust = 0
	} else {
		f.calls.hits.Add(1)
		f.trust++
	}
	if err == nil {
		if f.ahead != nil {
			f.ahead.Saw(p, off, missed)
		}
		return n, nil
	}
	if err == io.EOF {
		return n, err
	}
	return n, f.fail(opRead, err)
}

func (f *file) WriteAt(p []byte, off int64) (int, error) {
	f.calls.writes.Add(1)
	wal := f.flags&sqlitevfs.OPEN_WAL != 0
	if wal || f.checkpointing {
		if held, err := f.hold(p, off); err != nil {
			return 0, err
		} else if held {
			f.calls.held.Add(1)
			return len(p), nil
		}
	}
	f.write.start(p, off)
	n, err := completion.Drive(&f.write, f.wait)
	if wal && err == nil {
		f.grew(off + int64(n))
	}
	return n, f.fail(opWrite, err)
}

// hold takes a write that may wait for others.
func (f *file) hold(p []byte, off int64) (held bool, err error) {
	if f.checkpointing {
		return f.holdPage(p, off)
	}
	return f.holdBack(p, off)
}

func (f *file) Sync(flags sqlitevfs.SyncFlag) error {
	f.calls.syncs.Add(1)
	if err := f.leaveWindow(); err != nil {
		return err
	}
	f.sync.start(flags)
	_, err := completion.Drive(&f.sync, f.wait)
	return f.fail(opSync, err)
}

func (f *file) Truncate(size int64) error {
	f.calls.truncates.Add(1)
	if err := f.leaveWindow(); err != nil {
		return err
	}
	f.truncate.start(size)
	_, err := completion.Drive(&f.truncate, f.wait)
	return f.fail(opTruncate, err)
}

// SizeHint announces that the file will grow to size: it is allocated in one
// piece where the file system can. The database's size is in its header, so
// the bytes past its end mean nothing.
func (f *file) SizeHint(size int64) error {
	f.calls.allocates.Add(1)
	f.allocate.start(size)
	_, err := completion.Drive(&f.allocate, f.wait)
	return f.fail(opAllocate, err)
}

func (f *file) Size() (int64, error) {
	if err := f.leaveWindow(); err != nil {
		return 0, err
	}
	size, err := f.io.Size()
	return size, f.fail(opSize, err)
}

// Close drains what the engine still does with the descriptor before it is
// closed, and with it the locks: they live as long as the open file.
func (f *file) Close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	if f.ahead != nil {
		f.ahead.Close()
	}
	flushed := f.flush()
	if f.db != nil && f.db.wal == f {
		f.db.wal = nil
	}
	f.session.remove(f)
	f.queue.close()
	drained := f.io.Close()
	closed := f.lent.Close() // releases the locks first
	return cmp.Or(flushed, f.fail(opClose, errors.Join(drained, closed)))
}

func (f *file) Lock(level sqlitevfs.LockLevel) error   { return f.lent.Lock(level) }
func (f *file) Unlock(level sqlitevfs.LockLevel) error { return f.lent.Unlock(level) }
func (f *file) CheckReservedLock() (bool, error)       { return f.lent.CheckReservedLock() }
func (f *file) LockState() sqlitevfs.LockLevel         { return vfsutil.WrapLockState(f.lent) }

func (f *file) PersistWAL() bool                { return vfsutil.WrapPersistWAL(f.lent) }
func (f *file) SetPersistWAL(keep bool)         { vfsutil.WrapSetPersistWAL(f.lent, keep) }
func (f *file) PowersafeOverwrite() bool        { return vfsutil.WrapPowersafeOverwrite(f.lent) }
func (f *file) SetPowersafeOverwrite(psow bool) { vfsutil.WrapSetPowersafeOverwrite(f.lent, psow) }
func (f *file) HasMoved() (bool, error)         { return vfsutil.WrapHasMoved(f.lent) }
func (f *file) SectorSize() int                 { return f.lent.SectorSize() }

// DeviceCharacteristics are the operating system's without atomic batches,
// which F2FS has: they would have to go past the engine.
func (f *file) DeviceCharacteristics() sqlitevfs.DeviceCharacteristic {
	return f.lent.DeviceCharacteristics() &^ sqlitevfs.IOCAP_BATCH_ATOMIC
}
