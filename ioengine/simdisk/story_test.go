package simdisk_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what the stories print now into testdata")

// A story is a comment, commands, a line of four dashes, and what the commands
// print, up to the next empty line:
//
//	# A created file disappears if its directory is not synced.
//	disk (seed 1)
//	open f /d/file create
//	power
//	files
//	----
//	no files
//
// The commands are the methods of player.
type story struct {
	title    string // the first line of the comment
	comment  []string
	commands []string
	want     string
}

func parseStories(text string) []story {
	var stories []story
	var s story
	inOutput := false
	end := func() {
		if len(s.commands) > 0 || len(s.comment) > 0 {
			stories = append(stories, s)
		}
		s, inOutput = story{}, false
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case line == "":
			end()
		case inOutput:
			s.want += line + "\n"
		case line == "----":
			inOutput = true
		case strings.HasPrefix(line, "#"):
			if len(s.comment) == 0 {
				s.title = strings.Trim(line, "# .")
			}
			s.comment = append(s.comment, line)
		default:
			s.commands = append(s.commands, line)
		}
	}
	end()
	return stories
}

func (s story) String() string {
	lines := append([]string{}, s.comment...)
	if len(s.commands) > 0 {
		lines = append(append(lines, s.commands...), "----")
	}
	return strings.Join(lines, "\n") + "\n" + s.want
}

func storyFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	return files
}

func TestStories(t *testing.T) {
	for _, file := range storyFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var now []string
			for _, s := range parseStories(string(text)) {
				if len(s.commands) > 0 {
					t.Run(s.title, func(t *testing.T) { s.want = play(t, s) })
				}
				now = append(now, s.String())
			}
			if *update {
				if err := os.WriteFile(file, []byte(strings.Join(now, "\n")), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// play runs a story and returns what it prints.
func play(t *testing.T, s story) string {
	t.Helper()
	p := newPlayer()
	for _, line := range s.commands {
		if err := p.command(line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	got := p.out.String()
	if got != s.want && !*update {
		t.Errorf("it prints\n%s\nand should print\n%s", got, s.want)
	}
	return got
}

// Every clause of the package comment names the stories that show it, and
// every file of stories belongs to a clause.
func TestPackageCommentNamesTheStories(t *testing.T) {
	comment, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range storyFiles(t) {
		if !strings.Contains(string(comment), filepath.ToSlash(file)) {
			t.Errorf("the package comment does not name %s", file)
		}
	}
	clauses := 0
	for _, section := range strings.Split(string(comment), "\n// # ")[1:] {
		heading, _, _ := strings.Cut(section, "\n")
		if heading[0] < '1' || heading[0] > '9' {
			continue
		}
		clauses++
		_, after, named := strings.Cut(section, "Stories: testdata/")
		name, _, _ := strings.Cut(after, ".txt")
		if _, err := os.Stat("testdata/" + name + ".txt"); !named || err != nil {
			t.Errorf("clause %q: names no stories that there are: %v", heading, err)
		}
	}
	if clauses != 8 {
		t.Errorf("%d clauses in the package comment, want 8", clauses)
	}
}
