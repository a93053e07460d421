package edit

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/show"
)

// A buffer is the text being edited, of any number of lines, and where the
// cursor is in it: in front of the character at pos, in bytes.
type buffer struct {
	text string
	pos  int
}

func (b *buffer) set(text string) { b.text, b.pos = text, len(text) }

func (b *buffer) insert(text string) {
	b.text = b.text[:b.pos] + text + b.text[b.pos:]
	b.pos += len(text)
}

// replace puts text in the place of what is between from and to, and the cursor
// behind it.
func (b *buffer) replace(from, to int, text string) {
	b.text = b.text[:from] + text + b.text[to:]
	b.pos = from + len(text)
}

// cut takes away what is between from and to, with the cursor at from.
func (b *buffer) cut(from, to int) (text string) {
	text = b.text[from:to]
	b.replace(from, to, "")
	return text
}

// left and right return where the character before the cursor begins, and where
// the one at the cursor ends. What combines with a character belongs to it.
func (b *buffer) left() int {
	pos := b.pos
	for pos > 0 {
		r, size := utf8.DecodeLastRuneInString(b.text[:pos])
		pos -= size
		if runeWidth(r) > 0 {
			break
		}
	}
	return pos
}

func (b *buffer) right() int {
	if b.pos == len(b.text) {
		return b.pos
	}
	return b.pos + charLen(b.text[b.pos:])
}

// wordLeft and wordRight return the start of the word before the cursor, and the
// end of the next one.
func (b *buffer) wordLeft() int {
	before := strings.TrimRightFunc(b.text[:b.pos], notInWord)
	return strings.LastIndexFunc(before, notInWord) + 1 + b.wideSeparator(before)
}

// wideSeparator returns by how much the last character of text that is in no
// word is longer than a byte.
func (b *buffer) wideSeparator(text string) int {
	at := strings.LastIndexFunc(text, notInWord)
	if at < 0 {
		return 0
	}
	_, size := utf8.DecodeRuneInString(text[at:])
	return size - 1
}

func (b *buffer) wordRight() int {
	after := b.text[b.pos:]
	word := strings.TrimLeftFunc(after, notInWord)
	end := strings.IndexFunc(word, notInWord)
	if end < 0 {
		return len(b.text)
	}
	return b.pos + len(after) - len(word) + end
}

func notInWord(r rune) bool { return r != '_' && !unicode.In(r, unicode.L, unicode.N, unicode.M) }

// lineStart and lineEnd return the ends of the line that the cursor is in.
func (b *buffer) lineStart() int { return strings.LastIndexByte(b.text[:b.pos], '\n') + 1 }

func (b *buffer) lineEnd() int {
	if n := strings.IndexByte(b.text[b.pos:], '\n'); n >= 0 {
		return b.pos + n
	}
	return len(b.text)
}

// up and down move the cursor to the line above or below, about as far from its
// start. They return false if there is none.
func (b *buffer) up() bool {
	start := b.lineStart()
	if start == 0 {
		return false
	}
	column := textWidth(b.text[start:b.pos])
	b.pos = start - 1
	b.pos = b.lineStart()
	b.pos += prefixOf(b.text[b.pos:start-1], column)
	return true
}

func (b *buffer) down() bool {
	end := b.lineEnd()
	if end == len(b.text) {
		return false
	}
	column := textWidth(b.text[b.lineStart():b.pos])
	b.pos = end + 1
	b.pos += prefixOf(b.text[b.pos:b.lineEnd()], column)
	return true
}

// prefixOf returns the length of the part of a line that takes up to columns.
func prefixOf(line string, columns int) int {
	n, width := 0, 0
	for n < len(line) {
		size := charLen(line[n:])
		width += textWidth(line[n : n+size])
		if width > columns {
			break
		}
		n += size
	}
	return n
}

// charLen returns the length of the first character of text, with all that
// combines with it.
func charLen(text string) int {
	_, n := utf8.DecodeRuneInString(text)
	for n < len(text) {
		r, size := utf8.DecodeRuneInString(text[n:])
		if runeWidth(r) > 0 {
			break
		}
		n += size
	}
	return n
}

func textWidth(text string) (columns int) {
	for _, r := range text {
		columns += runeWidth(r)
	}
	return columns
}

// runeWidth returns how many columns r takes: that of a result's layout, which
// is SQLite's, but for the symbols that terminals show as pictures.
func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case 0x2000 <= r && r < 0x2c00 && unicode.Is(pictures, r), 0x1f650 <= r && unicode.Is(pictures, r):
		return 2
	}
	return show.DisplayWidth(string(r))
}

// pictures are the characters outside the blocks of pictographs that are shown
// as pictures unless they are told not to, and so are wide
// (https://www.unicode.org/reports/tr51/, Emoji_Presentation).
var pictures = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x231a, Hi: 0x231b, Stride: 1}, {Lo: 0x23e9, Hi: 0x23ec, Stride: 1}, {Lo: 0x23f0, Hi: 0x23f3, Stride: 3},
		{Lo: 0x25fd, Hi: 0x25fe, Stride: 1}, {Lo: 0x2614, Hi: 0x2615, Stride: 1}, {Lo: 0x2648, Hi: 0x2653, Stride: 1},
		{Lo: 0x267f, Hi: 0x2693, Stride: 20}, {Lo: 0x26a1, Hi: 0x26a1, Stride: 1}, {Lo: 0x26aa, Hi: 0x26ab, Stride: 1},
		{Lo: 0x26bd, Hi: 0x26be, Stride: 1}, {Lo: 0x26c4, Hi: 0x26c5, Stride: 1}, {Lo: 0x26ce, Hi: 0x26d4, Stride: 6},
		{Lo: 0x26ea, Hi: 0x26ea, Stride: 1}, {Lo: 0x26f2, Hi: 0x26f3, Stride: 1}, {Lo: 0x26f5, Hi: 0x26fa, Stride: 5},
		{Lo: 0x26fd, Hi: 0x2705, Stride: 8}, {Lo: 0x270a, Hi: 0x270b, Stride: 1}, {Lo: 0x2728, Hi: 0x2728, Stride: 1},
		{Lo: 0x274c, Hi: 0x274e, Stride: 2}, {Lo: 0x2753, Hi: 0x2755, Stride: 1}, {Lo: 0x2757, Hi: 0x2757, Stride: 1},
		{Lo: 0x2795, Hi: 0x2797, Stride: 1}, {Lo: 0x27b0, Hi: 0x27bf, Stride: 15}, {Lo: 0x2b1b, Hi: 0x2b1c, Stride: 1},
		{Lo: 0x2b50, Hi: 0x2b55, Stride: 5},
	},
	R32: []unicode.Range32{
		{Lo: 0x1f7e0, Hi: 0x1f7eb, Stride: 1}, {Lo: 0x1fa70, Hi: 0x1faff, Stride: 1},
	},
}
