// Package hostile gives turso-coop and stock SQLite the same broken and malicious files and compares what becomes of them.
//
// A case starts with a sound database, as a process leaves it: closed, with a WAL, or with a hot rollback journal. Its files
// are cut short, changed where it matters with or without checksums that are right, given absurd headers, or a schema that
// lies. Then a child process for each library opens its own copy read-only and read-write, and does what an unsuspecting
// program does: it reads the schema, checks the integrity, reads and changes every table, checkpoints and closes. Statement
// by statement both must succeed with the same rows, or fail with the same primary result code, and leave the same file.
// A panic, a process that dies or does not answer, and a descriptor that is left open are failures of their own.
//
// A case is its number. A campaign runs many, beginning with any; from 180,000 in a row on every file has been cut at every
// sector. With the build tag stock SQLite has FTS5, otherwise modernc's build stands in for it:
//
//	go -C conformance test ./hostile -tags sqlite_fts5 -run TestHostile -seed=1 -cases=200000 -timeout=0
package hostile

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/turso-coop/turso-coop/conformance/compatibility/report"
	"github.com/turso-coop/turso-coop/conformance/peer"
	"github.com/turso-coop/turso-coop/vfs"
)

func TestMain(m *testing.M) { peer.Main(m, Victim{}, Liar{}) }

var (
	seedFlag  = flag.Uint64("seed", 1, "number of the first case")
	casesFlag = flag.Int("cases", 1000, "how many cases to run")
	keepFlag  = flag.String("keep", "", "write the files of failing cases into this `directory`")

	suite = report.New("hostile")
)

// engines returns the engines that this system has, which cases take in turn.
func engines(t *testing.T) []string {
	t.Helper()
	var usable []string
	for _, name := range []string{"uring", "pool"} {
		if _, err := vfs.NameFor(name); err != nil {
			t.Logf("engine %s is left out: %v", name, err)
			continue
		}
		usable = append(usable, name)
	}
	return usable
}

// side is one library: a child process and the directory of its copies.
type side struct {
	process  *peer.Process
	dir      string
	method   string        // of the child's service; "" is Victim.Run
	patience time.Duration // until a child that does not answer hangs; 0 is a minute
}

// errHangs says that a process did not answer.
var errHangs = errors.New("no answer")

// run lets a library do its work on a copy of a case's files. Its process is lost if there is an error.
func (s *side) run(a *attack, driver string) ([]Step, error) {
	path := filepath.Join(s.dir, "test.db")
	if err := a.write(s.dir); err != nil {
		return nil, err
	}
	var steps []Step
	done := make(chan error, 1)
	go func() {
		job := Job{Driver: driver, Engine: a.engine, Path: path, Settings: a.settings, Setup: a.setup, Extras: a.extras}
		done <- s.process.Call(cmp.Or(s.method, "Victim.Run"), job, &steps)
	}()
	patience := time.NewTimer(cmp.Or(s.patience, time.Minute))
	defer patience.Stop()
	select {
	case err := <-done:
		return steps, err
	case <-patience.C:

		s.process.Kill()
		<-done
		return nil, errHangs
	}
}

// write makes dir hold the files and nothing else.
func (f *files) write(dir string) error {
	old, err := filepath.Glob(filepath.Join(dir, "*"))
	for _, path := range old {
		err = errors.Join(err, os.Remove(path))
	}
	path := filepath.Join(dir, "test.db")
	put := func(path string, content []byte) {
		if len(content) > 0 || strings.HasSuffix(path, ".db") {
			err = errors.Join(err, os.WriteFile(path, content, 0o600))
		}
	}
	put(path, f.db)
	put(path+"-wal", f.wal)
	journal := f.journal
	if f.super != "" {
		super := filepath.Join(dir, f.super)
		journal = withSuper(journal, pageSizeOf(f.db), super)
		if f.superThere {
			put(super, []byte(path+"-journal\x00"))
		}
	}
	put(path+"-journal", journal)
	return err
}

// compare returns how the first step that differs does so, and its index; "" and the number of steps if none does.
// sameFile says whether the bytes of the file are to be the same.
func compare(ours, stock []Step, sameFile bool) (difference string, step int) {
	for i, o := range ours {
		switch {
		case strings.HasPrefix(o.Text, panicked):
			return o.Text, i
		case o.Left != "":
			return "turso-coop has still open: " + o.Left, i
		case i >= len(stock):
			return fmt.Sprintf("stock ends, turso-coop goes on with %+v", o), i
		}
		s := stock[i]
		if o.What != s.What {
			return fmt.Sprintf("turso-coop goes on with %+v, stock with %+v", o, s), i
		}
		if o.Code == interrupt && s.Code == interrupt {
			return "", len(ours) // both had enough time for what ends
		}
		if o.What == theFile && !sameFile {
			continue
		}
		if o.Code != s.Code || o.Rows != s.Rows || o.Hash != s.Hash {
			return fmt.Sprintf("%s\n  turso-coop: code %d, %d rows, hash %x, first %s, %s\n  stock:      code %d, %d rows, hash %x, first %s, %s",
				o.What, o.Code, o.Rows, o.Hash, o.First, o.Text, s.Code, s.Rows, s.Hash, s.First, s.Text), i
		}
	}
	if len(stock) > len(ours) {
		return fmt.Sprintf("turso-coop ends, stock goes on with %+v", stock[len(ours)]), len(ours) - 1
	}
	return "", len(ours)
}

const interrupt = 9 // SQLITE_INTERRUPT

// bothLost is the step at which both processes died or did not answer.
const bothLost = "lost"

// TestHostile runs the cases.
func TestHostile(t *testing.T) {
	peer.NeedStock(t)
	suite.Save(t)
	seeds, engines := makeSeeds(t), engines(t)
	var next, ran atomic.Int64
	var listed listing
	started := time.Now()
	t.Run("cases", func(t *testing.T) {
		for worker := range runtime.GOMAXPROCS(0) {
			t.Run(fmt.Sprint(worker), func(t *testing.T) {
				t.Parallel()
				c := newComparison(t)
				for n := next.Add(1) - 1; n < int64(*casesFlag); n = next.Add(1) - 1 {
					c.run(newAttack(*seedFlag+uint64(n), seeds, engines), &listed)
					if total := ran.Add(1); total%10000 == 0 {
						fmt.Fprintf(os.Stderr, "hostile: %d cases in %v\n", total, time.Since(started).Round(time.Second))
					}
				}
			})
		}
	})
	suite.Count("cases", *casesFlag)
	listed.finish(t, *casesFlag)
	t.Logf("%d cases, of %d sound databases; %d of %d truncations; %v", *casesFlag, len(seeds), *casesFlag/truncations, sectorCount(seeds), listed.counts())
}

// comparison is a pair of libraries at work.
type comparison struct {
	t           *testing.T
	ours, stock *side
}

func newComparison(t *testing.T) *comparison {
	return &comparison{t: t, ours: &side{process: peer.Start(t), dir: fastDir(t)}, stock: &side{process: peer.Start(t), dir: fastDir(t)}}
}

// fastDir returns a directory in memory, if the system has one.
func fastDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "hostile")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// run runs a case and fails the test if it shows a difference that is not known.
func (c *comparison) run(a *attack, listed *listing) {
	difference, at := c.differ(a)
	if difference == "" || listed.explains(a, at) {
		return
	}
	c.t.Errorf("case %d: %s: %s\nrun it with: go -C conformance test ./hostile -run TestHostile -seed=%[1]d -cases=1", a.seed, a.describe(), difference)
	if *keepFlag != "" {
		dir := filepath.Join(*keepFlag, fmt.Sprint(a.seed))
		if err := errors.Join(os.MkdirAll(dir, 0o700), a.write(dir)); err != nil {
			c.t.Errorf("keep case %d: %v", a.seed, err)
		}
	}
}

// differ runs a case on both sides and returns how and at which step turso-coop differs. A process that was lost is
// started again.
func (c *comparison) differ(a *attack) (difference string, at Step) {
	ours, err := c.ours.run(a, peer.Turso)
	if err != nil {
		suite.Count("processes lost", 1)
		c.ours.restart(c.t)
		if _, stockErr := c.stock.run(a, a.reference); stockErr != nil {
			c.stock.restart(c.t)
			return fmt.Sprintf("turso-coop: %v; %s: %v", err, a.reference, stockErr), Step{What: bothLost}
		}
		return "turso-coop: " + err.Error(), Step{}
	}
	suite.Count("steps", len(ours))
	difference, step := c.beside(a, ours, a.reference)
	if difference == "" {
		return "", Step{}
	}
	other := peer.Modernc
	if a.reference == peer.Modernc {
		other = peer.Stock
	}
	at = ours[step]
	if strings.HasPrefix(at.Text, panicked) {
		suite.Count("panics", 1)
	}
	if _, further := c.beside(a, ours, other); further > step {
		at.LikeOther = true
	}
	return difference, at
}

// beside runs a case on another library and compares.
func (c *comparison) beside(a *attack, ours []Step, library string) (difference string, step int) {
	stock, err := c.stock.run(a, library)
	if err != nil {
		// Whatever became of the other library, turso-coop has to survive.
		suite.Count("deaths of other libraries", 1)
		c.t.Logf("case %d: %s: %v", a.seed, library, err)
		c.stock.restart(c.t)
		stock = ours
	}
	return compare(ours, stock, library == peer.Stock)
}

func (s *side) restart(t *testing.T) {
	t.Helper()
	s.process.Kill()
	s.process = peer.Start(t)
}

// describe says all that there is to a case beside its files.
func (a *attack) describe() string {
	return fmt.Sprintf("%s (engine %s, beside %s); %s", a.name, a.engine, a.reference, strings.Join(slices.Concat(a.settings, a.setup, a.extras), "; "))
}
