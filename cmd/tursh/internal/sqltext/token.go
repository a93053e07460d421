package sqltext

import (
	"iter"
	"strings"
)

// A Token is one of the pieces that SQL text is made of: text[Start:End].
type Token struct {
	Kind       Kind
	Start, End int
	Open       bool // the text ends before the quote or comment does
}

// Kind is what a token is.
type Kind uint8

// The kinds of tokens. White space is none.
const (
	Word      Kind = iota // a keyword or a name without quotes
	Name                  // a name in quotes: "…" `…` […]
	Text                  // '…'
	Blob                  // x'…'
	Number                // an integer or a real
	Parameter             // ?1 :a @a $a
	Comment               // from -- to the end of the line, or from /* to */
	Operator              // one character of anything else
)

// Tokens returns the tokens of text, in order.
func Tokens(text string) iter.Seq[Token] {
	return func(yield func(Token) bool) {
		for i := 0; i < len(text); {
			if IsSpace(text[i]) {
				i++
				continue
			}
			t := nextToken(text, i)
			if !yield(t) {
				return
			}
			i = t.End
		}
	}
}

// nextToken returns the token that starts at i.
func nextToken(text string, i int) Token {
	rest := text[i:]
	switch c := rest[0]; {
	case strings.HasPrefix(rest, "--"):
		n := strings.IndexByte(rest, '\n')
		if n < 0 {
			n = len(rest)
		}
		return Token{Kind: Comment, Start: i, End: i + n}
	case strings.HasPrefix(rest, "/*"):
		n, open := closing(rest, len("/*"), "*/")
		return Token{Comment, i, i + n, open}
	case c == '\'':
		n, open := quotedLen(rest, 0)
		return Token{Text, i, i + n, open}
	case (c == 'x' || c == 'X') && strings.HasPrefix(rest[1:], "'"):
		n, open := quotedLen(rest, 1)
		return Token{Blob, i, i + n, open}
	case c == '"' || c == '`':
		n, open := quotedLen(rest, 0)
		return Token{Name, i, i + n, open}
	case c == '[':
		n, open := closing(rest, 1, "]")
		return Token{Name, i, i + n, open}
	case isDigit(c) || c == '.' && len(rest) > 1 && isDigit(rest[1]):
		return Token{Kind: Number, Start: i, End: i + numberLen(rest)}
	case c == '?' || (c == ':' || c == '@' || c == '$') && WordLen(rest[1:]) > 0:
		return Token{Kind: Parameter, Start: i, End: i + 1 + WordLen(rest[1:])}
	case isWord(c):
		return Token{Kind: Word, Start: i, End: i + WordLen(rest)}
	}
	return Token{Kind: Operator, Start: i, End: i + 1}
}

// closing returns how much of text the token takes that ends in end, which is
// looked for from start on.
func closing(text string, start int, end string) (n int, open bool) {
	at := strings.Index(text[start:], end)
	if at < 0 {
		return len(text), true
	}
	return start + at + len(end), false
}

// quotedLen is closing for the quote at start, which stands for itself if it is
// doubled.
func quotedLen(text string, start int) (n int, open bool) {
	quote := text[start]
	for i := start + 1; i < len(text); i++ {
		if text[i] != quote {
			continue
		}
		if i+1 == len(text) || text[i+1] != quote {
			return i + 1, false
		}
		i++
	}
	return len(text), true
}

// numberLen returns the length of the number that text begins with, and of what
// is glued to it: that is a mistake, but one token.
func numberLen(text string) int {
	i := 0
	for i < len(text) && (isWord(text[i]) || text[i] == '.') {
		exponent := text[i]|0x20 == 'e' && !strings.HasPrefix(text, "0x") && !strings.HasPrefix(text, "0X")
		i++
		if exponent && i+1 < len(text) && (text[i] == '+' || text[i] == '-') && isDigit(text[i+1]) {
			i++
		}
	}
	return i
}

// Unquote returns what a token of kind Word or Name is called.
func Unquote(name string) string {
	if name == "" || isWord(name[0]) {
		return name
	}
	quote := name[0]
	if quote == '[' {
		return strings.TrimSuffix(name[1:], "]")
	}
	body := name[1:]
	if n := len(body); n > 0 && body[n-1] == quote {
		body = body[:n-1]
	}
	return strings.ReplaceAll(body, string([]byte{quote, quote}), string(quote))
}
