package vfs

import (
	"github.com/ncruces/go-sqlite3"
	sqlitevfs "github.com/ncruces/go-sqlite3/vfs"
)

// A Holder is who holds a lock that a connection cannot have.
type Holder struct {
	Lock string // what is locked, in words
	// PID is the process, 0 if the system does not tell: the locks that this
	// library takes belong to an open file, not to a process. It may be this one.
	PID int
	// Reader says that it is a read lock, so that who holds it may only read.
	Reader bool
}

// A lockRange is a lock of SQLite that the connection that asks does not have.
type lockRange struct {
	name          string
	start, length int64
	// write: the lock could not be had for writing; otherwise not even for reading.
	write bool
}

// The locks of a database file: https://sqlite.org/lockingv3.html
var (
	lockPending   = lockRange{"the lock of a writer that waits for readers", 0x40000000, 1, true}
	lockReserved  = lockRange{"the write lock", 0x40000001, 1, true}
	lockExclusive = lockRange{"the exclusive lock", 0x40000002, 510, false}
	lockShared    = lockRange{"a read lock", 0x40000002, 510, true}
)

// The locks of a WAL-index: https://sqlite.org/walformat.html#locks
var (
	lockWALWrite   = lockRange{"the write lock", 120, 1, true}
	lockWALRecover = lockRange{"the recovery lock", 122, 1, true}
)

// LockHolder finds who holds, at this moment, a lock on c's main database that
// c cannot have. found is false if there is none, and ok is false if that
// cannot be found out here.
func LockHolder(c *sqlite3.Conn) (h Holder, found, ok bool) {
	main, ours := mainFile(c)
	if !ours || !canFindHolder {
		return Holder{}, false, false
	}
	if shm, open := main.openWALIndex(); open {
		for _, r := range []lockRange{lockWALWrite, lockWALRecover} {
			if pid, held := holderOf(shm, r); held {
				return Holder{r.name, pid, false}, true, true
			}
		}
	}
	descriptor := main.lent.(interface{ Fd() uintptr }) // newFile has checked that
	for _, r := range []lockRange{lockReserved, lockPending, lockExclusive, lockShared} {
		if pid, held := holderOf(descriptor.Fd(), r); held {
			return Holder{r.name, pid, r == lockShared}, true, true
		}
	}
	return Holder{}, false, true
}

// openWALIndex returns the descriptor of the WAL-index, if the operating
// system's has one. It is not a valid one while the WAL-index is not open.
func (f *file) openWALIndex() (fd uintptr, ok bool) {
	lent, ok := f.lent.(sqlitevfs.FileSharedMemory)
	if !ok {
		return 0, false
	}
	shm, ok := lent.SharedMemory().(interface{ Fd() uintptr })
	if !ok {
		return 0, false
	}
	return shm.Fd(), true
}
