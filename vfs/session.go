package vfs

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	sqlitevfs "github.com/ncruces/go-sqlite3/vfs"
)

// ErrNotOurs says that a connection's main database is not a file of this
// package's VFSs: an in-memory database, or another VFS.
var ErrNotOurs = errors.New("vfs: the main database is not a file of a turso-coop VFS")

// An Owner is who waits for locks on behalf of a connection, with a busy
// handler of its own, and may have a WAL hook. PRAGMA busy_timeout, also when
// it only asks, and PRAGMA wal_autocheckpoint put SQLite's in their place.
type Owner interface {
	// BusyTimeout is what the PRAGMA answers.
	BusyTimeout() time.Duration
	// BusyHandlerReplaced is called while the PRAGMA is compiled. The owner
	// waits for timeout from now on, and installs its handler again when the
	// call that compiles the PRAGMA has returned.
	BusyHandlerReplaced(timeout time.Duration)
	// WALHookReplaced is called likewise: SQLite's hook would make a
	// checkpoint when the WAL has so many pages, and none if they are 0 or less.
	WALHookReplaced(pages int)
	// WriteStarts is called before SQLite takes the lock of a write transaction
	// that starts from none, and again before each further attempt: now is the
	// time to wait for a turn in q, the queue of that database. It is not called
	// when a transaction that has read begins to write, which fails at once if
	// another one has written in between. q may be nil.
	WriteStarts(q *Queue)
	// WALOnNetwork is called before the database at path is used in WAL mode on
	// a network file system. It is not used if an error is returned.
	WALOnNetwork(path, fileSystem string) error
	// WALGrew is called when the WAL has grown to so many bytes: at WALNotice,
	// then whenever it has doubled, until it is begun anew.
	WALGrew(size int64)
}

// WALNotice is the size in bytes from which a WAL is conspicuous: four times
// that at which SQLite makes a checkpoint by itself.
const WALNotice = 16 << 20

// A session is what the files of one connection have in common. The goroutine
// that uses the connection uses it.
type session struct {
	conn   *sqlite3.Conn
	files  map[*file]struct{}
	owner  Owner
	window CommitWindow
	// The last failure, and what SQLite was told of it.
	lastErr  error
	lastCode sqlite3.ExtendedErrorCode
}

// sessions finds a connection's session: *sqlite3.Conn to *session. An entry
// lives as long as the connection has files of ours.
var sessions sync.Map

func sessionOf(c *sqlite3.Conn) *session {
	s, _ := sessions.Load(c)
	found, _ := s.(*session)
	return found
}

// SetDB is called by SQLite for every database file that a connection opens,
// right after that.
func (f *file) SetDB(db any) {
	c, ok := db.(*sqlite3.Conn)
	if !ok || f.session != nil {
		return
	}
	s := sessionOf(c)
	if s == nil {
		s = &session{conn: c, files: map[*file]struct{}{}}
		sessions.Store(c, s)
	}
	s.add(f)
}

// add makes f one of the session's files. A nil session has none.
func (s *session) add(f *file) {
	if s != nil {
		s.files[f] = struct{}{}
		f.session = s
	}
}

func (s *session) remove(f *file) {
	if s == nil {
		return
	}
	delete(s.files, f)
	if len(s.files) == 0 {
		sessions.Delete(s.conn)
	}
}

// Own tells the files of c, also those that it attaches later, who owns the
// connection. It returns [ErrNotOurs] if the main database is not a file of
// ours.
func Own(c *sqlite3.Conn, o Owner) error {
	main, ok := mainFile(c)
	if !ok {
		return ErrNotOurs
	}
	main.session.owner = o
	return nil
}

// mainFile is the file of c's main database, if it is one of ours.
func mainFile(c *sqlite3.Conn) (*file, bool) {
	p, err := c.FileControl("main", sqlite3.FCNTL_FILE_POINTER)
	if err != nil {
		return nil, false
	}
	f, _ := p.(sqlitevfs.File)
	main, ok := vfsutil.UnwrapFile[*file](f)
	return main, ok && main.session != nil
}

// Abandon closes the databases, WALs and journals that c has open through our
// VFSs, and so gives up its locks, without calling SQLite: for a connection
// that SQLite cannot close any more after a panic. c must not be used again.
func Abandon(c *sqlite3.Conn) error {
	s := sessionOf(c)
	if s == nil {
		return nil
	}
	var errs []error
	for f := range s.files {
		f.discard() // nobody will publish it
		if lent, ok := f.lent.(sqlitevfs.FileSharedMemory); ok {
			// SQLite would unmap the WAL-index first: a mapping keeps the
			// open file, and with it the locks, after its descriptor is closed.
			unlockSharedMemory(lent.SharedMemory())
		}
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// LastError is what lies behind an error of c with the given code: the last
// failure of an operation on one of its files, with the path and the operating
// system's error, if SQLite was told that code for it, otherwise nil. SQLite
// itself passes on little more than the code. It is told once.
func LastError(c *sqlite3.Conn, code sqlite3.ExtendedErrorCode) error {
	s := sessionOf(c)
	if s == nil || s.lastErr == nil || s.lastCode != code {
		return nil
	}
	err := s.lastErr
	s.lastErr = nil
	return err
}

// writeHint is the PRAGMA that SQLite sends to the file when a write
// transaction starts: SQLITE_EXPERIMENTAL_PRAGMA_20251114 in its btree.c. What
// the file answers is ignored.
const writeHint = "experimental_pragma_20251114"

// Pragma sees every PRAGMA on the database before SQLite does, while the
// statement is compiled. None of SQLite's is answered here: what it lets a VFS
// answer is text, in a column named after the value.
func (f *file) Pragma(name, value string) (string, error) {
	if name == "prefetch" {
		return f.pragmaPrefetch(value)
	}
	if f.session == nil || f.session.owner == nil {
		return "", sqlite3.NOTFOUND
	}
	switch {
	case name == writeHint:
		f.session.owner.WriteStarts(f.queue)
	case name == "journal_mode" && strings.EqualFold(value, "wal"):
		// Refused here the file stays as it is, with another journal mode.
		if err := f.checkWAL(); err != nil {
			return "", err
		}
	case name == "wal_autocheckpoint" && value != "":
		f.session.owner.WALHookReplaced(int(leadingInt(value)))
	case name == "busy_timeout":
		timeout := f.session.owner.BusyTimeout()
		if value != "" {
			timeout = max(0, time.Duration(leadingInt(value))*time.Millisecond)
		}
		// With the owner's handler installed, SQLite would answer 0.
		if err := f.session.conn.BusyTimeout(timeout); err != nil {
			return "", err
		}
		f.session.owner.BusyHandlerReplaced(timeout)
	}
	return "", sqlite3.NOTFOUND
}

// checkWAL asks the owner whether the database f may be used in WAL mode. It may
// not be shared by machines, which have no memory in common for the WAL-index:
// https://sqlite.org/wal.html#noshm
func (f *file) checkWAL() error {
	if f.session == nil || f.session.owner == nil {
		return nil
	}
	if name := f.network(f.path); name != "" {
		return f.session.owner.WALOnNetwork(f.path, name)
	}
	return nil
}

// grew tells the owner when the WAL f has grown conspicuously by a write that
// ends at end.
func (f *file) grew(end int64) {
	switch {
	case end <= walHeaderBytes: // begun anew
		f.noticeAt = WALNotice
	case end >= f.noticeAt:
		f.noticeAt = 2 * end
		if f.session != nil && f.session.owner != nil {
			f.session.owner.WALGrew(end)
		}
	}
}

// leadingInt reads a pragma's number as SQLite does: as many digits as there
// are, 0 if there are none or too many for 32 bits.
func leadingInt(s string) int32 {
	end := 0
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+") {
		end = 1
	}
	for end < len(s) && '0' <= s[end] && s[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(s[:end], 10, 32)
	if err != nil {
		return 0
	}
	return int32(n)
}
