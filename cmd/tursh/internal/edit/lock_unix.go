//go:build unix

package edit

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lockFile waits until nobody else has f locked; closing it ends the lock.
func lockFile(f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.ENOLCK), errors.Is(err, unix.EOPNOTSUPP):
			return nil // a file system without locks: adding to the end is one write still
		default:
			return err
		}
	}
}
