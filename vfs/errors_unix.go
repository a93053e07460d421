//go:build unix

package vfs

import (
	"errors"

	"golang.org/x/sys/unix"
)

// isDiskFull: no space, or no more of it for this user.
func isDiskFull(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT)
}

// isMediumError: the device, not the call, is at fault.
func isMediumError(err error) bool {
	return errors.Is(err, unix.EIO) || errors.Is(err, unix.ENXIO) || errors.Is(err, unix.ERANGE)
}
