package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"

	"golang.org/x/term"

	"github.com/turso-coop/turso-coop/driver"
)

// paging is how long results reach somebody at a terminal: cut after some rows,
// and through a program that shows them page by page. Neither is done to results
// that go anywhere else.
type paging struct {
	maxRows int          // of a result, 0 for any number
	pager   string       // a command, "" for none
	all     bool         // for .last: show all rows of this one
	out     *pagedOutput // of what runs now, nil for none
}

// defaultMaxRows is about two screens full.
const defaultMaxRows = 100

// maxCounted is how many rows more are counted than are shown. Counting them all
// might take much longer than anybody wants to know.
const maxCounted = 1_000_000

// rowLimit returns how many rows of a statement's result are shown, 0 for all.
// What changes the database has its rows ready when it has the first.
func (sh *shell) rowLimit(st driver.Statement) int {
	if !sh.atTerminal() || sh.paging.all || !sh.format.Mode.Tabular() || !st.ReadOnly() {
		return 0
	}
	return sh.paging.maxRows
}

// atTerminal reports whether results are shown to somebody right now.
func (sh *shell) atTerminal() bool {
	return sh.interactive && sh.outTerminal && sh.redirect.file == nil && sh.redirect.capture == nil
}

// countRest steps through the rows that are not shown, of which the first is
// there already, and says how many rows there are.
func (sh *shell) countRest(ctx context.Context, st driver.Statement, shown int) error {
	rows, than := shown, ""
	more, err := true, error(nil)
	for more && err == nil {
		rows++
		if rows == shown+maxCounted {
			than = "more than "
			break
		}
		more, err = st.Step(ctx)
	}
	if err == nil {
		fmt.Fprintf(sh.out, "%d of %s%d rows; .last shows all, .maxrows sets how many\n", shown, than, rows)
	}
	return err
}

func (sh *shell) cmdMaxRows(d *dotLine) error {
	if len(d.args) == 1 {
		fmt.Fprintf(sh.out, "%d\n", sh.paging.maxRows)
		return nil
	}
	n, err := strconv.Atoi(d.arg(1))
	if len(d.args) > 2 || err != nil || n < 0 {
		return complain("Usage: .maxrows ?N?    where 0 is for all")
	}
	sh.paging.maxRows = n
	return nil
}

// cmdLast runs the last statement again, and shows all of its rows.
func (sh *shell) cmdLast(*dotLine) error {
	if sh.lastSQL == "" {
		return complain("Error: nothing has run yet")
	}
	readOnly := true
	err := sh.use(func(ctx context.Context, c driver.Conn) error {
		return eachStatement(ctx, c, sh.lastSQL, func(st driver.Statement) error {
			readOnly = readOnly && st.ReadOnly()
			return nil
		})
	})
	switch {
	case err != nil:
		return err
	case !readOnly:
		return complain("Error: the last statement changes the database, and is not run again")
	}
	sh.paging.all = true
	defer func() { sh.paging.all = false }()
	if !sh.runSQL(sh.lastSQL, place{input: ".last", line: 1}) {
		return errFailed
	}
	return nil
}

func (sh *shell) cmdPager(d *dotLine) error {
	switch {
	case len(d.args) == 1 && sh.paging.pager == "":
		fmt.Fprintln(sh.out, "off")
	case len(d.args) == 1:
		fmt.Fprintln(sh.out, sh.paging.pager)
	case len(d.args) > 2:
		return complain("Usage: .pager ?on|off|COMMAND?")
	case d.arg(1) == "off":
		sh.paging.pager = ""
	case d.arg(1) == "on":
		pager := usualPager()
		if pager == "" {
			return complain("Error: there is no pager; name one, or set $PAGER")
		}
		sh.paging.pager = pager
	default:
		sh.paging.pager = d.arg(1)
	}
	return nil
}

// usualPager returns the user's pager, "" if there is none.
func usualPager() string {
	if pager := os.Getenv("PAGER"); pager != "" {
		return pager
	}
	for _, pager := range []string{"less", "more"} {
		if _, err := exec.LookPath(pager); err == nil {
			return pager
		}
	}
	return ""
}

// startPaging sends results through the pager from now on, if there is one and
// somebody sees them.
func (sh *shell) startPaging() {
	if sh.paging.pager == "" || !sh.atTerminal() {
		return
	}
	_, height, err := term.GetSize(int(sh.stdout.(*os.File).Fd()))
	if err != nil {
		return
	}
	sh.paging.out = &pagedOutput{sh: sh, room: height - 1}
	sh.out.Reset(sh.paging.out)
}

// endPaging waits until the user has seen all, and returns the error of what ran;
// but that a pager has been left early is none.
func (sh *shell) endPaging(err error) error {
	out := sh.paging.out
	if out == nil {
		return err
	}
	_ = sh.out.Flush()
	sh.paging.out = nil
	sh.out.Reset(sh.stdout)
	if failed := out.close(); failed != nil {
		return failed
	}
	if out.left {
		return nil
	}
	return err
}

// A pagedOutput holds back as much as the screen has room for. If there is no
// more it is shown as ever, and otherwise the pager is started.
type pagedOutput struct {
	sh   *shell
	room int // rows that the screen has left
	held []byte
	to   *pipe // the pager
	left bool  // the user has left it before the end
}

var errPagerLeft = errors.New("the pager has been left")

func (p *pagedOutput) Write(b []byte) (int, error) {
	if p.to != nil {
		return p.pass(b)
	}
	p.held = append(p.held, b...)
	for _, c := range b {
		if c == '\n' {
			p.room--
		}
	}
	if p.room >= 0 {
		return len(b), nil
	}
	if os.Getenv("LESS") == "" {
		os.Setenv("LESS", "FRSX") // colours, long lines cut, and what fits needs no key
	}
	to, err := startPipe(p.sh, p.sh.paging.pager)
	if err != nil {
		return 0, err
	}
	p.sh.interrupts.hold(true)
	p.to = to
	if _, err := p.pass(p.held); err != nil {
		return 0, err
	}
	return len(b), nil
}

// pass gives b to the pager.
func (p *pagedOutput) pass(b []byte) (int, error) {
	if _, err := p.to.in.Write(b); err != nil {
		p.left = true
		return 0, errPagerLeft
	}
	return len(b), nil
}

func (p *pagedOutput) close() error {
	if p.to == nil {
		_, err := p.sh.stdout.Write(p.held)
		return err
	}
	defer p.sh.interrupts.hold(false)
	return p.to.Close()
}
