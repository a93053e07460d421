package main

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// The commands about the shell itself, its input, and the system around it.

func (sh *shell) cmdBail(d *dotLine) error {
	if len(d.args) != 2 {
		return complain("Usage: .bail on|off")
	}
	sh.bail = sh.boolean(d.arg(1))
	return nil
}

func (sh *shell) cmdEcho(d *dotLine) error {
	if len(d.args) != 2 {
		return complain("Usage: .echo on|off")
	}
	sh.echo = sh.boolean(d.arg(1))
	return nil
}

func (sh *shell) cmdPrint(d *dotLine) error {
	for i := range d.args[1:] {
		if i > 0 {
			sh.out.WriteByte(' ')
		}
		sh.out.WriteString(d.arg(i + 1))
	}
	sh.out.WriteByte('\n')
	return nil
}

func (sh *shell) cmdQuit(*dotLine) error { return errQuit }

func (sh *shell) cmdExit(d *dotLine) error {
	if len(d.args) > 1 {
		if code, _ := strconv.Atoi(d.arg(1)); code != 0 {
			sh.quit(code)
		}
	}
	return errQuit
}

func (sh *shell) cmdRead(d *dotLine) error {
	if len(d.args) != 2 {
		return complain("Usage: .read FILE")
	}
	ok, err := false, error(nil)
	if command, pipe := strings.CutPrefix(d.arg(1), "|"); pipe {
		ok, err = sh.readCommand(command)
	} else {
		ok, err = sh.readFile(d.arg(1))
	}
	if err == nil && !ok {
		return errFailed
	}
	return err
}

func (sh *shell) cmdChanges(d *dotLine) error {
	if len(d.args) != 2 {
		return complain("Usage: .changes on|off")
	}
	sh.changes = sh.boolean(d.arg(1))
	return nil
}

func (sh *shell) cmdExplain(d *dotLine) error {
	if len(d.args) > 1 {
		sh.explain = d.arg(1) == "auto" || sh.boolean(d.arg(1))
	}
	return nil
}

func (sh *shell) cmdCd(d *dotLine) error {
	if len(d.args) != 2 {
		return complain("Usage: .cd DIRECTORY")
	}
	if err := os.Chdir(d.arg(1)); err != nil {
		return complain("Cannot change to directory \"%s\"", d.arg(1))
	}
	return nil
}

// cmdSystem runs a command of the system.
func (sh *shell) cmdSystem(d *dotLine) error {
	if len(d.args) < 2 {
		return complain("Usage: .system COMMAND")
	}
	words := d.texts()[1:]
	for i, word := range words {
		if strings.Contains(word, " ") {
			words[i] = `"` + word + `"`
		}
	}
	if err := sh.flush(); err != nil {
		return errFailed
	}
	cmd := systemCommand(strings.Join(words, " "))
	cmd.Stdout, cmd.Stderr = sh.stdout, sh.stderr
	if sh.interactive {
		cmd.Stdin = sh.stdin // else it would read the rest of the script
	}
	err := sh.lend(cmd.Run)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		sh.report("System command returns %d\n", exit.ExitCode())
	} else if err != nil {
		return complain("Error: %s", err)
	}
	return nil
}
