package ioengine

import "golang.org/x/sys/unix"

// sysSync tells the modes apart: macOS's fsync(2) leaves the bytes in the
// drive's cache. File systems without the stronger calls get fsync.
func sysSync(fd uintptr, mode SyncMode) error {
	err := error(unix.ENOTSUP)
	switch mode {
	case SyncFull:
		_, err = retry(func() (int, error) { return unix.FcntlInt(fd, unix.F_FULLFSYNC, 0) })
	case SyncBarrier:
		_, err = retry(func() (int, error) { return unix.FcntlInt(fd, unix.F_BARRIERFSYNC, 0) })
	}
	if err == unix.ENOTSUP {
		_, err = retry(func() (int, error) { return 0, unix.Fsync(int(fd)) })
	}
	return err
}

func sysAllocate(fd uintptr, size int64) error {
	end, err := sysSize(fd)
	if err != nil || end >= size {
		return err
	}
	store := unix.Fstore_t{
		Flags:   unix.F_ALLOCATECONTIG | unix.F_ALLOCATEALL,
		Posmode: unix.F_PEOFPOSMODE,
		Length:  size - end,
	}
	if unix.FcntlFstore(fd, unix.F_PREALLOCATE, &store) != nil {
		store.Flags = unix.F_ALLOCATEALL // in pieces, then
		if _, err := retry(func() (int, error) { return 0, unix.FcntlFstore(fd, unix.F_PREALLOCATE, &store) }); err != nil {
			return err
		}
	}
	return sysTruncate(fd, size)
}
