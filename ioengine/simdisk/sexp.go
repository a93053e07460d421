package simdisk

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A form is a piece of the language in which faults, options and crashes are
// written: an atom, or a list in parentheses.
type form struct {
	text   string // as it stands in the source
	atom   string // unquoted; "" in a list
	quoted bool
	list   []form // of a list; its head is an atom
}

func (f form) isList() bool { return f.text[0] == '(' }

// head is the word that says what a list is about.
func (f form) head() string {
	if !f.isList() || len(f.list) == 0 {
		return ""
	}
	return f.list[0].atom
}

// reader reads forms.
type reader struct {
	src   string
	pos   int
	depth int // lists that are open
}

func parseForms(src string) ([]form, error) {
	r := reader{src: src}
	var forms []form
	for r.skipSpace(); r.pos < len(src); r.skipSpace() {
		f, err := r.form()
		if err != nil {
			return nil, err
		}
		forms = append(forms, f)
	}
	return forms, nil
}

func (r *reader) skipSpace() {
	for r.pos < len(r.src) && strings.IndexByte(" \t\r\n", r.src[r.pos]) >= 0 {
		r.pos++
	}
}

func (r *reader) form() (form, error) {
	start := r.pos
	switch r.src[start] {
	case ')':
		return form{}, fmt.Errorf("offset %d: ) without its (", start)
	case '"':
		quoted, err := strconv.QuotedPrefix(r.src[start:])
		if err != nil {
			return form{}, fmt.Errorf("offset %d: a string that does not end", start)
		}
		r.pos += len(quoted)
		atom, err := strconv.Unquote(quoted)
		return form{text: quoted, atom: atom, quoted: true}, err
	case '(':
		return r.list()
	}
	for r.pos < len(r.src) && strings.IndexByte(" \t\r\n()\"", r.src[r.pos]) < 0 {
		r.pos++
	}
	atom := r.src[start:r.pos]
	return form{text: atom, atom: atom}, nil
}

// maxDepth bounds how deeply lists nest: nothing in the language needs more.
const maxDepth = 4

func (r *reader) list() (form, error) {
	start := r.pos
	f := form{}
	if r.depth == maxDepth {
		return form{}, fmt.Errorf("offset %d: lists nest too deeply", start)
	}
	r.depth++
	for r.pos++; ; {
		r.skipSpace()
		if r.pos == len(r.src) {
			return form{}, fmt.Errorf("offset %d: ( without its )", start)
		}
		if r.src[r.pos] == ')' {
			r.pos++
			r.depth--
			f.text = r.src[start:r.pos]
			break
		}
		item, err := r.form()
		if err != nil {
			return form{}, err
		}
		f.list = append(f.list, item)
	}
	if f.head() == "" || f.list[0].quoted {
		return form{}, fmt.Errorf("offset %d: %s does not begin with a word", start, f.text)
	}
	return f, nil
}

// ints reads the arguments of a list as at least least and at most most
// integers, none below floor.
func (f form) ints(least, most int, floor int64) ([]int64, error) {
	args := f.list[1:]
	if len(args) < least || len(args) > most {
		return nil, fmt.Errorf("%s: wants %s", f.text, plural(least, most, "number"))
	}
	values := make([]int64, len(args))
	for i, a := range args {
		v, err := strconv.ParseInt(a.atom, 10, 64)
		if err != nil || v < floor || a.quoted {
			return nil, fmt.Errorf("%s: %s is not a number from %d on", f.text, a.text, floor)
		}
		if v > math.MaxInt64/4 { // sums of two must not overflow
			return nil, fmt.Errorf("%s: %s is too large", f.text, a.text)
		}
		values[i] = v
	}
	return values, nil
}

func plural(least, most int, what string) string {
	s := strconv.Itoa(least)
	if most != least {
		s += " to " + strconv.Itoa(most)
	}
	if most != 1 {
		what += "s"
	}
	return s + " " + what
}

// durations reads the arguments of a list as n times, such as 5ms.
func (f form) durations(n int) ([]time.Duration, error) {
	args := f.list[1:]
	if len(args) != n {
		return nil, fmt.Errorf("%s: wants %s", f.text, plural(n, n, "time"))
	}
	values := make([]time.Duration, n)
	for i, a := range args {
		v, err := time.ParseDuration(a.atom)
		if err != nil || v < 0 || v > time.Hour || a.quoted {
			return nil, fmt.Errorf("%s: %s is not a time from 0 to 1h, such as 5ms", f.text, a.text)
		}
		values[i] = v
	}
	return values, nil
}

// words reads the arguments of a list as words out of names, as their indexes.
func (f form) words(names []string) ([]int, error) {
	var found []int
next:
	for _, a := range f.list[1:] {
		for i, name := range names {
			if name == a.atom && name != "" && !a.quoted {
				found = append(found, i)
				continue next
			}
		}
		return nil, fmt.Errorf("%s: unknown word %s; there is %s", f.text, a.text, strings.Join(names, " "))
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: wants one of %s", f.text, strings.Join(names, " "))
	}
	return found, nil
}

// quotedString reads the one argument of a list, which is in quotes.
func (f form) quotedString() (string, error) {
	if len(f.list) != 2 || !f.list[1].quoted {
		return "", fmt.Errorf("%s: wants one string in quotes", f.text)
	}
	return f.list[1].atom, nil
}
