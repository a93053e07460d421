package vfs_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/vfs"
)

// scans are queries that read a good part of a B-tree in order.
var scans = map[string]string{
	"table":           `SELECT count(*), sum(k) FROM t NOT INDEXED`,
	"backward":        `SELECT sum(k) FROM (SELECT k FROM t NOT INDEXED ORDER BY id DESC LIMIT -1 OFFSET 1)`,
	"index":           `SELECT count(*) FROM t INDEXED BY t_k`,
	"range":           `SELECT count(*), sum(k) FROM t NOT INDEXED WHERE id > 3000`,
	"index and table": `SELECT sum(length(b)), sum(id) FROM t INDEXED BY t_k WHERE k >= 0`,
	"backwards index": `SELECT sum(length(b)) FROM (SELECT b FROM t INDEXED BY t_k ORDER BY k DESC LIMIT -1 OFFSET 1)`,
	"overflow":        `SELECT sum(substr(b, -1) = 'x') FROM big`,
	"chains":          `SELECT sum(substr(b, -1) = 'x') FROM grown`,
	"two at once":     `SELECT sum(t.k), count(*) FROM t NOT INDEXED JOIN big ON big.id = t.id % 300 + 1 WHERE t.id % 3 = 0`,
}

func TestScansAreReadAhead(t *testing.T) {
	path := scattered(t, 6000)
	e, name := newCold(t)
	for kind, sql := range scans {
		t.Run(kind, func(t *testing.T) {
			want, cold, _ := e.run(t, path, name, "0", sql)
			if e.hints > 0 {
				t.Errorf("%d hints without prefetch", e.hints)
			}
			got, missed, reads := e.run(t, path, name, "1", sql)
			t.Logf("%d of %d reads had to wait, without prefetch %d; %d hints, %d KiB", missed, reads, cold, e.hints, e.ahead>>10)
			if got != want {
				t.Errorf("%s, without prefetch %s", got, want)
			}
			if missed > cold/5 {
				t.Errorf("%d reads had to wait, without prefetch %d", missed, cold)
			}
		})
	}
}

// When everything has been in the page cache for long, most reads do not ask it
// first. That a scan has to wait all the same is noticed.
func TestScansAfterManyHitsAreReadAhead(t *testing.T) {
	path := scattered(t, 6000)
	e, name := newCold(t)
	c := open(t, path, name)
	exec(t, c, "PRAGMA cache_size=20")
	const sql = "SELECT count(*), sum(k) FROM t NOT INDEXED"
	want := query(t, c, sql)
	for range 3 {
		query(t, c, sql)
	}
	before, _ := misses(t, c)
	for _, e.beside = range []bool{false, true} {
		query(t, c, sql)
		if missed, _ := misses(t, c); missed > before {
			t.Fatalf("%d reads of what is cached waited; others are underway: %v", missed-before, e.beside)
		}
	}
	_, reads := misses(t, c)
	e.beside = false
	e.drop()
	if got := query(t, c, sql); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	missed, now := misses(t, c)
	if now -= reads; missed == before || (missed-before)*5 > now || e.ahead == 0 {
		t.Errorf("%d of %d reads had to wait, and %d bytes were read ahead", missed-before, now, e.ahead)
	}
}

// Reads here and there are not read ahead of.
func TestPointReadsAreNotReadAhead(t *testing.T) {
	path := scattered(t, 6000)
	e, name := newCold(t)
	c := open(t, path, name)
	exec(t, c, "PRAGMA cache_size=20")
	e.drop()
	for i := range 1000 {
		query(t, c, "SELECT k FROM t WHERE id = "+fmt.Sprint(i*2657%6000+1))
	}
	s, _ := vfs.StatsOf(c)
	if s.Reading.Misses < 500 || s.Reading.AheadBytes*100 > s.Engine.BytesRead {
		t.Errorf("%d bytes were read ahead, %d read, %d misses", s.Reading.AheadBytes, s.Engine.BytesRead, s.Reading.Misses)
	}
}

// P1: reading ahead only warms the page cache. That it fails is nobody's business.
func TestP1FailedReadAheadIsHarmless(t *testing.T) {
	path := scattered(t, 6000)
	e, name := newCold(t)
	for kind, sql := range scans {
		want, _, _ := e.run(t, path, name, "0", sql)
		e.refuse = syscall.EIO
		got, missed, _ := e.run(t, path, name, "1", sql)
		if e.refuse = nil; got != want {
			t.Errorf("%s: %s, without prefetch %s", kind, got, want)
		}
		if e.hints == 0 || missed == 0 {
			t.Errorf("%s: %d hints, and %d reads had to wait: the test is void", kind, e.hints, missed)
		}
	}
}

// P2: what was read ahead is never served instead of what the file says now.
// In the middle of a scan another connection changes a row that the scan has
// been read ahead of, and in another way of keeping a journal each.
func TestP2ReadsAreOfTheFileAsItIs(t *testing.T) {
	for _, mode := range []string{"DELETE", "WAL"} {
		t.Run(mode, func(t *testing.T) {
			path := scattered(t, 6000)
			e, name := newCold(t)
			c, other := open(t, path, name), open(t, path, name)
			exec(t, c, "PRAGMA cache_size=20; PRAGMA journal_mode="+mode)
			for want := 100_000; want < 100_003; want++ {
				e.drop()
				query(t, c, "SELECT sum(k) FROM (SELECT k FROM t NOT INDEXED ORDER BY id LIMIT 3000)")
				if e.ahead == 0 {
					t.Fatal("nothing was read ahead")
				}
				exec(t, other, fmt.Sprintf("UPDATE t SET k = %d WHERE id > 2900; PRAGMA wal_checkpoint(TRUNCATE)", want))
				if got := query(t, c, "SELECT min(k), max(k), count(*) FROM t NOT INDEXED WHERE id > 2900"); got != fmt.Sprintf("%d|%[1]d|3100", want) {
					t.Errorf("%s, want %d", got, want)
				}
			}
		})
	}
}

// P3: the numbers of the pages to read ahead come from pages that may be
// corrupt. What is asked for is in the file (which the cold engine checks) and
// not more than there is in it, and SQLite finds what it would have found.
func TestP3CorruptTreesAreReadInBounds(t *testing.T) {
	path := scattered(t, 6000)
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const pageBytes = 1024
	pages := uint32(len(image) / pageBytes)
	e, name := newCold(t)
	for corruption, child := range map[string]func(page, i uint32) uint32{
		"beyond the file": func(page, i uint32) uint32 { return pages + 1 + i },
		"far beyond":      func(page, i uint32) uint32 { return 0xffffffff - i },
		"zero":            func(page, i uint32) uint32 { return 0 },
		"itself":          func(page, i uint32) uint32 { return page },
		"another node":    func(page, i uint32) uint32 { return page - 1 },
		"one leaf":        func(page, i uint32) uint32 { return pages / 2 },
	} {
		t.Run(corruption, func(t *testing.T) {
			corrupt := slices.Clone(image)
			for page := uint32(2); page <= pages; page++ {
				p := corrupt[(page-1)*pageBytes:][:pageBytes]
				if cells := int(binary.BigEndian.Uint16(p[3:])); (p[0] == 2 || p[0] == 5) && cells > 8 && cells < 200 {
					for i := 5; i < cells; i++ { // the first few stay, so that a scan begins
						at := binary.BigEndian.Uint16(p[12+2*i:])
						binary.BigEndian.PutUint32(p[at:], child(page, uint32(i)))
					}
				}
			}
			path := filepath.Join(t.TempDir(), "corrupt.db")
			if err := os.WriteFile(path, corrupt, 0o600); err != nil {
				t.Fatal(err)
			}
			for kind, sql := range scans {
				want, _, _ := e.run(t, path, name, "0", sql)
				got, _, _ := e.run(t, path, name, "1", sql)
				if got != want {
					t.Errorf("%s: %s, without prefetch %s", kind, got, want)
				}
				if e.ahead > int64(len(corrupt)) {
					t.Errorf("%s: %d bytes were read ahead of a file of %d", kind, e.ahead, len(corrupt))
				}
			}
		})
	}
}

// A file that is made shorter while it is scanned is not read beyond its end,
// which the cold engine checks, and the scan fails as it does without prefetch.
func TestTruncatedWhileScanned(t *testing.T) {
	var answers []string
	for _, prefetch := range []string{"0", "1"} {
		path := scattered(t, 6000)
		e, name := newCold(t)
		c := open(t, path, name)
		exec(t, c, "PRAGMA cache_size=20; PRAGMA prefetch="+prefetch)
		e.drop()
		s, _, err := c.Prepare("SELECT id FROM t NOT INDEXED")
		if err != nil {
			t.Fatal(err)
		}
		rows := 0
		for s.Step() {
			if rows++; rows == 1000 {
				if err := os.Truncate(path, 300<<10); err != nil {
					t.Fatal(err)
				}
			}
		}
		if s.Err() == nil {
			t.Error("no error")
		}
		answers = append(answers, fmt.Sprint(rows, s.Err()))
		s.Close()
	}
	if answers[0] != answers[1] {
		t.Errorf("%s, without prefetch %s", answers[1], answers[0])
	}
}

// N2: locks live as long as the open file, so a database is closed only when
// nothing is underway on its descriptor, and the descriptor after that.
func TestN2CloseDrainsBeforeItCloses(t *testing.T) {
	path := scattered(t, 6000)
	e, name := newCold(t)
	c, err := sqlite3.Open("file:" + path + "?vfs=" + name)
	if err != nil {
		t.Fatal(err)
	}
	exec(t, c, "BEGIN EXCLUSIVE")
	other := open(t, path, name)
	locked := 0
	e.closed = func(ioengine.File) {
		// Another lock cannot be had: the descriptor, which has it, is open.
		if err := other.Exec("BEGIN EXCLUSIVE; ROLLBACK"); errors.Is(err, sqlite3.BUSY) {
			locked++
		}
	}
	err = vfs.Abandon(c) // SQLite would give the lock up first
	if e.closed = nil; err != nil || locked == 0 {
		t.Errorf("%v; %d times the descriptor was still open when the engine was to let go of it", err, locked)
	}
	exec(t, other, "BEGIN EXCLUSIVE; ROLLBACK")
}

// Recovery and checkpoints read a WAL as a whole, and so it is read ahead.
func TestWALIsReadAhead(t *testing.T) {
	path := scattered(t, 6000)
	writer := open(t, path, vfs.Name)
	exec(t, writer, `PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0`)
	for i := range 10 {
		exec(t, writer, fmt.Sprintf("UPDATE t SET k = k + 1 WHERE id %% 10 = %d", 9-i))
	}
	e, name := newCold(t)
	for _, prefetch := range []string{"0", "1"} {
		copied := filepath.Join(t.TempDir(), "copy.db") // as after a crash: without a WAL-index
		for _, suffix := range []string{"", "-wal"} {
			content, err := os.ReadFile(path + suffix)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(copied+suffix, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c := open(t, copied, name)
		for _, step := range []string{"SELECT count(*) FROM t WHERE id = 1", "PRAGMA wal_checkpoint(TRUNCATE)"} {
			before, _ := misses(t, c)
			e.drop()
			exec(t, c, "PRAGMA prefetch="+prefetch)
			query(t, c, step)
			missed, _ := misses(t, c)
			missed -= before
			t.Logf("prefetch=%s: %d reads of %q had to wait", prefetch, missed, step)
			if few := missed < 50; few != (prefetch == "1") {
				t.Errorf("prefetch=%s: %d reads of %q had to wait", prefetch, missed, step)
			}
		}
		if got := query(t, c, "PRAGMA integrity_check; "); got != "ok" {
			t.Error(got)
		}
	}
}

func TestPragmaPrefetch(t *testing.T) {
	_, name := newCold(t)
	c := open(t, filepath.Join(t.TempDir(), "test.db"), name)
	for _, step := range [][2]string{{"", "1"}, {"=0", "0"}, {"", "0"}, {"=OFF", "0"}, {"=on", "1"}, {"=1", "1"}, {"", "1"}} {
		if got := query(t, c, "PRAGMA prefetch"+step[0]); got != step[1] {
			t.Errorf("PRAGMA prefetch%s: %s, want %s", step[0], got, step[1])
		}
	}
	if err := c.Exec("PRAGMA prefetch=maybe"); err == nil || !strings.Contains(err.Error(), "want 0 or 1") {
		t.Errorf("prefetch=maybe: %v", err)
	}
}
