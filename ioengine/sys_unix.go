//go:build unix

package ioengine

import "golang.org/x/sys/unix"

// retry repeats a system call that a signal interrupted.
func retry(f func() (int, error)) (int, error) {
	for {
		n, err := f()
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

func sysPread(fd uintptr, p []byte, off int64) (int, error) {
	return retry(func() (int, error) { return unix.Pread(int(fd), p, off) })
}

func sysPwrite(fd uintptr, p []byte, off int64) (int, error) {
	return retry(func() (int, error) { return unix.Pwrite(int(fd), p, off) })
}

func sysTruncate(fd uintptr, size int64) error {
	_, err := retry(func() (int, error) { return 0, unix.Ftruncate(int(fd), size) })
	return err
}

// sysSize moves the descriptor's position, which nothing else uses: lseek(2) takes
// half the time of fstat(2), and SQLite asks in every transaction.
func sysSize(fd uintptr) (int64, error) {
	return unix.Seek(int(fd), 0, unix.SEEK_END)
}

// extend makes the file at least size bytes long without reserving space.
func extend(fd uintptr, size int64) error {
	end, err := sysSize(fd)
	if err != nil || end >= size {
		return err
	}
	return sysTruncate(fd, size)
}
