//go:build unix

package locks

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// lockRange is a range of bytes of a file that SQLite locks, or must not lock.
type lockRange struct {
	name          string
	start, length int64 // in bytes; a length of 0 reaches to the end of all files
}

// The locks of a database file: https://sqlite.org/lockingv3.html. What is not one of them is never locked.
var databaseLocks = []lockRange{
	{"before PENDING", 0, 0x40000000},
	{"PENDING", 0x40000000, 1}, {"RESERVED", 0x40000001, 1},
	{"SHARED", 0x40000002, 1}, {"SHARED at its end", 0x40000002 + 509, 1}, // two bytes of the range, since part of it would be a fault
	{"behind SHARED", 0x40000002 + 510, 0},
}

// The locks of a WAL-index: https://sqlite.org/walformat.html#locks. The dead man's switch, DMS, tells whether anybody
// uses the file.
var walIndexLocks = []lockRange{
	{"before WRITE", 0, 120},
	{"WRITE", 120, 1}, {"CKPT", 121, 1}, {"RECOVER", 122, 1},
	{"READ0", 123, 1}, {"READ1", 124, 1}, {"READ2", 125, 1}, {"READ3", 126, 1}, {"READ4", 127, 1},
	{"DMS", 128, 1},
	{"behind DMS", 129, 0},
}

// heldLocks says which locks of a file any process holds, and how. This process must hold none of them: it would not see
// its own, and lose them.
func heldLocks(path string, ranges []lockRange) (string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "no file", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	var held []string
	for _, r := range ranges {
		lock := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart, Start: r.start, Len: r.length}
		if err := syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &lock); err != nil {
			return "", fmt.Errorf("%s: ask who holds %s: %w", path, r.name, err)
		}
		switch lock.Type {
		case syscall.F_RDLCK:
			held = append(held, r.name+" for reading")
		case syscall.F_WRLCK:
			held = append(held, r.name+" for writing")
		}
	}
	if len(held) == 0 {
		return "none", nil
	}
	return strings.Join(held, ", "), nil
}

// lockStates says what is locked of a database and its WAL-index, and which other files it has.
func lockStates(database string) (string, error) {
	file, err := heldLocks(database, databaseLocks)
	if err != nil {
		return "", err
	}
	index, err := heldLocks(database+"-shm", walIndexLocks)
	if err != nil {
		return "", err
	}
	entries, err := os.ReadDir(filepath.Dir(database))
	if err != nil {
		return "", err
	}
	var files []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return "", err
		}
		size := "empty"
		if info.Size() > 0 {
			size = "not empty"
		}
		files = append(files, fmt.Sprintf("%s (%s)", e.Name(), size))
	}
	return fmt.Sprintf("database locks: %s; WAL-index locks: %s; files: %s", file, index, strings.Join(files, ", ")), nil
}
