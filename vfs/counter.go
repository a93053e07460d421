package vfs

import (
	"encoding/binary"

	"github.com/ncruces/go-sqlite3"
)

// changeCounterOffset is where a database's header counts the transactions that
// were committed without a WAL: https://sqlite.org/fileformat2.html#file_change_counter
const changeCounterOffset = 24

// ChangeCounter returns the change counter in the header of c's main database.
// It does not move while c holds a lock that keeps others from writing. ok is
// false if the file cannot be read, or if commits go to a WAL, and then do not
// change it.
func ChangeCounter(c *sqlite3.Conn) (count uint32, ok bool) {
	main, ours := mainFile(c)
	if !ours || main.wal != nil {
		return 0, false
	}
	var b [4]byte
	if _, err := main.ReadAt(b[:], changeCounterOffset); err != nil {
		return 0, false
	}
	return binary.BigEndian.Uint32(b[:]), true
}
