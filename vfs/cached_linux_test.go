package vfs_test

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/turso-coop/turso-coop/ioengine"
)

// A page of which only the beginning is in the page cache is read whole: that
// a read from the cache alone ends early says nothing about the file's end.
func TestPartlyCachedPageIsReadWhole(t *testing.T) {
	const page, part = 65536, 4096
	onEachEngine(t, func(t *testing.T, name string, _ ioengine.Engine) {
		path := filepath.Join(t.TempDir(), "test.db")
		c := open(t, path, name)
		exec(t, c, `PRAGMA page_size=65536; CREATE TABLE t(a, b); INSERT INTO t SELECT value, zeroblob(60000) FROM `+series+` LIMIT 10`)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		fd := int(f.Fd())
		for _, advice := range []int{unix.FADV_DONTNEED, unix.FADV_RANDOM} { // without reading ahead
			if err := unix.Fadvise(fd, 0, 0, advice); err != nil {
				t.Fatal(err)
			}
		}
		buf := make([]byte, page)
		for off := int64(0); off < 10*page; off += page {
			if _, err := f.ReadAt(buf[:part], off); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := unix.Preadv2(fd, [][]byte{buf}, page, unix.RWF_NOWAIT); n != part {
			t.Skipf("this file system keeps %d bytes of a page cached, %v", n, err)
		}
		c = open(t, path, name)
		if got := query(t, c, `SELECT sum(a), sum(length(b)) FROM t`); got != "55|600000" {
			t.Errorf("the sums are %s", got)
		}
	})
}
