package diff

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/turso-coop/turso-coop/conformance/compatibility/report"
	"github.com/turso-coop/turso-coop/conformance/peer"
)

var (
	seedFlag    = flag.Uint64("seed", 1, "seed of the first stream of random statements")
	streamsFlag = flag.Int("streams", 100, "how many streams of random statements to run, each with the next seed")
	suite       = report.New("diff")
)

// TestRandom runs streams of random statements on each engine and on stock SQLite, or on modernc where that has more in
// common with turso-coop. A stream depends on its seed alone:
//
//	go -C conformance test ./diff -run 'TestRandom$' -seed=7 -streams=1
func TestRandom(t *testing.T) {
	t.Parallel()
	peer.NeedStock(t)
	suite.Save(t)
	process, engines, sum := peer.Start(t), engines(t), newTally()
	t.Cleanup(func() { sum.finish(t, *streamsFlag) })
	for seed := *seedFlag; seed < *seedFlag+uint64(*streamsFlag); seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			s := newRandomStream(seed, process)
			for _, engine := range engines {
				s.ours = append(s.ours, here(engine, s.profile))
			}
			found, err := s.compare(t.TempDir(), s.steps)
			sum.add(s)
			if err != nil {
				t.Fatalf("%v\n%s", err, s.reproduce())
			}
			if found != nil {
				t.Error(s.report(t.TempDir(), found))
			}
		})
	}
}

// randomStream is a stream of random statements and the libraries to run it on.
type randomStream struct {
	seed        uint64
	journalMode string
	profile     string // the name of turso-coop's driver that stands in for stock's
	stock       *side
	second      *side // whom to ask if the others differ
	ours        []*side
	script      peer.Script
	steps       []peer.Step
	analyzed    bool // ANALYZE is used
	statistics  bool // and makes more than the peer's does
	met         map[*knownDifference]int
	compared    map[string]int // steps, by engine
}

// newRandomStream makes the stream of a seed. Every fifth runs beside modernc.
func newRandomStream(seed uint64, process *peer.Process) *randomStream {
	s := &randomStream{seed: seed, journalMode: journalModes[seed/5%uint64(len(journalModes))], profile: peer.Turso, met: map[*knownDifference]int{}, compared: map[string]int{}}
	s.stock, s.second = there(process, peer.Stock), there(process, peer.Modernc)
	more := seed%5 == 0
	if more {
		s.stock, s.second = s.second, s.stock
		s.profile += "-modernc"
	}
	g := newStream(seed, s.journalMode, more)
	s.steps, s.analyzed, s.statistics = g.steps, g.analyzed, g.analyzed && !more
	s.script = peer.Script{Parameters: "_busy_timeout=0&", NoState: more}
	return s
}

// found is a difference between stock's outcome and turso-coop's.
type found struct {
	engine    *side
	steps     []peer.Step // up to the difference
	step      int         // at which outcomes differ; -1 if what is left in the files does
	want, got string
}

// compare runs steps on all sides, on files in directories below dir, and returns the first difference that is not known. The
// error says that a side is lost.
func (s *randomStream) compare(dir string, steps []peer.Step) (*found, error) {
	want, wantFiles, err := s.run(s.stock, dir, steps)
	if err != nil {
		return nil, err
	}
	for _, engine := range s.ours {
		got, files, err := s.run(engine, dir, steps)
		if err != nil {
			return nil, err
		}
		s.compared[engine.name] += len(steps)
		for i := range steps {
			if want[i] == got[i] {
				continue
			}
			if k := knownFor(s.stock.name, steps[i].SQL, want[i], got[i]); k != nil {
				s.met[k]++
				continue
			}
			return &found{engine, steps[:i+1], i, want[i], got[i]}, nil
		}
		d, err := compareFiles(wantFiles, files, s.mayDiffer)
		if err != nil || d != "" {
			return &found{engine: engine, steps: steps, step: -1, got: d}, err
		}
	}
	return nil, nil
}

// mayDiffer tells of which lines of a dump this is so after ANALYZE, which goes through tables in an order that depends on the
// size of a pointer: see also [generator.analyze].
func (s *randomStream) mayDiffer(header string) bool {
	switch {
	case strings.HasSuffix(header, `main."sqlite_stat1" NOT INDEXED`), strings.HasSuffix(header, `main."sqlite_stat4" NOT INDEXED`):
		return s.analyzed
	case header == "-- PRAGMA page_count", header == "-- PRAGMA freelist_count", strings.HasSuffix(header, `main."sqlite_schema" NOT INDEXED`):
		return s.statistics
	}
	return false
}

// run runs steps on files in a new directory.
func (s *randomStream) run(on *side, dir string, steps []peer.Step) ([]string, *left, error) {
	script := s.script
	script.Steps = steps
	var err error
	if script.Dir, err = os.MkdirTemp(dir, ""); err != nil {
		return nil, nil, err
	}
	return on.run(script)
}

// reproduce returns the line that runs the stream again.
func (s *randomStream) reproduce() string {
	return fmt.Sprintf("go -C conformance test ./diff -run 'TestRandom$' -seed=%d -streams=1", s.seed)
}

// report shrinks the stream in which something was found, and says what there is to say of it.
func (s *randomStream) report(dir string, f *found) string {
	s.ours = []*side{f.engine}
	f = s.shrink(dir, f)
	text := fmt.Sprintf("%s\n%s, journal_mode=%s\n%s", s.reproduce(), f.engine.name, s.journalMode, formatSteps(f.steps))
	if f.step < 0 {
		return text + "\n--- files\n" + f.got
	}
	return fmt.Sprintf("%s\n--- %s\n%s\n--- turso-coop\n%s\n--- %s", text, s.stock.name, f.want, f.got, s.secondOpinion(dir, f))
}

// secondOpinion asks the other peer. Its driver has its own words for errors, so that only codes are compared.
func (s *randomStream) secondOpinion(dir string, f *found) string {
	s.script.CodesOnly, s.script.NoState = true, true
	last := func(on *side) string {
		outcomes, _, err := s.run(on, dir, f.steps)
		if err != nil {
			return err.Error()
		}
		return outcomes[f.step]
	}
	second, stock, ours := last(s.second), last(s.stock), last(f.engine)
	switch {
	case stock == ours:
		return "the difference is in words only"
	case second == stock:
		return s.second.name + " agrees with " + s.stock.name
	case second == ours:
		return s.second.name + " agrees with turso-coop"
	}
	return s.second.name + " agrees with nobody:\n" + second
}

// drivers are the peers, as docs/compatibility.md calls them.
var drivers = map[string]string{peer.Stock: "mattn", peer.Modernc: "modernc"}

// tally sums up what was run.
type tally struct {
	sync.Mutex
	counts map[string]int
	met    map[*knownDifference]int
}

func newTally() *tally { return &tally{counts: map[string]int{}, met: map[*knownDifference]int{}} }

func (y *tally) add(s *randomStream) {
	y.Lock()
	defer y.Unlock()
	y.counts["random streams"]++
	y.counts["random streams beside "+drivers[s.stock.name]]++
	for engine, n := range s.compared {
		y.counts["random statements"] += n
		y.counts[fmt.Sprintf("random statements, %s, %s", engine, s.journalMode)] += n
		y.counts["random statements, "+s.steps[0].SQL] += n // PRAGMA page_size
	}
	for k, n := range s.met {
		y.met[k] += n
	}
}

// finish tells what was run. In a long run, an entry of knownDifferences that nothing has met must go.
func (y *tally) finish(t *testing.T, streams int) {
	const long = 5000 // streams
	for _, k := range knownDifferences {
		suite.List("random statements beside "+drivers[k.peer], k.reason)
		t.Logf("known difference, met %d times: %s", y.met[k], k.reason)
		if y.met[k] == 0 && streams >= long {
			t.Errorf("listed, but not met: %s: %s", k.peer, k.reason)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(y.counts)) {
		suite.Count(name, y.counts[name])
		t.Logf("%s: %d", name, y.counts[name])
	}
}
