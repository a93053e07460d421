package vfs_test

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"golang.org/x/sys/unix"

	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/vfs"
	_ "github.com/turso-coop/turso-coop/vfs/oracle" // files are what SQLite asked for
)

// pages makes a WAL database of one table whose rows fill a page each.
const pages = `PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(a INTEGER PRIMARY KEY, b);
	INSERT INTO t SELECT value, zeroblob(3000) FROM ` + series + `; `

func TestCommitIsOneWrite(t *testing.T) {
	for _, kind := range []ioengine.Kind{ioengine.Pool, ioengine.Uring} {
		for _, sync := range []string{"OFF", "NORMAL", "FULL"} {
			for _, n := range []int{1, 8, 64} {
				t.Run(fmt.Sprint(kind, sync, n), func(t *testing.T) {
					m, name := meddle(t, kind)
					path := filepath.Join(memoryDir(t), "test.db")
					c := openBehind(t, path, name, pages+`PRAGMA synchronous=`+sync)
					size := fileSize(t, path+"-wal")
					m.take()
					exec(t, c, fmt.Sprintf(`UPDATE t SET b=randomblob(3000) WHERE a BETWEEN 10 AND %d`, 9+n))
					want := []string{fmt.Sprintf("wal write %d@%d", n*4120, size)}
					if sync == "FULL" {
						want = append(want, "wal sync")
					}
					if got := m.take(); !slices.Equal(got, want) {
						t.Errorf("%q, want %q", got, want)
					}
				})
			}
		}
	}
}

func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	var s unix.Stat_t
	if err := unix.Stat(path, &s); err != nil {
		t.Fatal(err)
	}
	return s.Size
}

// The header of a WAL and its sync stay apart from the frames: old frames could
// be taken for new ones otherwise.
func TestHeaderIsDurableBeforeTheFirstFrame(t *testing.T) {
	m, name := meddle(t, ioengine.Pool)
	c := openBehind(t, filepath.Join(memoryDir(t), "test.db"), name, pages+`PRAGMA synchronous=NORMAL; PRAGMA wal_checkpoint`)
	m.take()
	exec(t, c, `UPDATE t SET b=randomblob(3000) WHERE a BETWEEN 10 AND 19`)
	if got, want := m.take(), []string{"wal write 32@0", "wal sync", "wal write 41200@32"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Without a window, and where SQLite pads commits, every write is its own.
func TestWithoutAWindowNothingWaits(t *testing.T) {
	for what, prepare := range map[string]func(t *testing.T, name, path string) *sqlite3.Conn{
		"no hook": func(t *testing.T, name, path string) *sqlite3.Conn { return open(t, path, name) },
		"closed": func(t *testing.T, name, path string) *sqlite3.Conn {
			c := open(t, path, name)
			w := vfs.CommitWindowOf(c)
			c.CommitHook(func() bool { w.Open(); w.Close(); return true })
			return c
		},
		"no powersafe overwrite": func(t *testing.T, name, path string) *sqlite3.Conn {
			return openBehind(t, path, name+"&psow=0", ``)
		},
	} {
		t.Run(what, func(t *testing.T) {
			m, name := meddle(t, ioengine.Pool)
			path := filepath.Join(memoryDir(t), "test.db")
			c := prepare(t, name, path)
			exec(t, c, pages+`PRAGMA synchronous=OFF`)
			size := fileSize(t, path+"-wal")
			m.take()
			exec(t, c, `UPDATE t SET b=randomblob(3000) WHERE a BETWEEN 10 AND 11`)
			want := []string{
				fmt.Sprintf("wal write 24@%d", size), fmt.Sprintf("wal write 4096@%d", size+24),
				fmt.Sprintf("wal write 24@%d", size+4120), fmt.Sprintf("wal write 4096@%d", size+4144),
			}
			if got := m.take(); !slices.Equal(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
	memory, err := sqlite3.Open(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	w := vfs.CommitWindowOf(memory)
	w.Open()
	w.Close()
	if w != nil {
		t.Error("an in-memory database has a window")
	}
}

// What a large commit holds back is bounded, whatever its size.
func TestLargeCommitIsWrittenThrough(t *testing.T) {
	m, name := meddle(t, ioengine.Pool)
	path := filepath.Join(memoryDir(t), "test.db")
	c := openBehind(t, path, name, pages+`PRAGMA cache_size=-20000; BEGIN; INSERT INTO t SELECT 1000+x.value*100+y.value, zeroblob(3000) FROM `+series+` x, `+series+` y LIMIT 2000`)
	m.take()
	exec(t, c, `COMMIT`)
	notes := m.take()
	var first int
	if _, err := fmt.Sscanf(notes[0], "wal write %d@", &first); err != nil || first < 4<<20 || first > 4<<20+4120 {
		t.Errorf("the first write is %s: %v", notes[0], err)
	}
	for _, note := range notes[1:] {
		if !strings.HasPrefix(note, "wal write 24@") && !strings.HasPrefix(note, "wal write 4096@") {
			t.Fatalf("a later write is %s", note)
		}
	}
	if got := queryAfterKill(t, path, name, `SELECT count(*) FROM t`); got != "2100" {
		t.Errorf("%s rows", got)
	}
}

// After a page was spilled and changed again the commit rewrites headers, the
// commit frame's last. Who is killed right after a commit at NORMAL has lost
// none of it, and neither has who commits next.
func TestRewrittenHeadersAreNotHeldBack(t *testing.T) {
	_, name := meddle(t, ioengine.Pool)
	path := filepath.Join(memoryDir(t), "test.db")
	c := openBehind(t, path, name, pages+`PRAGMA synchronous=NORMAL; PRAGMA cache_size=10`)
	for i := range 5 {
		exec(t, c, fmt.Sprintf(`BEGIN; UPDATE t SET b=zeroblob(2999-%[1]d); UPDATE t SET b=zeroblob(2000+%[1]d) WHERE a<30; COMMIT`, i))
		for range 2 {
			want := strconv.Itoa(29*(2000+i) + 71*(2999-i))
			if got := queryAfterKill(t, path, name, `SELECT sum(length(b)) FROM t`); got != want {
				t.Fatalf("round %d: %s bytes are left, want %s", i, got, want)
			}
			exec(t, open(t, path, name), `PRAGMA user_version=7`) // by another connection, right behind
		}
	}
}

// Frames that were spilled and rolled back are somebody else's afterwards.
func TestRollbackAfterASpillLeavesNothingToWrite(t *testing.T) {
	for _, auto := range []string{"NONE", "FULL"} {
		_, name := meddle(t, ioengine.Pool)
		path := filepath.Join(memoryDir(t), "test.db")
		c := openBehind(t, path, name, `PRAGMA auto_vacuum=`+auto+`; `+pages+`PRAGMA cache_size=10`)
		other := openBehind(t, path, name, `PRAGMA cache_size=10`)
		for i := range 3 {
			exec(t, c, `BEGIN; UPDATE t SET b=zeroblob(2998) WHERE a<90; DELETE FROM t WHERE a BETWEEN 40 AND 60; ROLLBACK`)
			exec(t, other, fmt.Sprintf(`UPDATE t SET b=randomblob(2900) WHERE a>%d; DELETE FROM t WHERE a=%d`, 10*i, 99-i))
			exec(t, c, `SELECT count(b) FROM t; PRAGMA user_version=8`)
			want := fmt.Sprint(99 - i)
			look := func(reader *sqlite3.Conn) {
				if got := query(t, reader, `SELECT count(*) FROM t WHERE length(b) IN (2900, 3000)`); got != want {
					t.Fatalf("auto_vacuum %s, round %d: %s rows, want %s", auto, i, got, want)
				}
				if got := query(t, reader, `PRAGMA integrity_check`); got != "ok" {
					t.Fatalf("auto_vacuum %s, round %d: %s", auto, i, got)
				}
			}
			look(c)
			look(other)
			afterKill(t, path, name, look)
		}
	}
}

// Every shape of commit is the same with a window as without: savepoints,
// vacuums, attached databases, both locking modes, any page size.
func TestCommitsOfEveryShape(t *testing.T) {
	for _, locking := range []string{"NORMAL", "EXCLUSIVE"} {
		for _, size := range []int{512, 4096, 65536} {
			for _, sync := range []string{"OFF", "FULL"} {
				var want string
				for _, behind := range []bool{false, true} {
					m, name := meddle(t, ioengine.Pool)
					path := filepath.Join(memoryDir(t), "test.db")
					set := fmt.Sprintf(`PRAGMA locking_mode=%s; PRAGMA page_size=%d; PRAGMA auto_vacuum=FULL; PRAGMA journal_mode=WAL; PRAGMA synchronous=%s; PRAGMA cache_size=10; PRAGMA journal_size_limit=0`, locking, size, sync)
					var c *sqlite3.Conn
					if behind {
						c = openBehind(t, path, name, set)
					} else {
						c = open(t, path, name)
						exec(t, c, set)
					}
					exec(t, c, `ATTACH '`+filepath.Join(t.TempDir(), "aux.db")+`' AS aux; PRAGMA aux.journal_mode=WAL`)
					exec(t, c, `CREATE TABLE t(a, b); CREATE TABLE aux.u(a, b); CREATE INDEX i ON t(b)
						; BEGIN; INSERT INTO t SELECT value, hex(zeroblob(value)) FROM `+series+`; INSERT INTO u SELECT * FROM t; COMMIT
						; BEGIN; DELETE FROM t WHERE a%2; SAVEPOINT s; UPDATE t SET b=b||'x'; ROLLBACK TO s; UPDATE t SET b=b||'y' WHERE a<20; COMMIT
						; PRAGMA wal_checkpoint(RESTART); DELETE FROM t WHERE a>70; INSERT INTO t SELECT * FROM u; VACUUM; UPDATE u SET b=b||'z'; PRAGMA wal_checkpoint; DELETE FROM u WHERE a<50`)
					writes := len(m.take())
					rows := query(t, c, `SELECT count(*), sum(length(b)), min(b), max(b) FROM t UNION ALL SELECT count(*), sum(length(b)), min(b), max(b) FROM u`)
					if got := queryAfterKill(t, path, name, `PRAGMA integrity_check`); got != "ok" {
						t.Errorf("locking mode %s, pages of %d, synchronous %s, window %v: %s", locking, size, sync, behind, got)
					}
					if !behind {
						want = fmt.Sprint(rows, " ", writes > 0)
					} else if got := fmt.Sprint(rows, " ", writes > 0); got != want {
						t.Errorf("locking mode %s, pages of %d, synchronous %s: %s, want %s", locking, size, sync, got, want)
					}
				}
			}
		}
	}
}

// A commit whose write failed is not there, for nobody, and what could not be
// written is not written later.
func TestFailedFlushIsGivenUp(t *testing.T) {
	m, name := meddle(t, ioengine.Pool)
	path := filepath.Join(memoryDir(t), "test.db")
	c := openBehind(t, path, name, pages)
	other := openBehind(t, path, name, `PRAGMA user_version`)
	m.fault = func(file, op string) *fault { return &fault{0.7, unix.ENOSPC} }
	err := c.Exec(`UPDATE t SET b='lost'`)
	m.fault = nil
	if !errors.Is(err, sqlite3.FULL) || vfs.LastError(c, sqlite3.ExtendedErrorCode(sqlite3.FULL)) == nil {
		t.Errorf("the commit returns %v", err)
	}
	exec(t, other, `UPDATE t SET b='kept' WHERE a<50`)
	exec(t, c, `UPDATE t SET b='too' WHERE a=60`)
	look := func(reader *sqlite3.Conn) {
		if got := query(t, reader, `SELECT count(b='kept' OR NULL), count(b='lost' OR NULL), count(b='too' OR NULL) FROM t`); got != "49|0|1" {
			t.Errorf("%s rows are kept, lost and changed after that", got)
		}
	}
	look(c)
	look(other)
	afterKill(t, path, name, look)
}

// A connection that is abandoned in the middle of a commit writes nothing more.
func TestAbandonedCommitIsNotWritten(t *testing.T) {
	m, name := meddle(t, ioengine.Pool)
	path := filepath.Join(memoryDir(t), "test.db")
	c := openBehind(t, path, name, pages+`PRAGMA auto_vacuum`)
	m.fault = func(string, string) *fault { panic("in the middle of a commit") }
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		_ = c.Exec(`UPDATE t SET b='lost'`)
	}()
	m.fault = nil
	m.take()
	if err := vfs.Abandon(c); err != nil {
		t.Fatal(err)
	}
	if notes := m.take(); len(notes) > 0 {
		t.Errorf("it writes %q", notes)
	}
	if got := query(t, open(t, path, name), `SELECT count(b='lost' OR NULL) FROM t`); got != "0" {
		t.Errorf("%s rows of it are there", got)
	}
}

// Holding back costs no memory that is not used again.
func TestWindowAllocatesNothing(t *testing.T) {
	allocations := func(c *sqlite3.Conn) float64 {
		s, _, err := c.Prepare(`UPDATE t SET b=randomblob(3000) WHERE a BETWEEN 10 AND 17`)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		// The least of many commits: the race detector makes pools forget at random.
		least := math.Inf(1)
		for range 50 {
			least = min(least, testing.AllocsPerRun(1, func() {
				if s.Step() || s.Reset() != nil {
					t.Fatal(s.Err())
				}
			}))
		}
		return least
	}
	dir := t.TempDir()
	without := open(t, filepath.Join(dir, "without.db"), vfs.Name)
	exec(t, without, pages)
	with := openBehind(t, filepath.Join(dir, "with.db"), vfs.Name, pages)
	if a, b := allocations(with), allocations(without); a > b {
		t.Errorf("%v allocations a commit, %v without a window", a, b)
	}
}
