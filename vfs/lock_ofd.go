//go:build linux || darwin

package vfs

import (
	sqlitevfs "github.com/ncruces/go-sqlite3/vfs"
	"golang.org/x/sys/unix"
)

// unlockSharedMemory gives up every lock on the WAL-index: they are locks of
// the open file description (F_OFD_SETLK), which its descriptor reaches.
func unlockSharedMemory(shm sqlitevfs.SharedMemory) {
	if f, ok := shm.(interface{ Fd() uintptr }); ok {
		all := unix.Flock_t{Type: unix.F_UNLCK}
		// Without an open WAL-index there is no descriptor, and nothing to unlock.
		_ = unix.FcntlFlock(f.Fd(), ofdSetLock, &all)
	}
}

// canFindHolder says whether holderOf works here.
const canFindHolder = true

// holderOf asks whether r is held through another open file than that of fd,
// and by which process, 0 if the system does not tell. It takes no lock.
func holderOf(fd uintptr, r lockRange) (pid int, held bool) {
	lock := unix.Flock_t{Type: unix.F_RDLCK, Start: r.start, Len: r.length}
	if r.write {
		lock.Type = unix.F_WRLCK
	}
	if err := unix.FcntlFlock(fd, ofdGetLock, &lock); err != nil || lock.Type == unix.F_UNLCK {
		return 0, false
	}
	return max(0, int(lock.Pid)), true
}
