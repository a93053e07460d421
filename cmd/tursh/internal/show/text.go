package show

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
)

// How values and titles are written, apart from where.

// appendValue appends v as the format wants it, cut at its limit.
func (l *layout) appendValue(b []byte, v any) []byte {
	start := len(b)
	b = l.appendWhole(b, v)
	if limit := max(l.CharLimit, 4); l.CharLimit > 0 && len(b)-start > l.CharLimit {
		if n := prefixWidth(b[start:], limit); n < len(b)-start {
			b = append(b[:start+n], "..."...)
		}
	}
	return b
}

func (l *layout) appendWhole(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, l.NullText...)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		return l.appendReal(b, v)
	case string:
		return l.appendText(b, v, l.Quote)
	case []byte:
		return l.appendBlob(b, v)
	}
	return fmt.Append(b, v)
}

// appendReal appends a number. Infinities have no notation of their own in SQL
// and JSON; a number too large for a REAL reads back as one.
func (l *layout) appendReal(b []byte, v float64) []byte {
	if math.IsInf(v, 0) {
		switch l.Quote {
		case SQL:
			return append(b, infinity(v, "1e999")...)
		case JSONText:
			return append(b, infinity(v, "9.0e+999")...)
		}
	}
	return l.convert.AppendReal(b, v)
}

func infinity(v float64, text string) string {
	if v < 0 {
		return "-" + text
	}
	return text
}

// appendText appends s in one of the ways to write text, with its control
// characters as l.Escape says.
func (l *layout) appendText(b []byte, s string, q Quoting) []byte {
	start := len(b)
	switch {
	case q == Relaxed && l.unmistakable(s):
		b = append(b, s...)
	case (q == SQL || q == Relaxed) && l.Escape == EscapeOff && strings.IndexByte(s, 0) < 0:
		b = sqltext.AppendQuoted(b, s, '\'')
	case q == SQL, q == Relaxed:
		b = appendSQLText(b, s, false)
	case q == CSV:
		b = l.appendCSV(b, s, needsCSVQuotes(s, l.ColSep))
	case q == HTMLText:
		b = appendHTML(b, s)
	case q == C, q == JSONText:
		b = appendEscaped(b, s, q)
	default:
		return l.appendVisible(b, s)
	}
	if l.Escape != EscapeOff && hasControl(b[start:]) {
		return l.appendVisible(b[:start:start], string(b[start:]))
	}
	return b
}

// unmistakable reports whether nobody would take text for anything but text,
// also without quotes: not for a number, NULL, or with blanks that do not show.
func (l *layout) unmistakable(s string) bool {
	if s == "" {
		return l.NullText != ""
	}
	edge := func(c byte) bool { return c == '\'' || sqltext.IsSpace(c) }
	if edge(s[0]) || edge(s[len(s)-1]) || s == l.NullText {
		return false
	}
	n := strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	if n == "Inf" {
		return false
	}
	if n == "" || n[0] < '0' || n[0] > '9' {
		return true
	}
	return !isNumeral(n)
}

// isNumeral reports whether s, which begins with a digit, is a number.
func isNumeral(s string) bool {
	digits := func() {
		s = strings.TrimLeft(s, "0123456789")
	}
	digits()
	if strings.HasPrefix(s, ".") {
		s = s[1:]
		digits()
	}
	if s != "" && s[0]|0x20 == 'e' {
		s = strings.TrimPrefix(strings.TrimPrefix(s[1:], "+"), "-")
		if s == "" {
			return false
		}
		digits()
	}
	return s == ""
}

// appendVisible appends s with its control characters made visible. Data that
// came from elsewhere can then not steer the reader's terminal. Tab, LF and
// CR LF are layout, and pass.
func (l *layout) appendVisible(b []byte, s string) []byte {
	if l.Escape == EscapeOff {
		return append(b, s...)
	}
	done := 0
	for i := range len(s) {
		if !isControl(s, i) {
			continue
		}
		b = append(b, s[done:i]...)
		if l.Escape == EscapeSymbol {
			b = utf8.AppendRune(b, '␀'+rune(s[i]))
		} else {
			b = append(b, '^', s[i]+'@')
		}
		done = i + 1
	}
	return append(b, s[done:]...)
}

func isControl[T string | []byte](s T, i int) bool {
	switch c := s[i]; c {
	case '\t', '\n':
		return false
	case '\r':
		return i+1 == len(s) || s[i+1] != '\n'
	default:
		return c < ' '
	}
}

func hasControl(b []byte) bool {
	for i := range b {
		if isControl(b, i) {
			return true
		}
	}
	return false
}

// appendCSV appends a field of RFC 4180. Empty text is quoted, which tells it
// from NULL.
func (l *layout) appendCSV(b []byte, s string, quote bool) []byte {
	if !quote {
		return append(b, s...)
	}
	return sqltext.AppendQuoted(b, s, '"')
}

func needsCSVQuotes(s, sep string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c == '"' || c == '\'' || c >= 0x7f {
			return true
		}
	}
	return s == "" || contains(s, sep)
}

func contains(s, sep string) bool { return sep != "" && strings.Contains(s, sep) }

var htmlEscapes = strings.NewReplacer("<", "&lt;", ">", "&gt;", "&", "&amp;", `"`, "&quot;", "'", "&#39;")

func appendHTML(b []byte, s string) []byte { return append(b, htmlEscapes.Replace(s)...) }

const hexDigits = "0123456789abcdef"

// shortEscapes are the control characters that have a letter in C and JSON.
var shortEscapes = map[byte]byte{'\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}

// appendEscaped appends s as a string literal of C or JSON.
func appendEscaped(b []byte, s string, q Quoting) []byte {
	b = append(b, '"')
	for i := range len(s) {
		c := s[i]
		switch letter := shortEscapes[c]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= ' ':
			b = append(b, c)
		case letter != 0:
			b = append(b, '\\', letter)
		case q == JSONText:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = appendOctal(b, c)
		}
	}
	return append(b, '"')
}

func appendOctal(b []byte, c byte) []byte {
	return append(b, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
}

func (l *layout) appendBlob(b []byte, v []byte) []byte {
	if l.TextJSONB {
		if text, ok := l.convert.JSONText(v); ok {
			if l.Quote == SQL {
				return append(l.appendText(append(b, "jsonb("...), text, l.Quote), ')')
			}
			return l.appendText(b, text, l.Quote)
		}
	}
	switch l.blobQuoting() {
	case BlobSQL:
		return appendSQLBlob(b, v)
	case BlobHex:
		return appendHex(b, v)
	case BlobC:
		b = append(b, '"')
		for _, c := range v {
			b = appendOctal(b, c)
		}
		return append(b, '"')
	case BlobJSON:
		b = append(b, '"')
		for _, c := range v {
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		return append(b, '"')
	case BlobSize:
		return fmt.Appendf(b, "(%d-byte blob)", len(v))
	}
	s := string(v)
	if l.Quote == CSV && (strings.ContainsAny(s, "\"\r\n") || contains(s, l.ColSep)) {
		s = string(l.appendCSV(nil, s, true)) // the row would break without
	}
	return l.appendVisible(b, s)
}

func (l *layout) blobQuoting() BlobQuoting {
	switch {
	case l.Blob != BlobAuto:
		return l.Blob
	case l.Quote == SQL || l.Quote == Relaxed:
		return BlobSQL
	case l.Quote == JSONText:
		return BlobJSON
	}
	return BlobText
}

func appendHex(b, v []byte) []byte {
	for _, c := range v {
		b = append(b, hexDigits[c>>4], hexDigits[c&15])
	}
	return b
}

func appendSQLBlob(b, v []byte) []byte {
	return append(appendHex(append(b, "x'"...), v), '\'')
}

// AppendSQL appends v as an SQL literal that reads back as exactly v. Text
// that holds control characters is written with unistr(), which SQLite has
// since 3.50; newlines asks for them as they are, which every version reads.
// A NUL byte can only be written with unistr().
func AppendSQL(b []byte, v any, newlines bool, convert Converter) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "NULL"...)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case string:
		return appendSQLText(b, v, newlines)
	case []byte:
		return appendSQLBlob(b, v)
	case float64:
		if math.IsInf(v, 0) {
			return append(b, infinity(v, "1e999")...)
		}
		return convert.AppendReal(b, v)
	}
	return fmt.Append(b, v)
}

func appendSQLText(b []byte, s string, newlines bool) []byte {
	for i := range len(s) {
		if s[i] < ' ' && (!newlines || s[i] == 0) {
			return appendUnistr(b, s)
		}
	}
	return sqltext.AppendQuoted(b, s, '\'')
}

func appendUnistr(b []byte, s string) []byte {
	b = append(b, "unistr('"...)
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\'' || c == '\\':
			b = append(b, c, c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, "')"...)
}
