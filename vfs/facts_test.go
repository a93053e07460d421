package vfs_test

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	sqlitevfs "github.com/ncruces/go-sqlite3/vfs"
)

// Every order of calls that the other tests hold was read in this version's
// source, and the comparisons with stock SQLite compare like with like.
func TestFactVersion(t *testing.T) {
	f := fact{t, "SQLite is 3.54.1", "every fact below, and the comparison with the C library of that version"}
	tr := newTracer(t)
	c, _ := openTraced(t, tr, ``)
	version := query(t, c, `SELECT sqlite_version()`)
	f.check(version == "3.54.1", "it is %s", version)
}

// The driver sets synchronous itself where the default of WAL databases is
// not meant, the writer queue stands on the order that SETLK_TIMEOUT brings,
// reads of odd sizes come from DIRECT_OVERFLOW_READ, a device that claims atomic
// writes is believed (ATOMIC_WRITE), and nothing locks connections
// (THREADSAFE=0): one goroutine at a time uses one.
func TestFactCompileOptions(t *testing.T) {
	f := fact{t, "SQLite is compiled with the options the design knows", "the conduct of commits, locks and reads"}
	tr := newTracer(t)
	c, _ := openTraced(t, tr, ``)
	options := strings.Split(query(t, c, `PRAGMA compile_options`), "\n")
	for _, want := range []string{
		"THREADSAFE=0", "OMIT_SHARED_CACHE", "ENABLE_SETLK_TIMEOUT", "DEFAULT_SYNCHRONOUS=2", "DEFAULT_WAL_SYNCHRONOUS=1",
		"ENABLE_ATOMIC_WRITE", "ENABLE_BATCH_ATOMIC_WRITE", "DIRECT_OVERFLOW_READ", "DEFAULT_MMAP_SIZE=0",
		"DEFAULT_PAGE_SIZE=4096", "DEFAULT_WAL_AUTOCHECKPOINT=1000", "DEFAULT_FOREIGN_KEYS", "DQS=0", "USE_URI",
		"ENABLE_PREUPDATE_HOOK", "ENABLE_COLUMN_METADATA", "OMIT_LOAD_EXTENSION", "TEMP_STORE=1",
	} {
		f.check(slices.Contains(options, want), "%s is missing", want)
	}
}

// newFile takes the descriptor of every kind of file and moves all bytes
// through the engine on it.
func TestFactOSFilesLendTheirDescriptor(t *testing.T) {
	f := fact{t, "a file of the operating system's VFS has a method Fd() uintptr", "all page I/O"}
	tr := newTracer(t)
	c, _ := openTraced(t, tr, `PRAGMA temp_store=FILE; CREATE TABLE t(a); ATTACH '`+filepath.Join(t.TempDir(), "aux.db")+`' AS aux; CREATE TABLE u(a)`)
	exec(t, c, `BEGIN; INSERT INTO t VALUES(1); CREATE TABLE aux.v(a); COMMIT; CREATE TEMP TABLE x AS SELECT randomblob(3000000); PRAGMA journal_mode=WAL; INSERT INTO t VALUES(2)`)
	kinds := map[string]bool{}
	for _, file := range tr.files {
		kinds[file.kind] = true
		_, ok := file.File.(interface{ Fd() uintptr })
		f.check(ok, "a %T, opened as a %s, has none", file.File, file.kind)
	}
	if len(kinds) != 5 {
		t.Errorf("only %v were opened", kinds)
	}
}

// A journal that may be new has its directory entry synced with its first
// sync; newFile goes by the flag.
func TestFactJournalsAreOpenedToBeCreated(t *testing.T) {
	f := fact{t, "WALs, journals and super-journals are opened with OPEN_CREATE", "syncing the directory of a new journal"}
	tr := newTracer(t)
	c, _ := openTraced(t, tr, `CREATE TABLE t(a); ATTACH '`+filepath.Join(t.TempDir(), "aux.db")+`' AS aux; CREATE TABLE aux.u(a)`)
	exec(t, c, `BEGIN; INSERT INTO t VALUES(1); INSERT INTO u VALUES(1); COMMIT; PRAGMA main.journal_mode=WAL; INSERT INTO t VALUES(1)`)
	for _, file := range tr.files {
		if file.kind == "wal" || file.kind == "journal" || file.kind == "super" {
			f.check(file.flags&sqlitevfs.OPEN_CREATE != 0, "a %s is opened with %#x", file.kind, uint32(file.flags))
		}
	}
}

// session.go finds a connection's main file from the connection, newFile finds
// it from the WAL and the journals, and both have to look inside a wrapper.
func TestFactFilesAreFoundInsideTheChecksumWrapper(t *testing.T) {
	f := fact{t, "the main file is found from its connection and from its WAL and journal, inside one wrapper", "the files of one connection knowing each other"}
	tr := newTracer(t)
	c, _ := openTraced(t, tr, `CREATE TABLE t(a); BEGIN; INSERT INTO t VALUES(1)`)
	for _, kind := range []string{"journal", "wal"} {
		db, journal := tr.files[0], tr.files[len(tr.files)-1]
		if db.kind != "db" || journal.kind != kind {
			t.Fatalf("opened a %s, and last a %s", db.kind, journal.kind)
		}
		p, err := c.FileControl("main", sqlite3.FCNTL_FILE_POINTER)
		_, plain := p.(*tracedFile)
		f.check(err == nil && !plain, "FCNTL_FILE_POINTER returns a %T, %v", p, err)
		wrapped, _ := p.(sqlitevfs.File)
		found, ok := vfsutil.UnwrapFile[*tracedFile](wrapped)
		f.check(ok && found == db, "FCNTL_FILE_POINTER leads to another file")
		p, err = c.FileControl("main", sqlite3.FCNTL_JOURNAL_POINTER)
		f.check(err == nil && p == any(journal), "FCNTL_JOURNAL_POINTER returns a %T, %v, with an open %s", p, err, kind)
		_, plain = journal.main.(*tracedFile)
		found, ok = vfsutil.UnwrapFile[*tracedFile](journal.main)
		f.check(ok && found == db && !plain, "DatabaseFile of a %s is a %T", kind, journal.main)
		exec(t, c, `COMMIT; PRAGMA journal_mode=WAL; BEGIN; INSERT INTO t VALUES(2)`)
	}
}

// Sessions are keyed by connection.
func TestFactSetDBReceivesTheConnection(t *testing.T) {
	f := fact{t, "every database file is told its *sqlite3.Conn by SetDB", "the session that a connection's files share"}
	tr := newTracer(t)
	c, _ := openTraced(t, tr, `CREATE TABLE t(a); ATTACH '`+filepath.Join(t.TempDir(), "aux.db")+`' AS aux; CREATE TABLE u(a)`)
	for _, file := range tr.files {
		if file.kind == "db" {
			f.check(file.db == any(c), "SetDB was given a %T", file.db)
		}
	}
}

type smallError uint8

func (smallError) Error() string { return "of kind uint8" }

type shortError uint16

func (shortError) Error() string { return "of kind uint16" }

// errors.go returns bare codes and SystemError only, and no error of the
// engine may be of a small unsigned kind.
func TestFactErrorsBecomeCodes(t *testing.T) {
	f := fact{t, "only a bare code, SystemError, and any error of kind uint8 or uint16 decide the code of a failure", "the choice of codes in errors.go"}
	tr := newTracer(t)
	c, _ := openTraced(t, tr, `PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t(a)`)
	for _, test := range []struct {
		at   string
		err  error
		want sqlite3.ExtendedErrorCode
	}{
		{"wal write", sqlite3.FULL, sqlite3.FULL.ExtendedCode()},
		{"wal write", sqlite3.IOERR_BLOCKED, sqlite3.IOERR_BLOCKED},
		{"wal write", sqlitevfs.SystemError(errCause, sqlite3.FULL), sqlite3.FULL.ExtendedCode()},
		{"wal write", smallError(sqlite3.FULL), sqlite3.FULL.ExtendedCode()},
		{"wal write", shortError(sqlite3.IOERR_BLOCKED), sqlite3.IOERR_BLOCKED},
		// Everything else gets the code of the call that failed.
		{"wal write", errCause, sqlite3.IOERR_WRITE},
		{"wal write", syscall.ENOSPC, sqlite3.IOERR_WRITE},
		{"wal write", fmt.Errorf("wrapped: %w", sqlite3.FULL), sqlite3.IOERR_WRITE},
		{"wal write", fmt.Errorf("wrapped: %w", sqlitevfs.SystemError(errCause, sqlite3.FULL)), sqlite3.IOERR_WRITE},
		{"wal sync", fmt.Errorf("wrapped: %w", sqlite3.FULL), sqlite3.IOERR_FSYNC},
		{"db PHASETWO", fmt.Errorf("wrapped: %w", sqlite3.FULL), sqlite3.IOERR.ExtendedCode()},
	} {
		tr.fail = func(file, op string) error {
			if file+" "+op == test.at {
				return test.err
			}
			return nil
		}
		err := c.Exec(`INSERT INTO t VALUES(1)`)
		var code sqlite3.ExtendedErrorCode
		f.check(errors.As(err, &code) && code == test.want, "%T (%v) from a %s becomes code %d, not %d", test.err, test.err, test.at, code, test.want)
	}
}

// A file keeps its failure for LastError, because nobody else does: after the
// call that failed SQLite makes others, to unlock for one.
func TestFactCauseIsLost(t *testing.T) {
	f := fact{t, "the operating system's error does not survive the next call of the VFS", "keeping the cause for LastError"}
	tr := newTracer(t)
	c, _ := openTraced(t, tr, `CREATE TABLE t(a); INSERT INTO t VALUES(1)`)
	for op, sql := range map[string]string{"read": `SELECT * FROM t`, "write": `INSERT INTO t VALUES(1)`} {
		tr.fail = func(_, called string) error {
			if called == op {
				return sqlitevfs.SystemError(errCause, sqlite3.IOERR_BLOCKED)
			}
			return nil
		}
		if _, err := c.FileControl("main", sqlite3.FCNTL_RESET_CACHE); err != nil {
			t.Fatal(err)
		}
		err := c.Exec(sql)
		f.check(errors.Is(err, sqlite3.IOERR_BLOCKED) && !errors.Is(err, errCause), "a failed %s is %v", op, err)
	}
}

// errors.go reports a failing medium with the code that SQLite's own unix VFS
// uses, and whoever looks for its cause has to know the code it arrives with.
func TestFactCorruptFSArrivesAsCorrupt(t *testing.T) {
	f := fact{t, "SQLite turns IOERR_CORRUPTFS of a read into CORRUPT", "finding the cause of a failed read"}
	tr := newTracer(t)
	c, _ := openTraced(t, tr, `CREATE TABLE t(a); INSERT INTO t VALUES(1)`)
	tr.fail = func(file, op string) error {
		if op == "read" {
			return sqlitevfs.SystemError(errCause, sqlite3.IOERR_CORRUPTFS)
		}
		return nil
	}
	if _, err := c.FileControl("main", sqlite3.FCNTL_RESET_CACHE); err != nil {
		t.Fatal(err)
	}
	err := c.Exec(`SELECT * FROM t`)
	f.check(errors.Is(err, sqlite3.CORRUPT), "it is %v", err)
}

// ReadAt and WriteAt never return a short count without an error, and the end
// of the file is io.EOF itself.
func TestFactShortTransfersAreTakenForSuccess(t *testing.T) {
	f := fact{t, "a short count without an error is success, and only a bare io.EOF is the end of the file", "the contract of file.ReadAt and file.WriteAt"}
	tr := newTracer(t)
	c, _ := openTraced(t, tr, `CREATE TABLE t(a); INSERT INTO t VALUES('as written')`)
	// The bytes are moved, only the count is wrong: nobody looks at it.
	tr.answer = func(_, _ string, _ []byte, n int, err error) (int, error) { return 0, nil }
	exec(t, c, `UPDATE t SET a='again'`)
	reread := func() error {
		if _, err := c.FileControl("main", sqlite3.FCNTL_RESET_CACHE); err != nil {
			t.Fatal(err)
		}
		return c.Exec(`SELECT * FROM t`)
	}
	f.check(reread() == nil, "a count of 0 is an error")
	if got := query(t, c, `SELECT a FROM t`); got != "again" {
		t.Errorf("read %q", got)
	}
	tr.answer = func(_, op string, p []byte, n int, err error) (int, error) {
		if op == "read" && len(p) == 4096 {
			return 0, fmt.Errorf("wrapped: %w", io.EOF)
		}
		return n, err
	}
	err := reread()
	f.check(errors.Is(err, sqlite3.IOERR_READ), "a wrapped io.EOF is %v", err)
	tr.answer = func(_, op string, p []byte, n int, err error) (int, error) {
		if op == "read" && len(p) == 4096 {
			return n - 8, io.EOF
		}
		return n, err
	}
	err = reread()
	f.check(err == nil || errors.Is(err, sqlite3.CORRUPT), "a bare io.EOF is %v", err)
}

// What outlives WriteAt must be copied: the bytes of a frame header are gone
// when the next frame comes.
func TestFactWriteBuffersAliasSQLitesMemory(t *testing.T) {
	f := fact{t, "the buffer of a write is SQLite's memory, and reused", "copying what a write-behind keeps"}
	tr := newTracer(t)
	c, _ := openTraced(t, tr, `PRAGMA journal_mode=WAL; CREATE TABLE t(a); CREATE TABLE u(a)`)
	var headers []*byte
	tr.answer = func(file, op string, p []byte, n int, err error) (int, error) {
		if file == "wal" && op == "write" && len(p) == 24 {
			headers = append(headers, &p[0])
		}
		return n, err
	}
	exec(t, c, `BEGIN; INSERT INTO t VALUES(1); INSERT INTO u VALUES(1); COMMIT`)
	if len(headers) != 2 {
		t.Fatalf("%d frames", len(headers))
	}
	f.check(headers[0] == headers[1], "two frame headers came in different places")
}

// A read cannot be classified by its size being the page's.
func TestFactReadsOfOddSizes(t *testing.T) {
	f := fact{t, "SQLite reads the header, the change counter and parts of overflow pages", "read-ahead that tells page reads from others"}
	tr := newTracer(t)
	c, path := openTraced(t, tr, `CREATE TABLE t(a); INSERT INTO t VALUES(zeroblob(8177))`)
	c.Close()
	c = open(t, path, tr.name)
	query(t, c, `SELECT a FROM t`) // 489 bytes on its page, then 4092 and the rest
	reads := tr.only("read")
	for _, want := range []string{"db read 100@0", "db read 16@24"} {
		f.check(slices.Contains(reads, want), "there is no %s among %q", want, reads)
	}
	f.check(slices.ContainsFunc(reads, func(r string) bool {
		var n, off int64
		_, err := fmt.Sscanf(r, "db read %d@%d", &n, &off)
		return err == nil && n > 100 && n < 4096 && off > 4096
	}), "no part of an overflow page is among %q", reads)
}

// internal/conn recovers from panics, and errors.go never returns this code.
func TestFactOutOfMemoryPanics(t *testing.T) {
	f := fact{t, "IOERR_NOMEM from a VFS panics", "never returning that code"}
	tr := newTracer(t)
	c, _ := openTraced(t, tr, `CREATE TABLE t(a)`)
	tr.fail = func(_, op string) error {
		if op == "write" {
			return sqlite3.IOERR_NOMEM
		}
		return nil
	}
	defer func() {
		tr.fail = nil
		f.check(recover() != nil, "it did not")
	}()
	err := c.Exec(`INSERT INTO t VALUES(1)`)
	t.Logf("returned %v", err)
}
