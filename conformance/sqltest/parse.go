package sqltest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// File is a parsed file.
type File struct {
	Databases []Database // that each case runs on, by default one in memory
	Cases     []Case
}

// Database says where a case runs.
type Database struct {
	Name     string // ":memory:", ":temp:", ":default:", ":default-no-rowidalias:" or a path
	ReadOnly bool
}

// Case is one test.
type Case struct {
	Name      string
	Line      int      // where it begins, from 1
	Skip      string   // why it does not run on SQLite, "" if it does
	Backend   string   // the one that it is for, "" for all
	Setup     []string // the SQL that runs before
	SQL       string
	Integrity bool // PRAGMA integrity_check must be satisfied afterwards
	Expect    Expectation
}

// Expectation is what must come of a case.
type Expectation struct {
	Kind ExpectationKind
	Text string // rows, or what to look for
}

// ExpectationKind is how a text is compared with what has come.
type ExpectationKind string

// The rows, with and without regard to white space around the lines, in any order, what matches a regular expression,
// or an error whose text has the text somewhere.
const (
	ExpectRows      ExpectationKind = ""
	ExpectRaw       ExpectationKind = "raw"
	ExpectUnordered ExpectationKind = "unordered"
	ExpectPattern   ExpectationKind = "pattern"
	ExpectError     ExpectationKind = "error"
)

// Parse reads a file. Its errors name the line.
func Parse(text string) (*File, error) {
	p := &parser{text: text, file: &File{}, setups: map[string]string{}}
	for p.blank(); p.pos < len(p.text); p.blank() {
		start := p.pos
		if err := p.item(); err != nil {
			return nil, fmt.Errorf("line %d: %w", p.line(start), err)
		}
	}
	if err := p.finish(); err != nil {
		return nil, fmt.Errorf("at the end: %w", err)
	}
	if len(p.file.Databases) == 0 {
		p.file.Databases = []Database{{Name: ":memory:"}}
	}
	return p.file, nil
}

// parser reads a file item by item: directives, which begin with @, and blocks.
type parser struct {
	text     string
	pos      int // in text
	file     *File
	setups   map[string]string
	skipFile string

	next     Case  // what directives have said of the next case
	open     *Case // waits for its first expectation
	expected bool  // open has one
}

// blank passes over white space and comments.
func (p *parser) blank() {
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; c {
		case ' ', '\t', '\r', '\n':
			p.pos++
		case '#':
			p.rest()
		default:
			return
		}
	}
}

// rest reads up to the end of the line.
func (p *parser) rest() string {
	line, _, _ := strings.Cut(p.text[p.pos:], "\n")
	p.pos += len(line)
	return strings.TrimSpace(line)
}

func (p *parser) line(pos int) int { return 1 + strings.Count(p.text[:pos], "\n") }

// item reads a directive or a block.
func (p *parser) item() error {
	start := p.pos
	if p.text[p.pos] == '@' {
		word := p.text[p.pos : p.pos+strings.IndexAny(p.text[p.pos:]+"\n", " \t\r\n")]
		if word != "@var" { // its value is a block
			fields := strings.Fields(p.rest())
			return p.directive(fields)
		}
	}
	header, _, found := strings.Cut(p.text[p.pos:], "{")
	if !found || strings.Contains(header, "\n") {
		return fmt.Errorf("%q: neither a directive nor a block", p.rest())
	}
	p.pos += len(header) + 1
	content, err := p.content()
	if err != nil {
		return err
	}
	words := strings.Fields(header)
	if len(words) == 0 {
		return errors.New("a block without a name")
	}
	return p.block(words[0], words[1:], content, p.line(start))
}

// content reads what a block has between its braces. Braces inside are balanced, or have a backslash before them.
func (p *parser) content() (string, error) {
	var b strings.Builder
	depth := 1
	for ; p.pos < len(p.text); p.pos++ {
		c := p.text[p.pos]
		switch c {
		case '\\':
			if next := p.text[p.pos+1:]; next != "" && strings.IndexByte(`{}\`, next[0]) >= 0 {
				p.pos++
				c = next[0]
			}
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				p.pos++
				return expand(b.String())
			}
		}
		b.WriteByte(c)
	}
	return "", errors.New("the block has no end")
}

var (
	macro       = regexp.MustCompile(`\{\{([a-z]+):(.*?)\}\}`)
	maxExpanded = 16 << 20 // in bytes
)

// expand replaces macros, of which there is one: {{repeat:N:text}}.
func expand(text string) (_ string, err error) {
	expanded := macro.ReplaceAllStringFunc(text, func(m string) string {
		parts := macro.FindStringSubmatch(m)
		count, repeated, _ := strings.Cut(parts[2], ":")
		n, bad := strconv.Atoi(count)
		if parts[1] != "repeat" || bad != nil || n < 0 || n > maxExpanded/max(1, len(repeated)) {
			err = fmt.Errorf("the macro %s cannot be expanded", m)
			return m
		}
		return strings.Repeat(repeated, n)
	})
	return expanded, err
}

// directive takes a line that begins with @.
func (p *parser) directive(words []string) error {
	argument := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	reason := strings.Join(words, " ")
	switch words[0] {
	case "@database":
		return p.database(words[1:])
	case "@setup":
		sql, found := p.setups[argument(1)]
		if !found {
			return fmt.Errorf("there is no setup %q", argument(1))
		}
		p.next.Setup = append(p.next.Setup, sql)
	case "@skip":
		p.next.Skip = reason
	case "@skip-if":
		if argument(1) == "sqlite" {
			p.next.Skip = reason
		}
	case "@requires":
		if !canDo(argument(1)) {
			p.next.Skip = reason
		}
	case "@skip-file":
		p.skipFile = reason
	case "@skip-file-if":
		if argument(1) == "sqlite" {
			p.skipFile = reason
		}
	case "@requires-file":
		if !canDo(argument(1)) {
			p.skipFile = reason
		}
	case "@backend":
		p.next.Backend = argument(1)
	case "@cross-check-integrity":
		p.next.Integrity = true
	default:
		return fmt.Errorf("unknown directive %s", words[0])
	}
	return nil
}

// canDo reports whether SQLite has what a file requires.
func canDo(capability string) bool { return capability == "trigger" || capability == "strict" }

func (p *parser) database(words []string) error {
	readOnly := len(words) == 2 && words[1] == "readonly"
	if len(words) != 1 && !readOnly {
		return fmt.Errorf("@database %q: want a name, and readonly perhaps", words)
	}
	p.file.Databases = append(p.file.Databases, Database{words[0], readOnly})
	return nil
}

// block takes a block.
func (p *parser) block(kind string, words []string, content string, line int) error {
	if kind == "expect" {
		return p.expect(words, content)
	}
	if err := p.finish(); err != nil {
		return err
	}
	if len(words) != 1 {
		return fmt.Errorf("%s %q: want one name", kind, words)
	}
	switch kind {
	case "@var": // of a matrix
	case "setup":
		p.setups[words[0]] = content
	case "test":
		c := p.next
		c.Name, c.Line, c.SQL, p.next = words[0], line, content, Case{}
		p.open = &c
	case "snapshot", "snapshot-eqp", "matrix": // compare the plans and the results of other engines
		p.next = Case{}
	default:
		return fmt.Errorf("unknown block %s", kind)
	}
	return nil
}

// expect takes what the last test must come to. More than one expectation is for certain backends.
func (p *parser) expect(words []string, content string) error {
	if p.open == nil {
		return errors.New("expect without a test")
	}
	if len(words) > 0 && strings.HasPrefix(words[0], "@") {
		return nil
	}
	kind := ExpectationKind(strings.Join(words, " "))
	switch kind {
	case ExpectRows, ExpectRaw, ExpectUnordered, ExpectPattern, ExpectError:
	default:
		return fmt.Errorf("expect %s: want %s, %s, %s, %s or nothing", kind, ExpectRaw, ExpectUnordered, ExpectPattern, ExpectError)
	}
	if p.expected {
		return fmt.Errorf("test %s has two expectations", p.open.Name)
	}
	if kind == ExpectPattern {
		if _, err := regexp.Compile(strings.TrimSpace(content)); err != nil {
			return fmt.Errorf("expect %s: %w", kind, err)
		}
	}
	p.open.Expect, p.expected = Expectation{kind, content}, true
	return nil
}

// finish ends the case that is open.
func (p *parser) finish() error {
	if p.open == nil {
		return nil
	}
	c := *p.open
	if !p.expected {
		return fmt.Errorf("test %s expects nothing", c.Name)
	}
	if slices.ContainsFunc(p.file.Cases, func(other Case) bool { return other.Name == c.Name }) {
		return fmt.Errorf("there are two tests %s", c.Name)
	}
	if c.Skip == "" {
		c.Skip = p.skipFile
	}
	p.file.Cases = append(p.file.Cases, c)
	p.open, p.expected = nil, false
	return nil
}
