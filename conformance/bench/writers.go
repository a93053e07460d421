package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A cell is one workload, and what every variant makes of it.
type cell struct {
	Work          string
	Goroutines    int
	Readers       int
	Beside        int // goroutines of a process of stock SQLite that writes to the same database
	Sync, Journal string
	Rows          []*row
}

// A row is what a variant has made of a cell.
type row struct {
	Variant string
	Rounds  []*result
	Stock   []*result `json:",omitempty"` // of the process beside it
	LeftOut string    `json:",omitempty"` // why there are no rounds

	v *variant
}

// series returns a figure of every round.
func (r *row) series(figure func(*result) float64) []float64 { return seriesOf(r.Rounds, figure) }

func seriesOf(results []*result, figure func(*result) float64) []float64 {
	values := make([]float64, len(results))
	for i, result := range results {
		values[i] = figure(result)
	}
	return values
}

// report is what is written as JSON.
type report struct {
	Date, Go, System string
	CPUs             int
	Versions         map[string]string // of the modules that are compared
	Rounds           int
	Cells            []*cell
}

// plan is the command line.
type plan struct {
	work, sync, journal         []string
	goroutines, readers, beside []int
	variants                    []*variant
	rounds                      int
	time, warm                  time.Duration
	dir, json, svg              string
}

func parsePlan(arguments []string) (*plan, error) {
	p := &plan{}
	f := flag.NewFlagSet("writers", flag.ContinueOnError)
	work := f.String("work", "exec", "`workloads`: exec (db.Exec of one row), tx (BeginTx, Exec, Commit), mixed (half of the callers each), alternate (every caller in turn)")
	goroutines := f.String("goroutines", "1,4,16,64", "`numbers` of callers")
	readers := f.String("readers", "0", "`numbers` of goroutines that read one row a millisecond each")
	beside := f.String("beside", "0", "`numbers` of callers in a process of stock SQLite that writes to the same database; 0 is no such process")
	synchronous := f.String("sync", "FULL", "`levels` of synchronous: FULL, NORMAL")
	journal := f.String("journal", "WAL", "`modes` of the journal: WAL, DELETE")
	names := f.String("variants", "", "parts of the `names` of variants, between semicolons, =name for a whole name; all:\n  "+variantNames())
	f.IntVar(&p.rounds, "rounds", 5, "in each of which every variant runs once")
	f.DurationVar(&p.time, "time", time.Second, "measured in each run")
	f.DurationVar(&p.warm, "warm", 300*time.Millisecond, "for which a run goes on before")
	f.StringVar(&p.dir, "dir", "", "`directory` on the disk to measure, the default for temporary files")
	f.StringVar(&p.json, "json", "", "`file` for every figure of every round")
	f.StringVar(&p.svg, "svg", "", "`file` for a chart")
	if err := f.Parse(arguments); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	var err error
	if p.variants, err = chooseVariants(*names); err != nil {
		return nil, err
	}
	p.work, p.sync, p.journal = strings.Split(*work, ","), strings.Split(*synchronous, ","), strings.Split(*journal, ",")
	for _, list := range []struct {
		to         *[]int
		flag, text string
		least      int
	}{{&p.goroutines, "goroutines", *goroutines, 1}, {&p.readers, "readers", *readers, 0}, {&p.beside, "beside", *beside, 0}} {
		if *list.to, err = parseNumbers(list.text, list.least); err != nil {
			return nil, fmt.Errorf("-%s=%s: %w", list.flag, list.text, err)
		}
	}
	return p, p.check()
}

func (p *plan) check() error {
	for _, w := range p.work {
		if works[w] == nil {
			return fmt.Errorf("-work=%s: there is no such workload", w)
		}
	}
	for _, s := range p.sync {
		if s != "FULL" && s != "NORMAL" {
			return fmt.Errorf("-sync=%s: neither FULL nor NORMAL", s)
		}
	}
	for _, j := range p.journal {
		if j != "WAL" && j != "DELETE" {
			return fmt.Errorf("-journal=%s: neither WAL nor DELETE", j)
		}
	}
	if p.rounds < 1 || p.time <= 0 || p.warm < 0 {
		return errors.New("-rounds and -time must be more than 0, and -warm not less")
	}
	return nil
}

func parseNumbers(text string, least int) ([]int, error) {
	var numbers []int
	for word := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < least {
			return nil, fmt.Errorf("%q is no number from %d", word, least)
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

// cells returns the workloads of a plan.
func (p *plan) cells() []*cell {
	var cells []*cell
	for _, journal := range p.journal {
		for _, sync := range p.sync {
			for _, work := range p.work {
				for _, readers := range p.readers {
					for _, beside := range p.beside {
						for _, n := range p.goroutines {
							cells = append(cells, &cell{Work: work, Goroutines: n, Readers: readers, Beside: beside, Sync: sync, Journal: journal})
						}
					}
				}
			}
		}
	}
	return cells
}

func writersCommand(arguments []string) error {
	p, err := parsePlan(arguments)
	if err != nil {
		return err
	}
	dir, remove, err := scratch(p.dir)
	if err != nil {
		return err
	}
	defer remove()
	rep := newReport(p.rounds)
	b := newBinaries(dir)
	var faults []error
	for _, c := range p.cells() {
		if err := p.measure(c, b); err != nil {
			return err
		}
		c.print(os.Stdout)
		rep.Cells = append(rep.Cells, c)
		faults = append(faults, c.faults())
	}
	return errors.Join(errors.Join(faults...), rep.write(p.json, p.svg))
}

// measure runs all rounds of a cell.
func (p *plan) measure(c *cell, b *binaries) error {
	for _, v := range p.variants {
		c.Rows = append(c.Rows, &row{Variant: v.name, v: v})
	}
	for round := range p.rounds {
		for i := range c.Rows {
			r := c.Rows[(i+round)%len(c.Rows)] // so that none always comes after the same one
			if r.LeftOut != "" {
				continue
			}
			if err := p.once(c, r, b); err != nil {
				if round > 0 {
					return fmt.Errorf("%s: %w", r.Variant, err)
				}
				r.LeftOut = err.Error()
			}
		}
	}
	return nil
}

// once runs a variant once, in a new directory.
func (p *plan) once(c *cell, r *row, b *binaries) error {
	dir, err := os.MkdirTemp(b.dir, "run-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	j := &job{
		Variant: r.Variant, Dir: dir, Goroutines: c.Goroutines, Readers: c.Readers,
		Work: c.Work, Sync: c.Sync, Journal: c.Journal, Warm: p.warm, Time: p.time,
	}
	if c.Beside == 0 {
		child, err := b.start(j)
		if err != nil {
			return err
		}
		result, err := child.finish()
		if err != nil {
			return err
		}
		r.Rounds = append(r.Rounds, result)
		return nil
	}
	if r.v.kind == keyValue {
		return errors.New("one process at a time can have the database open")
	}
	return r.onceBeside(c, j, b)
}

// onceBeside runs a job while a process of stock SQLite writes to the same database.
func (r *row) onceBeside(c *cell, j *job, b *binaries) error {
	first, err := b.start(j)
	if err != nil {
		return err
	}
	stockJob := *j
	stockJob.Variant, stockJob.Goroutines, stockJob.Readers, stockJob.FirstWriter = mattn, c.Beside, 0, firstStockWriter
	stock, err := b.start(&stockJob)
	if err != nil {
		first.stop()
		return fmt.Errorf("the stock process: %w", err)
	}
	// finish waits; the two have to measure at the same time.
	type outcome struct {
		*result
		err error
	}
	other := make(chan outcome, 1)
	go func() {
		result, err := stock.finish()
		other <- outcome{result, err}
	}()
	result, err := first.finish()
	beside := <-other
	if err := errors.Join(err, beside.err); err != nil {
		return err
	}
	r.Rounds, r.Stock = append(r.Rounds, result), append(r.Stock, beside.result)
	return nil
}

// firstStockWriter is more than there are writers in the process of the variant.
const firstStockWriter = 1_000_000

// faults says which runs have lost rows or failed by something else than a lock.
func (c *cell) faults() error {
	var errs []error
	for _, r := range c.Rows {
		for _, result := range slices.Concat(r.Rounds, r.Stock) {
			if result.Lost > 0 {
				errs = append(errs, fmt.Errorf("%s (%s): %d of %d acknowledged rows are lost", r.Variant, c, result.Lost, result.Acknowledged))
			}
			if result.Failed > 0 {
				errs = append(errs, fmt.Errorf("%s (%s): %d calls failed, the first: %s", r.Variant, c, result.Failed, result.FirstFailure))
			}
		}
	}
	return errors.Join(errs...)
}

func newReport(rounds int) *report {
	rep := &report{
		Date: time.Now().UTC().Format(time.DateOnly), Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH,
		CPUs: runtime.NumCPU(), Rounds: rounds, Versions: map[string]string{},
	}
	compared := []string{"github.com/mattn/go-sqlite3", "modernc.org/sqlite", "github.com/ncruces/go-sqlite3", "github.com/cockroachdb/pebble/v2", "go.etcd.io/bbolt"}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if slices.Contains(compared, m.Path) {
				rep.Versions[m.Path] = m.Version
			}
		}
	}
	return rep
}

// write writes the report as JSON and as a chart, to files that have names.
func (rep *report) write(jsonFile, svgFile string) error {
	if jsonFile != "" {
		text, err := json.MarshalIndent(rep, "", "\t")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Clean(jsonFile), append(text, '\n'), 0o666); err != nil {
			return err
		}
	}
	if svgFile != "" {
		return os.WriteFile(filepath.Clean(svgFile), rep.chart(), 0o666)
	}
	return nil
}
