package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"
)

// layouts say which rows of a table of twice as many as there are pages to be copied, each of which fills a page, are
// changed before each checkpoint.
var layouts = map[string]string{
	"dense":     "id < (SELECT max(id) + 1 FROM pages) / 2", // all neighbours
	"runs":      "id % 8 < 4",                               // of four
	"scattered": "id % 2 = 0",                               // none beside another
}

// copyPages is the job of the suite checkpoint: so many checkpoints, each of so many pages.
func copyPages(v *variant, j *job, ready func() error) (r *result, err error) {
	db, err := sql.Open(v.driver, v.dsn(filepath.Join(j.Dir, "bench.db"), "WAL", j.Sync))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	c, err := db.Conn(context.Background())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	exec := func(text string, arguments ...any) error {
		_, err := c.ExecContext(context.Background(), text, arguments...)
		return err
	}
	err = exec(`PRAGMA wal_autocheckpoint=0; CREATE TABLE pages(id INTEGER PRIMARY KEY, content BLOB)`)
	if err == nil {
		err = exec(`INSERT INTO pages WITH RECURSIVE n(id) AS (SELECT 0 UNION ALL SELECT id+1 FROM n WHERE id < ?) SELECT id, zeroblob(3000) FROM n`, 2*j.Pages-1)
	}
	if err == nil {
		_, err = checkpoint(c, "TRUNCATE")
	}
	if err == nil {
		err = ready()
	}
	if err != nil {
		return nil, err
	}
	r = &result{}
	for range j.Checkpoints {
		if err := exec(`UPDATE pages SET content = randomblob(3000) WHERE ` + layouts[j.Layout]); err != nil {
			return nil, err
		}
		start := time.Now()
		copied, err := checkpoint(c, "PASSIVE")
		r.Copied = append(r.Copied, time.Since(start))
		if err != nil {
			return nil, err
		}
		if copied < j.Pages {
			return nil, fmt.Errorf("a checkpoint has copied %d pages of %d", copied, j.Pages)
		}
	}
	return r, nil
}

// checkpoint makes a checkpoint and returns how many frames it has brought to the database.
func checkpoint(c *sql.Conn, mode string) (copied int, err error) {
	var busy, frames int
	err = c.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &frames, &copied)
	if err == nil && busy != 0 {
		err = errors.New("a checkpoint was refused")
	}
	return copied, err
}

// perPage is the median time of a checkpoint, for each page.
func (r *row) perPage(pages int) []float64 {
	return r.series(func(r *result) float64 { return float64(quantile(r.Copied, 0.5)) / float64(pages) })
}

func checkpointCommand(arguments []string) error {
	f := flag.NewFlagSet("checkpoint", flag.ContinueOnError)
	pages := f.Int("pages", 10_000, "copied by each checkpoint")
	checkpoints := f.Int("checkpoints", 8, "in each run")
	rounds := f.Int("rounds", 5, "in each of which every variant runs once")
	layout := f.String("layout", "dense,runs,scattered", "`layouts` of the pages in the database: dense, runs (of four), scattered")
	synchronous := f.String("sync", "OFF,NORMAL", "`levels` of synchronous: OFF, NORMAL, FULL; at OFF no time of the disk is in it")
	names := f.String("variants", "=turso-coop uring;=turso-coop uring again;=turso-coop pool;=mattn;=modernc;=ncruces", "as for writers")
	count := f.Bool("strace", false, "count the writes to the database, in a run of its own")
	dirFlag := f.String("dir", "", "`directory` for the databases, the default for temporary files")
	if err := f.Parse(arguments); err != nil {
		return err
	}
	chosen, err := chooseVariants(*names)
	if err != nil {
		return err
	}
	if *pages < 1 || *checkpoints < 1 || *rounds < 1 {
		return errors.New("-pages, -checkpoints and -rounds must be more than 0")
	}
	dir, remove, err := scratch(*dirFlag)
	if err != nil {
		return err
	}
	defer remove()
	p := &plan{rounds: *rounds}
	for sync := range strings.SplitSeq(*synchronous, ",") {
		for name := range strings.SplitSeq(*layout, ",") {
			if layouts[name] == "" {
				return fmt.Errorf("-layout=%s: there is no such layout", name)
			}
			p.variants = chosen
			j := job{Checkpoints: *checkpoints, Pages: *pages, Layout: name, Sync: sync}
			if err := p.copyAll(os.Stdout, j, newBinaries(dir), *count); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyAll runs a job with each of the variants in turn, round by round, and writes a table.
func (p *plan) copyAll(w io.Writer, j job, b *binaries, count bool) error {
	var rows []*row
	for _, v := range p.variants {
		rows = append(rows, &row{Variant: v.name, v: v})
	}
	for round := range p.rounds {
		for i := range rows {
			r := rows[(i+round)%len(rows)] // so that none always comes after the same one
			result, err := copyOnce(r.Variant, j, b)
			if err != nil {
				return fmt.Errorf("%s: %w", r.Variant, err)
			}
			r.Rounds = append(r.Rounds, result)
		}
	}
	fmt.Fprintf(w, "\ncheckpoints of %s, %s, synchronous=%s: for each page\n\n", plural(j.Pages, "page"), j.Layout, j.Sync)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "\tµs\tleast\tmost\tto %s\twrites\t\n", rows[0].Variant)
	for _, r := range rows {
		s, writes := spreadOf(r.perPage(j.Pages)), ""
		ratio, _ := ratioOf(r.perPage(j.Pages), rows[0].perPage(j.Pages))
		if count {
			traced := j
			traced.Variant = r.Variant
			n, err := trace(traced, b)
			if err != nil {
				return fmt.Errorf("%s: %w", r.Variant, err)
			}
			writes = fmt.Sprintf("%.3f", float64(n.writes["database"])/float64(j.Checkpoints*j.Pages))
		}
		fmt.Fprintf(t, "%s\t%.2f\t%.2f\t%.2f\t%.2f (%.2f to %.2f)\t%s\t\n", r.Variant, s.Median/1e3, s.Least/1e3, s.Most/1e3, ratio.Median, ratio.Least, ratio.Most, writes)
	}
	return t.Flush()
}

// copyOnce runs a job once, in a new directory.
func copyOnce(variant string, j job, b *binaries) (*result, error) {
	dir, err := os.MkdirTemp(b.dir, "run-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	j.Variant, j.Dir = variant, dir
	c, err := b.start(&j)
	if err != nil {
		return nil, err
	}
	return c.finish()
}
