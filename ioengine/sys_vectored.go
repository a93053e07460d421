//go:build linux || darwin || openbsd

package ioengine

import "golang.org/x/sys/unix"

func sysPreadv(fd uintptr, bufs [][]byte, off int64) (int, error) {
	return retry(func() (int, error) { return unix.Preadv(int(fd), bufs, off) })
}

func sysPwritev(fd uintptr, bufs [][]byte, off int64) (int, error) {
	return retry(func() (int, error) { return unix.Pwritev(int(fd), bufs, off) })
}
