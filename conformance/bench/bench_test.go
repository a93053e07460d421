package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/turso-coop/turso-coop/vfs/oracle" // files are what SQLite asked for
)

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestQuantile(t *testing.T) {
	var hundred []time.Duration
	for i := 100; i > 0; i-- {
		hundred = append(hundred, time.Duration(i))
	}
	for _, c := range []struct {
		values []time.Duration
		q      float64
		want   time.Duration
	}{
		{nil, 0.5, 0}, {[]time.Duration{7}, 0.99, 7}, {[]time.Duration{3, 1, 2}, 0.5, 2},
		{hundred, 0.5, 50}, {hundred, 0.99, 99}, {hundred, 1, 100}, {hundred, 0, 1},
	} {
		if got := quantile(c.values, c.q); got != c.want {
			t.Errorf("quantile %v of %d values is %d, want %d", c.q, len(c.values), got, c.want)
		}
	}
}

func TestSpread(t *testing.T) {
	if got, want := spreadOf([]float64{9, 1, 4}), (spread{4, 1, 9}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := spreadOf([]float64{9, 1, 4, 6}), (spread{5, 1, 9}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	// Round by round: the medians alone would say 20/10.
	if got, ok := ratioOf([]float64{20, 20, 90, 7}, []float64{5, 10, 30, 0}); !ok || got != (spread{3, 2, 4}) {
		t.Errorf("got %v, %v", got, ok)
	}
	if got, ok := ratioOf([]float64{20}, []float64{0}); ok {
		t.Errorf("the ratio to nothing is %v", got)
	}
}

func TestEvenness(t *testing.T) {
	r := &result{Served: []int{10, 2, 8, 1}}
	if got := r.evenness("exec"); got != 0.1 {
		t.Errorf("among all: %v, want 0.1", got)
	}
	if got := r.evenness("mixed"); got != 0.5 { // 8 of 10, and 1 of 2
		t.Errorf("among those that do the same: %v, want 0.5", got)
	}
}

// memory is a store that may forget.
type memory struct {
	found   chan map[int]int // holds the one map
	forgets int              // of a writer's rows, the one with this number
	fail    error            // of every other call, from the first
}

func (m *memory) exec(writer, seq int) error {
	if m.fail != nil && seq%2 == 0 {
		return m.fail
	}
	found := <-m.found
	if seq != m.forgets {
		found[writer]++
	}
	m.found <- found
	return nil
}

func (m *memory) transact(writer, seq int) error { return m.exec(writer, seq) }
func (m *memory) read(int) error                 { return nil }
func (m *memory) Close() error                   { return nil }

func (m *memory) rows() (map[int]int, error) {
	found := <-m.found
	defer func() { m.found <- found }()
	return maps.Clone(found), nil
}

func measureMemory(t *testing.T, forgets int, fail error) *result {
	t.Helper()
	m := &memory{found: make(chan map[int]int, 1), forgets: forgets, fail: fail}
	m.found <- map[int]int{}
	j := &job{Goroutines: 3, Readers: 1, Work: "mixed", Time: time.Millisecond}
	r, err := measure(j, func() (store, error) { return m, nil }, func() error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestLostRowIsNoticed(t *testing.T) {
	if r := measureMemory(t, -1, nil); r.Lost != 0 || r.Acknowledged == 0 || r.Failed != 0 {
		t.Errorf("nothing was forgotten: %+v", r)
	}
	r := measureMemory(t, 0, nil) // the first, as each inserts at least one
	if r.Lost != 3 {
		t.Errorf("a row of each of 3 writers was forgotten, and %d found lost", r.Lost)
	}
	c := &cell{Work: "exec", Rows: []*row{{Variant: "forgetful", Rounds: []*result{r}}}}
	if err := c.faults(); err == nil || !strings.Contains(err.Error(), "forgetful") || !strings.Contains(err.Error(), "lost") {
		t.Errorf("the run says %v", err)
	}
}

func TestFailuresAreCounted(t *testing.T) {
	if r := measureMemory(t, -1, errors.New("x: database is locked (5)")); r.Busy == 0 || r.Failed != 0 || r.Lost != 0 {
		t.Errorf("of a lock: %+v", r)
	}
	r := measureMemory(t, -1, errors.New("disk on fire"))
	if r.Busy != 0 || r.Failed == 0 || r.FirstFailure != "disk on fire" {
		t.Errorf("of something else: %+v", r)
	}
	c := &cell{Rows: []*row{{Variant: "burning", Rounds: []*result{r}}}}
	if err := c.faults(); err == nil || !strings.Contains(err.Error(), "disk on fire") {
		t.Errorf("the run says %v", err)
	}
}

// TestWriters runs the suite as the command does, for a moment, over everything that one binary holds.
func TestWriters(t *testing.T) {
	dir := t.TempDir()
	jsonFile, svgFile := filepath.Join(dir, "writers.json"), filepath.Join(dir, "writers.svg")
	// A child process of the variant that needs another binary would have to be built first.
	err := writersCommand([]string{
		"-variants=turso-coop;modernc;pebble;bbolt", "-work=exec,alternate", "-goroutines=3", "-readers=1", "-rounds=1", "-time=20ms", "-warm=0s",
		"-dir=" + dir, "-json=" + jsonFile, "-svg=" + svgFile,
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(jsonFile)
	if err != nil {
		t.Fatal(err)
	}
	rep := &report{}
	if err := json.Unmarshal(text, rep); err != nil {
		t.Fatal(err)
	}
	if len(rep.Cells) != 2 {
		t.Fatalf("%d cells, want 2", len(rep.Cells))
	}
	for _, c := range rep.Cells {
		for _, r := range c.Rows {
			if r.LeftOut == "" && (len(r.Rounds) != 1 || r.Rounds[0].Acknowledged == 0) {
				t.Errorf("%s, %s: nothing was measured", c.Work, r.Variant)
			}
			if handmade := strings.HasPrefix(r.Variant, "gathered by hand"); r.LeftOut != "" && !strings.Contains(r.Variant, "uring") && (c.Work == "exec" || !handmade) {
				t.Errorf("%s, %s is left out: %s", c.Work, r.Variant, r.LeftOut)
			}
		}
	}
	svg, err := os.ReadFile(svgFile)
	if err != nil {
		t.Fatal(err)
	}
	isXML(t, svg)
	if !bytes.Contains(svg, []byte(">turso-coop pool<")) {
		t.Error("the chart does not name what it shows")
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 2 {
		t.Errorf("%d files are left, want the two that were asked for", len(left))
	}
}

// TestBesideStock has two processes write to one database.
func TestBesideStock(t *testing.T) {
	p, err := parsePlan([]string{"-variants==turso-coop pool", "-goroutines=2", "-beside=2", "-rounds=1", "-time=20ms", "-warm=0s"})
	if err != nil {
		t.Fatal(err)
	}
	c := p.cells()[0]
	if err := p.measure(c, newBinaries(t.TempDir())); err != nil {
		t.Fatal(err)
	}
	r := c.Rows[0]
	if strings.Contains(r.LeftOut, "CGO_ENABLED=0") {
		t.Skip("stock SQLite was not built in: it needs a C compiler and CGO_ENABLED=1")
	}
	if r.LeftOut != "" {
		t.Fatal(r.LeftOut)
	}
	if err := c.faults(); err != nil {
		t.Error(err)
	}
	if r.Rounds[0].Acknowledged == 0 || r.Stock[0].Acknowledged == 0 {
		t.Errorf("one of them has written nothing: %+v, %+v", r.Rounds[0], r.Stock[0])
	}
	var table bytes.Buffer
	c.print(&table)
	if !strings.Contains(table.String(), "stock BUSY") {
		t.Errorf("the table does not tell of the stock process:\n%s", &table)
	}
}

func isXML(t *testing.T, text []byte) {
	t.Helper()
	for d := xml.NewDecoder(bytes.NewReader(text)); ; {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("not XML: %v", err)
		}
	}
}

func TestBadFlagsAreNamed(t *testing.T) {
	for _, c := range [][2]string{
		{"-work=exec,dance", "dance"}, {"-goroutines=0", "-goroutines"}, {"-readers=x", "-readers"}, {"-sync=MAYBE", "MAYBE"},
		{"-journal=OFF", "OFF"}, {"-variants=oracle", "oracle"}, {"-rounds=0", "-rounds"}, {"more", "more"},
	} {
		if _, err := parsePlan([]string{c[0]}); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v", c[0], err)
		}
	}
}

// TestCheckpoints runs the suite as the command does, with few pages.
func TestCheckpoints(t *testing.T) {
	p, j := &plan{rounds: 2}, job{Checkpoints: 2, Pages: 50, Sync: "OFF"}
	var err error
	if p.variants, err = chooseVariants("=turso-coop pool;=modernc"); err != nil {
		t.Fatal(err)
	}
	for j.Layout = range layouts {
		var table bytes.Buffer
		if err := p.copyAll(&table, j, newBinaries(t.TempDir()), false); err != nil {
			t.Fatal(err)
		}
		if text := table.String(); strings.Count(text, "modernc") != 1 || !strings.Contains(text, j.Layout) {
			t.Errorf("the table is\n%s", text)
		}
	}
	for flag, named := range map[string]string{"-layout=dens": "dens", "-pages=0": "-pages", "-variants=oracle": "oracle"} {
		if err := checkpointCommand([]string{flag}); err == nil || !strings.Contains(err.Error(), named) {
			t.Errorf("%s: %v", flag, err)
		}
	}
}

func TestChildSaysWhyItCannot(t *testing.T) {
	b := newBinaries(t.TempDir())
	j := &job{Variant: "modernc", Dir: filepath.Join(t.TempDir(), "missing"), Work: "exec", Sync: "FULL", Journal: "WAL", Goroutines: 1}
	if _, err := b.start(j); err == nil || !strings.Contains(err.Error(), "unable to open database file") {
		t.Errorf("of a missing directory: %v", err)
	}
	j.Variant = "no such"
	if _, err := b.start(j); err == nil || !strings.Contains(err.Error(), "no such") {
		t.Errorf("of a missing variant: %v", err)
	}
}

func TestCountCalls(t *testing.T) {
	trace := `11 pwrite64(5</x/bench.db-wal>, "before"..., 24, 32) = 24
11 write(1<pipe:[1]>, "ready\n", 6) = 6
12 pwrite64(5</x/bench.db-wal>, "a"..., 24, 32 <unfinished ...>
11 fcntl(5</x/bench.db>, F_OFD_SETLK, {l_type=F_WRLCK}) = 0
12 <... pwrite64 resumed>) = 24
12 pwritev(5</x/bench.db>, [{...}], 1, 0) = 4096
13 io_uring_enter(6<anon_inode:[io_uring]>, 1, 1, 0, NULL, 8) = 1
11 nanosleep({tv_sec=0, tv_nsec=20000}, NULL) = 0
11 write(7<anon_inode:[eventfd]>, "\1"..., 8) = 8
11 write(1<pipe:[1]>, "{\"Err\":\"\""..., 99) = 99
11 pwrite64(5</x/bench.db-wal>, "after"..., 24, 32) = 24
`
	n, err := countCalls(strings.NewReader(trace))
	if err != nil {
		t.Fatal(err)
	}
	if n.total != 6 || n.byName["pwrite64"] != 1 || n.byName[ringName] != 1 || n.byName[idleName] != 1 {
		t.Errorf("%d calls, by name %v", n.total, n.byName)
	}
	if want := map[string]int{"log": 1, "database": 1, "other": 1}; !maps.Equal(n.writes, want) {
		t.Errorf("writes are %v, want %v", n.writes, want)
	}
	if _, err := countCalls(strings.NewReader("11 write(1<pipe:[1]>, \"ready\\n\", 6) = 6\n")); err == nil {
		t.Error("a trace that breaks off is not noticed")
	}
}
