package sqltext

import (
	"maps"
	"slices"
	"strings"
)

// AppendQuoted appends s between two quotes, with those within it doubled.
func AppendQuoted(b []byte, s string, quote byte) []byte {
	b = append(b, quote)
	for i := range len(s) {
		if s[i] == quote {
			b = append(b, quote)
		}
		b = append(b, s[i])
	}
	return append(b, quote)
}

// QuoteText returns s as a string literal of SQL.
func QuoteText(s string) string { return string(AppendQuoted(nil, s, '\'')) }

// QuoteName returns s as a quoted identifier of SQL.
func QuoteName(s string) string { return string(AppendQuoted(nil, s, '"')) }

// QuoteNameIfNeeded quotes s unless it is an identifier that is no keyword.
func QuoteNameIfNeeded(s string) string {
	if s == "" || isDigit(s[0]) || Keywords[strings.ToUpper(s)] {
		return QuoteName(s)
	}
	for i := range len(s) {
		if c := s[i]; c != '_' && !isAlpha(c) && !isDigit(c) {
			return QuoteName(s)
		}
	}
	return s
}

// QuoteC returns s as a string literal of C, as .mode shows separators.
func QuoteC(s string) string {
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

// Keywords are the words that SQLite gives a meaning, though its parser lets
// many of them be names (https://sqlite.org/lang_keywords.html).
var Keywords = wordSet(`
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

// KeywordList returns the keywords in the order of the alphabet.
func KeywordList() []string { return slices.Sorted(maps.Keys(Keywords)) }
