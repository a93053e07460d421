package main

import "strings"

// A scanner reads SQL text line by line and knows when the text so far is a
// complete statement, by the rules of sqlite3_complete
// (https://sqlite.org/c3ref/complete.html): it ends in a semicolon that is
// outside quotes, comments and the body of a CREATE TRIGGER.
//
// It is fed each line once, so that a statement of n lines costs n steps and
// not n². Every line is taken to end in a newline; no token of SQL apart from
// quotes and block comments survives one, so nothing else is carried over.
type scanner struct {
	state  stmtState
	within byte // what the text is inside of: one of the in… constants, or a quote
	parens int  // parentheses open outside quotes
}

// What a scanner can be within, besides the quotes themselves: ' " ` and [.
const (
	inCode    byte = 0
	inComment byte = '*'
)

// stmtState says how far the current statement has come. Only CREATE TRIGGER
// needs more than "a semicolon ends it".
type stmtState uint8

const (
	atStart       stmtState = iota // nothing but white space since the last complete statement
	inStatement                    // an ordinary statement
	atExplain                      // EXPLAIN, perhaps of a CREATE TRIGGER
	atCreate                       // CREATE, CREATE TEMP
	inTrigger                      // in CREATE TRIGGER, amid a statement of its body
	atTriggerSemi                  // in CREATE TRIGGER, right after a semicolon
	atTriggerEnd                   // in CREATE TRIGGER, after "; END": the next semicolon ends it
)

// feed reads the next line of the text, given without its line ending.
func (s *scanner) feed(line string) { s.scan(line, false) }

// firstStatement returns the length of the first complete statement of text,
// or of all of it if there is none.
func firstStatement(text string) int {
	var s scanner
	return s.scan(text, true)
}

// scan reads text, which ends where a line does. If stop is set it reads up to
// the semicolon that completes a statement. It returns how much it has read.
func (s *scanner) scan(text string, stop bool) int {
	skip := func(i int, to string) int { // to the end of what text is within at i
		end := strings.Index(text[i:], to)
		if end < 0 {
			return len(text)
		}
		s.within = inCode
		return i + end + len(to)
	}
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case s.within == inComment:
			i = skip(i, "*/")
		case s.within == '[':
			i = skip(i, "]")
		case s.within != inCode:
			i = skip(i, string(s.within))
		case c == '-' && strings.HasPrefix(text[i:], "--"):
			i = skip(i, "\n")
		case c == '/' && strings.HasPrefix(text[i:], "/*"):
			s.within = inComment
			i += len("/*")
		case isSpace(c):
			i++
		case isWord(c):
			n := wordLen(text[i:])
			s.word(text[i : i+n])
			i += n
		default:
			s.punctuation(c)
			i++
			if stop && c == ';' && s.state == atStart {
				return i
			}
		}
	}
	return len(text)
}

func (s *scanner) punctuation(c byte) {
	switch c {
	case '\'', '"', '`', '[':
		s.within = c
	case '(':
		s.parens++
	case ')':
		s.parens = max(0, s.parens-1)
	case ';':
		switch s.state {
		case inTrigger, atTriggerSemi:
			s.state = atTriggerSemi
		default:
			s.state = atStart
			s.parens = 0
		}
		return
	}
	s.other()
}

// other notes a token that has no meaning to the scanner.
func (s *scanner) other() {
	switch s.state {
	case atStart, atCreate:
		s.state = inStatement
	case atTriggerSemi, atTriggerEnd:
		s.state = inTrigger
	}
}

func (s *scanner) word(w string) {
	is := func(keyword string) bool { return strings.EqualFold(w, keyword) }
	switch {
	case s.state == atStart && is("explain"):
		s.state = atExplain
	case (s.state == atStart || s.state == atExplain) && is("create"):
		s.state = atCreate
	case s.state == atCreate && (is("temp") || is("temporary")):
	case s.state == atCreate && is("trigger"):
		s.state = inTrigger
	case s.state == atTriggerSemi && is("end"):
		s.state = atTriggerEnd
	default:
		s.other()
	}
}

// complete reports whether the text fed so far ends a statement. Text of white
// space and comments only is not complete; it is empty.
func (s *scanner) complete() bool {
	return s.state == atStart && s.within == inCode
}

// closers returns the shortest text that would complete the statement: what a
// continuation prompt shows.
func (s *scanner) closers() string {
	var b strings.Builder
	switch s.within {
	case inCode:
	case inComment:
		b.WriteString("*/")
	case '[':
		b.WriteByte(']')
	default:
		b.WriteByte(s.within)
	}
	b.WriteString(strings.Repeat(")", s.parens))
	switch s.state {
	case inTrigger:
		b.WriteString(";END;")
	case atTriggerSemi:
		b.WriteString("END;")
	case atStart: // nothing begun but a comment
	default:
		b.WriteByte(';')
	}
	return b.String()
}

// blank reports whether text holds nothing but white space and whole comments.
func blank(text string) bool { return skipBlank(text) == "" }

// skipBlank returns text without the white space and comments it starts with.
// A comment that is not closed is not skipped.
func skipBlank(text string) string {
	for {
		text = trimSpace(text)
		switch {
		case strings.HasPrefix(text, "--"):
			end := strings.IndexByte(text, '\n')
			if end < 0 {
				return ""
			}
			text = text[end+1:]
		case strings.HasPrefix(text, "/*"):
			end := strings.Index(text[2:], "*/")
			if end < 0 {
				return text
			}
			text = text[2+end+2:]
		default:
			return text
		}
	}
}

// explainKind tells which kind of EXPLAIN a statement is.
type explainKind uint8

const (
	notExplain   explainKind = iota
	explainCode              // EXPLAIN: the bytecode
	explainQuery             // EXPLAIN QUERY PLAN: the plan
)

func explainOf(stmt string) explainKind {
	words := []string{"explain", "query", "plan"}
	for i, w := range words {
		stmt = skipBlank(stmt)
		n := wordLen(stmt)
		if !strings.EqualFold(stmt[:n], w) {
			if i == 0 {
				return notExplain
			}
			return explainCode
		}
		stmt = stmt[n:]
	}
	return explainQuery
}

// isTerminator reports whether line is one of the two other ways to end a
// statement: "/" as in Oracle's shell, or "go" as in SQL Server's.
func isTerminator(line string) bool {
	line = trimSpace(line)
	if strings.HasPrefix(line, "/") && !strings.HasPrefix(line, "/*") {
		return blank(line[1:])
	}
	return len(line) >= 2 && strings.EqualFold(line[:2], "go") && blank(line[2:])
}

func trimSpace(text string) string {
	i := 0
	for i < len(text) && isSpace(text[i]) {
		i++
	}
	return text[i:]
}

// isSpace reports what SQLite's tokenizer takes for white space, and the
// vertical tab, which its shell does too.
func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// isWord reports whether c can be part of an identifier or keyword. Bytes of
// UTF-8 sequences can.
func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || isDigit(c) || isAlpha(c)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func wordLen(s string) int {
	n := 0
	for n < len(s) && isWord(s[n]) {
		n++
	}
	return n
}
