package sqltest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFormat runs the cases of testdata on the driver.
func TestFormat(t *testing.T) {
	t.Parallel()
	passes(t, onDriver, "")
}

// passes runs the cases of testdata that are for all backends or for this one.
func passes(t *testing.T, run runner, backend string) {
	t.Helper()
	c := &corpus{dir: "testdata"}
	if err := c.read(filepath.Join("testdata", "format.sqltest")); err != nil {
		t.Fatal(err)
	}
	var cases []placed
	for _, p := range c.cases {
		if p.Skip == "" && (p.Backend == "" || p.Backend == backend) {
			cases = append(cases, p)
		}
	}
	for i, err := range c.run(t.TempDir(), cases, run) {
		if err != nil {
			t.Errorf("%s: line %d: %v", cases[i].id, cases[i].Line, err)
		}
	}
}

// TestParse: what is in testdata is found there, and what should not run says why.
func TestParse(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "format.sqltest"))
	if err != nil {
		t.Fatal(err)
	}
	file, err := Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if want := []Database{{":memory:", false}, {":temp:", false}}; !slices.Equal(file.Databases, want) {
		t.Errorf("databases %v", file.Databases)
	}
	if n := strings.Count("\n"+string(text), "\ntest "); len(file.Cases) != n {
		t.Errorf("%d cases of %d", len(file.Cases), n)
	}
	skipped := map[string]string{
		"skipped":           `@skip "out of order"`,
		"skipped-on-sqlite": `@skip-if sqlite "it is not SQL"`,
		"required":          `@requires custom_types "it has custom types"`,
	}
	for _, c := range file.Cases {
		if c.Skip != skipped[c.Name] {
			t.Errorf("%s is skipped: %q, want %q", c.Name, c.Skip, skipped[c.Name])
		}
		if wantSetups := map[string]int{"rows": 2}[c.Name]; len(c.Setup) != wantSetups || c.Integrity != (wantSetups > 0) {
			t.Errorf("%s: setups %q, integrity %v", c.Name, c.Setup, c.Integrity)
		}
	}
	for directive, skips := range map[string]bool{
		"@skip-file": true, "@skip-file-if sqlite": true, "@skip-file-if mvcc": false, "@requires-file trigger": false,
		"@requires-file vectors": true,
	} {
		file, err := Parse(directive + " \"why\"\n@database data.db readonly\ntest a { SELECT 1 }\nexpect { 1 }")
		if err != nil || (file.Cases[0].Skip != "") != skips || file.Databases[0] != (Database{"data.db", true}) {
			t.Errorf("%s: %+v, %v", directive, file, err)
		}
	}
}

// TestParseErrors: what is wrong with a file is said with its line.
func TestParseErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"\ntest a { SELECT 1":                              "line 2: the block has no end",
		"test a { SELECT 1 }":                              "test a expects nothing",
		"test a { SELECT 1 }\ntest b { SELECT 1 }":         "line 2: test a expects nothing",
		"expect { 1 }":                                     "line 1: expect without a test",
		"test a { x }\nexpect { 1 }\nexpect { 2 }":         "line 3: test a has two expectations",
		"test a { x }\nexpect some { 1 }":                  "line 2: expect some",
		"test a { x }\nexpect pattern { ( }":               "line 2: expect pattern",
		"test a { x } expect { 1 } test a { x } expect {}": "there are two tests a",
		"test { x }":                                       "want one name",
		"{ x }":                                            "line 1: a block without a name",
		"tests a { x }":                                    "line 1: unknown block tests",
		"SELECT 1":                                         "neither a directive nor a block",
		"@setup a":                                         `there is no setup "a"`,
		"@skipped":                                         "unknown directive @skipped",
		"@database":                                        "want a name",
		"@database a.db writable":                          "want a name, and readonly perhaps",
		"setup a { {{repeat:x:y}} }":                       "cannot be expanded",
		"setup a { {{repeat:999999999:yy}} }":              "cannot be expanded",
		"setup a { {{reverse:1:y}} }":                      "cannot be expanded",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n%v, want %s", text, err, want)
		}
	}
}

// TestFailures: a case that does not come to what it expects fails, whatever the difference is.
func TestFailures(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"test a { SELECT 1 } expect { 2 }":                                                                              `rows ["1"], want ["2"]`,
		"test a { SELECT 1 } expect { }":                                                                                `rows ["1"], want [""]`,
		"test a { SELECT 1; SELECT 2 } expect {\n1\n}":                                                                  `rows ["1" "2"], want ["1"]`,
		"test a { SELECT 1 WHERE 0 } expect { 1 }":                                                                      `rows [], want ["1"]`,
		"test a { SELECT NULL; SELECT NULL } expect { }":                                                                `rows ["" ""], want [""]`,
		"test a { SELECT 1, 2 } expect { 1 }":                                                                           `rows ["1|2"], want ["1"]`,
		"test a { VALUES (2), (1) } expect {\n1\n2\n}":                                                                  `rows ["2" "1"], want ["1" "2"]`,
		"test a { VALUES (2), (1) } expect unordered {\n1\n3\n}":                                                        `rows ["1" "2"], want ["1" "3"]`,
		"test a { SELECT ' x' } expect raw {\nx\n}":                                                                     `rows [" x"], want ["x"]`,
		"test a { SELECT 1 } expect pattern { ^2 }":                                                                     `"1" does not match ^2`,
		"test a { SELECT 1 } expect error { no }":                                                                       `no error, but ["1"]`,
		"test a { SELECT * FROM n } expect error { no such column }":                                                    `error "no such table: n", want "no such column"`,
		"test a { SELECT 1; nonsense } expect { 1 }":                                                                    `error: near "nonsense": syntax error`,
		"test a { SELECT 1; nonsense } expect pattern { 1 }":                                                            `error: near "nonsense": syntax error`,
		"test a { SELECT abs(-9223372036854775808) } expect error { ^Parse }":                                           `error "integer overflow", want "^Parse"`,
		"setup s { nonsense }\n@setup s\ntest a { SELECT 1 } expect { 1 }":                                              `setup: near "nonsense": syntax error`,
		"setup s { nonsense }\n@setup s\ntest a { SELECT 1 } expect error { n }":                                        `setup: near "nonsense": syntax error`,
		"test a { CREATE TABLE t(d DATE); INSERT INTO t VALUES ('2026-01-02'); SELECT d FROM t } expect { 2026-01-02 }": "a value of type time.Time",
		"@cross-check-integrity\ntest a { CREATE TABLE t(x CHECK (x > 0)); PRAGMA ignore_check_constraints = 1; INSERT INTO t VALUES (0); PRAGMA ignore_check_constraints = 0 } expect { }": `integrity check: ["CHECK constraint failed in t"]`,
	} {
		file, err := Parse(text)
		if err != nil {
			t.Errorf("%s\n%v", text, err)
			continue
		}
		if err := onDriver(":memory:", false, &file.Cases[0]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n%v, want %s", text, err, want)
		}
	}
}

// TestNoShell: a shell that cannot be started is an error.
func TestNoShell(t *testing.T) {
	t.Parallel()
	shell := Shell(filepath.Join(t.TempDir(), "no-shell"))
	if err := shell.Run(context.Background(), nil, &Case{Expect: Expectation{Kind: ExpectError}}); err == nil {
		t.Error("no error")
	}
}

// TestShellOutput: errors of a shell are told from its words, and its real numbers from other text.
func TestShellOutput(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{
		"": nil,
		"Parse error near line 7: no such table: t\n  SELECT * FROM t;\n": parseError{errors.New("no such table: t")},
		"Runtime error near line 1: x\n":                                  errors.New("x"),
		"Error: near line 3: x":                                           errors.New("near line 3: x"),
		"anything else\n":                                                 errors.New("anything else"),
	} {
		if got := shellError(text); (got == nil) != (want == nil) || got != nil && got.Error() != want.Error() {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	if _, ok := shellError("Parse error near line 7: x").(parseError); !ok {
		t.Error("an error of compiling is not known as one")
	}
	for text, want := range map[string]string{
		"a|0.30000000000000004|b": "a|0.3|b",
		"-23.81005419846484":      "-23.8100541984648",
		"1.2345678901234568e+17":  "1.23456789012346e+17",
		"1234567890123456.0":      "1.23456789012346e+15",
		"100000000000000000.0":    "1.0e+17",
		"1.50|123456789012345678": "1.50|123456789012345678",
		"0.000123456789012345":    "0.000123456789012345",
	} {
		if got := realNumber.ReplaceAllStringFunc(text, as15Digits); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// TestProblems: what differs from stock SQLite is a problem unless it is listed, and what is listed is one unless it
// differs.
func TestProblems(t *testing.T) {
	t.Parallel()
	c := &corpus{passing: map[string]bool{"passes": true}}
	failed := errors.New("failed")
	for _, test := range []struct {
		id, backend string
		err         error
		reason      string
		want        string
	}{
		{"passes", "", nil, "", ""},
		{"passes", "", failed, "", "failed"},
		{"passes", "", failed, "why", ""},
		{"passes", "", nil, "why", "listed as different, and is not any more: why"},
		{"fails", "", failed, "", ""},
		{"fails", "", nil, "", "passes, and does not with stock SQLite"},
		{"fails", "", nil, "why", ""},
		{"fails", "", failed, "why", "listed as different, and is not any more: why"},
		{"for shells", "cli", nil, "", ""},
		{"for shells", "cli", failed, "", "failed"},
	} {
		if got := c.problem(placed{id: test.id, Case: &Case{Backend: test.backend}}, test.err, test.reason); got != test.want {
			t.Errorf("%+v: %q", test, got)
		}
	}
}
