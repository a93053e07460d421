package ioengine

import "golang.org/x/sys/unix"

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
// count, even 0, only means that the rest is not cached. supported is false if
// the file cannot be asked at all.
func sysReadCached(fd uintptr, p []byte, off int64) (n int, supported bool) {
	iovs := [1][]byte{p}
	n, err := retry(func() (int, error) { return unix.Preadv2(int(fd), iovs[:], off, unix.RWF_NOWAIT) })
	return n, err != unix.EOPNOTSUPP && err != unix.ENOSYS
}
