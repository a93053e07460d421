package main

import (
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/turso-coop/turso-coop/conformance/peer"
)

// TestPageAgreesWithTheBuilds: what the page says of the builds is what they say, so that it is written anew when one
// of them changes.
func TestPageAgreesWithTheBuilds(t *testing.T) {
	page, builds, answers := ask(t)
	for part, want := range map[string]string{"tables": buildTables(builds, answers), "advice": switching(builds, answers), "version": builds[0].version} {
		if !strings.Contains(page, want) {
			t.Errorf("docs/compatibility.md is out of date: run go -C conformance run ./compatibility. Its %s should be\n%s", part, want)
		}
	}
	for _, b := range builds[1:] {
		if b.version != builds[0].version {
			t.Errorf("%s is of SQLite %s, turso-coop of %s: differences between versions are not told apart", b.name, b.version, builds[0].version)
		}
	}
}

// TestEverythingIsExplained: every option, function, module, collation and pragma that not all builds have is explained
// once, and nothing else is.
func TestEverythingIsExplained(t *testing.T) {
	_, builds, answers := ask(t)
	differing := map[string]bool{}
	for _, name := range differingOptions(builds) {
		differing[name] = true
	}
	for kind := range lists {
		for _, names := range differingNames(builds, kind) {
			for _, name := range names {
				differing[name] = true
			}
		}
	}
	explained := map[string]bool{}
	explain := func(names []string) {
		for _, name := range names {
			if explained[name] || !differing[name] {
				t.Errorf("%s is explained, but twice, or it does not differ", name)
			}
			explained[name] = true
		}
	}
	for i, topic := range topics {
		explain(topic.names)
		if got := slices.Sorted(maps.Values(answers[i])); got[0] == got[len(got)-1] {
			t.Errorf("%s: all answer %s", topic.what, got[0])
		}
	}
	for _, u := range unnoticed {
		explain(u.names)
	}
	for name := range differing {
		if !explained[name] {
			t.Errorf("%s differs and is not explained", name)
		}
	}
}

// ask returns the page and what it was written from. It skips the test where that cannot be the same: some options
// depend on the system.
func ask(t *testing.T) (text string, builds []build, answers []map[string]string) {
	t.Helper()
	peer.NeedStock(t)
	content, err := os.ReadFile(filepath.Join("..", page))
	if err != nil {
		t.Fatal(err)
	}
	if system := runtime.GOOS + "/" + runtime.GOARCH; !strings.Contains(string(content), " on "+system) {
		t.Skipf("docs/compatibility.md was not written on %s", system)
	}
	if builds, err = inspect(); err != nil {
		t.Fatal(err)
	}
	if answers, err = answer(); err != nil {
		t.Fatal(err)
	}
	return string(content), builds, answers
}

// TestReports: the page names what the reports have counted and listed. A report under the name of another suite is an
// error.
func TestReports(t *testing.T) {
	dir := t.TempDir()
	for i, s := range suites {
		text := `{"name": "` + s.name + `", "counts": {"steps": 1234567}, "listed": []}`
		if i == 1 {
			text = `{"name": "` + s.name + `", "counts": {}, "listed": [{"case": "a", "reason": "why"}, {"case": "b", "reason": "why"}]}`
		}
		if err := os.WriteFile(filepath.Join(dir, s.name+".json"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	read, err := reports(dir, func(suite string) { t.Errorf("%s is run though its report is there", suite) })
	if err != nil {
		t.Fatal(err)
	}
	text := compared(read) + differences(read)
	for _, want := range []string{"1,234,567 steps", "- `` a `` and one more: why"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	other := filepath.Join(dir, suites[0].name+".json")
	if err := os.WriteFile(other, []byte(`{"name": "other"}`), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := reports(dir, nil); err == nil || !strings.Contains(err.Error(), "other") {
		t.Errorf("a report under another suite's name: %v", err)
	}
}
