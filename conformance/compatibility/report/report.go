// Package report is how a suite tells the generator of docs/compatibility.md what it has compared and what differs.
//
// A suite's test makes one [Suite] as a package variable, counts and lists while it runs, and calls [Suite.Save] in each of
// its tests. go test -report FILE then leaves all of it in FILE:
//
//	{"name": "locks", "counts": {"sessions": 96}, "listed": [{"case": "…", "reason": "…"}]}
package report

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
)

// Report is what a suite has done.
type Report struct {
	Name   string           `json:"name"`   // of the suite, which is its folder's
	Counts map[string]int64 `json:"counts"` // how many of what have run, by its name in the plural; "steps, pool" counts some of the "steps"
	Listed []Listed         `json:"listed"` // the differences that the suite accepts, in the order of their reasons
}

// Listed is a case in which turso-coop differs, and why it may.
type Listed struct {
	Case   string `json:"case"`
	Reason string `json:"reason"`
}

// Suite collects a report. Its methods may be called concurrently.
type Suite struct {
	path   *string
	mutex  sync.Mutex
	report Report
}

// New returns an empty report of a suite and defines the flag -report. Call it once in a test binary, before the flags
// are parsed.
func New(name string) *Suite {
	return &Suite{
		path:   flag.String("report", "", "write what was compared, and what differs, to this `file` as JSON"),
		report: Report{Name: name, Counts: map[string]int64{}, Listed: []Listed{}},
	}
}

// Count adds to one of the counts.
func (s *Suite) Count(what string, n int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.report.Counts[what] += int64(n)
}

// List adds a difference.
func (s *Suite) List(name, reason string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.report.Listed = append(s.report.Listed, Listed{name, reason})
}

// Save writes the report when t and its subtests have ended, if -report asks for one. It holds what the tests before
// have added as well, so the last test to end leaves it complete.
func (s *Suite) Save(t testing.TB) {
	t.Helper()
	if *s.path == "" {
		return
	}
	t.Cleanup(func() {
		if err := s.write(*s.path); err != nil {
			t.Error(err)
		}
	})
}

func (s *Suite) write(path string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	slices.SortStableFunc(s.report.Listed, func(a, b Listed) int { // parallel tests add in any order
		return cmp.Or(cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Case, b.Case))
	})
	text, err := json.MarshalIndent(&s.report, "", "\t")
	if err == nil {
		err = os.WriteFile(path, append(text, '\n'), 0o666)
	}
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}
