package edit

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

func open(t *testing.T, name string) *History {
	t.Helper()
	h, err := OpenHistory(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func add(t *testing.T, h *History, entries ...string) {
	t.Helper()
	for _, entry := range entries {
		if err := h.Add(entry); err != nil {
			t.Error(err)
		}
	}
}

func TestHistoryFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "new", "history")
	entries := []string{"select 1;", "select\n  'a\\n\\',\n  2;", `\`, "été"}
	h := open(t, name)
	add(t, h, entries...)
	add(t, h, "été", "", " secret", strings.Repeat("x", maxEntryBytes+1))
	if got := open(t, name).entries; !slices.Equal(got, entries) {
		t.Errorf("%q, want %q", got, entries)
	}
	if info, err := os.Stat(name); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// A new file begins with what the caller has; an old one is left alone.
func TestHistoryBegins(t *testing.T) {
	name := filepath.Join(t.TempDir(), "history")
	before := []string{"old", "older\nones"}
	for i, first := range []func() []string{
		func() []string { return before },
		func() []string { return []string{"not asked for"} },
	} {
		h, err := OpenHistory(name, first)
		if err != nil || !slices.Equal(h.entries, before) {
			t.Errorf("opened %d times: %q, %v", i+1, h.entries, err)
		}
	}
}

// Programs that add to one file at the same time, and shorten it, lose nothing
// but the oldest.
func TestHistoryShared(t *testing.T) {
	name := filepath.Join(t.TempDir(), "history")
	h := open(t, name)
	for i := range maxEntries + maxEntries/4 - 10 {
		h.entries = append(h.entries, fmt.Sprint("old ", i))
	}
	if err := h.withFile(func(*os.File) error { return h.rewrite() }); err != nil {
		t.Fatal(err)
	}
	const shells, each = 8, 200
	var all sync.WaitGroup
	for shell := range shells {
		all.Go(func() {
			h := open(t, name)
			for i := range each {
				add(t, h, fmt.Sprintf("shell %d\nentry %d", shell, i))
				if i%50 == 49 {
					h = open(t, name)
				}
			}
		})
	}
	all.Wait()
	got := open(t, name).entries
	if len(got) > maxEntries+maxEntries/4 || len(got) < maxEntries {
		t.Errorf("%d entries", len(got))
	}
	for shell := range shells {
		last := -1
		for i := range each {
			at := slices.Index(got, fmt.Sprintf("shell %d\nentry %d", shell, i))
			if at <= last {
				t.Fatalf("entry %d of shell %d is at %d, the one before at %d", i, shell, at, last)
			}
			last = at
		}
	}
	files, err := os.ReadDir(filepath.Dir(name))
	if err != nil || len(files) != 1 {
		t.Errorf("files left: %v, %v", files, err)
	}
}

func TestHistoryThatCannotBeKept(t *testing.T) {
	dir := t.TempDir()
	h, err := OpenHistory(dir, nil)
	if err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("a directory as the file: %v", err)
	}
	add(t, h, "kept in memory")
	if got := slices.Collect(h.All()); !slices.Equal(got, []string{"kept in memory"}) {
		t.Errorf("%q", got)
	}
}
