//go:build unix && !linux && !darwin

package ioengine

import "golang.org/x/sys/unix"

func sysSync(fd uintptr, _ SyncMode) error {
	_, err := retry(func() (int, error) { return 0, unix.Fsync(int(fd)) })
	return err
}

func sysAllocate(fd uintptr, size int64) error { return extend(fd, size) }
