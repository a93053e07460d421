package ioengine

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sysSync is fdatasync(2) for every mode: it covers the size as far as that is
// needed to read the data, and Linux's flushes the drive's cache too.
func sysSync(fd uintptr, _ SyncMode) error {
	_, err := retry(func() (int, error) { return 0, unix.Fdatasync(int(fd)) })
	return err
}

func sysAllocate(fd uintptr, size int64) error {
	end, err := sysSize(fd)
	if err != nil || end >= size {
		return err
	}
	_, err = retry(func() (int, error) { return 0, unix.Fallocate(int(fd), 0, end, size-end) })
	if err == unix.EOPNOTSUPP {
		return extend(fd, size)
	}
	return err
}

// sysReadAhead has the kernel read a range of at most maxAheadBytes without
// waiting for it.
func sysReadAhead(fd uintptr, off, n int64) {
	_, _ = retry(func() (int, error) { return 0, unix.Fadvise(int(fd), off, n, unix.FADV_WILLNEED) })
}

// sysReadCached reads what the page cache holds, without waiting for the disk
// (preadv2(2), RWF_NOWAIT). It says nothing about the end of the file: a short
// count, even 0, only means that the rest is not cached; since Linux 5.10 it is
// being read then. supported is false if the file cannot be asked at all.
//
// The call is made here because unix.Preadv2 makes a vector of its own, which is
// half of what this costs more than pread(2). Syscall6 keeps what its arguments
// point to alive and in place, and the vector p.
func sysReadCached(fd uintptr, p []byte, off int64) (n int, supported bool) {
	vector := unix.Iovec{Base: unsafe.SliceData(p)}
	vector.SetLen(len(p))
	n, err := retry(func() (int, error) {
		n, _, errno := syscall.Syscall6(unix.SYS_PREADV2, fd, uintptr(unsafe.Pointer(&vector)), 1, uintptr(off), uintptr(off>>32), unix.RWF_NOWAIT)
		if errno != 0 {
			return 0, errno
		}
		return int(n), nil
	})
	return n, err != unix.EOPNOTSUPP && err != unix.ENOSYS
}
