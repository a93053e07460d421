package sqltext

import (
	"fmt"
	"strings"
	"testing"
)

func TestTokens(t *testing.T) {
	kinds := [...]string{"word", "name", "text", "blob", "number", "parameter", "comment", "operator"}
	for _, test := range []struct{ text, want string }{
		{"", ""},
		{" \t\n", ""},
		{"SELECT été;", "word SELECT, word été, operator ;"},
		{`"a""b" [c d] ` + "`e`", `name "a""b", name [c d], name ` + "`e`"},
		{"'it''s' x'00' X'", "text 'it''s', blob x'00', blob X' open"},
		{"1 2.5e-3 .5 0x1f 1e 12ab", "number 1, number 2.5e-3, number .5, number 0x1f, number 1e, number 12ab"},
		{"0xe-1", "number 0xe, operator -, number 1"},
		{"? ?1 :a @b $c :", "parameter ?, parameter ?1, parameter :a, parameter @b, parameter $c, operator :"},
		{"-- a\nb /* c\n */ d /* e", "comment -- a, word b, comment /* c\n */, word d, comment /* e open"},
		{"'open", "text 'open open"},
		{"a.b", "word a, operator ., word b"},
	} {
		var got []string
		for token := range Tokens(test.text) {
			s := fmt.Sprint(kinds[token.Kind], " ", test.text[token.Start:token.End])
			if token.Open {
				s += " open"
			}
			got = append(got, s)
		}
		if s := strings.Join(got, ", "); s != test.want {
			t.Errorf("%q:\n got %s\nwant %s", test.text, s, test.want)
		}
	}
}

func TestUnquote(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "a": "a", `"a""b"`: `a"b`, "[a b]": "a b", "`c`": "c", `"open`: "open", `"`: "", "[": "",
	} {
		if got := Unquote(text); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}
