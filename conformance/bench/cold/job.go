package cold

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/turso-coop/turso-coop/driver"
)

// A Job is what a child process does: one query on each of some files, at the same time.
type Job struct {
	Driver string // the name that it has registered
	DSNs   []string
	SQL    string
	// Lookups is how often the query runs, each time with another row of that many rows as its argument; 0 is once,
	// without an argument.
	Lookups, Rows int
	Seed          uint64
	Warm          bool // run it once before the time is taken
}

// A Result is what came of a job.
type Result struct {
	Took   time.Duration
	Answer []string      // of each file
	Stats  *driver.Stats `json:",omitempty"` // of turso-coop
}

// Serve does the job that r describes and writes its result to w, both as JSON.
func Serve(r io.Reader, w io.Writer) error {
	var job Job
	if err := json.NewDecoder(r).Decode(&job); err != nil {
		return err
	}
	result, err := job.do()
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(result)
}

func (j *Job) do() (*Result, error) {
	result := &Result{Answer: make([]string, len(j.DSNs))}
	errs := make([]error, len(j.DSNs))
	start := time.Now()
	var wg sync.WaitGroup
	for i, dsn := range j.DSNs {
		wg.Go(func() {
			took, err := j.query(dsn, &result.Answer[i], &result.Stats)
			if errs[i] = err; j.Warm {
				result.Took = took
			}
		})
	}
	wg.Wait()
	if !j.Warm {
		result.Took = time.Since(start)
	}
	for i, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", j.DSNs[i], err)
		}
	}
	return result, nil
}

// query opens a database, runs the query, and closes it. The time that it returns is that of the query alone.
func (j *Job) query(dsn string, answer *string, stats **driver.Stats) (took time.Duration, err error) {
	db, err := sql.Open(j.Driver, dsn)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if j.Warm {
		if err := j.run(db, answer); err != nil {
			return 0, err
		}
	}
	start := time.Now()
	if err := j.run(db, answer); err != nil {
		return 0, err
	}
	took = time.Since(start)
	if j.Driver == driver.Name && len(j.DSNs) == 1 {
		*stats, err = statsOf(db)
	}
	return took, err
}

func (j *Job) run(db *sql.DB, answer *string) error {
	if j.Lookups == 0 {
		return db.QueryRow(j.SQL).Scan(answer)
	}
	stmt, err := db.Prepare(j.SQL)
	if err != nil {
		return err
	}
	defer stmt.Close()
	r := rand.New(rand.NewPCG(j.Seed, 0))
	sum := 0
	for range j.Lookups {
		var n int
		if err := stmt.QueryRow(1 + r.IntN(j.Rows)).Scan(&n); err != nil {
			return err
		}
		sum += n
	}
	*answer = fmt.Sprint(sum)
	return nil
}
