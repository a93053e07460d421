package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/complete"
	"github.com/turso-coop/turso-coop/cmd/tursh/internal/edit"
	"github.com/turso-coop/turso-coop/cmd/tursh/internal/show"
	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
	"github.com/turso-coop/turso-coop/driver"
)

// complete returns what could stand in the place of the word of a text that ends
// at pos.
func (sh *shell) complete(text string, pos int) (from int, list []edit.Candidate, ok bool) {
	start, command := 0, false
	walkLines(text, func(first, line, end int, _ *pending, kind lineKind) {
		if line <= pos && pos <= end {
			start, command = first, kind == lineCommand
		}
	})
	if command {
		from, list = sh.completeCommand(text[start:pos])
	} else {
		from, list, ok = complete.SQL(text[start:], pos-start, databaseNames{sh})
		return start + from, list, ok
	}
	return start + from, list, true
}

// databaseNames asks the open database for its names. It never waits long: while
// the database is locked there are none.
type databaseNames struct{ sh *shell }

const namesTimeout = 5 * time.Second

// nameQueries select the names of each kind. ?1 is the schema, "" for all of
// them; ?2 is the table.
var nameQueries = map[complete.Kind]string{
	complete.Schema: "SELECT name FROM pragma_database_list ORDER BY seq",
	complete.Table: `SELECT name FROM pragma_table_list WHERE type IN ('table', 'virtual') AND ?1 IN ('', schema)
		AND name NOT LIKE 'sqlite\_temp\_%' ESCAPE '\' ORDER BY name LIKE 'sqlite\_%' ESCAPE '\', name`,
	complete.View: "SELECT name FROM pragma_table_list WHERE type = 'view' AND ?1 IN ('', schema) ORDER BY name",
	complete.Index: `SELECT i.name FROM pragma_table_list t, pragma_index_list(t.name, t.schema) i
		WHERE i.name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY i.name`,
	complete.Trigger: `SELECT name FROM (SELECT * FROM sqlite_schema UNION ALL SELECT * FROM sqlite_temp_schema)
		WHERE type = 'trigger' ORDER BY name`,
	complete.Column:    "SELECT name FROM pragma_table_xinfo(?2, nullif(?1, '')) WHERE hidden <> 1",
	complete.Function:  "SELECT DISTINCT name FROM pragma_function_list WHERE name GLOB '[a-z]*' ORDER BY name",
	complete.Pragma:    "SELECT name FROM pragma_pragma_list ORDER BY name",
	complete.Collation: "SELECT name FROM pragma_collation_list ORDER BY name",
	complete.Module:    "SELECT name FROM pragma_module_list WHERE name NOT LIKE 'pragma\\_%' ESCAPE '\\' ORDER BY name",
}

// List returns the names of one kind.
func (n databaseNames) List(kind complete.Kind, schema, table string) (names []string) {
	if n.sh.db == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), namesTimeout)
	defer cancel()
	args := []any{schema, table}
	text := nameQueries[kind]
	args = args[:strings.Count(text, "?1")+strings.Count(text, "?2")]
	_ = n.sh.db.use(func(c driver.Conn) (err error) {
		names, err = texts(ctx, c, text, args...)
		return err
	})
	return names
}

// completeCommand completes the last word of a dot-command.
func (sh *shell) completeCommand(line string) (from int, list []edit.Candidate) {
	d := parseDot(line + "x") // so that a word that has not begun is one, too
	last := len(d.args) - 1
	from = d.args[last].offset
	c := completer{word: strings.TrimSuffix(d.arg(last), "x")}
	if last == 0 {
		c.add("command", commandNames())
		return from, c.list
	}
	command := findCommand(d.arg(0))
	if command == nil {
		return from, nil
	}
	if d.args[last].quoted {
		c.quote = line[from-1]
	}
	switch {
	case command.name == "help":
		c.add("command", commandNames())
	case command.name == "mode" && last == 1:
		for _, m := range show.Modes {
			c.add("mode", []string{m.Name})
		}
	}
	for _, words := range append([]string{command.usage}, command.detail...) {
		c.usage(words)
	}
	names := databaseNames{sh}
	if strings.Contains(command.usage, "PATTERN") || strings.Contains(command.usage, "TABLE") && last > 1 {
		c.add(string(complete.Table), names.List(complete.Table, "", ""))
		c.add(string(complete.View), names.List(complete.View, "", ""))
	} else if strings.Contains(command.usage, "FILE") || strings.Contains(command.usage, "DIRECTORY") {
		c.files()
	}
	return from, c.list
}

// A completer gathers what begins with a word.
type completer struct {
	word  string
	quote byte // the quote that the word has begun with, 0 if it has none
	list  []edit.Candidate
}

func (c *completer) add(kind string, texts []string) {
	for _, text := range texts {
		if strings.HasPrefix(strings.ToLower(text), strings.ToLower(c.word)) {
			c.list = append(c.list, edit.Candidate{Text: text, Kind: kind})
		}
	}
}

// usage adds the words that a line of help says can be typed as they are: on|off,
// and --options.
func (c *completer) usage(line string) {
	for i, word := range strings.Fields(line) {
		word = strings.Trim(word, "?")
		switch {
		case strings.HasPrefix(word, "-") && i == 0:
			c.add("option", []string{word})
		case strings.Contains(word, "|") && !strings.HasPrefix(word, "|"):
			for choice := range strings.SplitSeq(word, "|") {
				if choice == strings.ToLower(choice) {
					c.add("choice", []string{choice})
				}
			}
		}
	}
}

// maxFiles is how many files of a directory are looked at.
const maxFiles = 10_000

// files adds the names of files.
func (c *completer) files() {
	dir, name := filepath.Split(c.word)
	place := dir
	if place == "" {
		place = "."
	}
	f, err := os.Open(place)
	if err != nil {
		return
	}
	defer f.Close()
	entries, _ := f.ReadDir(maxFiles)
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") && !strings.HasPrefix(name, ".") {
			continue
		}
		text, kind := dir+entry.Name(), "file"
		if entry.IsDir() {
			text, kind = text+string(filepath.Separator), "directory"
		}
		switch {
		case !strings.HasPrefix(text, c.word):
			continue
		case c.quote == 0 && strings.ContainsAny(text, " \t\"'"):
			text = sqltext.QuoteC(text)
		}
		c.list = append(c.list, edit.Candidate{Text: text, Kind: kind})
	}
}
