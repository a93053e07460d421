package main

import (
	"math"
	"strconv"
	"strings"
)

// How values and names are written, apart from where: the encodings that the
// output modes and .dump share. Values are as driver.Statement.Column returns
// them: int64, float64, string, []byte or nil.

// appendNumber appends v if it is a number.
func appendNumber(b []byte, v any, reals *realText) (_ []byte, isNumber bool) {
	switch v := v.(type) {
	case int64:
		return strconv.AppendInt(b, v, 10), true
	case float64:
		return reals.append(b, v), true
	}
	return b, false
}

// appendVisible appends s with its control characters as two: ^A for U+0001,
// up to ^_ for U+001F. Data that came from elsewhere can then not steer the
// reader's terminal. Tab, LF and CR LF are layout, and pass.
func appendVisible[T string | []byte](b []byte, s T) []byte {
	done := 0
	for i := range len(s) {
		if !isControl(s, i) {
			continue
		}
		b = append(b, s[done:i]...)
		b = append(b, '^', s[i]+'@')
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

// appendPlain appends v as text without quotes.
func appendPlain(b []byte, v any, null string, reals *realText) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, null...)
	case string:
		return appendVisible(b, v)
	case []byte:
		return appendVisible(b, v)
	}
	b, _ = appendNumber(b, v, reals)
	return b
}

// appendCSV appends v as a field of RFC 4180. Empty text is quoted, which tells
// it from NULL. A BLOB is quoted only if the row would break without.
func appendCSV(b []byte, v any, sep, null string, reals *realText) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, null...)
	case string:
		return appendCSVText(b, v, needsCSVQuotes(v, sep))
	case []byte:
		s := string(v)
		return appendCSVText(b, s, strings.ContainsAny(s, "\"\r\n") || contains(s, sep))
	}
	b, _ = appendNumber(b, v, reals)
	return b
}

func appendCSVText(b []byte, s string, quote bool) []byte {
	if !quote {
		return appendVisible(b, s)
	}
	b = append(b, '"')
	b = appendVisible(b, strings.ReplaceAll(s, `"`, `""`))
	return append(b, '"')
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

const hexDigits = "0123456789abcdef"

// appendJSON appends v as JSON. A BLOB becomes a string of one escape for each
// byte. JSON has no infinity: 9.0e+999 reads back as one, as in SQLite's own
// JSON functions.
func appendJSON(b []byte, v any, reals *realText) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case string:
		return appendJSONText(b, v)
	case []byte:
		b = append(b, '"')
		for _, c := range v {
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		return append(b, '"')
	case float64:
		if math.IsInf(v, 0) {
			return append(b, infinity(v, "9.0e+999")...)
		}
	}
	b, _ = appendNumber(b, v, reals)
	return b
}

func appendJSONText(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, `\b`...)
		case '\f':
			b = append(b, `\f`...)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			if c < ' ' {
				b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			} else {
				b = append(b, c)
			}
		}
	}
	return append(b, '"')
}

// appendSQL appends v as an SQL literal that reads back as exactly v. Text
// that holds control characters is written with unistr(), which SQLite has
// since 3.50; newlines asks for them as they are, which every version reads.
// A NUL byte can only be written with unistr().
func appendSQL(b []byte, v any, newlines bool, reals *realText) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "NULL"...)
	case string:
		if hasControl(v, newlines) {
			return appendUnistr(b, v)
		}
		return appendQuoted(b, v, '\'')
	case []byte:
		b = append(b, "x'"...)
		for _, c := range v {
			b = append(b, hexDigits[c>>4], hexDigits[c&15])
		}
		return append(b, '\'')
	case float64:
		if math.IsInf(v, 0) {
			return append(b, infinity(v, "1e999")...)
		}
	}
	b, _ = appendNumber(b, v, reals)
	return b
}

func infinity(v float64, text string) string {
	if v < 0 {
		return "-" + text
	}
	return text
}

func hasControl(s string, newlines bool) bool {
	for i := range len(s) {
		if s[i] < ' ' && (!newlines || s[i] == 0) {
			return true
		}
	}
	return false
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

// appendQuoted appends s between two quotes, with those within it doubled.
func appendQuoted(b []byte, s string, quote byte) []byte {
	b = append(b, quote)
	for i := range len(s) {
		if s[i] == quote {
			b = append(b, quote)
		}
		b = append(b, s[i])
	}
	return append(b, quote)
}

// quoteText returns s as a string literal of SQL.
func quoteText(s string) string { return string(appendQuoted(nil, s, '\'')) }

// quoteName returns s as a quoted identifier of SQL.
func quoteName(s string) string { return string(appendQuoted(nil, s, '"')) }

// quoteNameIfNeeded quotes s unless it is an identifier that is no keyword.
func quoteNameIfNeeded(s string) string {
	if s == "" || isDigit(s[0]) || keywords[strings.ToUpper(s)] {
		return quoteName(s)
	}
	for i := range len(s) {
		if c := s[i]; c != '_' && !isAlpha(c) && !isDigit(c) {
			return quoteName(s)
		}
	}
	return s
}

// quoteC returns s as a string literal of C, as .mode shows separators.
func quoteC(s string) string {
	b := []byte{'"'}
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\t':
			b = append(b, `\t`...)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\f':
			b = append(b, `\f`...)
		default:
			if c < ' ' || c == 0x7f {
				b = append(b, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
			} else {
				b = append(b, c)
			}
		}
	}
	return string(append(b, '"'))
}

// keywords are the words that SQLite gives a meaning, though its parser lets
// many of them be names (https://sqlite.org/lang_keywords.html).
var keywords = wordSet(`
	ABORT ACTION ADD AFTER ALL ALTER ALWAYS ANALYZE AND AS ASC ATTACH
	AUTOINCREMENT BEFORE BEGIN BETWEEN BY CASCADE CASE CAST CHECK COLLATE COLUMN
	COMMIT CONFLICT CONSTRAINT CREATE CROSS CURRENT CURRENT_DATE CURRENT_TIME
	CURRENT_TIMESTAMP DATABASE DEFAULT DEFERRABLE DEFERRED DELETE DESC DETACH
	DISTINCT DO DROP EACH ELSE END ESCAPE EXCEPT EXCLUDE EXCLUSIVE EXISTS EXPLAIN
	FAIL FILTER FIRST FOLLOWING FOR FOREIGN FROM FULL GENERATED GLOB GROUP GROUPS
	HAVING IF IGNORE IMMEDIATE IN INDEX INDEXED INITIALLY INNER INSERT INSTEAD
	INTERSECT INTO IS ISNULL JOIN KEY LAST LEFT LIKE LIMIT MATCH MATERIALIZED
	NATURAL NO NOT NOTHING NOTNULL NULL NULLS OF OFFSET ON OR ORDER OTHERS OUTER
	OVER PARTITION PLAN PRAGMA PRECEDING PRIMARY QUERY RAISE RANGE RECURSIVE
	REFERENCES REGEXP REINDEX RELEASE RENAME REPLACE RESTRICT RETURNING RIGHT
	ROLLBACK ROW ROWS SAVEPOINT SELECT SET TABLE TEMP TEMPORARY THEN TIES TO
	TRANSACTION TRIGGER UNBOUNDED UNION UNIQUE UPDATE USING VACUUM VALUES VIEW
	VIRTUAL WHEN WHERE WINDOW WITH WITHIN WITHOUT`)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}
