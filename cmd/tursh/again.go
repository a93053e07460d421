package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// The commands that run again what has run before.

// editText lets the user edit text in the editor of their choice.
func (sh *shell) editText(text string) (string, error) {
	usual := "vi"
	if runtime.GOOS == "windows" {
		usual = "notepad"
	}
	edited, err := sh.editContent([]byte(text+"\n"), cmp.Or(os.Getenv("VISUAL"), os.Getenv("EDITOR"), usual), ".sql")
	return string(edited), err
}

// cmdEdit lets the user edit what has run last, and runs what that becomes.
func (sh *shell) cmdEdit(*dotLine) error {
	edited, err := sh.editText(sh.lastSQL)
	if err != nil {
		return err
	}
	text := strings.TrimSpace(edited)
	if text == strings.TrimSpace(sh.lastSQL) {
		return nil
	}
	if sh.interactive {
		fmt.Fprintln(sh.out, text)
	}
	if sh.editor != nil {
		sh.editor.remember(text)
	}
	if !sh.process(&input{name: "<edit>", lines: newScriptReader(bytes.NewReader([]byte(edited)))}) {
		return errFailed
	}
	return nil
}

// cmdWatch runs a statement again and again until the user interrupts it.
func (sh *shell) cmdWatch(d *dotLine) error {
	every, times, text := 2*time.Second, 0, ""
	const usage = "Usage: .watch ?--count N? ?SECONDS? ?SQL?"
	for i := 1; i < len(d.args) && text == ""; i++ {
		seconds, err := strconv.ParseFloat(d.arg(i), 64)
		switch {
		case isOption(d.arg(i), "count") && i+1 < len(d.args):
			i++
			if times, err = strconv.Atoi(d.arg(i)); err != nil || times < 1 {
				return complain(usage)
			}
		case err == nil && !(0 <= seconds && seconds <= 24*60*60):
			return &argError{i, "not a time", "from 0 to 86400 seconds"}
		case err == nil:
			every = time.Duration(seconds * float64(time.Second))
		default:
			text = d.text[d.args[i].start():]
		}
	}
	if text = cmp.Or(text, sh.lastSQL); text == "" {
		return complain(usage)
	}
	for n := 1; ; n++ {
		if sh.atTerminal() {
			fmt.Fprintf(sh.out, "\x1b[H\x1b[2J%s  every %s, until Ctrl-C: %s\n", time.Now().Format(time.TimeOnly), every, firstLine(text))
		}
		if !sh.runSQL(text, place{input: ".watch", line: 1}) {
			return errFailed
		}
		if n == times || sh.pause(every) {
			return nil
		}
	}
}

// start returns where the argument begins in the line, with its quote.
func (a dotArg) start() int {
	if a.quoted {
		return a.offset - 1
	}
	return a.offset
}

// firstLine returns as much of a statement as a title has room for.
func firstLine(text string) string {
	const most = 60
	line, _, more := strings.Cut(strings.TrimSpace(text), "\n")
	if runes := []rune(line); len(runes) > most {
		line, more = string(runes[:most]), true
	}
	if more {
		line += "…"
	}
	return line
}

// pause waits, and reports whether the user has interrupted that.
func (sh *shell) pause(d time.Duration) (interrupted bool) {
	ctx, done := sh.interrupts.begin()
	defer done()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return true
	case <-timer.C:
		return ctx.Err() != nil
	}
}

// cmdHistory shows what was typed, the latest last.
func (sh *shell) cmdHistory(d *dotLine) error {
	if sh.editor == nil {
		return nil // nobody types
	}
	wanted := ""
	if len(d.args) > 1 {
		wanted = strings.ToLower(d.arg(1))
	}
	for entry := range sh.editor.history.All() {
		if strings.Contains(strings.ToLower(entry), wanted) {
			fmt.Fprintln(sh.out, entry)
		}
	}
	return nil
}
