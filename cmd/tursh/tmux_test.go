//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A pane is a shell in a terminal that tmux makes, so that what somebody would
// see can be looked at.
type pane struct {
	t      *testing.T
	socket string
}

// tmuxDeadline is how long is waited for what must come, on any machine.
const tmuxDeadline = 2 * time.Minute

// newPane starts the shell in a terminal of 80 by 24, with home as the home
// directory.
func newPane(t *testing.T, home string, env []string, args ...string) *pane {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("there is no tmux")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "tmux") // the name of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	p := &pane{t, filepath.Join(dir, "s")}
	t.Cleanup(func() {
		_ = exec.Command("tmux", "-S", p.socket, "kill-server").Run()
		os.RemoveAll(dir)
	})
	command := []string{"-f", os.DevNull, "new-session", "-d", "-x", "80", "-y", "24", "env", "-u", "NO_COLOR", "-u", "XDG_CONFIG_HOME", childVar + "=1", "HOME=" + home}
	command = append(append(command, env...), "sh", "-c", `"$0" "$@"; echo "ended with $?"; read -r forever`, program)
	p.tmux(append(command, args...)...)
	p.wait("->")
	return p
}

func (p *pane) tmux(args ...string) string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), tmuxDeadline)
	defer cancel()
	out, err := exec.CommandContext(ctx, "tmux", append([]string{"-S", p.socket}, args...)...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("tmux %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// screen returns what is on the terminal, without blanks at the ends of rows.
func (p *pane) screen() string { return p.tmux("capture-pane", "-p") }

// wait waits until every text is on the screen, and returns that.
func (p *pane) wait(texts ...string) (screen string) {
	p.t.Helper()
	for deadline := time.Now().Add(tmuxDeadline); ; {
		screen = p.screen()
		missing := ""
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				missing = text
			}
		}
		if missing == "" {
			return screen
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%q does not come; the screen is\n%s", missing, screen)
		}
	}
}

// keys sends keys by their names.
func (p *pane) keys(names ...string) {
	p.t.Helper()
	p.tmux(append([]string{"send-keys"}, names...)...)
}

// text types text, byte by byte: tmux takes some characters for its own.
func (p *pane) text(text string) {
	p.t.Helper()
	args := []string{"send-keys", "-H"}
	for i := range len(text) {
		args = append(args, fmt.Sprintf("%02x", text[i]))
	}
	p.tmux(args...)
}

// run types a statement of one line and waits for a text in what it shows.
func (p *pane) run(statement, result string) {
	p.t.Helper()
	p.text(statement + "\r")
	p.wait(result)
}

// paste puts text into the terminal as a paste, with the brackets around it that
// the shell has asked for, or as if it were typed.
func (p *pane) paste(text string, brackets bool) {
	p.t.Helper()
	name := filepath.Join(p.t.TempDir(), "text")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.tmux("load-buffer", name)
	if brackets {
		p.tmux("paste-buffer", "-p")
	} else {
		p.tmux("paste-buffer")
	}
}

func TestTmuxEditsFirstLineOfStatement(t *testing.T) {
	home := t.TempDir()
	p := newPane(t, home, nil)
	p.text("select 'one' as a,\r 'two' as b,\r 'three' as c;\r")
	p.wait("│ one │ two │ three │")
	p.keys("C-l")
	p.keys("Up", "Up", "Up", "Home", "M-f", "Right", "0", "+", "1", ",", "Enter")
	p.wait("-> select 0+1,'one' as a,\n", "->  'two' as b,\n", "│   1 │ one │ two │ three │")
	p.keys("C-d")
	p.wait("\nended with 0\n")

	// It is all there in the next session, as it was typed.
	p = newPane(t, home, nil)
	p.keys("Up")
	p.wait("-> select 0+1,'one' as a,\n", "->  'two' as b,\n", "->  'three' as c;")
	info, err := os.Stat(filepath.Join(home, ".config", "tursh", "history"))
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("the file of the history: %v, %v", info, err)
	}
}

func TestTmuxCompletes(t *testing.T) {
	p := newPane(t, t.TempDir(), nil)
	p.run("create table album(id integer, title text); create table artist(name); insert into album values (1, 'First'); select 'made' as m;", "│ made")
	p.text("sel\t * from al\t wh\t")
	p.wait("-> select * from album wh", "where", "when") // which is not clear
	p.keys("Tab")
	p.wait("-> select * from album where")
	p.text(" ti\t\t\r")
	p.text(" = 'First';\r")
	p.wait("│  1 │ First │")
	p.text("select * from a\t")
	p.wait("album", "artist", "table")
	p.keys("Escape", "C-c")
	p.text(".he\t")
	p.wait("-> .he", "headers", "help")
	p.text("l\t mod\t")
	p.wait("-> .help mode")
	p.keys("Escape", "C-c")
	p.text(".sche\t al\t\r")
	p.wait("CREATE TABLE album(id integer, title text);")
}

func TestTmuxSearches(t *testing.T) {
	p := newPane(t, t.TempDir(), nil)
	p.run("select 'needle' as n;", "│ needle")
	p.run("select\r 'hay' as h;", "│ hay")
	p.run(".print straw", "\nstraw")
	p.keys("C-l")
	p.keys("C-r")
	p.text("nEEd")
	p.wait("-> select 'needle' as n;", "(reverse-i-search) nEEd")
	p.keys("Enter")
	p.wait("│ needle │")
	p.keys("C-r")
	p.text("select")
	p.wait("(reverse-i-search) select")
	p.keys("C-r", "C-g")
	p.text(".print gone on\r")
	p.wait("\ngone on")
}

func TestTmuxInterrupts(t *testing.T) {
	p := newPane(t, t.TempDir(), nil)
	p.text("select 'a half")
	p.keys("C-c")
	p.wait("select 'a half^C")
	p.run("select 'next' as n;", "│ next │")
	p.text("select 'started' as s; with c(n) as (select 1 union all select n+1 from c) select count(*) from c; select 'never';\r")
	p.wait("│ started │")
	p.keys("C-c")
	p.wait("interrupted")
	p.text("select 'after' as a;\r") // perhaps typed while the statement still ran
	p.wait("│ after │")
	if screen := p.screen(); strings.Contains(screen, "│ never") {
		t.Errorf("what was behind the interrupted statement has run:\n%s", screen)
	}
	p.text(".watch 1000 select 'watched' as w;\r")
	p.wait("│ watched │", "every 16m40s")
	p.keys("C-c")
	p.run("select 'at last' as l;", "│ at last │")
}

func TestTmuxPastes(t *testing.T) {
	const lines = 400
	statement := func(table string) string {
		var b strings.Builder
		fmt.Fprintf(&b, "create table %s(n, text);\n", table)
		for i := range lines - 2 {
			fmt.Fprintf(&b, "insert into %s values (%d,\t'été ▒');\n", table, i+1)
		}
		fmt.Fprintf(&b, "select count(*) as c, sum(n) as s, max(text) as m from %s;", table)
		return b.String()
	}
	want := fmt.Sprintf("│ %d │ %d │ été ▒ │", lines-2, (lines-2)*(lines-1)/2)
	p := newPane(t, t.TempDir(), nil)
	p.paste(statement("bracketed"), true)
	p.wait("max(text) as m from")
	p.keys("Enter")
	p.wait(want)
	p.keys("C-l")
	p.paste(statement("typed")+"\n", false)
	p.wait(want)
	p.paste("select length('"+strings.Repeat("x\n", lines)+"') as l, 'whole' as w;", true)
	p.wait("'whole' as w;")
	p.keys("Enter")
	p.wait("│ 800 │ whole │")
}

func TestTmuxResizes(t *testing.T) {
	p := newPane(t, t.TempDir(), nil)
	p.text("select 'a fairly long text that needs two rows of a narrow terminal' as t,\r")
	p.text("'日本語 e\u0301 😀' as u;")
	p.keys("Up", "End")
	p.wait("as u;")
	p.tmux("resize-window", "-x", "50", "-y", "12")
	p.wait("-> select 'a fairly long text th\nat needs two rows of a narrow terminal' as t,\n", "-> '日本語 e\u0301 😀' as u;")
	p.text(" 1 as one,")
	p.wait("terminal' as t, 1 as\n one,\n")
	p.tmux("resize-window", "-x", "120", "-y", "30")
	p.wait("-> select 'a fairly long text that needs two rows of a narrow terminal' as t, 1 as one,\n")
	if screen := p.screen(); strings.Count(screen, "fairly") != 1 {
		t.Errorf("rests of what was drawn before:\n%s", screen)
	}
	p.keys("Enter")
	p.wait("日本語 e\u0301 😀 │")
}

func TestTmuxShowsRowsInPieces(t *testing.T) {
	p := newPane(t, t.TempDir(), nil)
	p.run("select value from generate_series(1, 150);", "100 of 150 rows; .last shows all")
	p.run(".last", "│   150 │")
	p.run(".maxrows 150", ".maxrows 150\nSQLite")
	p.run("select value from generate_series(1, 150);", "│   150 │")
	if screen := p.screen(); strings.Contains(screen, "of 150 rows") {
		t.Errorf("no row is left out:\n%s", screen)
	}
	p.text(".pager \"sed s/^/paged:/\"\r")
	p.run("select value from generate_series(1, 10);", "│    10 │")
	p.run("select value from generate_series(1, 50);", "paged:│    50 │")
}

func TestTmuxEdits(t *testing.T) {
	editor := filepath.Join(t.TempDir(), "editor")
	if err := os.WriteFile(editor, []byte("#!/bin/sh\nsed s/before/after/ \"$1\" > \"$1.new\" && cat \"$1.new\" > \"$1\" && rm \"$1.new\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	p := newPane(t, t.TempDir(), []string{"VISUAL=" + editor})
	p.run("select 'before' as b;", "│ before │")
	p.run(".edit", "│ after │")
	p.text("select 'before and more' as b;")
	p.keys("M-e")
	p.wait("select 'after and more' as b;")
	p.keys("Enter")
	p.wait("│ after and more │")
	p.keys("C-l")
	p.run(".history before", "select 'before' as b;")
}

func TestTmuxColors(t *testing.T) {
	colored := regexp.MustCompile(`\x1b\[[0-9;]*3[0-7]m`)
	for _, test := range []struct {
		env  []string
		want bool
	}{{nil, true}, {[]string{"NO_COLOR=1"}, false}, {[]string{"TERM=dumb"}, false}} {
		p := newPane(t, t.TempDir(), test.env)
		p.text("select 'text' as t;")
		p.wait("select 'text' as t;")
		if got := colored.MatchString(p.tmux("capture-pane", "-p", "-e")); got != test.want {
			t.Errorf("%q: colours are %v", test.env, got)
		}
		p.keys("Enter")
		p.wait("│ text │")
	}
}
