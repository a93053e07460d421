package show

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
)

// plainConverter writes reals as Go does and knows no binary JSON.
type plainConverter struct{}

func (plainConverter) AppendReal(b []byte, f float64) []byte {
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}
func (plainConverter) JSONText([]byte) (string, bool) { return "", false }

// shown returns rows in a mode with options, each --name=argument.
func shown(t *testing.T, mode string, options []string, columns []string, rows ...[]any) string {
	t.Helper()
	var f Format
	if !f.SetMode(mode) {
		t.Fatalf("no mode %s", mode)
	}
	for _, o := range options {
		name, arg, _ := strings.Cut(o, "=")
		option := FindOption(name)
		if option == nil {
			t.Fatalf("no option %s", name)
		}
		if err := option.Set(&f, arg); err != nil {
			t.Fatalf("%s: %v", o, err)
		}
	}
	var b bytes.Buffer
	out := f.New(&b, columns, plainConverter{})
	for _, row := range rows {
		if err := out.Row(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Finish(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestLayouts(t *testing.T) {
	long := "the quick brown fox"
	for _, tc := range []struct {
		name, mode string
		options    []string
		row        []any
		want       string
	}{
		{"wrapped at words", "table", []string{"wrap=10"}, []any{long, int64(1)},
			"+------------+---+\n|     a      | b |\n+------------+---+\n| the quick  | 1 |\n| brown fox  |   |\n+------------+---+\n"},
		{"wrapped anywhere", "table", []string{"wrap=10", "wordwrap=off", "titles=off"}, []any{long, int64(1)},
			"+------------+---+\n| the quick  | 1 |\n| brown fox  |   |\n+------------+---+\n"},
		{"screen", "box", []string{"sw=16", "titles=off"}, []any{long, int64(1)},
			"╭────────────┬─╮\n│the quick   │1│\n│brown fox   │ │\n╰────────────┴─╯\n"},
		{"widths", "column", []string{"widths=-6,4", "titles=off"}, []any{"abc", "defgh"}, "   abc  defg\n        h\n"},
		{"align", "markdown", []string{"align=RC", "titles=on"}, []any{"x", int64(100)}, "| a |  b  |\n|---|-----|\n| x | 100 |\n"},
		{"lines limited", "box", []string{"linelimit=1", "titles=off"}, []any{"1\n2\n3", nil}, "╭───┬──╮\n│ 1 │  │\n│ . │  │\n╰───┴──╯\n"},
		{"characters limited", "list", []string{"charlimit=5"}, []any{"1234567", "日本日本"}, "12345...|日本...\n"},
		{"titles limited", "line", []string{"titlelimit=4"}, []any{int64(1), "x"}, "a: 1\nb: x\n"},
		{"no frame", "table", []string{"border=off", "titles=off"}, []any{"x", "y"}, " x | y\n"},
		{"combining and wide", "table", []string{"titles=off"}, []any{"e\u0301", "日"}, "+---+----+\n| e\u0301 | 日 |\n+---+----+\n"},
		{"colours", "table", []string{"titles=off", "escape=off"}, []any{"\x1b[31mred\x1b[0m", "y"}, "+-----+---+\n| \x1b[31mred\x1b[0m | y |\n+-----+---+\n"},
		{"inserts", "insert", []string{"multiinsert=60", "rowcount=on"}, []any{"x", nil}, "INSERT INTO tab VALUES('x',NULL);\n/* 1 row inserted */\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := shown(t, tc.mode, tc.options, []string{"a", "b"}, tc.row); got != tc.want {
				t.Errorf("\n got %q\nwant %q", got, tc.want)
			}
		})
	}
}

// What Describe says leads back to the same format.
func TestDescribe(t *testing.T) {
	for _, want := range []string{
		"list", "csv", "box --wrap 20 --ww", "box --limits 1,2,3 --widths 3,-4", "line --sw 40 --wordwrap off",
		`list --blob-quote hex --colsep ", " --escape symbol --null "N" --quote csv --rowcount on --rowsep ";\n" --textjsonb on --titles always`,
		`table --align "LCR" --border off --titles off`, `insert --multiinsert 10 --tablename "t"`, "column --titles json",
	} {
		var f Format
		words := strings.Split(want, " --")
		f.SetMode(words[0])
		for _, w := range words[1:] {
			name, arg, _ := strings.Cut(w, " ")
			if text, err := strconv.Unquote(arg); err == nil {
				arg = text
			}
			if err := FindOption(name).Set(&f, arg); err != nil {
				t.Fatalf("%s: %v", want, err)
			}
		}
		if got := f.Describe(false); got != want {
			t.Errorf("Describe() = %s, want %s", got, want)
		}
	}
}

func TestOptionsRefuse(t *testing.T) {
	for _, o := range Options {
		if o.Takes == "" || o.Boolean || o.Wrong == "" {
			continue
		}
		before := Format{}
		before.SetMode("list")
		f := before
		if err := o.Set(&f, "!,x"); err == nil {
			t.Errorf("--%s takes %q", o.Names[0], "!,x")
		}
	}
}

// Relaxed text is quoted where it could be taken for something else.
func TestUnmistakable(t *testing.T) {
	l := &layout{Format: Format{NullText: "NULL"}}
	for text, want := range map[string]bool{
		"abc": true, "": true, "NULL": false, " a": false, "a ": false, "'a": false, "a'": false, "1": false, "-1": false,
		"1.5": false, "1.": false, "1e5": false, "1e": true, "1e+": true, "1x": true, "1.5.2": true, "Inf": false, "-Inf": false, "-": true, "2024-01-01": true,
	} {
		if got := l.unmistakable(text); got != want {
			t.Errorf("unmistakable(%q) = %v", text, got)
		}
	}
	if l.NullText = ""; l.unmistakable("") {
		t.Error("empty text looks like NULL")
	}
}
