package vfs_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"golang.org/x/sys/unix"

	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/vfs"
)

// rounds makes a WAL database of one table whose 300 rows fill a page each, all
// of it checkpointed.
const rounds = `PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(a INTEGER PRIMARY KEY, round INT, b);
	INSERT INTO t WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value+1 FROM n WHERE value<300) SELECT value, 0, zeroblob(3000) FROM n;
	PRAGMA wal_checkpoint; `

// dbWrites returns the sizes of the writes to the database, in pages.
func dbWrites(notes []string) (pages []int) {
	for _, note := range notes {
		var n int
		if _, err := fmt.Sscanf(note, "db write %d@", &n); err == nil {
			pages = append(pages, n/4096)
		}
	}
	return pages
}

// W8: the pages of a run are one write, also where no sync follows; a page
// without a neighbour is written as it comes; and all of them before the
// checkpoint goes on.
func TestW8RunsAreOneWrite(t *testing.T) {
	for _, kind := range []ioengine.Kind{ioengine.Pool, ioengine.Uring} {
		for _, sync := range []string{"OFF", "NORMAL"} {
			t.Run(fmt.Sprint(kind, "/", sync), func(t *testing.T) {
				m, name := meddle(t, kind)
				c := openBehind(t, filepath.Join(memoryDir(t), "test.db"), name, rounds+`PRAGMA synchronous=`+sync)
				for _, test := range []struct {
					where string
					want  []int
				}{
					{`a BETWEEN 10 AND 49`, []int{1, 16, 16, 7}},
					{`a BETWEEN 10 AND 50 AND a % 2 = 0`, slices.Repeat([]int{1}, 21)},
					{`a BETWEEN 12 AND 51 AND a % 4 < 2`, slices.Concat([]int{1, 1}, slices.Repeat([]int{2}, 9))},
					{`a = 70`, []int{1}},
				} {
					exec(t, c, `UPDATE t SET round = round + 1 WHERE `+test.where)
					m.take()
					exec(t, c, `PRAGMA wal_checkpoint`)
					notes := m.take()
					if got := dbWrites(notes); !slices.Equal(got, test.want) {
						t.Errorf("%s: writes of %v pages, want %v", test.where, got, test.want)
					}
					if end := strings.Join(notes[len(notes)-1:], ""); sync == "NORMAL" && end != "db sync" || sync == "OFF" && !strings.HasPrefix(end, "db truncate") {
						t.Errorf("%s: it ends with %s", test.where, end)
					}
				}
			})
		}
	}
}

// A progress is a way in which a checkpoint goes.
type progress struct {
	name   string
	before func(t *testing.T, s *stage) // the checkpoint
	sync   func(t *testing.T, s *stage) // when it syncs the WAL, after it has looked at it
	pragma string
	least  int // how many of its pages are written with others; none if 0
}

// A stage is a database on which checkpoints are made.
type stage struct {
	m                *meddler
	path, vfs        string
	c, reader, other *sqlite3.Conn
}

func newStage(t *testing.T, kind ioengine.Kind, sql string) *stage {
	t.Helper()
	m, name := meddle(t, kind)
	s := &stage{m: m, vfs: name, path: filepath.Join(memoryDir(t), "test.db")}
	s.c = openBehind(t, s.path, name, rounds+sql)
	s.reader, s.other = open(t, s.path, name), openBehind(t, s.path, name, sql)
	exec(t, s.other, `PRAGMA wal_autocheckpoint=0`)
	return s
}

// update changes pages of which most are neighbours and some are not. The last
// of them is the table's last.
const update = `UPDATE t SET round = round + 1 WHERE a BETWEEN 20 AND 60 OR a BETWEEN 100 AND 110 AND a % 2 OR a BETWEEN 200 AND 240 AND a % 5 OR a > 294;`

var progresses = []progress{
	{name: "whole", pragma: `PRAGMA wal_checkpoint`, least: 75},
	{name: "truncate", pragma: `PRAGMA wal_checkpoint(TRUNCATE)`, least: 75},
	{ // a reader keeps it from copying what is newest, among which there is the last page
		name:   "reader",
		before: func(t *testing.T, s *stage) { s.read(t); exec(t, s.c, `UPDATE t SET round = round + 1 WHERE a > 296`) },
		pragma: `PRAGMA wal_checkpoint`, least: 70,
	},
	{ // another connection commits when the checkpoint has looked at what there is
		name:   "overtaken",
		sync:   func(t *testing.T, s *stage) { exec(t, s.other, `UPDATE t SET round = round + 1 WHERE a > 290`) },
		pragma: `PRAGMA wal_checkpoint`, least: 70,
	},
	{ // it is overtaken by many
		name:   "far behind",
		sync:   func(t *testing.T, s *stage) { exec(t, s.other, strings.Repeat(`UPDATE t SET round = round + 1;`, 4)) },
		pragma: `PRAGMA wal_checkpoint`,
	},
	{ // the database becomes smaller, which the checkpoint sees, and then larger again by pages that nobody writes
		name: "smaller",
		before: func(t *testing.T, s *stage) {
			exec(t, s.c, `UPDATE t SET round = round + 1; CREATE TABLE IF NOT EXISTS big(b); CREATE TRIGGER IF NOT EXISTS empty AFTER INSERT ON big BEGIN DELETE FROM big; END`)
			s.read(t)
			exec(t, s.c, `DELETE FROM t WHERE a > 290; PRAGMA incremental_vacuum`)
		},
		sync: func(t *testing.T, s *stage) {
			exec(t, s.other, `INSERT INTO big VALUES(zeroblob(200000))`)
		},
		pragma: `PRAGMA wal_checkpoint`, least: 60,
	},
}

// read lets the reader begin a transaction that sees what there is.
func (s *stage) read(t *testing.T) {
	t.Helper()
	exec(t, s.reader, `BEGIN; SELECT * FROM t LIMIT 1`)
}

// contents is what matters of what c sees.
func contents(t *testing.T, c *sqlite3.Conn) string {
	t.Helper()
	return query(t, c, `SELECT count(*), sum(a * round), sum(length(b)) FROM t`)
}

// checkpoint makes one, in which the nth write to the database fails. It
// returns those writes by their sizes in pages, and checks that the error is
// told and that everybody sees what was there.
func (s *stage) checkpoint(t *testing.T, p progress, nth int, how fault) []int {
	t.Helper()
	writes := 0
	sizes, err := s.run(t, p, func(file, op string) *fault {
		if file == "db" && op == "write" {
			if writes++; writes == nth {
				return &how
			}
		}
		return nil
	})
	if failed := writes >= nth; failed != (err != nil) {
		t.Fatalf("write %d of %d of the checkpoint fails, and it returns %v", nth, writes, err)
	}
	s.look(t, fmt.Sprintf("write %d of the checkpoint fails", nth))
	return sizes
}

// run makes changes and a checkpoint, and returns the sizes in pages of what it
// writes to the database.
func (s *stage) run(t *testing.T, p progress, decide func(file, op string) *fault) (sizes []int, err error) {
	t.Helper()
	exec(t, s.c, update)
	if p.before != nil {
		p.before(t, s)
	}
	synced := p.sync == nil
	s.m.take()
	s.m.fault = func(file, op string) *fault {
		if file == "wal" && op == "sync" && !synced {
			synced = true
			s.m.mu.Unlock() // it asks for more faults
			p.sync(t, s)
			s.m.mu.Lock()
		}
		return decide(file, op)
	}
	err = s.c.Exec(p.pragma)
	s.m.fault = nil
	if !synced {
		t.Fatal("the checkpoint has not synced the WAL")
	}
	return dbWrites(s.m.take()), err
}

// look checks that everybody sees the same after what has happened, also who
// comes after a kill.
func (s *stage) look(t *testing.T, happened string) {
	t.Helper()
	if s.reader.TxnState("main") != sqlite3.TXN_NONE {
		exec(t, s.reader, `COMMIT`)
	}
	want := contents(t, s.c)
	check := func(who string, c *sqlite3.Conn) {
		t.Helper()
		if got := contents(t, c); got != want {
			t.Fatalf("%s: %s sees %s, want %s", happened, who, got, want)
		}
		if got := query(t, c, `PRAGMA quick_check`); got != "ok" {
			t.Fatalf("%s: %s sees %s", happened, who, got)
		}
	}
	fresh := open(t, s.path, s.vfs)
	check("a new connection", fresh)
	if err := fresh.Close(); err != nil {
		t.Fatal(err)
	}
	afterKill(t, s.path, vfs.Name, func(c *sqlite3.Conn) { check("who comes after a kill", c) })
}

// again puts back what a checkpoint's progress has taken away, with all of it
// in the database.
func (s *stage) again(t *testing.T) {
	t.Helper()
	exec(t, s.c, `INSERT OR IGNORE INTO t SELECT a + 10, 0, b FROM t WHERE a BETWEEN 281 AND 290; PRAGMA wal_checkpoint(TRUNCATE)`)
}

// W8: whichever write of a checkpoint fails, SQLite is told in time. Otherwise
// it would tell readers that the pages are in the database.
func TestW8FaultsOfACheckpoint(t *testing.T) {
	for i, p := range progresses {
		for j, sync := range []string{"OFF", "NORMAL"} {
			if p.sync != nil && sync == "OFF" {
				continue // the WAL is not synced then
			}
			for k, way := range ways {
				kind := []ioengine.Kind{ioengine.Pool, ioengine.Uring}[(i+j+k)%2]
				t.Run(fmt.Sprint(p.name, "/", sync, "/", way.name), func(t *testing.T) {
					s := newStage(t, kind, `PRAGMA synchronous=`+sync)
					step := 1
					if p.least == 0 {
						step = 10 // every page is a write
					}
					for nth := 1; ; nth += step {
						sizes := s.checkpoint(t, p, nth, way.fault)
						if len(sizes) < nth {
							p.checkSizes(t, sizes)
							break
						}
						s.again(t)
					}
				})
			}
		}
	}
}

// checkSizes checks how many pages were written with others.
func (p progress) checkSizes(t *testing.T, sizes []int) {
	t.Helper()
	together := 0
	for _, pages := range sizes {
		if pages > 1 {
			together += pages
		}
	}
	if together < p.least || p.least == 0 && together > 0 {
		t.Errorf("%d pages were written together, want %d or more: writes of %v pages", together, p.least, sizes)
	}
}

// W8: whoever is killed in the middle of a checkpoint leaves all that was
// committed: the WAL still has it.
func TestW8KilledInACheckpoint(t *testing.T) {
	for _, p := range progresses {
		for _, sync := range []string{"OFF", "NORMAL"} {
			if p.sync != nil && sync == "OFF" {
				continue
			}
			t.Run(p.name+"/"+sync, func(t *testing.T) {
				s := newStage(t, ioengine.Pool, `PRAGMA synchronous=`+sync)
				kills := 0
				_, err := s.run(t, p, func(file, op string) *fault {
					if file == "wal" && op == "write" {
						return nil // of a commit that overtakes the checkpoint
					}
					kills++
					want := contents(t, s.other)
					afterKill(t, s.path, vfs.Name, func(c *sqlite3.Conn) {
						if got := contents(t, c) + query(t, c, `PRAGMA quick_check`); got != want+"ok" {
							t.Errorf("killed before operation %d, %s %s: %s is left, want %sok", kills, file, op, got, want)
						}
					})
					return nil
				})
				if err != nil || kills < 15 {
					t.Errorf("%d operations, %v", kills, err)
				}
				s.look(t, "the checkpoint has gone through")
			})
		}
	}
}

// W8: a checkpoint that cannot go on counts for nothing, and leaves nothing
// that is written later.
func TestW8CheckpointThatIsBrokenOff(t *testing.T) {
	for _, p := range progresses {
		t.Run(p.name, func(t *testing.T) {
			s := newStage(t, ioengine.Pool, `PRAGMA synchronous=NORMAL`)
			for nth := 1; ; nth += 20 {
				reads, begun := 0, false
				s.m.failRead = func(file string) error {
					if file == "wal" && begun {
						if reads++; reads == nth {
							return unix.EIO
						}
					}
					return nil
				}
				_, err := s.run(t, p, func(file, op string) *fault {
					begun = begun || file == "db" && op == "write"
					return nil
				})
				s.m.failRead = nil
				if failed := reads >= nth; failed != (err != nil) {
					t.Fatalf("read %d of %d fails, and the checkpoint returns %v", nth, reads, err)
				}
				s.look(t, fmt.Sprintf("read %d of the checkpoint fails", nth))
				if err == nil {
					break
				}
				s.again(t)
			}
		})
	}
}

// W8: what waits when the connection panics is written by its next operation on
// the WAL-index, before any lock is given up, or never.
func TestW8PanicInACheckpoint(t *testing.T) {
	for _, used := range []bool{false, true} {
		t.Run(fmt.Sprintf("used again %v", used), func(t *testing.T) {
			s := newStage(t, ioengine.Pool, `PRAGMA synchronous=OFF`)
			reads := 0
			s.m.failRead = func(file string) error {
				if reads++; reads > 20 {
					panic("in the middle of a checkpoint")
				}
				return nil
			}
			func() {
				defer func() {
					if recover() == nil {
						t.Error("no panic")
					}
				}()
				_, _ = s.run(t, progresses[0], func(string, string) *fault { return nil })
			}()
			s.m.failRead, s.m.fault = nil, nil
			if sizes := dbWrites(s.m.take()); !slices.Equal(sizes, []int{1, 16}) {
				t.Errorf("by then it has made writes of %v pages", sizes)
			}
			var want []int
			if used {
				exec(t, s.c, `SELECT count(*) FROM t`)
				want = []int{3}
			}
			if err := vfs.Abandon(s.c); err != nil {
				t.Error(err)
			}
			if sizes := dbWrites(s.m.take()); !slices.Equal(sizes, want) {
				t.Errorf("afterwards it makes writes of %v pages, want %v", sizes, want)
			}
			s.c = s.other
			s.look(t, "a checkpoint has panicked")
			exec(t, s.c, `PRAGMA wal_checkpoint(TRUNCATE)`)
			s.look(t, "the next one has gone through")
		})
	}
}

// W8, W9: with locking_mode=EXCLUSIVE there may be no WAL-index in a file that
// would say which page is the last. Then nothing waits.
func TestW8WithoutAWALIndexNothingWaits(t *testing.T) {
	m, name := meddle(t, ioengine.Pool)
	c := openBehind(t, filepath.Join(memoryDir(t), "test.db"), name, `PRAGMA locking_mode=EXCLUSIVE; `+rounds)
	exec(t, c, update)
	m.take()
	exec(t, c, `PRAGMA wal_checkpoint`)
	if sizes := dbWrites(m.take()); len(sizes) < 80 || slices.Max(sizes) > 1 {
		t.Errorf("writes of %v pages", sizes)
	}
}
