package slt

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/turso-coop/turso-coop/conformance/compatibility/report"
	"github.com/turso-coop/turso-coop/conformance/peer"
)

var (
	suite      = report.New("slt")
	fullFlag   = flag.Bool("full", false, "run all scripts of the corpus, not a sample")
	peerFlag   = flag.Bool("peer", false, "run each script on stock SQLite as well, in a child process, and compare the times")
	engineFlag = flag.String("engine", "", "the I/O `engine`, uring or pool; otherwise the driver's choice")
)

func TestMain(m *testing.M) { peer.Main(m, Scripts{}) }

// sampleStep is how many of the corpus's large scripts there are for each that the sample takes.
const (
	sampleStep  = 3
	largeScript = 64 << 10 // in bytes
)

// TestCorpus runs the scripts of SQLite's sqllogictest: those below SQLLOGICTEST_DIR, or else of the sample that lies
// beside the project. Without -full it runs all small scripts and every third large one, in the order of their names.
func TestCorpus(t *testing.T) {
	named := os.Getenv("SQLLOGICTEST_DIR")
	dir, err := filepath.EvalSymlinks(cmp.Or(named, filepath.Join("..", "..", "..", "shared", "corpora", "slt")))
	if err != nil && named == "" {
		t.Skipf("there is no sqllogictest corpus, which SQLLOGICTEST_DIR can name the directory of: %v", err)
	}
	if err != nil {
		t.Fatalf("SQLLOGICTEST_DIR: %v", err)
	}
	paths, left, err := find(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatalf("no scripts (*.test) below %s", dir)
	}
	if left > 0 {
		t.Logf("a sample: %d scripts more run with -full", left)
	}
	if *peerFlag {
		peer.NeedStock(t)
	}
	suite.Save(t)
	c := &corpus{t: t, dir: t.TempDir(), paths: paths}
	if *peerFlag {
		c.stock = peer.Start(t)
	}
	c.run()
}

// find returns the paths of the scripts below a directory, or those of the sample and how many are not in it.
func find(dir string) (paths []string, left int, err error) {
	large := 0
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".test" {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Size() >= largeScript {
			large++
			if !*fullFlag && large%sampleStep != 1 {
				left++
				return nil
			}
		}
		paths = append(paths, path)
		return nil
	})
	return paths, left, err
}

// corpus is one run of many scripts.
type corpus struct {
	t     *testing.T
	dir   string // of the databases
	paths []string
	stock *peer.Process // nil if times are not compared

	mutex     sync.Mutex
	done      int
	total     Result
	took      time.Duration // by turso-coop, added up over the scripts
	stockTook time.Duration
}

// run runs a script on each core until all are done.
func (c *corpus) run() {
	start, next := time.Now(), make(chan string)
	var workers sync.WaitGroup
	for worker := range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			dir := filepath.Join(c.dir, fmt.Sprint(worker))
			for path := range next {
				if err := c.script(dir, path); err != nil {
					c.t.Error(err)
				}
			}
		})
	}
	for _, path := range c.paths {
		next <- path
	}
	close(next)
	workers.Wait()
	c.report(time.Since(start))
}

// script runs one script, on a database in dir.
func (c *corpus) script(dir, path string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// What is compared is what SQLite computes: nothing needs to survive a loss of power.
	dsn := filepath.Join(dir, "ours.db") + "?_sync=OFF&_engine=" + *engineFlag
	start := time.Now()
	result, err := RunFile(context.Background(), peer.Turso, dsn, path)
	took := time.Since(start)
	if err != nil {
		return err
	}
	var stockTook time.Duration
	if c.stock != nil {
		dsn := filepath.Join(dir, "stock.db") + "?_sync=OFF"
		if stockTook, err = c.onStock(dsn, path); err != nil {
			return err
		}
	}
	c.add(path, result, took, stockTook)
	return nil
}

// onStock runs a script on stock SQLite, which must pass it: otherwise the times could not be compared.
func (c *corpus) onStock(dsn, path string) (took time.Duration, err error) {
	var result Result
	start := time.Now()
	if err := c.stock.Call("Scripts.Run", [3]string{peer.Stock, dsn, path}, &result); err != nil {
		return 0, fmt.Errorf("on stock SQLite: %w", err)
	}
	took = time.Since(start)
	if len(result.Failures) > 0 {
		return 0, fmt.Errorf("on stock SQLite: %d failures, the first: %v", len(result.Failures), result.Failures[0])
	}
	return took, nil
}

// Scripts is what the child process runs for its parent.
type Scripts struct{}

// Run runs a script: driver, DSN and path.
func (Scripts) Run(args [3]string, result *Result) (err error) {
	*result, err = RunFile(context.Background(), args[0], args[1], args[2])
	return err
}

// shownFailures is how many failures of a script are written out.
const shownFailures = 5

func (c *corpus) add(path string, result Result, took, stockTook time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.done++
	c.total.Add(result)
	c.took += took
	c.stockTook += stockTook
	for i, f := range result.Failures {
		if i == shownFailures {
			c.t.Errorf("%s: %d failures more", path, len(result.Failures)-i)
			break
		}
		c.t.Error(f)
	}
	if testing.Verbose() {
		fmt.Printf("%d of %d scripts, %d queries: %s in %.1f s\n",
			c.done, len(c.paths), c.total.Queries, filepath.Base(path), took.Seconds())
	}
}

// report writes the totals.
func (c *corpus) report(wall time.Duration) {
	r := &c.total
	suite.Count("scripts", c.done)
	suite.Count("statements", r.Statements)
	suite.Count("queries", r.Queries)
	suite.Count("skipped", r.Skipped)
	suite.Count("failures", len(r.Failures))
	var b strings.Builder
	fmt.Fprintf(&b, "%d scripts, %d statements, %d queries, %d records left out by conditions, %d failures; ",
		c.done, r.Statements, r.Queries, r.Skipped, len(r.Failures))
	if c.stock == nil {
		fmt.Fprintf(&b, "%.1f s", wall.Seconds())
	} else {
		fmt.Fprintf(&b, "added up over the scripts, turso-coop took %.1f s and stock SQLite %.1f s: a ratio of %.2f",
			c.took.Seconds(), c.stockTook.Seconds(), c.took.Seconds()/c.stockTook.Seconds())
	}
	c.t.Log(b.String())
}
