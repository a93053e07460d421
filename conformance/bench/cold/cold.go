package cold

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

// Command is the suite "cold" of the program bench.
func Command(arguments []string) error {
	flags := flag.NewFlagSet("cold", flag.ContinueOnError)
	serve := flags.Bool("serve", false, "do one job: what the children are started with")
	dir := flags.String("dir", filepath.Join(os.TempDir(), "turso-coop-cold"), "`directory` of the databases, which are made if they are not there")
	sizeMiB := flags.Int("mib", 300, "size of the large tables")
	rounds := flags.Int("rounds", 5, "how often each variant runs")
	only := flags.String("only", "", "`regexp` of the names of workloads")
	seed := flags.Uint64("seed", 1, "of the rows that are looked up")
	jsonFile := flags.String("json", "", "`file` for all figures")
	svgFile := flags.String("svg", "", "`file` for a chart of the cold workloads")
	timelineFile := flags.String("timeline", "", "measure nothing; `file` for a picture of a cold scan without and with prefetch")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if *serve {
		return Serve(os.Stdin, os.Stdout)
	}
	chosen, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	if err := build(*dir, *sizeMiB, *seed); err != nil {
		return err
	}
	if *timelineFile != "" {
		return timeline(*dir, *timelineFile)
	}
	s, err := newSuite(*dir)
	if err != nil {
		return err
	}
	defer s.close()
	rep := newReport(*rounds)
	for _, w := range workloads(*sizeMiB) {
		if !chosen.MatchString(w.name) {
			continue
		}
		c, err := s.measure(w, *rounds, *seed)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		rep.Cells = append(rep.Cells, c)
		c.print(os.Stdout)
	}
	return rep.write(*jsonFile, *svgFile)
}

// A suite has what the runs need.
type suite struct {
	dir     string // of the databases
	scratch string
	binary  [2]string // of the child processes; the second is that for ncruces
}

func newSuite(dir string) (*suite, error) {
	scratch, err := os.MkdirTemp("", "bench-cold-")
	if err != nil {
		return nil, err
	}
	s := &suite{dir: dir, scratch: scratch}
	s.binary[1] = filepath.Join(scratch, "ncruces.exe") // the ending means nothing where none is needed
	if s.binary[0], err = os.Executable(); err == nil {
		var out []byte
		if out, err = exec.Command("go", "build", "-o", s.binary[1], "./bench/cold/ncruces").CombinedOutput(); err != nil {
			err = fmt.Errorf("build the program for ncruces' driver (bench is run in the directory conformance): %w\n%s", err, out)
		}
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *suite) close() { os.RemoveAll(s.scratch) }

// measure lets all variants take turns in a workload.
func (s *suite) measure(w workload, rounds int, seed uint64) (*cell, error) {
	c := &cell{Workload: w.name, Warm: w.warm}
	for _, v := range variants {
		c.Series = append(c.Series, &series{Variant: v.name, Peer: v.peer})
	}
	answer := []string(nil)
	for round := range rounds {
		inOrder, err := s.readInOrder(w)
		if err != nil {
			return nil, err
		}
		c.InOrderNs = append(c.InOrderNs, inOrder.Nanoseconds())
		for i, v := range variants {
			if !w.warm {
				if err := s.drop(w); err != nil {
					return nil, err
				}
			}
			r, err := s.run(v, v.job(w, s.dir, seed+uint64(round)))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", v.name, err)
			}
			if i == 0 {
				answer = r.Answers
			} else if !slices.Equal(r.Answers, answer) {
				return nil, fmt.Errorf("%s answers %v, %s %v", v.name, r.Answers, variants[0].name, answer)
			}
			c.Series[i].add(r)
		}
	}
	return c, nil
}

// run runs a child.
func (s *suite) run(v variant, j job) (*result, error) {
	in, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(s.binary[0], "cold", "-serve")
	if v.ncruces {
		cmd = exec.Command(s.binary[1])
	}
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	if err != nil {
		return nil, err
	}
	r := &result{}
	return r, json.Unmarshal(out, r)
}

// drop drops the workload's files from the page cache.
func (s *suite) drop(w workload) error {
	for _, name := range w.files {
		if err := dropCached(filepath.Join(s.dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// readInOrder takes the time to read the workload's files from their beginning to their end, cold: what the disk can do.
func (s *suite) readInOrder(w workload) (time.Duration, error) {
	if err := s.drop(w); err != nil {
		return 0, err
	}
	buf := make([]byte, 1<<20)
	start := time.Now()
	for _, name := range w.files {
		f, err := os.Open(filepath.Join(s.dir, name))
		if err != nil {
			return 0, err
		}
		for err == nil {
			_, err = f.Read(buf)
		}
		f.Close()
		if err != io.EOF {
			return 0, err
		}
	}
	return time.Since(start), nil
}
