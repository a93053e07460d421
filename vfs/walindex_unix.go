//go:build linux || darwin

package vfs

import "golang.org/x/sys/unix"

// readDescriptor fills p from a file that others have mapped, where both see
// the same bytes.
func readDescriptor(fd uintptr, p []byte, off int64) bool {
	for {
		n, err := unix.Pread(int(fd), p, off)
		if err != unix.EINTR {
			return err == nil && n == len(p)
		}
	}
}
