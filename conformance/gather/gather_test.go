// Package gather holds turso-coop to what it says of statements that share a commit: to each caller it is as if its
// statement had been a transaction by itself.
//
// Many callers run random statements at the same time, each on its own connection. Every statement gets a serial number
// when it takes effect. Then stock SQLite runs the same statements in the order of the numbers, each as a transaction by
// itself, each on the connection that stands for its caller: results, rows, errors and counters must be equal for every
// statement, and the databases in the end.
package gather

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/turso-coop/turso-coop/conformance/peer"
	"github.com/turso-coop/turso-coop/driver"
	"github.com/turso-coop/turso-coop/internal/conn"
)

var (
	seed       = flag.Uint64("seed", 1, "seed of the random statements")
	statements = flag.Int("statements", 24_000, "how many statements to run, over all configurations")
)

func TestMain(m *testing.M) { peer.Main(m) }

// configuration is one way to run the statements.
type configuration struct {
	callers  int
	keys     bool // foreign keys are enforced
	settings string
}

var configurations = []configuration{
	{2, true, "_journal=WAL&_sync=OFF"},
	{8, true, "_journal=WAL&_sync=NORMAL&_engine=pool"},
	{16, false, "_journal=WAL&_sync=FULL"},
	{64, true, "_journal=WAL&_sync=OFF"},
	{16, true, "_journal=DELETE&_sync=OFF"},
	{16, false, "_journal=TRUNCATE&_sync=NORMAL&_engine=pool"},
	{8, true, "_journal=PERSIST&_sync=OFF&_cache_size=10"},
	{16, true, "_journal=MEMORY&_sync=OFF&_stmt_cache_size=4"},
}

// record is what has come of a statement.
type record struct {
	statement
	caller int
	serial int64
	outcome
}

// outcome is all that a caller sees.
type outcome struct {
	result   string // rows affected, or the rows
	rowID    int64
	err      *peer.Error
	changes  string // if it asked
	canceled bool
}

func TestGatheredMeansTheSameAsAlone(t *testing.T) {
	peer.NeedStock(t)
	for i, cfg := range configurations {
		name := fmt.Sprintf("%d callers %s keys %t", cfg.callers, cfg.settings, cfg.keys)
		t.Run(name, func(t *testing.T) {
			count := *statements / len(configurations)
			repro := fmt.Sprintf("go -C conformance test ./gather -run %q -seed=%d -statements=%d", "^"+t.Name()+"$", *seed, *statements)
			dir := t.TempDir()
			records, ours, stats := runTogether(t, cfg, filepath.Join(dir, "ours.db"), rand.NewPCG(*seed, uint64(i)), count)
			t.Logf("%d statements, %d of them in %d groups of sizes %v, others alone: %v", len(records), stats.Statements, stats.Groups, stats.Sizes, stats.Alone)
			if stats.Groups == 0 {
				t.Error("nothing was gathered")
			}
			if theirs := replay(t, cfg, filepath.Join(dir, "stock.db"), records, repro); ours != theirs {
				t.Errorf("the databases differ: %s\nours:\n%s\nstock:\n%s", repro, ours, theirs)
			}
		})
	}
}

// runTogether has the callers run the statements at the same time, and returns what has come of them, in the order in
// which they have taken effect, and what the database holds.
func runTogether(t *testing.T, cfg configuration, file string, src rand.Source, count int) ([]record, string, driver.GatherStats) {
	before := driver.ReadStats().Gather
	db := open(t, peer.Turso, file, cfg)
	defer db.Close()
	seeds := rand.New(src)
	// All have their connections before the first begins: the pool would give one that is done with to the next, with
	// the last rowid that it has left.
	conns := make([]*sql.Conn, cfg.callers)
	for i := range conns {
		conns[i] = connect(t, db)
		defer conns[i].Close()
	}
	var wg sync.WaitGroup
	all := make([][]record, cfg.callers)
	for i, c := range conns {
		r := rand.New(rand.NewPCG(seeds.Uint64(), seeds.Uint64()))
		wg.Go(func() {
			canceled := false
			for range count / cfg.callers {
				rec := record{statement: random(r), caller: i}
				if canceled {
					rec.statement = nothing // makes changes() the same again, whatever the one that was canceled has left
				}
				ctx, cancel := context.WithCancel(context.Background())
				if rec.cancel > 0 {
					go func() {
						for range rec.cancel {
							runtime.Gosched()
						}
						cancel()
					}()
				}
				rec.outcome = run(conn.WithSerial(ctx, &rec.serial), c, rec.statement)
				cancel()
				canceled = rec.canceled
				all[i] = append(all[i], rec)
			}
		})
	}
	wg.Wait()
	records := slices.Concat(all...)
	slices.SortStableFunc(records, func(a, b record) int { return cmp.Compare(a.serial, b.serial) })
	after := driver.ReadStats().Gather
	after.Statements -= before.Statements
	after.Groups -= before.Groups
	for i := range after.Sizes {
		after.Sizes[i] -= before.Sizes[i]
	}
	for why := range after.Alone {
		after.Alone[why] -= before.Alone[why]
	}
	return records, dump(t, db), after
}

// replay runs the records on stock SQLite, one after the other, and compares.
func replay(t *testing.T, cfg configuration, file string, records []record, repro string) string {
	cfg.settings = "_journal=MEMORY&_sync=OFF"
	db := open(t, peer.Stock, file, cfg)
	defer db.Close()
	callers := make([]*sql.Conn, cfg.callers)
	for i := range callers {
		callers[i] = connect(t, db)
		defer callers[i].Close()
	}
	different := 0
	unsure := make([]bool, cfg.callers) // what the last rowid is
	var last int64
	for _, rec := range records {
		switch {
		case rec.serial == 0: // it has not come to write: canceled, or no statement
			if rec.err == nil {
				t.Errorf("%s: %q has no serial number and no error", repro, rec.sql)
			}
			rec.asks, rec.changes, rec.rowID = false, "", 0 // what they were then depends on when that was
		case rec.serial == last:
			t.Errorf("%s: two statements have the serial number %d", repro, last)
		}
		last = rec.serial
		if rec.canceled { // and so has changed nothing, except perhaps the last rowid
			unsure[rec.caller] = true
			continue
		}
		got := run(context.Background(), callers[rec.caller], rec.statement)
		if unsure[rec.caller] {
			unsure[rec.caller] = rec.rowID != got.rowID || rec.rowID == 0
			rec.rowID = got.rowID
		}
		if ours, theirs := rec.outcome.String(), got.String(); ours != theirs {
			t.Errorf("%s: statement %d of caller %d: %s %v\nours:\n%s\nstock:\n%s", repro, rec.serial, rec.caller, rec.sql, rec.args, ours, theirs)
			if different++; different == 5 {
				t.FailNow()
			}
		}
	}
	return dump(t, db)
}

func (o outcome) String() string {
	return fmt.Sprintf("%s, last rowid %d, error %v, changes %s", o.result, o.rowID, o.err, o.changes)
}

// run runs a statement, and asks for the counters afterwards if the caller does.
func run(ctx context.Context, c *sql.Conn, s statement) (o outcome) {
	var err error
	if s.query {
		o.result, err = rowsOf(ctx, c, s)
	} else {
		var res sql.Result
		if res, err = c.ExecContext(ctx, s.sql, s.args...); err == nil {
			rows, _ := res.RowsAffected()
			id, _ := res.LastInsertId()
			o.result, o.rowID = fmt.Sprintf("%d rows", rows), id
		}
	}
	o.canceled = errors.Is(err, context.Canceled)
	o.err = peer.ErrorOf(err)
	if err != nil {
		o.result = ""
	}
	if s.asks && !o.canceled {
		// The total also counts what a statement that was canceled had done by then.
		if err := c.QueryRowContext(context.Background(), "SELECT changes(), last_insert_rowid()").Scan(&o.changes, &o.rowID); err != nil {
			o.changes = err.Error()
		}
	}
	return o
}

func rowsOf(ctx context.Context, c *sql.Conn, s statement) (string, error) {
	rows, err := c.QueryContext(ctx, s.sql, s.args...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	return render(rows)
}

func render(rows *sql.Rows) (string, error) {
	names, err := rows.Columns()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintln(&b, names)
	row, dest := make([]any, len(names)), make([]any, len(names))
	for i := range row {
		dest[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return "", err
		}
		for _, v := range row {
			b.WriteString(peer.Render(v) + " ")
		}
		b.WriteByte('\n')
	}
	return b.String(), rows.Err()
}

func open(t *testing.T, driverName, file string, cfg configuration) *sql.DB {
	t.Helper()
	db, err := sql.Open(driverName, fmt.Sprintf("file:%s?%s&_fk=%t&_busy_timeout=60000", file, cfg.settings, cfg.keys))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(cfg.callers + 1)
	if _, err := db.Exec(schema); err != nil {
		t.Fatal(err)
	}
	return db
}

func connect(t *testing.T, db *sql.DB) *sql.Conn {
	t.Helper()
	c, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// dump is what the tables hold, and what SQLite says of the file.
func dump(t *testing.T, db *sql.DB) string {
	t.Helper()
	var b strings.Builder
	queries := []string{"PRAGMA integrity_check", "PRAGMA foreign_key_check"}
	for _, table := range tables {
		queries = append(queries, "SELECT * FROM "+table)
	}
	for _, q := range queries {
		rows, err := db.Query(q)
		if err != nil {
			t.Fatal(err)
		}
		text, err := render(rows)
		if err != nil {
			t.Fatal(err)
		}
		rows.Close()
		fmt.Fprintf(&b, "%s\n%s", q, text)
	}
	return b.String()
}
