package locks

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/turso-coop/turso-coop/conformance/peer"
)

// schema is of what the workload writes: transaction n of a writer inserts size(n) rows and says so in each of them.
const schema = `CREATE TABLE t(id INTEGER PRIMARY KEY, writer TEXT, n INT, size INT, payload BLOB);
	CREATE INDEX t_writer ON t(writer, n)`

// size is the number of rows of a writer's nth transaction. One row is one statement without BEGIN.
func size(n int64) int64 { return 1 + n%4 }

// Workload is the share of one process: writers and readers of one database, each a goroutine with a connection.
type Workload struct {
	Driver, DSN      string
	Name             string // the writers are Name0, Name1 and so on
	Writers, Readers int
	Duration         time.Duration
}

// Report is what a workload has done.
type Report struct {
	Acknowledged map[string]int64 // per writer, how many transactions, which are those from 1 on
	Rows, Reads  int64
	Busy         int64 // BUSY errors; what they hit was tried again
}

func (r *Report) String() string {
	var transactions int64
	for _, n := range r.Acknowledged {
		transactions += n
	}
	return fmt.Sprintf("%d rows in %d transactions, %d reads, %d BUSY", r.Rows, transactions, r.Reads, r.Busy)
}

// Worker is the service that runs a workload in a child process.
type Worker struct{}

// Run runs a workload and fails with the first error that is not BUSY.
func (Worker) Run(w Workload, report *Report) error {
	db, err := sql.Open(w.Driver, w.DSN)
	if err != nil {
		return err
	}
	defer db.Close()
	run := &run{workload: w, db: db, end: time.Now().Add(w.Duration)}
	run.report.Acknowledged = map[string]int64{}
	var all sync.WaitGroup
	for i := range w.Writers {
		all.Go(func() { run.fail(run.write(fmt.Sprintf("%s%d", w.Name, i))) })
	}
	for range w.Readers {
		all.Go(func() { run.fail(run.read()) })
	}
	all.Wait()
	*report = run.report
	return errors.Join(run.errs...)
}

// run is a workload under way.
type run struct {
	workload Workload
	db       *sql.DB
	end      time.Time

	mutex  sync.Mutex
	report Report
	errs   []error
}

func (r *run) fail(err error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if err != nil {
		r.errs = append(r.errs, fmt.Errorf("%s: %w", r.workload.Driver, err))
	}
}

// done reports whether the time is over, or another goroutine has failed.
func (r *run) done() bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return len(r.errs) > 0 || !time.Now().Before(r.end)
}

// retry calls f until it does not fail with BUSY.
func (r *run) retry(f func() error) error {
	for {
		err := f()
		e := peer.ErrorOf(err)
		if e == nil || e.Code&0xff != 5 { // SQLITE_BUSY: https://sqlite.org/rescode.html#busy
			return err
		}
		r.mutex.Lock()
		r.report.Busy++
		r.mutex.Unlock()
	}
}

// write commits one transaction after the other, at least one.
func (r *run) write(writer string) error {
	for n := int64(1); n == 1 || !r.done(); n++ {
		err := r.retry(func() error {
			if size(n) == 1 {
				return insert(r.db, writer, n)
			}
			tx, err := r.db.Begin()
			if err != nil {
				return err
			}
			defer tx.Rollback()
			for range size(n) {
				if err := insert(tx, writer, n); err != nil {
					return err
				}
			}
			return tx.Commit()
		})
		if err != nil {
			return fmt.Errorf("transaction %d of %s: %w", n, writer, err)
		}
		r.mutex.Lock()
		r.report.Acknowledged[writer] = n
		r.report.Rows += size(n)
		r.mutex.Unlock()
	}
	return nil
}

func insert(db interface {
	Exec(string, ...any) (sql.Result, error)
}, writer string, n int64) error {
	_, err := db.Exec("INSERT INTO t(writer, n, size, payload) VALUES (?, ?, ?, zeroblob(?))", writer, n, size(n), n*37%3000)
	return err
}

// read looks at the last transaction of every writer again and again: it is there as a whole, and none that was there
// is gone.
func (r *run) read() error {
	last := map[string]int64{}
	for !r.done() {
		err := r.retry(func() error { return check(r.db, last) })
		if err != nil {
			return fmt.Errorf("reader: %w", err)
		}
		r.mutex.Lock()
		r.report.Reads++
		r.mutex.Unlock()
	}
	return nil
}

// check compares the last transaction of every writer with what was last seen of them, and remembers it.
func check(db *sql.DB, last map[string]int64) error {
	rows, err := db.QueryContext(context.Background(), `SELECT writer, n, count(*), max(size) FROM t
		WHERE (writer, n) IN (SELECT writer, max(n) FROM t GROUP BY writer) GROUP BY writer`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var writer string
		var n, count, size int64
		if err := rows.Scan(&writer, &n, &count, &size); err != nil {
			return err
		}
		switch {
		case count != size:
			return fmt.Errorf("transaction %d of %s has %d rows of %d", n, writer, count, size)
		case n < last[writer]:
			return fmt.Errorf("transaction %d of %s was there, now the last one is %d", last[writer], writer, n)
		}
		last[writer] = n
	}
	return rows.Err()
}
