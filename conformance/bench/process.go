package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// childVariable is the environment variable that makes the binary a child process: it reads a [job] from its standard
// input, writes readyLine when it has opened its database, waits for a line, does the job, and writes a [result].
const childVariable = "TURSO_COOP_BENCH_PROCESS"

const (
	readyLine = "ready\n"
	startLine = "start\n"

	// patience is for how long a child may take more than it was asked to measure. It covers a wait for a lock, and a
	// disk that has to write what was left in the page cache.
	patience        = 2 * time.Minute
	patiencePerPage = 2 * time.Millisecond // traced
)

// serve is the child's side.
func serve(in io.Reader, out io.Writer) error {
	lines := bufio.NewReader(in)
	text, err := lines.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("read the job: %w", err)
	}
	j := &job{}
	if err := json.Unmarshal(text, j); err != nil {
		return fmt.Errorf("read the job: %w", err)
	}
	r, err := j.do(func() error {
		if _, err := io.WriteString(out, readyLine); err != nil {
			return err
		}
		_, err := lines.ReadString('\n')
		return err
	})
	if err != nil {
		r = &result{Err: err.Error()}
	}
	return json.NewEncoder(out).Encode(r)
}

func (j *job) do(ready func() error) (*result, error) {
	v, err := variantNamed(j.Variant)
	if err != nil {
		return nil, err
	}
	if j.Commits > 0 {
		return commitPages(v, j, ready)
	}
	if j.Checkpoints > 0 {
		return copyPages(v, j, ready)
	}
	return measure(j, func() (store, error) { return v.open(v, j) }, ready)
}

// A child is a process that does a job.
type child struct {
	cmd    *exec.Cmd
	limit  context.Context // of its time
	cancel context.CancelFunc
	in     io.WriteCloser
	out    *bufio.Reader
	stderr bytes.Buffer
}

// start starts a child and returns when it is ready. prefix is a command that runs it, if there is one.
func (b *binaries) start(j *job, prefix ...string) (*child, error) {
	v, err := variantNamed(j.Variant)
	if err != nil {
		return nil, err
	}
	path, err := b.of(v)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), j.Warm+j.Time+patience+time.Duration((j.Commits+j.Checkpoints)*j.Pages)*patiencePerPage)
	words := append(prefix, path)
	c := &child{cmd: exec.CommandContext(ctx, words[0], words[1:]...), limit: ctx, cancel: cancel}
	c.cmd.Env = append(os.Environ(), childVariable+"=1")
	c.cmd.Stderr = &c.stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	if err := c.handOver(j); err != nil {
		return nil, c.failed(err)
	}
	return c, nil
}

// handOver sends the job and waits until the child is ready.
func (c *child) handOver(j *job) error {
	if err := json.NewEncoder(c.in).Encode(j); err != nil {
		return err
	}
	line, err := c.out.ReadString('\n')
	if err != nil || line == readyLine {
		return err
	}
	r := &result{}
	if err := json.Unmarshal([]byte(line), r); err != nil {
		return fmt.Errorf("the child says %q", line)
	}
	return errors.New(r.Err)
}

// finish lets the child measure and returns what it has measured, when it has ended.
func (c *child) finish() (*result, error) {
	defer c.cancel()
	if _, err := io.WriteString(c.in, startLine); err != nil {
		return nil, c.failed(err)
	}
	r := &result{}
	if err := json.NewDecoder(c.out).Decode(r); err != nil {
		return nil, c.failed(err)
	}
	if err := cmp.Or(c.in.Close(), c.cmd.Wait()); err != nil {
		return nil, c.failed(err)
	}
	if r.Err != "" {
		return nil, errors.New(r.Err)
	}
	r.CPU = c.cmd.ProcessState.UserTime() + c.cmd.ProcessState.SystemTime()
	return r, nil
}

// stop ends a child that is not to measure anything.
func (c *child) stop() {
	c.cancel()
	_ = c.cmd.Wait()
}

// failed ends the child and says what it wrote.
func (c *child) failed(err error) error {
	if late := c.limit.Err(); late != nil {
		err = fmt.Errorf("the child took too long: %w", late)
	}
	c.stop()
	if c.stderr.Len() > 0 {
		return fmt.Errorf("%w; the child wrote:\n%s", err, c.stderr.Bytes())
	}
	return err
}

// scratch makes a directory in parent, and removes it also when the program is interrupted.
func scratch(parent string) (dir string, remove func(), err error) {
	dir, err = os.MkdirTemp(parent, "turso-coop-bench-")
	if err != nil {
		return "", nil, err
	}
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	go func() {
		if _, interrupted := <-interrupts; interrupted {
			_ = os.RemoveAll(dir)
			os.Exit(1)
		}
	}()
	return dir, func() {
		signal.Stop(interrupts)
		close(interrupts)
		_ = os.RemoveAll(dir)
	}, nil
}

// binaries are the programs that children run: this one, and the same with ncruces' driver in place of mattn's.
type binaries struct {
	dir     string // for the second, which is built when it is needed
	ncruces func() (string, error)
}

const packagePath = "github.com/turso-coop/turso-coop/conformance/bench"

func newBinaries(dir string) *binaries {
	b := &binaries{dir: dir}
	b.ncruces = sync.OnceValues(func() (string, error) {
		path := filepath.Join(b.dir, "bench-ncruces")
		out, err := exec.Command("go", "build", "-tags=ncruces", "-o", path, packagePath).CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("build for the driver of ncruces, in the module's directory: %w\n%s", err, out)
		}
		return path, nil
	})
	return b
}

func (b *binaries) of(v *variant) (string, error) {
	if v.ncruces {
		return b.ncruces()
	}
	return os.Executable()
}
