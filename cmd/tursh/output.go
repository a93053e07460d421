package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
)

// A redirect is where results go instead of the standard output: a file, a
// command, or the memory of a test.
type redirect struct {
	name    string         // of the file, or the command behind a |
	file    io.WriteCloser // nil if results are not redirected there
	capture *bytes.Buffer  // what a test has shown, nil if there is none
	once    int            // statements and commands until it ends, 0 for never
}

// captureName is the file name that stands for memory.
const captureName = "memory"

// redirectTo sends results to the file called name, or the command behind a |.
func (sh *shell) redirectTo(name string) error {
	if err := sh.endRedirect(); err != nil {
		return err
	}
	var file io.WriteCloser
	switch command, pipe := strings.CutPrefix(name, "|"); {
	case pipe:
		p, err := startPipe(sh, command)
		if err != nil {
			return complain("Error: cannot open pipe \"%s\": %s", command, err)
		}
		file = p
	case name == "stdout":
		return nil
	case name == "off":
		file = discard{}
	default:
		f, err := os.Create(name)
		if err != nil {
			return complain("Error: cannot write to \"%s\"", name)
		}
		file = f
	}
	sh.redirect = redirect{name: name, file: file}
	sh.out.Reset(file)
	return nil
}

// captureResults keeps results and messages in memory.
func (sh *shell) captureResults() error {
	if err := sh.endRedirect(); err != nil {
		return err
	}
	sh.redirect = redirect{name: captureName, capture: new(bytes.Buffer)}
	sh.out.Reset(sh.redirect.capture)
	return nil
}

// endRedirect sends results to the standard output again. The error, which has
// been reported, is that of a file that could not be written to its end.
func (sh *shell) endRedirect() error {
	err := sh.out.Flush()
	r := sh.redirect
	sh.redirect = redirect{}
	if r.file == nil && r.capture == nil {
		return nil // sh.flush deals with an error of the standard output
	}
	sh.out.Reset(sh.stdout)
	if r.file == nil {
		return nil
	}
	if err = cmp.Or(err, r.file.Close()); err != nil {
		sh.redirect.name = r.name
		sh.redirectFailed(err)
		return errFailed
	}
	return nil
}

// redirectFailed reports that results could not be written to a file, and sends
// the next ones to the standard output again.
func (sh *shell) redirectFailed(err error) {
	name := sh.redirect.name
	sh.redirect = redirect{}
	sh.out.Reset(sh.stdout)
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		err = path.Err // the name is in the message
	}
	sh.report("Error: cannot write to \"%s\": %s\n", name, err)
}

// onceDone counts a statement or command, after which .once may end.
func (sh *shell) onceDone() (ok bool) {
	if sh.redirect.once == 0 {
		return true
	}
	if sh.redirect.once--; sh.redirect.once > 0 {
		return true
	}
	return sh.endRedirect() == nil
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) Close() error                { return nil }

// A pipe writes to a command of the system.
type pipe struct {
	cmd *exec.Cmd
	in  io.WriteCloser
}

func startPipe(sh *shell, command string) (*pipe, error) {
	p := &pipe{cmd: systemCommand(command)}
	p.cmd.Stdout = sh.stdout
	if f, ok := sh.stderr.(*os.File); ok { // nothing else can be written to by two at once
		p.cmd.Stderr = f
	}
	in, err := p.cmd.StdinPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	p.in = in
	return p, err
}

// Write passes results on. A command that has read enough, such as head, is no
// reason to complain.
func (p *pipe) Write(b []byte) (int, error) {
	n, err := p.in.Write(b)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrClosed) {
		return len(b), nil
	}
	return n, err
}

// Close waits for the command. How it ends is its own affair.
func (p *pipe) Close() error {
	_ = p.in.Close()
	_ = p.cmd.Wait()
	return nil
}

// systemCommand returns what runs a command line of the system.
func systemCommand(command string) *exec.Cmd {
	if runtime.GOOS == "windows" {
		return exec.Command("cmd", "/c", command)
	}
	return exec.Command("sh", "-c", command)
}

// cmdOutput is .output and .once.
func (sh *shell) cmdOutput(d *dotLine) error {
	once := strings.HasPrefix(d.arg(0), "on")
	file, bom, keep := "", false, false
	for i := 1; i < len(d.args); i++ {
		switch arg := d.arg(i); {
		case isOption(arg, "bom"):
			bom = true
		case isOption(arg, "plain"):
		case isOption(arg, "keep") && !once:
			keep = true
		case isOption(arg, "show") && !once:
			sh.showCapture()
		case isOption(arg, "error-prefix") && !once:
			if i++; i == len(d.args) {
				return &argError{i - 1, "missing argument", ""}
			}
			sh.tests.errorPrefix = d.arg(i)
		case strings.HasPrefix(arg, "-"):
			return &argError{i, "unknown option", ""}
		case file != "" || keep:
			return &argError{i, "surplus argument", ""}
		case strings.HasPrefix(arg, "|"):
			file = strings.Join(d.texts()[i:], " ")
			i = len(d.args)
		default:
			file = arg
		}
	}
	switch {
	case keep:
		return nil
	case file == captureName && once:
		return &argError{0, `cannot redirect to "memory"`, ""}
	case file == captureName:
		return sh.captureResults()
	case file == "":
		return sh.endRedirect()
	}
	if err := sh.redirectTo(file); err != nil {
		return err
	}
	if once {
		sh.redirect.once = 2 // this command is the first
	}
	if bom {
		sh.out.WriteString("\ufeff")
	}
	return nil
}

// showCapture shows what has been kept in memory so far.
func (sh *shell) showCapture() {
	if sh.redirect.capture != nil {
		_ = sh.flush()
		fmt.Fprint(sh.stdout, sh.redirect.capture)
	}
}
