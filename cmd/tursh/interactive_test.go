//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal is a shell at a terminal of its own.
type terminal struct {
	t    *testing.T
	cmd  *exec.Cmd
	keys *os.File
	seen []byte // what has come out and not yet been expected
}

func startAtTerminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("there is no pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(int(master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 120})
	}
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	term := &terminal{t: t, keys: master, cmd: child(t, args...)}
	term.cmd.Stdin, term.cmd.Stdout, term.cmd.Stderr = tty, tty, tty
	term.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := term.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return term
}

// child returns the command that runs the shell as a process of its own.
func child(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(os.Environ(), childVar+"=1", "TERM=xterm")
	return cmd
}

func (x *terminal) send(keys string) {
	x.t.Helper()
	if _, err := x.keys.WriteString(keys); err != nil {
		x.t.Fatal(err)
	}
}

// steering is what a terminal does not show.
var steering = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]|\r`)

// expect waits until text has come out, and returns what came before it.
func (x *terminal) expect(text string) string {
	x.t.Helper()
	buf := make([]byte, 4096)
	for {
		if i := bytes.Index(x.seen, []byte(text)); i >= 0 {
			before := string(x.seen[:i])
			x.seen = x.seen[i+len(text):]
			return before
		}
		n, err := x.keys.Read(buf)
		x.seen = steering.ReplaceAll(append(x.seen, buf[:n]...), nil)
		if err != nil {
			x.t.Fatalf("waiting for %q: %v after %q", text, err, x.seen)
		}
	}
}

const (
	enter = "\r"
	up    = "\x1b[A"
	ctrlC = "\x03"
	ctrlD = "\x04"
)

func TestTerminal(t *testing.T) {
	x := startAtTerminal(t)
	const prompt = "SQLite-3.54 memory-> "
	x.expect("Enter \".help\" for usage hints.\nConnected to a transient in-memory database.\nUse \".open FILENAME\" to reopen on a persistent database.\n" + prompt)

	x.send("select 1 as a" + enter)
	x.expect("                 ;-> ")
	x.send(", 'x\ty' as b;" + enter)
	x.expect("╭───┬───────────╮\n│ a │     b     │\n╞═══╪═══════════╡\n│ 1 │ x       y │\n╰───┴───────────╯\n" + prompt)

	x.send("select 'half a statement" + ctrlC)
	x.expect("^C\n" + prompt)
	x.send("select 'pending'" + enter)
	x.expect(";-> ")
	x.send(ctrlC)
	x.expect("^C\n" + prompt)
	x.send(".print alive" + enter)
	x.expect("\nalive\n" + prompt)

	x.send("select 'started'; with c(n) as (select 1 union all select n+1 from c) select count(*) from c;" + enter)
	x.expect("│ started")
	x.send(ctrlC)
	x.expect("Error near line ")
	x.expect(": interrupted\n" + prompt)
	x.send("selec;" + enter)
	x.expect("Parse error near line ")
	x.expect("^--- error here\n  did you mean \"select\"?\n" + prompt)

	x.send(up + up + up + enter) // the .print
	x.expect("\nalive\n" + prompt)
	x.send(ctrlD) // what the shell says last may be lost with the terminal
	if err := x.cmd.Wait(); err != nil {
		t.Errorf("after Ctrl-D: %v", err)
	}
}

// No line is too long.
func TestTerminalLongLine(t *testing.T) {
	x := startAtTerminal(t, ":memory:")
	x.expect("-> ")
	go func() { // while what comes back is read
		_, _ = x.keys.WriteString("select length('" + strings.Repeat("x", 50_000) + "') + 1 as n;" + enter)
	}()
	x.expect("│ 50001")
	x.expect("-> ")
	x.send(".exit 3" + enter)
	var exit *exec.ExitError
	if err := x.cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("after .exit 3: %v", err)
	}
}

// Ctrl-C ends a script.
func TestInterruptedScript(t *testing.T) {
	cmd := child(t, ":memory:")
	cmd.Stdin = strings.NewReader("select 'started';\nwith c(n) as (select 1 union all select n+1 from c) select count(*) from c;\nselect 'never';\n")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	first := make([]byte, len("started\n"))
	if _, err := io.ReadFull(out, first); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(out)
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 1 || len(rest) > 0 {
		t.Errorf("%v, output %q, errors %q", err, rest, errs.Bytes())
	}
}
