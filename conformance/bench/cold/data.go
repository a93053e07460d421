package cold

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/turso-coop/turso-coop/driver"
)

// A file is a database to scan. Rows are inserted in random order, so that the
// pages of every B-tree are scattered all over it. The overflow pages of a row
// that is inserted are neighbours; those of one that grows later are not.
type file struct {
	name   string
	schema string
	rows   int
	insert string
	row    func(r *rand.Rand, id int) []any
	grow   string // makes a row a piece longer
	pieces int    // how often each row grows
}

const (
	rowBytes      = 380    // of a row of t: about ten are in a page
	overflowBytes = 20_000 // of a row of big: five pages
	smallFiles    = 8
	rowsOfKey     = 50 // of keys.db, more or less
)

func table(name string, rows int) file {
	return file{
		name: name,
		rows: rows,
		schema: `CREATE TABLE t(id INTEGER PRIMARY KEY, k TEXT, a INTEGER, pad BLOB);
			CREATE INDEX t_k ON t(k)`,
		insert: "INSERT INTO t VALUES(?, ?, ?, ?)",
		row: func(r *rand.Rand, id int) []any {
			return []any{id, fmt.Sprintf("%032x", r.Uint64()), id & 255, make([]byte, rowBytes)}
		},
	}
}

// tableRows is how many rows make a table of sizeMiB: the leaves of a B-tree that
// is filled in random order are three quarters full.
func tableRows(sizeMiB int) int { return sizeMiB << 20 / (rowBytes + 180) }

// files are all that the scans need, for a table of sizeMiB.
func files(sizeMiB int) []file {
	rows := tableRows(sizeMiB)
	all := []file{table("table.db", rows), {
		name:   "overflow.db",
		rows:   sizeMiB << 20 / 24_000,
		schema: "CREATE TABLE big(id INTEGER PRIMARY KEY, b BLOB)",
		insert: "INSERT INTO big VALUES(?, ?)",
		row: func(_ *rand.Rand, id int) []any {
			b := make([]byte, overflowBytes)
			b[len(b)-1] = byte(id & 127)
			return []any{id, b}
		},
	}}
	grown := all[1]
	grown.name, grown.pieces = "grown.db", 4
	grown.row = func(_ *rand.Rand, id int) []any { return []any{id, make([]byte, overflowBytes/5)} }
	grown.grow = fmt.Sprintf("UPDATE big SET b = CAST(b || substr(zeroblob(%d), 2) || char(id & 127) AS BLOB) WHERE id = ?", overflowBytes/5)
	all = append(all, grown)
	keys := all[0]
	keys.name = "keys.db"
	keys.row = func(r *rand.Rand, id int) []any {
		return []any{id, fmt.Sprintf("%d", r.IntN(rows/rowsOfKey)), id & 255, make([]byte, rowBytes)}
	}
	all = append(all, keys)
	for i := range smallFiles {
		all = append(all, table(fmt.Sprintf("small%d.db", i), rows/smallFiles))
	}
	return all
}

// build makes the files that are not there yet.
func build(dir string, sizeMiB int, seed uint64) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, f := range files(sizeMiB) {
		path := filepath.Join(dir, f.name)
		if _, err := os.Stat(path); err == nil {
			continue
		}
		if err := f.build(path+".new", seed); err != nil {
			return fmt.Errorf("build %s: %w", path, err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			return err
		}
	}
	return nil
}

func (f file) build(path string, seed uint64) error {
	_ = os.Remove(path) // what an earlier run did not finish
	db, err := sql.Open(driver.Name, path+"?_journal=OFF&_sync=OFF&_cache_size=-400000&_max_memory=1000000000")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(f.schema); err != nil {
		return err
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	stmt, err := tx.Prepare(f.insert)
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(seed, 0))
	for _, i := range r.Perm(f.rows) {
		if _, err := stmt.Exec(f.row(r, i+1)...); err != nil {
			return err
		}
	}
	for range f.pieces {
		for _, i := range r.Perm(f.rows) {
			if _, err := tx.Exec(f.grow, i+1); err != nil {
				return err
			}
		}
	}
	return tx.Commit()
}
