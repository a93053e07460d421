package main

import (
	"bufio"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

// commitPages is the job of the suite syscalls: so many commits, each of so many pages.
func commitPages(v *variant, j *job, ready func() error) (r *result, err error) {
	db, err := sql.Open(v.driver, v.dsn(filepath.Join(j.Dir, "bench.db"), j.Journal, j.Sync))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	// A row of this size has a leaf page of 4 KiB for itself.
	content := [2]string{strings.Repeat("a", 3000), strings.Repeat("b", 3000)}
	if _, err := db.Exec("CREATE TABLE pages(id INTEGER PRIMARY KEY, content TEXT)"); err != nil {
		return nil, err
	}
	for id := range j.Pages {
		if _, err := db.Exec("INSERT INTO pages VALUES(?, ?)", id, content[0]); err != nil {
			return nil, err
		}
	}
	update, err := db.Prepare("UPDATE pages SET content = ?")
	if err != nil {
		return nil, err
	}
	defer update.Close()
	if err := ready(); err != nil {
		return nil, err
	}
	for i := range j.Commits {
		if _, err := update.Exec(content[(i+1)%2]); err != nil {
			return nil, err
		}
	}
	return &result{Acknowledged: j.Commits}, nil
}

// calls counts system calls by their names, and those that write data by what they write to.
type calls struct {
	total  int
	byName map[string]int
	writes map[string]int // "log" (the WAL or the journal), "database" or "other"
}

// writeNames are the calls that write data, but for those of a ring.
var writeNames = []string{"write", "writev", "pwrite64", "pwritev", "pwritev2"}

// ringName submits what it does not name: a write may be in it.
const ringName = "io_uring_enter"

// idleName is what Go's monitor thread does again and again: how often says how long the run was, not what was done.
const idleName = "nanosleep"

func syscallsCommand(arguments []string) error {
	f := flag.NewFlagSet("syscalls", flag.ContinueOnError)
	commits := f.Int("commits", 10_000, "in each run")
	sizes := f.String("pages", "1,8,64", "`numbers` of pages of a commit")
	synchronous := f.String("sync", "NORMAL", "`level` of synchronous: FULL, NORMAL")
	journal := f.String("journal", "WAL", "`mode` of the journal: WAL, DELETE")
	names := f.String("variants", "=turso-coop uring;=turso-coop pool;=mattn;=modernc;=ncruces", "as for writers")
	dirFlag := f.String("dir", "", "`directory` for the databases, the default for temporary files")
	if err := f.Parse(arguments); err != nil {
		return err
	}
	pages, err := parseNumbers(*sizes, 1)
	if err != nil {
		return fmt.Errorf("-pages=%s: %w", *sizes, err)
	}
	chosen, err := chooseVariants(*names)
	if err != nil {
		return err
	}
	if _, err := exec.LookPath("strace"); err != nil {
		return fmt.Errorf("system calls are counted by strace: %w", err)
	}
	dir, remove, err := scratch(*dirFlag)
	if err != nil {
		return err
	}
	defer remove()
	b := newBinaries(dir)
	for _, n := range pages {
		fmt.Printf("\nsystem calls for each of %d commits of %s, journal_mode=%s, synchronous=%s\n\n", *commits, plural(n, "page"), *journal, *synchronous)
		j := job{Commits: *commits, Pages: n, Sync: *synchronous, Journal: *journal}
		if err := traceAll(os.Stdout, chosen, j, b); err != nil {
			return err
		}
	}
	return nil
}

// traceAll traces a job with each of the variants and writes a table.
func traceAll(w io.Writer, chosen []*variant, j job, b *binaries) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tall\tbut nanosleep\tdata writes\tto the log\tto the database\tring\t  the most frequent\t")
	for _, v := range chosen {
		if v.driver == "" {
			return fmt.Errorf("%s has no pages to commit", v.name)
		}
		j.Variant = v.name
		n, err := trace(j, b)
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		each := func(count int) string { return fmt.Sprintf("%.3f", float64(count)/float64(j.Commits)) }
		log, database, ring := n.writes["log"], n.writes["database"], n.byName[ringName]
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t  %s\t\n", v.name, each(n.total), each(n.total-n.byName[idleName]), each(log+database+ring), each(log), each(database), each(ring), n.frequent(each))
	}
	return t.Flush()
}

// frequent lists the five most frequent calls.
func (n *calls) frequent(each func(int) string) string {
	var names []string
	for name := range n.byName {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return n.byName[b] - n.byName[a] })
	for i, name := range names {
		names[i] = name + " " + each(n.byName[name])
	}
	return strings.Join(names[:min(len(names), 5)], ", ")
}

// trace runs a job under strace.
func trace(j job, b *binaries) (*calls, error) {
	dir, err := os.MkdirTemp(b.dir, "run-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	j.Dir = dir
	log := filepath.Join(dir, "trace")
	c, err := b.start(&j, "strace", "-f", "-qq", "-y", "-s", "16", "-e", "signal=none", "-o", log)
	if err != nil {
		return nil, err
	}
	if _, err := c.finish(); err != nil {
		return nil, err
	}
	file, err := os.Open(log)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return countCalls(file)
}

// countCalls counts what is in a trace between the lines of the protocol: from when the child is ready until it
// has a result. A line is
//
//	4711 pwrite64(7</tmp/bench.db-wal>, "..."..., 4096, 32) = 4096
//
// or two lines, of which the first ends in <unfinished ...> and the second begins with <... pwrite64 resumed>.
func countCalls(trace io.Reader) (*calls, error) {
	n := &calls{byName: map[string]int{}, writes: map[string]int{}}
	lines := bufio.NewScanner(trace)
	started, ended := false, false
	for lines.Scan() && !ended {
		_, call, _ := strings.Cut(lines.Text(), " ")
		call = strings.TrimLeft(call, " ")
		name, rest, ok := strings.Cut(call, "(")
		switch {
		case !ok || strings.HasPrefix(call, "<"):
		case !started:
			started = name == "write" && strings.HasPrefix(rest, "1<") && strings.Contains(rest, `"ready`)
		case name == "write" && strings.HasPrefix(rest, "1<"):
			ended = true
		default:
			n.add(name, rest)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if !ended {
		return nil, errors.New("the trace does not show the child's beginning and end: is this strace 4.8 or later?")
	}
	return n, nil
}

// add counts a call. rest begins with its first argument, which strace gives as 7</path>.
func (n *calls) add(name, rest string) {
	n.total++
	n.byName[name]++
	if !slices.Contains(writeNames, name) {
		return
	}
	_, path, _ := strings.Cut(rest, "<")
	path, _, _ = strings.Cut(path, ">")
	switch {
	case strings.HasSuffix(path, "-wal"), strings.HasSuffix(path, "-journal"):
		n.writes["log"]++
	case strings.HasSuffix(path, ".db"):
		n.writes["database"]++
	default:
		n.writes["other"]++ // as a wake-up by an eventfd
	}
}
