//go:build unix

package locks

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/turso-coop/turso-coop/conformance/compatibility/report"
	"github.com/turso-coop/turso-coop/conformance/peer"
	"github.com/turso-coop/turso-coop/vfs"
)

var suite = report.New("locks")

// side is what one of the two processes is.
type side struct {
	name, driver string
	params       string // of the URI
}

// stock is SQLite's own code.
var stock = side{"stock", peer.Stock, ""}

// noWait makes a lock that cannot be had an error at once, on either side.
const noWait = "_busy_timeout=0"

// pair is who A and B are.
type pair struct{ a, b side }

func (p pair) String() string { return p.a.name + " and " + p.b.name }

// pairs are turso-coop on each engine beside stock SQLite, in both roles, and beside itself.
func pairs(t *testing.T) []pair {
	var all []pair
	for _, engine := range []string{"uring", "pool"} {
		if _, err := vfs.NameFor(engine); err != nil {
			t.Logf("engine %s is left out: %v", engine, err)
			continue
		}
		ours := side{"turso-coop on " + engine, peer.Turso, "&_engine=" + engine}
		all = append(all, pair{ours, stock}, pair{stock, ours}, pair{ours, ours})
	}
	return all
}

// difference is something that other processes see differently, on purpose.
type difference struct {
	script, locking, step string
	b                     string // the driver that B is
	reason                string
}

// differences are known. One that does not show any more fails the test.
var differences = []difference{
	{"drop", "NORMAL", "B " + query, peer.Turso,
		"a query of a table that its own connection has dropped takes the read lock of its transaction before it fails, " +
			"as a prepared statement does everywhere: turso-coop keeps statements compiled"},
}

// TestLockStates: two processes do the same to one database whether stock SQLite or turso-coop is either of them. After
// every step the same bytes are locked, the same files exist, and the other process gets the same when it reads, writes
// and checkpoints.
func TestLockStates(t *testing.T) {
	peer.NeedStock(t)
	suite.Save(t)
	want := map[string][]state{}
	reference := newPlayer(pair{stock, stock})
	forSessions(func(name string, s *script, m mode) {
		want[name] = reference.play(t, s.lines(m), m.checkpoint)
	})
	for _, p := range pairs(t) {
		t.Run(p.String(), func(t *testing.T) {
			t.Parallel()
			player, steps := newPlayer(p), 0
			forSessions(func(name string, s *script, m mode) {
				got := player.play(t, s.lines(m), m.checkpoint)
				steps += len(got)
				compare(t, p, name, s, m, want[name], got)
			})
			t.Logf("%d steps in %d sessions", steps, len(want))
			suite.Count("sessions", len(want))
			suite.Count("steps", steps)
		})
	}
}

// forSessions calls f for every script in every mode.
func forSessions(f func(name string, s *script, m mode)) {
	for i := range scripts {
		for _, m := range modes() {
			f(scripts[i].name+", "+m.String(), &scripts[i], m)
		}
	}
}

// compare reports the first step that differs and may not, and the known differences that do not show.
func compare(t *testing.T, p pair, name string, s *script, m mode, want, got []state) {
	for _, i := range differing(want, got) {
		known := false
		for _, d := range differences {
			known = known || d.in(p, s, m) && d.step == got[i].step
		}
		if !known {
			t.Errorf("%s, step %d\n--- stock and stock\n%s\n--- %s\n%s", name, i+1, want[i], p, got[i])
			break // what follows is only a consequence
		}
	}
	for _, d := range differences {
		if !d.in(p, s, m) {
			continue
		}
		shows := false
		for _, i := range differing(want, got) {
			shows = shows || got[i].step == d.step
		}
		if !shows {
			t.Errorf("%s: %s: nothing differs any more (%s)", name, d.step, d.reason)
		}
		suite.List(fmt.Sprintf("%s, %s: %s", p, name, d.step), d.reason)
	}
}

// in reports whether the difference is in a session.
func (d *difference) in(p pair, s *script, m mode) bool {
	return d.script == s.name && d.locking == m.locking && d.b == p.b.driver
}

// differing returns the indexes of the steps that are not alike. Both have the same steps.
func differing(want, got []state) []int {
	var indexes []int
	for i := range want {
		if want[i] != got[i] {
			indexes = append(indexes, i)
		}
	}
	return indexes
}

// state is what a step has done, and what can be seen afterwards.
type state struct{ step, seen string }

func (s state) String() string { return s.step + "\n" + s.seen }

// player plays scripts with two child processes.
type player struct {
	sides     [2]side
	processes [2]*peer.Process // nil if it must be started
	sessions  [2]peer.Session  // nil if there is no connection
	database  string
}

func newPlayer(p pair) *player {
	return &player{sides: [2]side{p.a, p.b}}
}

// play runs steps on a new database. The other process tries a checkpoint after each if it is told to.
func (p *player) play(t *testing.T, steps []string, checkpoint bool) []state {
	p.database = filepath.Join(t.TempDir(), "test.db")
	var states []state
	for _, step := range steps {
		who, what, _ := strings.Cut(step, " ")
		i := strings.Index("AB", who)
		seen := []string{p.do(t, i, what), p.locks(t)}
		if p.sessions[1-i] != nil {
			seen = append(seen, p.try(t, 1-i, checkpoint)...)
		}
		states = append(states, state{step, strings.Join(seen, "\n")})
	}
	return states
}

// do takes a step and tells its result.
func (p *player) do(t *testing.T, i int, what string) string {
	if verb, params, _ := strings.Cut(what, " "); verb == "open" {
		if p.processes[i] == nil {
			p.processes[i] = peer.Start(t)
		}
		dsn := "file:" + p.database + "?" + noWait + p.sides[i].params + params
		if p.sessions[i] != nil {
			t.Fatalf("%s: opened while it is open", p.sides[i].name)
		}
		s, err := p.processes[i].Open(p.sides[i].driver, dsn)
		if err != nil {
			_, text, _ := strings.Cut(err.Error(), " by "+p.sides[i].driver+": ")
			text, _, _ = strings.Cut(text, ": ") // who holds a lock is more than stock says
			return "not opened: " + text
		}
		p.sessions[i] = s
		return "opened"
	}
	if p.sessions[i] == nil {
		return "no connection"
	}
	switch what {
	case "close":
		err := p.sessions[i].Close()
		p.sessions[i] = nil
		return fmt.Sprintf("closed: %v", err)
	case "kill":
		p.processes[i].Kill()
		p.processes[i], p.sessions[i] = nil, nil
		return "killed"
	}
	return p.run(t, i, what)
}

// run runs a statement and tells its rows or its error.
func (p *player) run(t *testing.T, i int, text string) string {
	t.Helper()
	o, err := p.sessions[i].Run(peer.Statement{SQL: text})
	if err != nil {
		t.Fatalf("%s: %s: %v", p.sides[i].name, text, err)
	}
	if o.Err != nil {
		return o.Err.Error()
	}
	var rows []string
	for _, row := range o.Rows {
		rows = append(rows, strings.Join(row, " | "))
	}
	return "ok " + strings.Join(rows, "; ")
}

func (p *player) locks(t *testing.T) string {
	t.Helper()
	states, err := lockStates(p.database)
	if err != nil {
		t.Fatal(err)
	}
	return states
}

// try tells what the other process gets when it begins to write, reads and checkpoints, unless it is within a
// transaction, which is left as it is.
func (p *player) try(t *testing.T, i int, checkpoint bool) []string {
	result := p.run(t, i, "BEGIN IMMEDIATE")
	seen := []string{"  the other begins to write: " + result}
	switch {
	case strings.HasPrefix(result, "cannot start a transaction within a transaction"):
		return seen
	case strings.HasPrefix(result, "ok"):
		seen = append(seen, "    "+p.locks(t), "  and goes back: "+p.run(t, i, "ROLLBACK"))
	}
	seen = append(seen, "  reads: "+p.run(t, i, query))
	if checkpoint {
		seen = append(seen, "  checkpoints: "+p.run(t, i, "PRAGMA wal_checkpoint"))
	}
	return append(seen, "    "+p.locks(t))
}
