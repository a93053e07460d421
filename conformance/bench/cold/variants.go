package cold

import (
	"fmt"
	"path/filepath"

	"github.com/turso-coop/turso-coop/driver"
)

// A variant is a driver and how it is used.
type variant struct {
	name    string
	driver  string
	before  string // of the path in the DSN
	after   string
	ncruces bool // it is in the binary of the directory ncruces
	peer    bool
}

const twin = "io_uring again"

var variants = []variant{
	{name: "io_uring", driver: driver.Name, after: "?_engine=uring"},
	{name: twin, driver: driver.Name, after: "?_engine=uring"},
	{name: "pool", driver: driver.Name, after: "?_engine=pool"},
	{name: "prefetch off", driver: driver.Name, after: "?_engine=uring&_prefetch=0"},
	{name: "plain pread", driver: driver.Name, after: "?vfs=os"}, // past our engine
	{name: "mattn", driver: "sqlite3", peer: true},
	{name: "modernc", driver: "sqlite", peer: true},
	{name: "ncruces", driver: "sqlite3", before: "file:", ncruces: true, peer: true},
}

// A workload is what every variant does in a round.
type workload struct {
	name  string
	files []string
	steps []step
	warm  bool
}

func workloads(sizeMiB int) []workload {
	big, all := []string{"table.db"}, tableRows(sizeMiB)
	query := func(sql string) []step { return []step{{SQL: sql, Times: 1}} }
	const (
		scan = "SELECT sum(a) FROM t NOT INDEXED"
		join = "SELECT sum(length(pad)) FROM t INDEXED BY t_k WHERE k >= ''"
	)
	const byIndex = "SELECT total(length(pad)) FROM (SELECT pad FROM t INDEXED BY t_k WHERE k >= printf('%%016x%%08x', 0, ?1 * 7000) LIMIT %d)"
	const chains = "SELECT sum(substr(b, 20000, 1) = x'07') FROM big"
	lookups := step{"SELECT a FROM t WHERE id = ?", 3000, all}
	small := make([]string, smallFiles)
	for i := range small {
		small[i] = fmt.Sprintf("small%d.db", i)
	}
	return []workload{
		{name: "full scan", files: big, steps: query(scan)},
		{name: "index and table", files: big, steps: query(join)},
		{name: "count(*) of an index", files: big, steps: query("SELECT count(*) FROM t INDEXED BY t_k")},
		{name: "overflow chains", files: []string{"overflow.db"}, steps: query(chains)},
		{name: "scattered chains", files: []string{"grown.db"}, steps: query(chains)},
		{name: "eight scans at once", files: small, steps: query(scan)},
		{name: "all rows of a key", files: []string{"keys.db"}, steps: []step{{"SELECT total(length(pad)) FROM t WHERE k = CAST(? AS TEXT)", 100, all / rowsOfKey}}},
		{name: "ranges of 50 rows by an index", files: big, steps: []step{{fmt.Sprintf(byIndex, 50), 100, all}}},
		{name: "ranges of 500 rows of the table", files: big, steps: []step{{"SELECT sum(a) FROM t NOT INDEXED WHERE id BETWEEN ? AND ?1 + 499", 100, all}}},
		{name: "lookups", files: big, steps: []step{lookups}},
		{name: "mixed", files: big, steps: []step{
			lookups,
			{"SELECT sum(a) FROM t NOT INDEXED WHERE id BETWEEN ? AND ?1 + 1000", 100, all},
			{fmt.Sprintf(byIndex, 500), 20, all},
			{"SELECT count(*) FROM (SELECT a FROM t NOT INDEXED LIMIT ? / 20)", 5, all},
			{scan, 1, 0},
		}},
		{name: "warm full scan", files: big, steps: query(scan), warm: true},
		{name: "warm lookups", files: big, steps: []step{{lookups.SQL, 30_000, all}}, warm: true},
	}
}

func (v variant) job(w workload, dir string, seed uint64) job {
	j := job{Driver: v.driver, Steps: w.steps, Seed: seed, Warm: w.warm}
	for _, f := range w.files {
		j.DSNs = append(j.DSNs, v.before+filepath.Join(dir, f)+v.after)
	}
	return j
}
