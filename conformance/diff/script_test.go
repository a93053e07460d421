package diff

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/turso-coop/turso-coop/conformance/peer"
)

// step is one statement of a script, on one of its connections.
type step struct {
	connection string
	peer.Statement
}

// readScript reads a script. A statement ends with the line that ends with a semicolon, in a CREATE TRIGGER
// with the line "END;". A line "--@ b" makes the following statements run on another connection to the same database,
// named b; the first one is a. The lines "--" before the first statement are the script's own description.
func readScript(t *testing.T, path string) []step {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var steps []step
	connection, statement := "a", ""
	for line := range strings.Lines(string(text)) {
		if next, ok := strings.CutPrefix(line, "--@ "); ok {
			connection = strings.TrimSpace(next)
			continue
		}
		if len(steps) == 0 && strings.HasPrefix(line, "-- ") {
			continue
		}
		statement += line
		if !strings.HasSuffix(line, ";\n") || trigger.MatchString(statement) && line != "END;\n" {
			continue
		}
		steps = append(steps, step{connection, peer.Statement{SQL: strings.TrimSpace(statement)}})
		statement = ""
	}
	if statement != "" {
		t.Fatalf("%s: the last statement does not end: %s", path, statement)
	}
	return steps
}

var trigger = regexp.MustCompile(`(?s)^CREATE (TEMP )?TRIGGER.*BEGIN`)

// side is one library running a script on files of its own.
type side struct {
	name        string
	open        func(dsn string) (peer.Session, error)
	parameters  string // of the DSN
	journalMode string // set by the first connection
	statements  bool   // the session takes one statement at a time
	codesOnly   bool   // errors are compared by their codes
	dir         string // of the database test.db and what the script makes beside it
}

// run runs a script and returns what came of every statement. It closes everything.
func (s *side) run(t *testing.T, steps []step) []string {
	t.Helper()
	sessions := map[string]peer.Session{}
	defer func() {
		for _, name := range []string{"a", "b"} {
			if sessions[name] == nil {
				continue
			}
			if err := sessions[name].Close(); err != nil {
				t.Errorf("%s: close: %v", s.name, err)
			}
		}
	}()
	var outcomes []string
	for _, st := range steps {
		if sessions[st.connection] == nil {
			dsn := filepath.Join(s.dir, "test.db") + "?" + s.parameters
			if len(sessions) == 0 {
				dsn += "&_journal_mode=" + s.journalMode
			}
			session, err := s.open(dsn)
			if err != nil {
				t.Fatalf("%s: %v", s.name, err)
			}
			sessions[st.connection] = session
		}
		statement := st.Statement
		statement.SQL = strings.ReplaceAll(statement.SQL, "DIR", s.dir)
		o, err := sessions[st.connection].Run(statement)
		if err != nil {
			t.Fatalf("%s: %s: %v", s.name, statement.SQL, err)
		}
		if s.codesOnly && o.Err != nil {
			o.Err.Text = ""
		}
		outcomes = append(outcomes, strings.ReplaceAll(o.String(), s.dir, "DIR"))
	}
	return outcomes
}

// files returns the names of the databases that a script has left, sorted.
func (s *side) files(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(s.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range paths {
		paths[i] = filepath.Base(p)
	}
	slices.Sort(paths)
	return paths
}

// dump returns the content of a database as this library reads it.
func (s *side) dump(t *testing.T, path string) []string {
	t.Helper()
	session, err := s.open(path)
	if err != nil {
		t.Fatalf("%s: open %s: %v", s.name, path, err)
	}
	defer session.Close()
	lines, err := peer.Dump(session)
	if err != nil {
		t.Fatalf("%s: %s: %v", s.name, path, err)
	}
	return lines
}

// firstDifference says where two texts of lines part.
func firstDifference(a, b []string) string {
	for i := range max(len(a), len(b)) {
		x, y := "(the end)", "(the end)"
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return fmt.Sprintf("line %d:\n%s\n%s", i+1, x, y)
		}
	}
	return ""
}
