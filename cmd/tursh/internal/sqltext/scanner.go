// Package sqltext knows as much of SQL's syntax as a shell needs: where a
// statement ends, what would complete it, how names and strings are quoted.
package sqltext

import "strings"

// A Scanner reads SQL text line by line and knows when the text so far is a
// complete statement, by the rules of sqlite3_complete
// (https://sqlite.org/c3ref/complete.html): it ends in a semicolon that is
// outside quotes, comments and the body of a CREATE TRIGGER.
//
// It is fed each line once, so that a statement of n lines costs n steps and
// not n². Every line is taken to end in a newline; no token of SQL apart from
// quotes and block comments survives one, so nothing else is carried over.
type Scanner struct {
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

// Feed reads the next line of the text, given without its line ending.
func (s *Scanner) Feed(line string) { s.scan(line, false) }

// FirstStatement returns the length of the first complete statement of text,
// or of all of it if there is none.
func FirstStatement(text string) int {
	var s Scanner
	return s.scan(text, true)
}

// scan reads text, which ends where a line does. If stop is set it reads up to
// the semicolon that completes a statement. It returns how much it has read.
func (s *Scanner) scan(text string, stop bool) int {
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
		case IsSpace(c):
			i++
		case isWord(c):
			n := WordLen(text[i:])
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

func (s *Scanner) punctuation(c byte) {
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
func (s *Scanner) other() {
	switch s.state {
	case atStart, atCreate:
		s.state = inStatement
	case atTriggerSemi, atTriggerEnd:
		s.state = inTrigger
	}
}

func (s *Scanner) word(w string) {
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

// Complete reports whether the text fed so far ends a statement. Text of white
// space and comments only is not complete; it is empty.
func (s *Scanner) Complete() bool {
	return s.state == atStart && s.within == inCode
}

// Closers returns the shortest text that would complete the statement: what a
// continuation prompt shows.
func (s *Scanner) Closers() string {
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

// Blank reports whether text holds nothing but white space and whole comments.
func Blank(text string) bool { return SkipBlank(text) == "" }

// SkipBlank returns text without the white space and comments it starts with.
// A comment that is not closed is not skipped.
func SkipBlank(text string) string {
	for {
		text = TrimSpace(text)
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

// Explain tells which kind of EXPLAIN a statement is.
type Explain uint8

const (
	NotExplain  Explain = iota
	ExplainCode         // EXPLAIN: the bytecode
	ExplainPlan         // EXPLAIN QUERY PLAN: the plan
)

func ExplainOf(stmt string) Explain {
	words := []string{"explain", "query", "plan"}
	for i, w := range words {
		stmt = SkipBlank(stmt)
		n := WordLen(stmt)
		if !strings.EqualFold(stmt[:n], w) {
			if i == 0 {
				return NotExplain
			}
			return ExplainCode
		}
		stmt = stmt[n:]
	}
	return ExplainPlan
}

// IsTerminator reports whether line is one of the two other ways to end a
// statement: "/" as in Oracle's shell, or "go" as in SQL Server's.
func IsTerminator(line string) bool {
	line = TrimSpace(line)
	if strings.HasPrefix(line, "/") && !strings.HasPrefix(line, "/*") {
		return Blank(line[1:])
	}
	return len(line) >= 2 && strings.EqualFold(line[:2], "go") && Blank(line[2:])
}

func TrimSpace(text string) string {
	i := 0
	for i < len(text) && IsSpace(text[i]) {
		i++
	}
	return text[i:]
}

// IsSpace reports what SQLite's tokenizer takes for white space, and the
// vertical tab, which its shell does too.
func IsSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// TrimRightSpace is TrimSpace for the end of text.
func TrimRightSpace(text string) string {
	n := len(text)
	for n > 0 && IsSpace(text[n-1]) {
		n--
	}
	return text[:n]
}

// isWord reports whether c can be part of an identifier or keyword. Bytes of
// UTF-8 sequences can.
func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || isDigit(c) || isAlpha(c)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func WordLen(s string) int {
	n := 0
	for n < len(s) && isWord(s[n]) {
		n++
	}
	return n
}

// CloseDeclaration closes what a CREATE statement leaves open, such as a
// comment: SQLite keeps what was typed, up to the end of the text, and what
// follows it in a script must not become a part of it.
func CloseDeclaration(declaration string) string {
	var s Scanner
	s.scan(declaration, false)
	if s.within == inCode && !endsInComment(declaration) {
		return declaration
	}
	if s.within == inCode {
		return declaration + "\n"
	}
	return declaration + strings.TrimSuffix(s.Closers(), ";")
}

// endsInComment reports whether text ends in a -- comment.
func endsInComment(text string) bool {
	var s Scanner
	s.scan(text+" '", false)
	return s.within == inCode
}
