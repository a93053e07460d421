package edit

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// A vt is a terminal as far as the editor needs one.
type vt struct {
	width, height int
	cells         [][]string // by row and column; the second column of a wide character is ""
	scrolled      []string   // rows that have left at the top
	row, column   int
	full          bool // the last column has been written, and the cursor has not moved on
}

func newVT(width, height int) *vt {
	v := &vt{width: width, height: height}
	for range height {
		v.cells = append(v.cells, v.empty())
	}
	return v
}

func (v *vt) empty() []string { return strings.Split(strings.Repeat(" ", v.width), "") }

func (v *vt) write(t *testing.T, s string) {
	t.Helper()
	for s != "" {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == '\r':
			v.column, v.full = 0, false
		case r == '\n':
			v.newLine()
		case r == '\x1b':
			n = sequenceLen([]byte(s))
			v.control(t, s[:n])
		case r < ' ':
			t.Fatalf("control character %q reaches the terminal", r)
		default:
			v.print(r)
		}
		s = s[n:]
	}
}

func (v *vt) newLine() {
	v.full = false
	if v.row++; v.row == v.height {
		v.row--
		v.scrolled = append(v.scrolled, v.line(0))
		v.cells = append(v.cells[1:], v.empty())
	}
}

func (v *vt) print(r rune) {
	width := runeWidth(r)
	if width == 0 {
		if at := v.column - 1; at >= 0 || v.full {
			if v.full {
				at = v.width - 1
			}
			for at > 0 && v.cells[v.row][at] == "" {
				at--
			}
			v.cells[v.row][at] += string(r)
		}
		return
	}
	if v.full || v.column+width > v.width {
		v.column = 0
		v.newLine()
	}
	v.cells[v.row][v.column] = string(r)
	if width == 2 && v.column+1 < v.width {
		v.cells[v.row][v.column+1] = ""
	}
	if v.column += width; v.column >= v.width {
		v.column, v.full = v.width-1, true
	}
}

func (v *vt) control(t *testing.T, s string) {
	t.Helper()
	n := 1
	_, _ = fmt.Sscanf(s[2:], "%d", &n)
	switch final := s[len(s)-1]; final {
	case 'm', 'h', 'l':
		return
	case 'A':
		if v.row -= n; v.row < 0 {
			t.Fatalf("%q goes above the screen", s)
		}
	case 'B':
		if v.row += n; v.row >= v.height {
			t.Fatalf("%q goes below the screen", s)
		}
	case 'C':
		v.column = min(v.column+n, v.width-1)
	case 'H':
		v.row, v.column = 0, 0
	case 'K', 'J':
		copy(v.cells[v.row][v.column:], v.empty())
		if final == 'J' {
			for i := range v.cells {
				if i > v.row || s == "\x1b[2J" {
					v.cells[i] = v.empty()
				}
			}
		}
	default:
		t.Fatalf("unknown sequence %q", s)
	}
	v.full = false
}

func (v *vt) line(row int) string { return strings.TrimRight(strings.Join(v.cells[row], ""), " ") }

// lines returns what is on the screen, without empty rows at the end.
func (v *vt) lines() string {
	var lines []string
	for i := range v.cells {
		lines = append(lines, v.line(i))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// A session is an editor at a vt.
type session struct {
	*Editor
	t    *testing.T
	vt   *vt
	keys decoder
}

// testLanguage has texts that end in a semicolon, prompts with colours, and
// fruit.
var testLanguage = Language{
	Ready: func(text string) bool { return strings.HasSuffix(text, ";") || text == "" },
	Prompts: func(text string) []string {
		prompts := []string{"\x1b[1m> \x1b[0m"}
		for range strings.Count(text, "\n") {
			prompts = append(prompts, ". ")
		}
		return prompts
	},
	Styles: func(text string) (spans []Span) {
		for i := 0; i < len(text); i++ {
			if '0' <= text[i] && text[i] <= '9' {
				spans = append(spans, Span{i, i + 1, "\x1b[35m"})
			}
		}
		return spans
	},
	Complete: func(text string, pos int) (from int, list []Candidate, ok bool) {
		from = strings.LastIndexAny(text[:pos], " \n") + 1
		for _, fruit := range []string{"apple", "apricot", "banana"} {
			if strings.HasPrefix(fruit, strings.ToLower(text[from:pos])) {
				list = append(list, Candidate{fruit, "fruit"})
			}
		}
		return from, list, !strings.Contains(text[:pos], "'")
	},
}

func newSession(t *testing.T, width, height int, history ...string) *session {
	s := &session{t: t, vt: newVT(width, height), Editor: NewEditor(testLanguage, &History{entries: history})}
	s.start(width, height)
	s.show()
	return s
}

func (s *session) show() {
	s.t.Helper()
	s.vt.write(s.t, s.draw())
}

// send types keys, and returns what the last one has led to.
func (s *session) send(keys string) (last outcome) {
	s.t.Helper()
	s.keys.bytes = append(s.keys.bytes, keys...)
	for {
		k, ok := s.keys.next(true)
		if !ok {
			break
		}
		last = s.key(k)
	}
	s.show()
	return last
}

// wantScreen checks what is seen; | is where the cursor is.
func (s *session) wantScreen(want string) {
	s.t.Helper()
	row := s.vt.cells[s.vt.row]
	was := row[s.vt.column]
	row[s.vt.column] = "|" + was
	got := s.vt.lines()
	row[s.vt.column] = was
	if got != want {
		s.t.Errorf("the screen is\n%s\nand should be\n%s", got, want)
	}
}

func (s *session) wantText(want string) {
	s.t.Helper()
	if s.text != want {
		s.t.Errorf("the text is %q and should be %q", s.text, want)
	}
}

func TestWrapping(t *testing.T) {
	s := newSession(t, 10, 5)
	s.send("12345678")
	s.wantScreen("> 12345678\n|")
	s.send("9")
	s.wantScreen("> 12345678\n9|")
	s.send("\x7f\x7f")
	s.wantScreen("> 1234567|")
	s.send("8" + "日本語") // three wide characters do not fit behind
	s.wantScreen("> 12345678\n日本語|")
	s.send("x日")
	s.wantScreen("> 12345678\n日本語x日|")
	s.send("日")
	s.wantScreen("> 12345678\n日本語x日\n日|")
	s.send("\x1b[1;5H" + "e\u0301")
	s.wantScreen("> e\u0301|1234567\n8日本語x日\n日")
	s.send("\x7f")
	s.wantText("12345678日本語x日日")
	s.send("\x1b>\x1b<\x0b\x1b[200~a\tb\x1b[201~\x02\x02") // a tab to column 8
	s.wantScreen("> a|     b")
}

func TestTallText(t *testing.T) {
	s := newSession(t, 10, 4)
	s.send("a\rb\rc\rd\re\rf")
	s.wantScreen(". c\n. d\n. e\n. f|")
	s.send("\x1b[A\x1b[A\x1b[A\x1b[A")
	s.wantScreen(". b|\n. c\n. d\n. e")
	s.send("X\x1b[1;5F;")
	s.wantScreen(". c\n. d\n. e\n. f;|")
	if s.send("\r") != accepted {
		t.Fatal("a complete text is not accepted")
	}
	s.vt.write(t, s.finish())
	if got, want := strings.Join(s.vt.scrolled, "\n")+"\n"+s.vt.lines(), "> a\n. bX\n. c\n. d\n. e\n. f;"; got != want {
		t.Errorf("left on the terminal:\n%s\nwant\n%s", got, want)
	}
}

// A terminal that has become narrower has wrapped what was on it.
func TestResize(t *testing.T) {
	s := newSession(t, 20, 6)
	s.send("123456789012345678901234\rab\x1b[A\x05\x02\x02\x02\x02")
	s.wantScreen("> 123456789012345678\n90|1234\n. ab")
	narrow := newVT(10, 6)
	narrow.write(t, "> 12345678\r\n9012345678\r\n901234\r\n. ab\r\x1b[1A\x1b[2C")
	s.vt = narrow
	narrow.write(t, s.screen.resize(10, 6))
	s.show()
	s.wantScreen("> 12345678\n9012345678\n90|1234\n. ab")
}

func TestSearch(t *testing.T) {
	s := newSession(t, 40, 6, "select 'one';", "insert\ninto two;", "select 'three';", "select 'three';")
	s.send("draft\x12T")
	s.wantScreen("> selec|t 'three';\n(reverse-i-search) T")
	s.send("hr")
	s.wantScreen("> select '|three';\n(reverse-i-search) Thr")
	s.send("\x7f\x7f\x7f" + "sert")
	s.wantScreen("> in|sert\n. into two;\n(reverse-i-search) sert")
	s.send("x")
	s.wantScreen("> in|sert\n. into two;\n(failed reverse-i-search) sertx")
	s.send("\x07")
	s.wantText("draft")
	s.wantScreen("> draft|")
	s.send("\x12select\x12\x12\x12")
	s.wantText("select 'one';")
	if s.send("\r") != accepted {
		t.Error("enter does not run what was found")
	}
	s.start(40, 6)
	s.send("\x12three\x13\x12\x05!")
	s.wantText("select 'three';!")
}

func TestMenu(t *testing.T) {
	s := newSession(t, 40, 6)
	s.send("I eat ba\t")
	s.wantText("I eat banana")
	s.send(" A\t")
	s.wantText("I eat banana ap")
	s.wantScreen("> I eat banana ap|\napple   fruit  apricot fruit")
	s.send("\t")
	s.wantText("I eat banana apple")
	s.send("\t\t\x1b[Z")
	s.wantText("I eat banana apricot")
	s.send("\x1b")
	s.wantText("I eat banana ap")
	s.wantScreen("> I eat banana ap|")
	s.send("\t\t\r;")
	s.wantText("I eat banana apple;")
	s.send("\x01\x0b\t'\t") // no word to complete
	s.wantText("\t'\t")

	narrow := newSession(t, 6, 6)
	narrow.send("x a\t")
	narrow.wantScreen("> x ap\n|\napple\naprico")
}
