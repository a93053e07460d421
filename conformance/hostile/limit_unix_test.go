//go:build unix

package hostile

import "syscall"

// limitFiles bounds the size of the files that this process can make. A header may say that a file is to have
// terabytes, of which a file system in memory gives away as many as are holes.
func limitFiles(bytes uint64) error {
	limit := syscall.Rlimit{Cur: bytes, Max: bytes}
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
}
