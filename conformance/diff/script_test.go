package diff

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/turso-coop/turso-coop/conformance/peer"
)

// readScript reads a script. A statement ends with the line that ends with a semicolon, in a CREATE TRIGGER
// with the line "END;". A line "--@ b" makes the following statements run on another connection to the same database,
// named b; the first one is a. The lines "--" before the first statement are the script's own description.
func readScript(t *testing.T, path string) []peer.Step {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var steps []peer.Step
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
		steps = append(steps, peer.Step{Connection: connection, Statement: peer.Statement{SQL: strings.TrimSpace(statement)}})
		statement = ""
	}
	if statement != "" {
		t.Fatalf("%s: the last statement does not end: %s", path, statement)
	}
	return steps
}

var trigger = regexp.MustCompile(`(?s)^CREATE (TEMP )?TRIGGER.*BEGIN`)

// side is one library, to run scripts on files of its own.
type side struct {
	name       string
	driver     string                                 // its name with database/sql
	process    *peer.Process                          // that it runs in; nil is this one
	open       func(dsn string) (peer.Session, error) // in this process
	parameters string                                 // of the DSN
	statements bool                                   // the session takes one statement at a time
}

// here is turso-coop on an engine, in this process.
func here(engine, driverName string) *side {
	return &side{name: engine, driver: driverName, parameters: "_engine=" + engine, open: func(dsn string) (peer.Session, error) {
		return peer.Open(driverName, dsn)
	}}
}

// there is the library to compare with, in a process of its own.
func there(process *peer.Process, driverName string) *side {
	return &side{name: driverName, driver: driverName, process: process}
}

// run runs a script. It returns what came of every step, and what is left in the script's directory.
func (s *side) run(script peer.Script) (outcomes []string, files *left, err error) {
	script.Parameters += s.parameters
	if s.process != nil {
		outcomes, err = s.process.RunScript(s.driver, script)
	} else {
		outcomes, err = script.Run(s.open)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", s.name, err)
	}
	files = &left{by: s, dir: script.Dir, dumps: map[string][]string{}}
	files.names, err = filesIn(script.Dir)
	return outcomes, files, err
}

// dump returns the content of a database as this library reads it.
func (s *side) dump(path string) ([]string, error) {
	if s.process != nil {
		return s.process.Dump(s.driver, path)
	}
	session, err := s.open(path)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	return peer.Dump(session)
}

// filesIn returns the names of the files in a directory, sorted. It marks empty journals and WALs, which are none to SQLite.
func filesIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		name := e.Name()
		if info.Size() == 0 && filepath.Ext(name) != ".db" {
			name += " (empty)"
		}
		names = append(names, name)
	}
	return names, nil
}

// firstDifference says where two dumps part, unless mayDiffer allows it under such a header. mayDiffer may be nil.
func firstDifference(a, b []string, mayDiffer func(header string) bool) string {
	header := ""
	for i := range max(len(a), len(b)) {
		x, y := "(the end)", "(the end)"
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if strings.HasPrefix(x, "-- ") {
			header = x
		}
		if x != y && (mayDiffer == nil || !mayDiffer(header)) {
			return fmt.Sprintf("line %d, under %s:\n%s\n%s", i+1, header, x, y)
		}
	}
	return ""
}
