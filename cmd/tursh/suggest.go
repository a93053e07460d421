package main

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
	"github.com/turso-coop/turso-coop/driver"
)

// didYouMean returns a question for the name that is most like a wrong one, on
// a line of its own, "" if none is.
func didYouMean(wrong string, names []string) string {
	if best := nearest(wrong, names); best != "" {
		return "\n  did you mean \"" + best + "\"?"
	}
	return ""
}

// longestName is as far as names are compared, in bytes.
const longestName = 64

// nearest returns the name that takes the fewest edits to get from wrong to it,
// "" if that is more than every third letter of the shorter one.
func nearest(wrong string, names []string) string {
	if len(wrong) > longestName {
		return ""
	}
	wrong = strings.ToLower(wrong)
	best, least := "", 2*len(wrong)
	for _, name := range names {
		most := (min(len(wrong), len(name)) + 1) / 3
		lower := strings.ToLower(name)
		n := edits(wrong, lower)
		if n == 0 || n > most {
			continue
		}
		// Of those that are as near, rather one that begins with what was typed.
		if n = 2 * n; strings.HasPrefix(lower, wrong) {
			n--
		}
		if n < least || n == least && sameLetters(wrong, lower) {
			best, least = name, n
		}
	}
	return best
}

// sameLetters reports whether two words differ only in the order of letters.
func sameLetters(a, b string) bool {
	letters := func(word string) string {
		sorted := []byte(word)
		slices.Sort(sorted)
		return string(sorted)
	}
	return letters(a) == letters(b)
}

// edits returns the number of letters to insert, delete, replace, or swap with
// the next one, that make b from a.
func edits(a, b string) int {
	var before []int
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

// unknownNames are the messages of SQLite about names it does not know, and
// where the names that it does know come from.
var unknownNames = []struct {
	message *regexp.Regexp
	query   string
}{
	{regexp.MustCompile(`^no such (?:table|view): (?:.*\.)?(.*)$`), "SELECT name FROM pragma_table_list"},
	{regexp.MustCompile(`^no such index: (?:.*\.)?(.*)$`), "SELECT i.name FROM pragma_table_list t, pragma_index_list(t.name, t.schema) i"},
	{regexp.MustCompile(`(?:^no such column: (?:.*\.)?|^table .* has no column named )(.*)$`),
		"SELECT c.name FROM pragma_table_list t, pragma_table_info(t.name, t.schema) c WHERE t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"},
	{regexp.MustCompile(`^no such function: (.*)$`), "SELECT DISTINCT name FROM pragma_function_list"},
	{regexp.MustCompile(`^no such collation sequence: (.*)$`), "SELECT name FROM pragma_collation_list"},
	{regexp.MustCompile(`^no such module: (.*)$`), "SELECT name FROM pragma_module_list"},
}

var syntaxError = regexp.MustCompile(`^near "(\w+)": syntax error$`)

// suggestion returns what follows the message of an error about a name, or a
// keyword, that is not known: the one that may have been meant. What a test
// captures has none of it, so that tests of SQLite's own shell pass.
func (sh *shell) suggestion(err error, text string) string {
	var e *driver.Error
	if sh.db == nil || sh.redirect.capture != nil || !errors.As(err, &e) {
		return ""
	}
	if m := syntaxError.FindStringSubmatch(e.Error()); m != nil {
		return sh.meantKeyword(m[1], text, e.Offset())
	}
	for _, u := range unknownNames {
		m := u.message.FindStringSubmatch(e.Error())
		if m == nil {
			continue
		}
		name, _, _ := strings.Cut(m[1], " - ") // SQLite may explain more
		var names []string
		_ = sh.db.use(func(c driver.Conn) (err error) {
			names, err = texts(context.Background(), c, u.query)
			return err
		})
		return didYouMean(name, names)
	}
	return ""
}

// meantKeyword looks for a keyword like the word that SQLite did not expect, or
// like the word before it, which it took for a name.
func (sh *shell) meantKeyword(word, text string, offset int) string {
	words := []string{word}
	if 0 < offset && offset <= len(text) {
		if before := strings.Fields(text[:offset]); len(before) > 0 {
			words = append(words, before[len(before)-1])
		}
	}
	for _, word := range words {
		if sqltext.Keywords[strings.ToUpper(word)] {
			continue
		}
		best := didYouMean(word, sqltext.KeywordList())
		if word == strings.ToLower(word) {
			best = strings.ToLower(best) // as the user writes keywords
		}
		if best != "" {
			return best
		}
	}
	return ""
}
