package vfs_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/completion"
	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/vfs"
)

// A coldEngine pretends that nothing is in the page cache but what was read or
// written through it, or read ahead since it was made cold.
type coldEngine struct {
	ioengine.Engine
	t testing.TB

	mu     sync.Mutex
	ahead  int64 // bytes
	hints  int
	beside bool                  // another read is always underway: nobody is alone
	refuse error                 // what hints finish with, without any effect
	closed func(f ioengine.File) // called by Close of a file
	files  map[*coldFile]struct{}
}

type coldFile struct {
	ioengine.File
	e      *coldEngine
	cached map[int64]bool // by offset / coldBytes
}

const coldBytes = 512

// newCold registers a VFS with a cold engine.
func newCold(t testing.TB) (e *coldEngine, vfsName string) {
	t.Helper()
	real, err := ioengine.Open(ioengine.Options{Kind: ioengine.Pool})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { real.Close() })
	e = &coldEngine{Engine: real, t: t, files: map[*coldFile]struct{}{}}
	vfsName = "cold-" + strings.ReplaceAll(t.Name(), "/", "-")
	vfs.Register(vfsName, vfs.Options{Engine: e})
	return e, vfsName
}

// drop makes everything cold again.
func (e *coldEngine) drop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ahead, e.hints = 0, 0
	for f := range e.files {
		clear(f.cached)
	}
}

func (e *coldEngine) Open(fd uintptr) (ioengine.File, error) {
	f, err := e.Engine.Open(fd)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	cold := &coldFile{f, e, map[int64]bool{}}
	e.files[cold] = struct{}{}
	return cold, nil
}

func (f *coldFile) Close() error {
	f.e.mu.Lock()
	delete(f.e.files, f)
	closed := f.e.closed
	f.e.mu.Unlock()
	if closed != nil {
		closed(f)
	}
	return f.File.Close()
}

// has reports whether a piece of the file is cached, and lets it be from now on.
func (f *coldFile) has(off, n int64) bool {
	f.e.mu.Lock()
	defer f.e.mu.Unlock()
	all := true
	for at := off / coldBytes; at*coldBytes < off+n; at++ {
		all = all && f.cached[at]
		f.cached[at] = true
	}
	return all
}

func (f *coldFile) isCached(off, n int64) bool {
	f.e.mu.Lock()
	defer f.e.mu.Unlock()
	for at := off / coldBytes; at*coldBytes < off+n; at++ {
		if !f.cached[at] {
			return false
		}
	}
	return true
}

func (f *coldFile) ReadAt(c *completion.Completion, p []byte, off int64) {
	if f.has(off, int64(len(p))) {
		f.File.ReadAt(c, p, off)
	} else {
		f.File.ReadvAt(c, [][]byte{p}, off) // which does not look into the page cache
	}
}

func (f *coldFile) ReadInline(p []byte, off int64) bool {
	return f.isCached(off, int64(len(p))) && f.File.ReadInline(p, off)
}

func (f *coldFile) ReadMissed(c *completion.Completion, p []byte, off int64) {
	f.has(off, int64(len(p)))
	f.File.ReadMissed(c, p, off)
}

func (f *coldFile) ReadAlone(p []byte, off int64) (int, bool, error) {
	if f.e.beside {
		return 0, false, nil
	}
	f.has(off, int64(len(p)))
	return f.File.ReadAlone(p, off)
}

func (f *coldFile) WriteAt(c *completion.Completion, p []byte, off int64) {
	f.has(off, int64(len(p)))
	f.File.WriteAt(c, p, off)
}

func (f *coldFile) ReadCached(p []byte, off int64) bool {
	return f.isCached(off, int64(len(p))) && f.File.ReadCached(p, off)
}

func (f *coldFile) ReadAhead(c *completion.Completion, ranges []ioengine.Range) {
	size, err := f.Size()
	if err != nil {
		f.e.t.Error(err)
	}
	f.e.mu.Lock()
	refuse := f.e.refuse
	f.e.hints++
	f.e.mu.Unlock()
	for _, r := range ranges {
		if r.OffBytes < 0 || r.Bytes <= 0 || r.OffBytes+r.Bytes > size {
			f.e.t.Errorf("P3: %+v is read ahead of a file of %d bytes", r, size)
			continue
		}
		if refuse == nil {
			f.has(r.OffBytes, r.Bytes)
		}
		f.e.mu.Lock()
		f.e.ahead += r.Bytes
		f.e.mu.Unlock()
	}
	c.Begin(nil)
	c.Finish(0, refuse)
}

// scattered makes a database with a table, an index and long rows, of which
// neighbours in order are nowhere near each other in the file.
func scattered(t testing.TB, rows int) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "test.db")
	c, err := sqlite3.Open("file:" + path + "?vfs=" + vfs.Name)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	// 7919 is prime to the number of rows, so that every row is inserted once.
	err = c.Exec(fmt.Sprintf(`PRAGMA page_size=1024; PRAGMA synchronous=OFF; PRAGMA cache_size=-100000;
		CREATE TABLE t(id INTEGER PRIMARY KEY, k INTEGER, b BLOB);
		CREATE INDEX t_k ON t(k);
		CREATE TABLE big(id INTEGER PRIMARY KEY, b BLOB);
		BEGIN;
		WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i<%[1]d-1)
		INSERT INTO t SELECT i*7919%%%[1]d+1, i*104729%%%[1]d, zeroblob(200) FROM n;
		WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i<%[1]d/20-1)
		INSERT INTO big SELECT i*7919%%(%[1]d/20)+1, zeroblob(5000)||'x' FROM n;
		COMMIT`, rows))
	if err != nil {
		t.Fatal(err)
	}
	// The rows of grown become longer piece by piece, each time in another order,
	// so that the pages of their chains are no neighbours.
	grow := []string{`CREATE TABLE grown(id INTEGER PRIMARY KEY, b BLOB); BEGIN; INSERT INTO grown SELECT id, zeroblob(900) FROM big`}
	for _, step := range []int{7, 11, 13, 17} {
		for i := range rows / 20 {
			grow = append(grow, fmt.Sprintf("UPDATE grown SET b = CAST(b || zeroblob(999) || 'x' AS BLOB) WHERE id = %d", i*step%(rows/20)+1))
		}
	}
	if err := c.Exec(strings.Join(append(grow, "COMMIT"), ";\n")); err != nil {
		t.Fatal(err)
	}
	return path
}

// misses returns how many reads of a database had to wait so far.
func misses(t testing.TB, c *sqlite3.Conn) (misses, reads int64) {
	t.Helper()
	s, ok := vfs.StatsOf(c)
	if !ok {
		t.Fatal("no statistics")
	}
	return s.Reading.Misses, s.Reads
}

// run opens a database cold, runs a query with prefetch on or off, and returns
// its rows, or its error, with the number of reads that had to wait and of all.
func (e *coldEngine) run(t testing.TB, path, vfsName, prefetch, sql string) (answer string, missed, reads int64) {
	t.Helper()
	c, err := sqlite3.Open("file:" + path + "?vfs=" + vfsName)
	if err != nil {
		return err.Error(), 0, 0
	}
	defer c.Close()
	missed0, reads0 := misses(t, c)
	e.drop()
	if err := c.Exec("PRAGMA cache_size=20; PRAGMA prefetch=" + prefetch); err != nil {
		return err.Error(), 0, 0
	}
	answer = ask(c, sql)
	missed, reads = misses(t, c)
	return answer, missed - missed0, reads - reads0
}

// ask returns the rows of a query, and its error if it has one.
func ask(c *sqlite3.Conn, sql string) string {
	var b strings.Builder
	s, _, err := c.Prepare(sql)
	if err != nil {
		return err.Error()
	}
	defer s.Close()
	for s.Step() {
		for i := range s.ColumnCount() {
			fmt.Fprintf(&b, "%q|", s.ColumnText(i))
		}
	}
	if err := s.Err(); err != nil {
		b.WriteString(err.Error())
	}
	return b.String()
}
