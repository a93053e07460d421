package vfs_test

import (
	"fmt"
	"testing"

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
	if s.ReadMisses < 500 || s.ReadAheadBytes*100 > s.Engine.BytesRead {
		t.Errorf("%d bytes were read ahead, %d read, %d misses", s.ReadAheadBytes, s.Engine.BytesRead, s.ReadMisses)
	}
}
