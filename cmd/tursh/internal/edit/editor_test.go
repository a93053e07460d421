package edit

import (
	"flag"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestKeys(t *testing.T) {
	history := []string{"select 1;", "select\n  a,\n  b;"}
	for _, test := range []struct{ keys, text string }{
		{"abc", "abc"},
		{"ab\x1b[Dc", "acb"},
		{"ab\x01c\x05d", "cabd"},
		{"ab\x02\x04", "a"},
		{"a b\x17c", "a c"},
		{"one two three\x1bb\x1bbX\x1bfY", "one XtwoY three"},
		{"été où\x1bbX", "été Xoù"},
		{"été où\x01\x1bfX", "étéX où"},
		{"one two\x1b\x7fX\x19\x19", "one Xtwotwo"},
		{"one\rtwo\x15X\x1b[A\x0b\x0b", "oX"},
		{"abc\x01\x0bx\x19\x1f\x1f", ""},
		{"abc\x17\x1f", "abc"},
		{"a\x1b\rb", "a\nb"},
		{";\x1b\rb", ";\nb"},
		{"\x1b[200~a\r\nb\tc\x1b[31m\rd;\n\x1b[201~e", "a\nb\tc[31m\nd;\ne"},
		{"\x1b[1;2Ax", "select\n  a,\n  b;x"},
		{"\x1bOA\x1bOAx", "select\n  a,x\n  b;"},
		{"\x1b[A\x1b[A\x1b[A\x1b[HX", "Xselect\n  a,\n  b;"}, // the first line of a statement from the history
		{"\x1b[A\x1b[A\x1b[A\x1b[A", "select 1;"},
		{"draft\x1b[5~x\x1b[5~y\x1b[6~z\x1b[6~!", "draft!"},
		{"draft\x1b[5~x\x1b[5~y\x1b[6~z", "select\n  a,\n  b;xz"},
		{"longer\rab\x1b[A\x1b[Bx", "longer\nabx"},
		{"ab\rlonger\x1b[Ax", "abx\nlonger"},
		{"a\x00\x1b[99~\x1b[?25hb", "ab"},
		{"\xffa\xc3", "\ufffda\ufffd"},
	} {
		s := newSession(t, 40, 10, history...)
		s.send(test.keys)
		if s.text != test.text {
			t.Errorf("%q gives %q, want %q", test.keys, s.text, test.text)
		}
	}
}

func TestOutcomes(t *testing.T) {
	for _, test := range []struct {
		keys string
		want outcome
	}{
		{"a\r", goOn}, {"a;\r", accepted}, {"a;\x02\n", accepted}, {"\r", accepted}, {"a\x03", interrupted},
		{"\x04", ended}, {"a\x04", goOn}, {"\x0c", cleared}, {"\x1a", suspended}, {"\x1be", elsewhere},
		{"\x12a\x03", goOn}, {"a\x1b\x03", interrupted}, {"\x1b[200~a\x03", interrupted},
	} {
		if got := newSession(t, 40, 10).send(test.keys); got != test.want {
			t.Errorf("%q leads to %d, want %d", test.keys, got, test.want)
		}
	}
}

// Keys that arrive in pieces are the same keys.
func TestKeysInPieces(t *testing.T) {
	const keys = "aé日\x1b[D\x1b[1;5Cb\x1b[200~pas\rted\x1b[201~\x1bb\x1bOHc\x1b\rd"
	whole := newSession(t, 40, 10)
	whole.send(keys)
	var d decoder
	pieces := newSession(t, 40, 10)
	for i := range len(keys) {
		d.bytes = append(d.bytes, keys[i])
		for k, ok := d.next(false); ok; k, ok = d.next(false) {
			pieces.key(k)
		}
	}
	if len(d.bytes) > 0 || pieces.text != whole.text || pieces.pos != whole.pos {
		t.Errorf("in pieces: %q, at once: %q", pieces.text, whole.text)
	}
}

// Four hundred lines typed as fast as a terminal sends them, and pasted.
func TestManyLines(t *testing.T) {
	lines := strings.Repeat("insert into t values (1, 'text');\n", 400)
	s := newSession(t, 80, 24)
	s.send(pasteStart + strings.ReplaceAll(lines, "\n", "\r") + pasteEnd)
	s.wantText(lines)
	s = newSession(t, 80, 24)
	s.send(strings.ReplaceAll(strings.ReplaceAll(lines, ";", ","), "\n", "\r"))
	s.wantText(strings.ReplaceAll(lines, ";", ","))
	s.send("\x01\x0b" + strings.Repeat("x", 100_000) + "\x7f")
	if want := len(lines) + 99_999; len(s.text) != want {
		t.Errorf("%d bytes of a long line, want %d", len(s.text), want)
	}
}

var (
	seed = flag.Uint64("seed", 1, "of random keys")
	keys = flag.Int("keys", 20_000, "how many random keys are typed")
)

// Whatever is typed, and however the size changes, the terminal shows what it
// would if everything were drawn anew, and nothing above it is touched.
func TestRandomKeys(t *testing.T) {
	random := rand.New(rand.NewPCG(*seed, 0))
	typed := []string{"a", "b c", "日", "e\u0301", "😀", "\t", "\r", "\r", "\x1b\r", ";", "'", "ap\t", "\x7f", "\x04", "\x1b[A", "\x1b[B",
		"\x1b[C", "\x1b[D", "\x01", "\x05", "\x0b", "\x15", "\x17", "\x19", "\x1f", "\x12", "\x13", "\x07", "\x1b[5~", "\x1b[6~", "\x1b[Z",
		"\x1b[200~x y\nz\x1b[201~", strings.Repeat("w", 30), "\x1b<", "\x1b>", "\x1bb", "\x1bf"}
	s := newSession(t, 20, 6, "one", "two\nlines", strings.Repeat("long ", 20))
	above := func() string { return strings.Join(s.vt.scrolled, "\n") }
	for i := range *keys {
		key := typed[random.IntN(len(typed))]
		if random.IntN(200) == 0 {
			width, height := 2+random.IntN(30), 1+random.IntN(10)
			s.vt = newVT(width, height)
			s.start(width, height)
			s.show()
		}
		before := above()
		if o := s.send(key); o == accepted || o == ended {
			s.vt.write(t, s.finish())
			s.vt = newVT(s.screen.width, s.screen.height)
			s.start(s.screen.width, s.screen.height)
			s.show()
		}
		fresh := newVT(s.vt.width, s.vt.height)
		drawn := s.screen.drawn
		fresh.write(t, strings.Join(drawn.rows, "\r\n"))
		fresh.row, fresh.column = drawn.row, drawn.column
		// The rows begin where the first of them is on the terminal.
		top := s.vt.row - drawn.row
		if top < 0 || strings.Join(lines(s.vt)[top:], "\n") != strings.Join(lines(fresh)[:s.vt.height-top], "\n") || s.vt.column != drawn.column && !s.vt.full {
			t.Fatalf("go test ./cmd/tursh/internal/edit -run RandomKeys -seed=%d: after key %d, %q:\n%s\nwant\n%s", *seed, i, key, s.vt.lines(), fresh.lines())
		}
		if !strings.HasPrefix(above(), before) {
			t.Fatalf("seed %d: key %d, %q, has changed what was above", *seed, i, key)
		}
	}
}

func lines(v *vt) (lines []string) {
	for i := range v.cells {
		lines = append(lines, v.line(i))
	}
	return lines
}
