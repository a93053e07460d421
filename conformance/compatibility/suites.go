package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/turso-coop/turso-coop/conformance/compatibility/report"
)

// suite is a package of conformance whose tests leave a report.
type suite struct {
	name, title string // name is its folder's
	compares    string
}

var suites = []suite{
	{"slt", "sqllogictest", "SQLite's own corpus of statements and results: every result is the recorded one (skipped are records for other databases)"},
	{"sqltest", "`.sqltest` cases", "cases with expected results, through the driver and through the shell: those pass that pass in stock SQLite's own shell, or that are written for shells, " +
		"and no others, but for the differences listed"},
	{"diff", "scripts and random statements", "scripts, and random schemas, data and statements, the same for each: rows, names, types, errors, counts, and what the file holds in the end"},
	{"hostile", "damaged files", "databases, WALs and journals with random damage: the same result code at every step and the same file in the end. A panic, a lost process or a hang " +
		"fails, but for two [causes that are known](#before-you-switch)"},
	{"locks", "locks between processes", "two processes on one file: which bytes are locked and what the other gets after every step, in all journal and locking modes, " +
		"beside stock SQLite in either role"},
	{"profiles", "behaviour of the drivers", "what a program sees of mattn's, modernc's and ncruces' driver, each beside turso-coop under the name that stands in for it"},
	{"dropin", "behaviour of mattn's driver", "DSNs, arguments, scanned values, column types, scripts, transactions and contexts"},
}

// reports runs the suites that have no report in dir yet, and reads the reports. progress is told what runs.
func reports(dir string, progress func(string)) ([]report.Report, error) {
	var all []report.Report
	for _, s := range suites {
		path, err := filepath.Abs(filepath.Join(dir, s.name+".json"))
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			progress(s.name)
			if out, err := exec.Command("go", "test", "-count=1", "-timeout=1h", "./"+s.name, "-report", path).CombinedOutput(); err != nil {
				return nil, fmt.Errorf("go test ./%s: %w\n%s", s.name, err, out)
			}
		}
		r, err := read(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("the tests of %s left no report: they skip where what they compare with is missing", s.name)
		}
		if err != nil {
			return nil, err
		}
		if r.Name != s.name {
			return nil, fmt.Errorf("%s: the report is of %q", path, r.Name)
		}
		all = append(all, *r)
	}
	return all, nil
}

func read(path string) (*report.Report, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := &report.Report{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}
