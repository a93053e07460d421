package simdisk

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"
)

// ParseFaults reads faults as [Faults.String] writes them. White space between
// them is free.
func ParseFaults(text string) (Faults, error) {
	forms, err := parseForms(text)
	if err != nil {
		return nil, fmt.Errorf("simdisk: parse faults: %w", err)
	}
	var faults Faults
	for _, form := range forms {
		f, err := parseFault(form)
		if err != nil {
			return nil, fmt.Errorf("simdisk: parse faults: %w", err)
		}
		faults = append(faults, f)
	}
	return faults, nil
}

func parseFault(src form) (Fault, error) {
	f := Fault{arg: -1}
	if !src.isList() {
		return f, fmt.Errorf("%s: not in parentheses", src.text)
	}
	if !f.setKind(src.head()) {
		return f, fmt.Errorf("%s: unknown fault %q", src.text, src.head())
	}
	clauses := src.list[1:]
	if len(clauses) > 0 && !clauses[0].isList() {
		if err := f.parseArgument(form{text: src.text, list: src.list[:2]}); err != nil {
			return f, err
		}
		clauses = clauses[1:]
	}
	for i, clause := range clauses {
		if !clause.isList() {
			return f, fmt.Errorf("%s: %s is not a clause in parentheses", src.text, clause.text)
		}
		for _, earlier := range clauses[:i] {
			if earlier.head() == clause.head() {
				return f, fmt.Errorf("%s: %s is said twice", src.text, clause.head())
			}
		}
		if err := f.parseClause(clause); err != nil {
			return f, fmt.Errorf("%s: %w", src.text, err)
		}
	}
	if err := f.check(); err != nil {
		return f, fmt.Errorf("%s: %w", src.text, err)
	}
	return f, nil
}

func (f *Fault) setKind(name string) bool {
	for i, e := range errnos {
		if e.name == name {
			f.kind, f.errno = faultError, uint8(i)
			return true
		}
	}
	for i, k := range kinds {
		if k.name == name && name != "" {
			f.kind = faultKind(i)
			return true
		}
	}
	return false
}

func (f *Fault) parseArgument(src form) error {
	switch f.kind {
	case faultDelay:
		d, err := src.durations(1)
		if err != nil {
			return err
		}
		f.arg = int64(d[0])
	case faultShort, faultMisdirect:
		floor := int64(0)
		if f.kind == faultMisdirect {
			floor = -maxFileBytes
		}
		n, err := src.ints(1, 1, floor)
		if err != nil {
			return err
		}
		f.arg = n[0]
	default:
		return fmt.Errorf("%s: %s takes no argument", src.text, src.head())
	}
	return nil
}

func (f *Fault) parseClause(c form) (err error) {
	switch c.head() {
	case "on":
		var on []int
		if on, err = c.words(callNames[:]); err == nil {
			for _, i := range on {
				f.on |= 1 << i
			}
		}
	case "path":
		if f.path, err = c.quotedString(); err == nil {
			if _, bad := path.Match(f.path, ""); bad != nil || f.path == "" {
				err = fmt.Errorf("%s: not a pattern of path.Match", c.text)
			}
		}
	case "pages":
		var w []int
		if w, err = c.words(pagesNames[:]); err == nil {
			f.pages = pagesAfter(w[0])
		}
	case "applied", "sticky":
		if _, err = c.ints(0, 0, 0); err == nil {
			f.applied, f.sticky = f.applied || c.head() == "applied", f.sticky || c.head() == "sticky"
		}
	default:
		err = f.parseNumbers(c)
	}
	return err
}

func (f *Fault) parseNumbers(c form) error {
	want, floor := 1, int64(1)
	switch c.head() {
	case "range":
		want, floor = 2, 0
	case "rate":
		want = 2
	case "after":
		floor = 0
	case "nth", "from", "times":
	default:
		return fmt.Errorf("unknown clause %s; there is on path range nth from times rate after applied pages sticky", c.head())
	}
	n, err := c.ints(want, want, floor)
	if err != nil {
		return err
	}
	switch c.head() {
	case "range":
		f.ranged, f.off, f.length = true, n[0], n[1]
	case "rate":
		f.rate = [2]uint64{uint64(n[0]), uint64(n[1])}
	case "after":
		f.partial, f.after = true, n[0]
	case "nth":
		f.nth = n[0]
	case "from":
		f.from = n[0]
	case "times":
		f.times = n[0]
	}
	return nil
}

// check refuses what means nothing: a fault that is spelled right and never
// strikes is worse than an error.
func (f *Fault) check() error {
	syncs := callSet(CallSync, CallWriteback)
	transfers := callSet(CallRead, CallWrite)
	switch {
	case f.on&^kinds[f.kind].on != 0:
		return errors.New("it cannot strike all of these calls")
	case f.nth > 0 && (f.from > 0 || f.times > 0):
		return errors.New("nth excludes from and times")
	case f.rate[0] > f.rate[1]:
		return errors.New("a rate above 1")
	case f.applied && (f.kind != faultError || f.partial || f.pages != pagesDefault):
		return errors.New("applied goes with an error that has neither after nor pages")
	case f.partial && (f.kind != faultError || f.on == 0 || f.on&^transfers != 0):
		return errors.New("after goes with an error (on read write)")
	case f.pages != pagesDefault && (f.kind != faultError || f.on == 0 || f.on&^syncs != 0):
		return errors.New("pages goes with an error (on sync writeback)")
	case f.on.has(CallWriteback) && (f.on&^syncs != 0 || f.leaves() == pagesDirty || f.leaves() == pagesWritten):
		return errors.New("a writeback fails only by leaving pages clean, reverted or part")
	case f.sticky && f.kind != faultFlip && f.kind != faultGarbage:
		return errors.New("sticky goes with flip and garbage")
	case f.kind == faultDelay && f.arg < 0:
		return errors.New("wants a time, such as (delay 5ms)")
	case f.kind == faultMisdirect && (f.arg%512 != 0 || f.arg == -1 || f.arg == 0):
		return errors.New("wants a distance, a multiple of 512 other than 0")
	case f.kind == faultShort && f.arg == 0 && f.on != callSet(CallCached):
		return errors.New("only (on nowait) is 0 a short count")
	}
	return nil
}

// String is the fault in the form that ParseFaults reads.
func (f Fault) String() string {
	var b strings.Builder
	if f.kind == faultError {
		b.WriteString("(" + errnos[f.errno].name)
	} else {
		b.WriteString("(" + kinds[f.kind].name)
	}
	switch {
	case f.kind == faultDelay:
		fmt.Fprintf(&b, " %v", time.Duration(f.arg))
	case f.kind == faultMisdirect, f.kind == faultShort && f.arg >= 0:
		fmt.Fprintf(&b, " %d", f.arg)
	}
	if f.on != 0 {
		b.WriteString(" (on")
		for c := range callKinds {
			if f.on.has(c) {
				b.WriteString(" " + c.String())
			}
		}
		b.WriteString(")")
	}
	clause := func(said bool, text string) {
		if said {
			b.WriteString(" (" + text + ")")
		}
	}
	clause(f.path != "", "path "+strconv.Quote(f.path))
	clause(f.ranged, fmt.Sprintf("range %d %d", f.off, f.length))
	clause(f.nth > 0, fmt.Sprintf("nth %d", f.nth))
	clause(f.from > 0, fmt.Sprintf("from %d", f.from))
	clause(f.times > 0, fmt.Sprintf("times %d", f.times))
	clause(f.rate[1] > 0, fmt.Sprintf("rate %d %d", f.rate[0], f.rate[1]))
	clause(f.partial, fmt.Sprintf("after %d", f.after))
	clause(f.applied, "applied")
	clause(f.pages != pagesDefault, "pages "+pagesNames[f.pages])
	clause(f.sticky, "sticky")
	return b.String() + ")"
}

// String is the faults in the form that ParseFaults reads, in one line.
func (fs Faults) String() string {
	texts := make([]string, len(fs))
	for i, f := range fs {
		texts[i] = f.String()
	}
	return strings.Join(texts, " ")
}
