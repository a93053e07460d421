package cold

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/turso-coop/turso-coop/driver"
	"github.com/turso-coop/turso-coop/vfs"
)

// A job is what a child process does: the same steps on each of some files, at the same time.
type job struct {
	Driver string // the name that it has registered
	DSNs   []string
	Steps  []step
	Seed   uint64
	Warm   bool // do the steps once before the time is taken
}

// A step is a query, of which the first column of the first row counts.
type step struct {
	SQL   string
	Times int
	Rows  int // if not 0, the argument is the number of one of so many rows, each time another
}

// A result is what came of a job.
type result struct {
	Took    time.Duration
	Answers []string   // of each file
	Stats   *vfs.Stats `json:",omitempty"` // of turso-coop
}

// Serve does the job that r describes and writes its result to w, both as JSON.
func Serve(r io.Reader, w io.Writer) error {
	var j job
	if err := json.NewDecoder(r).Decode(&j); err != nil {
		return fmt.Errorf("cold: read the job: %w", err)
	}
	res, err := j.do()
	if err != nil {
		return fmt.Errorf("cold: %w", err)
	}
	return json.NewEncoder(w).Encode(res)
}

func (j *job) do() (*result, error) {
	dbs := make([]*sql.DB, len(j.DSNs))
	for i, dsn := range j.DSNs {
		db, err := sql.Open(j.Driver, dsn)
		if err != nil {
			return nil, err
		}
		defer db.Close()
		db.SetMaxOpenConns(1)
		dbs[i] = db
	}
	res := &result{Answers: make([]string, len(dbs))}
	rounds := 1
	if j.Warm {
		rounds = 2
	}
	for range rounds {
		start := time.Now()
		if err := j.runAll(dbs, res.Answers); err != nil {
			return nil, err
		}
		res.Took = time.Since(start)
	}
	if j.Driver == driver.Name {
		var err error
		res.Stats, err = statsOf(dbs[0])
		return res, err
	}
	return res, nil
}

func (j *job) runAll(dbs []*sql.DB, answers []string) error {
	var wg sync.WaitGroup
	errs := make([]error, len(dbs))
	for i, db := range dbs {
		wg.Go(func() { answers[i], errs[i] = j.run(db) })
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			return fmt.Errorf("%s: %w", j.DSNs[i], err)
		}
	}
	return nil
}

// run does the steps on one database and returns what they answered; of a step with many runs, their sum.
func (j *job) run(db *sql.DB) (string, error) {
	r := rand.New(rand.NewPCG(j.Seed, 0))
	var answers []string
	for _, s := range j.Steps {
		stmt, err := db.Prepare(s.SQL)
		if err != nil {
			return "", err
		}
		defer stmt.Close()
		sum := int64(0)
		for range s.Times {
			var args []any
			if s.Rows > 0 {
				args = append(args, 1+r.IntN(s.Rows))
			}
			var n int64
			if err := stmt.QueryRow(args...).Scan(&n); err != nil {
				return "", err
			}
			sum += n
		}
		answers = append(answers, fmt.Sprint(sum))
	}
	return strings.Join(answers, " "), nil
}

func statsOf(db *sql.DB) (*vfs.Stats, error) {
	ctx := context.Background()
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var s *vfs.Stats
	err = conn.Raw(func(c any) error {
		s = c.(driver.Conn).Stats().Files
		return nil
	})
	return s, err
}
