package hostile

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/turso-coop/turso-coop/conformance/peer"
	"github.com/turso-coop/turso-coop/driver"
)

// Liar is a service like [Victim], with faults.
type Liar struct{}

// Hang never returns.
func (Liar) Hang(Job, *[]Step) error { select {} }

// Die ends the process.
func (Liar) Die(Job, *[]Step) error {
	os.Exit(3)
	return nil
}

// Forget sees no WAL and no journal.
func (Liar) Forget(job Job, steps *[]Step) error {
	return errors.Join(os.Remove(job.Path+"-wal"), os.Remove(job.Path+"-journal"), Victim{}.Run(job, steps))
}

// Believe believes that a database is as long as it says.
func (Liar) Believe(job Job, steps *[]Step) error {
	db, err := os.ReadFile(job.Path)
	if err == nil && len(db) >= 100 {
		err = os.Truncate(job.Path, int64(be.Uint32(db[28:]))*int64(pageSizeOf(db)))
	}
	return errors.Join(err, Victim{}.Run(job, steps))
}

// TestPlantedAnswers: whatever turso-coop might say wrongly of a broken database shows.
func TestPlantedAnswers(t *testing.T) {
	peer.NeedStock(t)
	seeds := makeSeeds(t)
	half := bytes.Clone(seeds[0].db)
	clear(half[len(half)/2:])
	a := &attack{name: "half of a database", reference: peer.Stock, engine: engines(t)[0], files: files{db: half}}
	c := newComparison(t)
	ours, err := c.ours.run(a, peer.Turso)
	if err != nil {
		t.Fatal(err)
	}
	stock, err := c.stock.run(a, peer.Stock)
	if err != nil {
		t.Fatal(err)
	}
	if d, _ := compare(ours, stock, true); d != "" {
		t.Fatal(d)
	}
	failure := slices.IndexFunc(ours, func(s Step) bool { return s.Code != 0 })
	success := slices.IndexFunc(ours, func(s Step) bool { return s.Rows > 0 })
	if failure < 0 || success < 0 {
		t.Fatalf("half of a database shows nothing: %+v", ours)
	}
	for name, plant := range map[string]func(steps []Step) []Step{
		"no error":         func(steps []Step) []Step { steps[failure].Code = 0; return steps },
		"another error":    func(steps []Step) []Step { steps[failure].Code++; return steps },
		"a new error":      func(steps []Step) []Step { steps[success].Code = 1; return steps },
		"a row less":       func(steps []Step) []Step { steps[success].Rows--; return steps },
		"another row":      func(steps []Step) []Step { steps[success].Hash++; return steps },
		"another file":     func(steps []Step) []Step { steps[len(steps)-1].Hash++; return steps },
		"an open file":     func(steps []Step) []Step { steps[len(steps)-1].Left = "test.db"; return steps },
		"a panic":          func(steps []Step) []Step { steps[failure].Text = panicked + "out of coffee"; return steps },
		"another question": func(steps []Step) []Step { steps[failure].What += "?"; return steps },
		"nothing more":     func(steps []Step) []Step { return steps[:failure] },
		"something more":   func(steps []Step) []Step { return append(steps, Step{What: "more"}) },
	} {
		planted := plant(slices.Clone(ours))
		d, step := compare(planted, stock, true)
		if d == "" || new(listing).explains(a, planted[step]) {
			t.Errorf("%s is not found: %s", name, d)
		}
	}
}

// TestPlantedFaults: a process that hangs or dies is a failure and the next case runs; a driver that reads files wrongly
// is found by some cases.
func TestPlantedFaults(t *testing.T) {
	peer.NeedStock(t)
	seeds, engines := makeSeeds(t), engines(t)
	c := newComparison(t)
	fails := func(method string, a *attack) bool {
		c.ours.method = method
		d, at := c.differ(a)
		return d != "" && !new(listing).explains(a, at)
	}
	found := func(method string) bool {
		for n := range uint64(300) {
			if fails(method, newAttack(n+1, seeds, engines)) {
				return true
			}
		}
		return false
	}
	for _, method := range []string{"Liar.Forget", "Liar.Believe"} {
		if !found(method) {
			t.Errorf("%s is not found", method)
		}
	}
	sound := &attack{name: "sound", reference: peer.Stock, engine: engines[0], files: seeds[0].files}
	c.ours.patience = 50 * time.Millisecond
	for _, method := range []string{"Liar.Hang", "Liar.Die"} {
		if !fails(method, sound) {
			t.Errorf("%s is not found", method)
		}
	}
	c.ours.patience = 0
	if fails("Victim.Run", sound) {
		t.Error("after a process that died, a sound database fails")
	}
}

// TestPanicIsFound: an error that was a panic says so.
func TestPanicIsFound(t *testing.T) {
	db, err := sql.Open(peer.Turso, filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	err = c.Raw(func(raw any) error {
		return raw.(driver.Conn).RegisterFunc("boom", func() int { panic("out of coffee") }, false)
	})
	if err != nil {
		t.Fatal(err)
	}
	p := program{ctx: context.Background(), conn: c}
	p.run("SELECT boom()")
	if text := p.steps[0].Text; !strings.HasPrefix(text, panicked+"out of coffee\n") {
		t.Error(text)
	}
}
