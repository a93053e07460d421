//go:build unix

package vfs

import "golang.org/x/sys/unix"

func fileIDOf(fd uintptr) (fileID, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(fd), &st); err != nil {
		return fileID{}, err
	}
	return fileID{uint64(st.Dev), uint64(st.Ino)}, nil
}
