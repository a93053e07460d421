package vfs_test

import (
	"path/filepath"
	"strings"
	"testing"

	sqlitevfs "github.com/ncruces/go-sqlite3/vfs"
)

// A change of two pages, header and leaf, in rollback mode. A journal record is
// a page number, the page and a checksum.
const (
	journalRecords = `
		journal write 512@0
		journal write 4@512
		journal write 4096@516
		journal write 4@4612
		journal write 4@4616
		journal write 4096@4620
		journal write 4@8716`
	pageWrites = `
		db write 4096@0
		db write 4096@4096`
)

// Each sync of the journal is a barrier that write-behind and the simulated
// disk rely on: records, then their number, then the database, and only then
// the journal is finished. At OFF nothing but the order of the writes is left,
// so every write goes through before the next call.
func TestFactRollbackJournalOrder(t *testing.T) {
	f := fact{t, "a commit in rollback mode writes records, their number, pages, and then ends the journal, with the known syncs between", "what a crash may leave behind"}
	const (
		full   = journalRecords + "\n journal sync 2\n journal write 12@0\n journal sync 2" + pageWrites + "\n db FCNTL_SYNC\n db sync 2"
		normal = journalRecords + "\n journal write 12@0\n journal sync 2" + pageWrites + "\n db FCNTL_SYNC\n db sync 2"
		off    = journalRecords + pageWrites + "\n db FCNTL_SYNC"
	)
	for _, test := range []struct{ mode, sync, want string }{
		{"DELETE", "OFF", off + "\n journal delete dirsync=false"},
		{"DELETE", "NORMAL", normal + "\n journal delete dirsync=false"},
		{"DELETE", "FULL", full + "\n journal delete dirsync=false"},
		{"DELETE", "EXTRA", full + "\n journal delete dirsync=true"},
		{"TRUNCATE", "OFF", off + "\n journal truncate 0"},
		{"TRUNCATE", "NORMAL", normal + "\n journal truncate 0"},
		{"TRUNCATE", "FULL", full + "\n journal truncate 0\n journal sync 2"},
		{"TRUNCATE", "EXTRA", full + "\n journal truncate 0\n journal sync 2"},
		{"PERSIST", "OFF", off + "\n journal write 28@0"},
		{"PERSIST", "NORMAL", normal + "\n journal write 28@0\n journal sync 18"}, // SYNC_NORMAL and SYNC_DATAONLY
		{"PERSIST", "FULL", full + "\n journal write 28@0\n journal sync 18"},
	} {
		tr := newTracer(t)
		c, _ := openTraced(t, tr, `CREATE TABLE t(a); PRAGMA journal_mode=`+test.mode+`; PRAGMA synchronous=`+test.sync+`; INSERT INTO t VALUES(1)`)
		exec(t, c, `INSERT INTO t VALUES(2)`)
		f.trace(tr.take("pragma", "lock", "unlock", "size", "read", "getter"), test.want+"\n db PHASETWO")
	}
}

// Locks are not moved relative to reads and writes: whoever asks for a hot
// journal does so by one byte, under SHARED, and unlocking comes last.
func TestFactRollbackLocks(t *testing.T) {
	f := fact{t, "a commit in rollback mode takes and gives up its locks in the known places", "doing every lock call at once, in its place"}
	tr := newTracer(t)
	c, _ := openTraced(t, tr, `CREATE TABLE t(a); PRAGMA journal_mode=PERSIST; INSERT INTO t VALUES(1)`)
	exec(t, c, `INSERT INTO t VALUES(2)`)
	f.trace(tr.take("pragma", "getter"), `
		db lock 1
		db size
		journal read 1@0
		db read 16@24
		db size
		db lock 2
		journal write 512@0
		journal write 4@512
		journal write 4096@516
		journal write 4@4612
		db lock 4
		journal write 4@4616
		journal write 4096@4620
		journal write 4@8716
		journal read 8@9216
		journal sync 2
		journal write 12@0
		journal sync 2
		db write 4096@0
		db write 4096@4096
		db FCNTL_SYNC
		db sync 2
		journal write 28@0
		journal sync 18
		db PHASETWO
		db unlock 1
		db unlock 0
	`)
}

// Deleting the super-journal, with its directory synced, is what commits
// several databases: nothing of that may be merged or moved.
func TestFactSuperJournalOrder(t *testing.T) {
	f := fact{t, "a super-journal is durable before any journal names it, and its durable deletion comes before that of the journals", "commits of several databases"}
	tr := newTracer(t)
	c, _ := openTraced(t, tr, `CREATE TABLE t(a); ATTACH '`+filepath.Join(t.TempDir(), "aux.db")+`' AS aux; CREATE TABLE aux.u(a)`)
	exec(t, c, `BEGIN; INSERT INTO t VALUES(1); INSERT INTO u VALUES(1)`)
	tr.take()
	exec(t, c, `COMMIT`)
	var events []string
	for _, e := range tr.take("pragma", "lock", "unlock", "size", "read", "getter", "write", "FCNTL_SYNC") {
		if strings.HasPrefix(e, "mj") { // the super-journal's name ends in -mj and digits
			e = "super" + e[strings.IndexByte(e, ' '):]
		}
		events = append(events, e)
	}
	f.trace(events, `
		super sync 2
		journal sync 2
		db sync 2
		journal sync 2
		db sync 2
		super delete dirsync=true
		journal delete dirsync=false
		db PHASETWO
		journal delete dirsync=false
		db PHASETWO
	`)
}

// DeviceCharacteristics never claims more than the operating system's file: a
// claim makes SQLite leave out syncs and journals.
func TestFactClaimsOfTheDeviceAreBelieved(t *testing.T) {
	f := fact{t, "SQLite leaves out syncs for SEQUENTIAL and SAFE_APPEND, and the journal for ATOMIC4K", "claiming none of them"}
	for _, test := range []struct {
		claim     sqlitevfs.DeviceCharacteristic
		mode      string
		omissions string
	}{
		{sqlitevfs.IOCAP_SEQUENTIAL, "WAL", "wal sync 2"},
		{sqlitevfs.IOCAP_SEQUENTIAL, "DELETE", "journal sync 2"},
		{sqlitevfs.IOCAP_SAFE_APPEND, "DELETE", "journal sync 2"},
		{sqlitevfs.IOCAP_ATOMIC4K, "DELETE", "journal write 4096@516"},
	} {
		count := func(claims sqlitevfs.DeviceCharacteristic) int {
			tr := newTracer(t)
			tr.claims = claims
			c, _ := openTraced(t, tr, `PRAGMA synchronous=FULL; CREATE TABLE t(a); PRAGMA journal_mode=`+test.mode+`; PRAGMA synchronous=FULL`)
			exec(t, c, `INSERT INTO t VALUES(1)`)
			return strings.Count(strings.Join(tr.take(), "\n")+"\n", test.omissions+"\n")
		}
		without, with := count(0), count(test.claim)
		f.check(with < without, "in %s mode, with claim %#x, %q comes %d times, without it %d times", test.mode, uint32(test.claim), test.omissions, with, without)
	}
	tr := newTracer(t)
	openTraced(t, tr, `CREATE TABLE t(a)`)
	const never = sqlitevfs.IOCAP_ATOMIC | sqlitevfs.IOCAP_ATOMIC4K | sqlitevfs.IOCAP_SAFE_APPEND | sqlitevfs.IOCAP_SEQUENTIAL
	claims := tr.files[0].File.DeviceCharacteristics()
	f.check(claims&never == 0, "the operating system's file claims %#x itself", uint32(claims))
}
