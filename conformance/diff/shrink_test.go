package diff

import (
	"fmt"
	"slices"
	"strings"

	"github.com/turso-coop/turso-coop/conformance/peer"
)

// shrink takes steps away as long as the outcome of the last one, or the files if those differ, still differ: first
// many at once, then fewer, until no single one can go. It gives up after a few hundred attempts.
func (s *randomStream) shrink(dir string, f *found) *found {
	attempts := 400
	fails := func(steps []peer.Step) bool {
		attempts--
		shorter, err := s.compare(dir, steps)
		if err != nil || shorter == nil || (shorter.step < 0) != (f.step < 0) {
			return false
		}
		f = shorter
		return true
	}
	for size := (len(f.steps) + 1) / 2; size > 0; size /= 2 {
		for end := len(f.steps); end > 0 && attempts > 0; end -= size {
			end = min(end, len(f.steps))
			fails(slices.Delete(slices.Clone(f.steps), max(0, end-size), end))
		}
	}
	return f
}

// formatSteps writes a script in a form that a person can run.
func formatSteps(steps []peer.Step) string {
	var b strings.Builder
	for _, st := range steps {
		if st.Close {
			fmt.Fprintf(&b, "-- %s closes\n", st.Connection)
			continue
		}
		fmt.Fprintf(&b, "%s;", st.SQL)
		var notes []string
		if st.Connection != "a" {
			notes = append(notes, "on connection "+st.Connection)
		}
		if st.Way != peer.Query {
			notes = append(notes, st.Way.String())
		}
		for _, arg := range st.Args {
			note := peer.Render(arg)
			if len(note) > 200 {
				note = fmt.Sprintf("%s… (%d characters)", note[:80], len(note))
			}
			notes = append(notes, note)
		}
		if notes != nil {
			fmt.Fprintf(&b, " -- %s", strings.Join(notes, ", "))
		}
		b.WriteString("\n")
	}
	return b.String()
}
