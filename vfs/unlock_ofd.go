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
