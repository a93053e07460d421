package records

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// read returns the records of r as text, one a line: its line, then its fields
// in brackets, those in quotes with ' and NULL as ∅; warnings are behind it.
func read(t *testing.T, r Reader) string {
	t.Helper()
	var b strings.Builder
	for {
		var rec Record
		err := r.Read(&rec)
		if err == io.EOF {
			return b.String()
		}
		if err != nil {
			fmt.Fprintf(&b, "error: %v\n", err)
			return b.String()
		}
		fmt.Fprintf(&b, "%d:", rec.Line)
		for _, f := range rec.Fields {
			mark := map[Kind]string{Quoted: "'", Null: "∅", Number: "#", String: `"`}[f.Kind]
			fmt.Fprintf(&b, "[%s%s]", mark, f.Text)
		}
		for _, w := range rec.Warnings {
			fmt.Fprintf(&b, " %d: %s", w.Line, w.Text)
		}
		b.WriteByte('\n')
	}
}

func TestCSV(t *testing.T) {
	csv := Format{ColSep: ',', RowSep: '\n'}
	for _, tc := range []struct {
		name, input string
		format      Format
		want        string
	}{
		{"plain", "a,b\n1,\n,2\n", csv, "1:[a][b]\n2:[1][]\n3:[][2]\n"},
		{"no end", "a,b\n1,2", csv, "1:[a][b]\n2:[1][2]\n"},
		{"empty lines", "\n\n1\n", csv, "1:[]\n2:[]\n3:[1]\n"},
		{"nothing", "", csv, ""},
		{"crlf", "a,b\r\n\"c\",\"d\"\r\n", csv, "1:[a][b]\n2:['c]['d]\n"},
		{"quotes", "\"a\"\"b\",\"\",\"x\ny,z\"\n1\n", csv, "1:['a\"b]['][" + "'x\ny,z]\n3:[1]\n"},
		{"quote within", "a\"b,c\n", csv, "1:[a\"b][c]\n"},
		{"unescaped", "\"a\"b\",c\n", csv, "1:['a\"b][c] 1: unescaped \" character\n"},
		{"unterminated", "1\n\"a,b\n2\n", csv, "1:[1]\n2:['a,b\n2\n] 2: unterminated \"-quoted field\n"},
		{"byte order mark", "\ufeffa\n\ufeffb\n", csv, "1:[a]\n2:[\ufeffb]\n"},
		{"byte order mark and quotes", "\ufeff\"a\"\n", csv, "1:['a]\n"},
		{"first line", "a\nb\n", Format{ColSep: ',', RowSep: '\n', FirstLine: 7}, "7:[a]\n8:[b]\n"},
		{"escapes", "a\\,b,\"c\\\"d\",e\\\\\n", Format{ColSep: ',', RowSep: '\n', Escape: '\\', QuotedEscape: '\\'}, "1:[a,b]['c\"d][e\\]\n"},
		{"raw", "a\x1f\"b\x1ec\nd\x1f\x1e", Format{ColSep: '\x1f', RowSep: '\x1e', Raw: true}, "1:[a][\"b]\n2:[c\nd][]\n"},
		{"bad UTF-8 and NUL", "\xff,\x00\n", csv, "1:[\xff][\x00]\n"},
		{"long", strings.Repeat("x", 1<<20) + ",\"" + strings.Repeat("y", 1<<20) + "\"\nz\n", csv,
			"1:[" + strings.Repeat("x", 1<<20) + "]['" + strings.Repeat("y", 1<<20) + "]\n2:[z]\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := read(t, NewCSV(strings.NewReader(tc.input), tc.format)); got != tc.want {
				t.Errorf("%q:\n got %.200q\nwant %.200q", tc.input, got, tc.want)
			}
		})
	}
}

func TestJSON(t *testing.T) {
	for _, tc := range []struct{ name, input, want string }{
		{"array", ` [ {"a":1,"b":"x"} , {"b":null,"c":[1, {"d":2}]} ] rest`, "1:[#1][\"x]\n2:[∅][∅][[1,{\"d\":2}]]\n"},
		{"lines", "{\"a\":-1.5e3}\n{\"a\":true}\n\n{\"a\":false}\n", "1:[#-1.5e3]\n2:[#1]\n3:[#0]\n"},
		{"text", `{"a":"\u00e9\n\"","b":""}`, "1:[\"é\n\"][\"]\n"},
		{"empty array", "[]", ""},
		{"nothing", " \n", ""},
		{"cut short", `[{"a":1},{"a":`, "1:[#1]\nerror: record 2: unexpected EOF\n"},
		{"cut line", `{"a":1}` + "\n" + `{"a"`, "1:[#1]\nerror: record 2: unexpected EOF\n"},
		{"no object", `[1]`, "error: record 1: not an object, as in {\"name\": value}\n"},
		{"no JSON", `a,b`, "error: record 1: invalid character 'a' looking for beginning of value\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := read(t, NewJSON(strings.NewReader(tc.input))); got != tc.want {
				t.Errorf("%q:\n got %q\nwant %q", tc.input, got, tc.want)
			}
		})
	}
	j := NewJSON(strings.NewReader(`{"b":1,"z":2}{"a":3}`))
	j.FixColumns([]string{"a", "b"})
	if got, want := read(t, j), "1:[∅][#1] 1: no column for \"z\" - ignored\n2:[#3][∅]\n"; got != want {
		t.Errorf("with columns that are fixed:\n got %q\nwant %q", got, want)
	}
}

func TestUniqueNames(t *testing.T) {
	for _, tc := range [][2][]string{
		{{"a", "b"}, {"a", "b"}},
		{{"a", "b", "A", ""}, {"a_1", "b", "A_3", "?"}},
		{{"", ""}, {"?_1", "?_2"}},
		{{"a", "a", "a_1"}, {"a_01", "a_02", "a_1"}},
	} {
		if got := UniqueNames(tc[0]); !slices.Equal(got, tc[1]) {
			t.Errorf("UniqueNames(%q) = %q, want %q", tc[0], got, tc[1])
		}
	}
}

func TestTypes(t *testing.T) {
	rows := []string{
		"1,1.5,x,007,1234567890123456,,1,-0.5",
		"-20,2,,8,1,,x,.5",
		",3,,9,2,,3,1",
	}
	var records []*Record
	for _, row := range rows {
		r := new(Record)
		if err := NewCSV(strings.NewReader(row), Format{ColSep: ',', RowSep: '\n'}).Read(r); err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	want := []string{"INTEGER", "REAL", "TEXT", "TEXT", "TEXT", "TEXT", "TEXT", "TEXT", "TEXT"}
	if got := Types(records, 9); !reflect.DeepEqual(got, want) {
		t.Errorf("Types = %q, want %q", got, want)
	}
}

// Records that were read ahead are those that are read, in their order, and stay
// valid as long as is promised; and closing early leaves nothing behind.
func TestAhead(t *testing.T) {
	var b strings.Builder
	const n = 5*KeptRecords + 7
	for i := range n {
		fmt.Fprintf(&b, "%d,\"%d\"\n", i, i)
	}
	text := b.String()
	format := Format{ColSep: ',', RowSep: '\n'}
	a := ReadAhead(NewCSV(strings.NewReader(text), format))
	var kept []*Record
	for i := range n {
		r, err := a.Next()
		if err != nil {
			t.Fatalf("record %d: %v", i, err)
		}
		if kept = append(kept, r); len(kept) > KeptRecords {
			kept = kept[1:]
		}
		if got := string(kept[0].Fields[1].Text); got != fmt.Sprint(i-len(kept)+1) {
			t.Fatalf("after record %d the oldest is %s", i, got)
		}
	}
	for range 2 {
		if _, err := a.Next(); err != io.EOF {
			t.Errorf("after the last: %v", err)
		}
	}
	a.Close()
	early := ReadAhead(NewCSV(strings.NewReader(text), format))
	if _, err := early.Next(); err != nil {
		t.Fatal(err)
	}
	early.Close() // returns only when the goroutine has ended
}
