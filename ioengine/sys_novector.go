//go:build !linux && !darwin && !openbsd

package ioengine

// Without vectored calls the buffers are moved one by one: the first now, the
// rest when the caller comes back for it.

func sysPreadv(fd uintptr, bufs [][]byte, off int64) (int, error) {
	return sysPread(fd, bufs[0], off)
}

func sysPwritev(fd uintptr, bufs [][]byte, off int64) (int, error) {
	return sysPwrite(fd, bufs[0], off)
}
