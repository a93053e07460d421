package diff

import (
	"strings"
	"testing"

	"github.com/turso-coop/turso-coop/conformance/peer"
)

// planted is turso-coop with something wrong.
type planted struct {
	peer.Session
	spoil func(peer.Statement, *peer.Outcome)
}

func (p planted) Run(st peer.Statement) (*peer.Outcome, error) {
	o, err := p.Session.Run(st)
	if err == nil {
		p.spoil(st, o)
	}
	return o, err
}

// plants are things to get wrong, and what the streams in which they show must shrink to.
var plants = map[string]struct {
	spoil  func(peer.Session, peer.Statement, *peer.Outcome)
	at     string // what the last statement begins with; "files" if it is the files that differ
	atMost int    // statements
}{
	"a row too few": {func(_ peer.Session, st peer.Statement, o *peer.Outcome) {
		if strings.HasPrefix(st.SQL, "SELECT") && len(o.Rows) > 2 {
			o.Rows = o.Rows[1:]
		}
	}, "SELECT", 4},
	"a code without its extension": {func(_ peer.Session, _ peer.Statement, o *peer.Outcome) {
		if o.Err != nil {
			o.Err.Code &= 0xff
		}
	}, "", 4},
	"an error without its subject": {func(_ peer.Session, _ peer.Statement, o *peer.Outcome) {
		if o.Err != nil && strings.HasPrefix(o.Err.Text, "no such") {
			o.Err.Text = "no such thing"
		}
	}, "", 2},
	"rowid 0": {func(_ peer.Session, _ peer.Statement, o *peer.Outcome) {
		if strings.Contains(o.Result, "last insert id") {
			o.Result = o.Result[:strings.LastIndexByte(o.Result, ' ')] + " 0"
		}
	}, "", 4},
	"a transaction that seems to be over": {func(_ peer.Session, _ peer.Statement, o *peer.Outcome) { o.Autocommit = "true" }, "", 2},
	"a type without its case": {func(_ peer.Session, _ peer.Statement, o *peer.Outcome) {
		for i := range o.Columns {
			o.Columns[i].DeclaredType = strings.ToLower(o.Columns[i].DeclaredType)
		}
	}, "", 4},
	"a write too many": {func(s peer.Session, st peer.Statement, _ *peer.Outcome) {
		if strings.HasPrefix(st.SQL, "VACUUM") {
			_, _ = s.Run(peer.Statement{SQL: "PRAGMA user_version = 77"})
		}
	}, "files", 2},
}

// TestPlanted shows that differences are found and shrunk: those of outcomes to the statements that they take, those
// of files as well.
func TestPlanted(t *testing.T) {
	t.Parallel()
	peer.NeedStock(t)
	process := peer.Start(t)
	for name, test := range plants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wrong := here("pool", peer.Turso)
			wrong.open = func(dsn string) (peer.Session, error) {
				s, err := peer.Open(peer.Turso, dsn)
				return planted{s, func(st peer.Statement, o *peer.Outcome) { test.spoil(s, st, o) }}, err
			}
			for seed := uint64(1); seed <= 20; seed++ {
				s := newRandomStream(seed, process)
				if s.stock.name != peer.Stock {
					continue
				}
				s.ours = []*side{wrong}
				found, err := s.compare(t.TempDir(), s.steps)
				if err != nil {
					t.Fatal(err)
				}
				if found != nil {
					expectShrunk(t, s, found, test.at, test.atMost)
					return
				}
			}
			t.Error("not found in 20 streams")
		})
	}
}

// expectShrunk checks that a difference shrinks to a short script of its kind, and is told with the line that reproduces it.
func expectShrunk(t *testing.T, s *randomStream, f *found, at string, atMost int) {
	t.Helper()
	dir := t.TempDir()
	f = s.shrink(dir, f)
	if len(f.steps) > atMost {
		t.Errorf("seed %d: shrunk to %d statements, want at most %d:\n%s", s.seed, len(f.steps), atMost, formatSteps(f.steps))
	}
	if at == "files" && f.step >= 0 || at != "files" && (f.step < 0 || !strings.HasPrefix(f.steps[f.step].SQL, at)) {
		t.Errorf("seed %d: found at step %d of\n%s", s.seed, f.step, formatSteps(f.steps))
	}
	if text := s.report(dir, f); !strings.Contains(text, s.reproduce()) || !strings.Contains(text, f.steps[len(f.steps)-1].SQL) {
		t.Errorf("told as:\n%s", text)
	}
}
