package show

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
)

// Width of text on a terminal, and where to break it.

// nextWidth returns how many bytes the first character of s takes and how many
// columns. A sequence that sets colours takes none; of other control
// characters, which are escaped unless the user has said otherwise, a tab goes
// to the next multiple of eight behind column at.
func nextWidth[T string | []byte](s T, at int) (size, width int) {
	switch c := s[0]; {
	case c == '\t':
		return 1, 8 - at&7
	case c == '\x1b':
		if n := colorLen(s); n > 0 {
			return n, 0
		}
		return 1, 1
	case c < utf8.RuneSelf:
		return 1, 1
	}
	r, size := utf8.DecodeRuneInString(string(s[:min(len(s), utf8.UTFMax)]))
	return size, runeWidth(r)
}

// colorLen returns the length of the terminal control sequence (CSI) that s
// begins with, 0 if there is none.
func colorLen[T string | []byte](s T) int {
	if len(s) < 2 || s[1] != '[' {
		return 0
	}
	i := 2
	for i < len(s) && 0x20 <= s[i] && s[i] <= 0x3f {
		i++
	}
	if i == len(s) || s[i] < 0x40 || s[i] > 0x7e {
		return 0
	}
	return i + 1
}

// displayWidth returns how many columns of a terminal s takes.
func displayWidth(s string) int {
	n := 0
	for i := 0; i < len(s); {
		size, width := nextWidth(s[i:], n)
		i += size
		n += width
	}
	return n
}

// DisplayWidth returns how many columns of a terminal s, one line, takes.
func DisplayWidth(s string) int { return displayWidth(s) }

// prefixWidth returns how many bytes of b take at most width columns, apart from
// tabs and the ends of lines.
func prefixWidth(b []byte, width int) int {
	i, n := 0, 0
	for i < len(b) {
		size, w := nextWidth(b[i:], n)
		if b[i] < ' ' {
			w = 0
		}
		if n += w; n > width {
			break
		}
		i += size
	}
	return i
}

// limitTitle makes title one line of at most limit columns.
func limitTitle(title string, limit int) string {
	title = strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return ' '
		}
		return r
	}, title)
	if displayWidth(title) <= limit {
		return title
	}
	if limit < len("...") {
		return title[:prefixWidth([]byte(title), limit)]
	}
	return title[:prefixWidth([]byte(title), limit-len("..."))] + "..."
}

// wrap takes the first line from s: up to its end, or as much as fits width,
// which is 0 for any, broken between words if that is wanted and possible.
func wrap(s string, width int, words bool) (line string, columns int, rest string) {
	i := 0
	for i < len(s) {
		if s[i] == '\n' {
			return s[:i], columns, s[i+1:]
		}
		if s[i] == '\r' && strings.HasPrefix(s[i+1:], "\n") {
			return s[:i], columns, s[i+2:]
		}
		size, w := nextWidth(s[i:], columns)
		if width > 0 && columns+w > width && i > 0 {
			break
		}
		columns += w
		i += size
	}
	if i == len(s) {
		return s, columns, ""
	}
	if words && !sqltext.IsSpace(s[i]) {
		if at := wordBreak(s, i); at > 0 && at != i {
			i = at
			columns = displayWidth(s[:i])
		}
	}
	return s[:i], columns, strings.TrimLeft(s[i:], " \t\r")
}

// wordBreak returns the best place to break s in the second half of its first
// n bytes: before a space, or else where a word begins or ends; 0 if there is
// none.
func wordBreak(s string, n int) int {
	for k := n - 1; k >= n/2; k-- {
		if sqltext.IsSpace(s[k]) {
			return k
		}
	}
	for k := n; k >= max(n/2, 1); k-- {
		if isWord(s[k-1]) != isWord(s[k]) && utf8.RuneStart(s[k]) {
			return k
		}
	}
	return 0
}

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// runeWidth returns 0 for characters that combine with the one before them, 2
// for the wide ones of East Asia and emoji, and 1 for the rest, bytes that are
// not UTF-8 among them.
func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) || 0x1160 <= r && r <= 0x11ff:
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

// wide holds the blocks whose East Asian Width is wide or full width
// (https://www.unicode.org/reports/tr11/), and emoji.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x1100, Hi: 0x115f, Stride: 1}, // Hangul Jamo, leading consonants
		{Lo: 0x2329, Hi: 0x232a, Stride: 1}, // angle brackets
		{Lo: 0x2e80, Hi: 0x303e, Stride: 1}, // CJK radicals, punctuation
		{Lo: 0x3040, Hi: 0xa4cf, Stride: 1}, // kana, CJK, Yi
		{Lo: 0xac00, Hi: 0xd7a3, Stride: 1}, // Hangul syllables
		{Lo: 0xf900, Hi: 0xfaff, Stride: 1}, // CJK compatibility
		{Lo: 0xfe10, Hi: 0xfe19, Stride: 1}, // vertical forms
		{Lo: 0xfe30, Hi: 0xfe6f, Stride: 1}, // CJK compatibility forms
		{Lo: 0xff00, Hi: 0xff60, Stride: 1}, // full width forms
		{Lo: 0xffe0, Hi: 0xffe6, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0x1f300, Hi: 0x1f64f, Stride: 1}, // pictographs, emoticons
		{Lo: 0x1f680, Hi: 0x1f6ff, Stride: 1}, // transport
		{Lo: 0x1f900, Hi: 0x1f9ff, Stride: 1}, // more pictographs
		{Lo: 0x20000, Hi: 0x2fffd, Stride: 1}, // CJK extensions
		{Lo: 0x30000, Hi: 0x3fffd, Stride: 1},
	},
}
