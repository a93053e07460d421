package records

import (
	"bytes"
	"fmt"
	"strings"
)

// UniqueNames returns names with those changed that are there more than once, or
// empty: "a", "b", "a" become "a_1", "b", "a_3". Case makes no difference.
func UniqueNames(names []string) []string {
	unique := make([]string, len(names))
	count := map[string]int{}
	for i, name := range names {
		if unique[i] = name; name == "" {
			unique[i] = "?"
		}
		count[strings.ToLower(unique[i])]++
	}
	result := make([]string, len(names))
	for zeros := ""; ; zeros += "0" {
		taken := map[string]bool{}
		for i, name := range unique {
			if result[i] = name; count[strings.ToLower(name)] > 1 {
				result[i] = fmt.Sprintf("%s_%s%d", name, zeros, i+1)
			}
			taken[strings.ToLower(result[i])] = true
		}
		if len(taken) == len(names) {
			return result
		}
	}
}

// Types returns the type of SQL for each of so many columns that the fields of
// all records have, apart from NULL and the empty ones: INTEGER or REAL if each
// of them would come back from it as it was written, else TEXT.
func Types(records []*Record, columns int) []string {
	types := make([]string, columns)
	for _, r := range records {
		for i, f := range r.Fields[:min(columns, len(r.Fields))] {
			if f.Kind == Null || len(f.Text) == 0 {
				continue
			}
			switch t := typeOf(f); {
			case types[i] == "" || types[i] == t:
				types[i] = t
			case types[i] == "TEXT" || t == "TEXT":
				types[i] = "TEXT"
			default:
				types[i] = "REAL"
			}
		}
	}
	for i := range types {
		if types[i] == "" {
			types[i] = "TEXT"
		}
	}
	return types
}

func typeOf(f Field) string {
	switch {
	case f.Kind == String:
		return "TEXT"
	case f.Kind == Number && bytes.ContainsAny(f.Text, ".eE"):
		return "REAL"
	case f.Kind == Number:
		return "INTEGER"
	}
	digits := bytes.TrimPrefix(f.Text, []byte("-"))
	whole, fraction, point := bytes.Cut(digits, []byte("."))
	leadingZero := len(whole) > 1 && whole[0] == '0'
	if !allDigits(whole) || leadingZero || len(whole)+len(fraction) > maxDigits {
		return "TEXT"
	}
	if !point {
		return "INTEGER"
	}
	if !allDigits(fraction) {
		return "TEXT"
	}
	return "REAL"
}

// maxDigits is how many digits both an INTEGER and a REAL keep.
const maxDigits = 15

func allDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}
