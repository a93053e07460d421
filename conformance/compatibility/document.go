package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/turso-coop/turso-coop/conformance/compatibility/report"
)

// versions are those of what was compared.
type versions struct{ date, system, golang, mattn, modernc, ncruces string }

// document returns the whole page.
func document(v versions, builds []build, answers []map[string]string, reports []report.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<!-- Written by go -C conformance run ./compatibility. Do not edit: what is wrong here is wrong there. -->

# Compatibility

turso-coop is SQLite: the code that parses, plans and executes SQL and lays out files is SQLite's own, %s. What can differ lies around it: the options
that it was built with, how the driver turns values and errors into Go, and how files are read, written and locked. This page says what was
compared with other builds and drivers, and every difference that is known.

Written on %s by %s on %s. "mattn" is github.com/mattn/go-sqlite3 %s (stock SQLite in C, built without tags), "modernc" is modernc.org/sqlite %s,
"ncruces" is github.com/ncruces/go-sqlite3 %s, on which turso-coop stands and whose build of SQLite it shares.

`, builds[0].version, v.date, v.golang, v.system, v.mattn, v.modernc, v.ncruces)
	b.WriteString(switching(builds, answers))
	b.WriteString(compared(reports))
	b.WriteString(buildTables(builds, answers))
	b.WriteString(differences(reports))
	return b.String()
}

// switching says what a program loses and gains.
func switching(builds []build, answers []map[string]string) string {
	var b strings.Builder
	b.WriteString("## Before you switch\n\n")
	ours := builds[0].name
	for _, other := range builds[1:] {
		var lost, gained []string
		for i, t := range topics {
			switch answer, theirs := answers[i][ours], answers[i][other.name]; {
			case answer == "no" && theirs != "no":
				lost = append(lost, t.what)
			case answer != "no" && theirs == "no":
				gained = append(gained, t.what)
			}
		}
		fmt.Fprintf(&b, "- **From %s** you lose: %s.\n  You gain: %s.\n", other.name, strings.Join(lost, "; "), strings.Join(gained, "; "))
	}
	b.WriteString(`- **Files** need no conversion, in either direction, unless they use what the other side lacks. Other processes with any SQLite may use the same file at the
  same time. Two SQLite libraries within one process must not: see the README.
- **Files of strangers** may hold what ends a connection or stops it. Where a chain of views, each of which selects from the one before, is long (170 still
  work, 200 do not), SQLite's stack overflows, which is 64 KiB in its translation to Go: the statement returns an error, its connection is lost, and the pool
  opens another. And a WAL that was damaged and given right checksums again can break SQLite's own list of changed pages: stock SQLite crashes, turso-coop
  follows that list in a circle, and a statement may never return. Run what opens such files in a process that can be killed.
- **Go code** changes an import and a name, which the README lists. What differs on purpose is [below](#known-differences), with the reason for each.

`)
	return b.String()
}

// compared is the table of suites.
func compared(reports []report.Report) string {
	var b strings.Builder
	b.WriteString("## What was compared\n\n| what | compared | how much | known differences |\n|---|---|---|---|\n")
	for i, r := range reports {
		var counts []string
		for _, what := range slices.Sorted(maps.Keys(r.Counts)) {
			if !strings.Contains(what, ", ") { // "statements, pool" are those of the statements that ran on the pool
				counts = append(counts, grouped(r.Counts[what])+" "+what)
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", suites[i].title, suites[i].compares, strings.Join(counts, ", "), grouped(int64(len(r.Listed))))
	}
	b.WriteString(`
Any other difference fails a test. So does a known one that does not show any more: at once where the cases are fixed, in long runs where they are random.
Each row is a package of ` + "`conformance`" + `, which says how to run it. Others pass or fail without numbers: ` + "`crash`" + ` kills writers beside stock SQLite and looks for
what was acknowledged, ` + "`orm`" + ` runs ORMs and tools for migrations, ` + "`compat`" + ` builds programs with two drivers and compares what they print.

`)
	return b.String()
}

// grouped writes a number with commas between thousands.
func grouped(n int64) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// buildTables is what depends on nothing but the libraries, so that a test can compare it with them.
func buildTables(builds []build, answers []map[string]string) string {
	var b strings.Builder
	b.WriteString("## What differs by build\n\nEach cell is what a statement returned, or whether it ran.\n\n")
	header(&b, "what", builds, " what to know |", "---|")
	for i, t := range topics {
		fmt.Fprintf(&b, "| %s |", t.what)
		for _, build := range builds {
			fmt.Fprintf(&b, " %s |", answers[i][build.name])
		}
		fmt.Fprintf(&b, " %s |\n", t.remark)
	}
	b.WriteString("\n### Build options that differ\n\nThe rest of `PRAGMA compile_options` is equal. The compiler's name is left out.\n\n")
	header(&b, "option", builds, " what it does to a program |", "---|")
	for _, name := range differingOptions(builds) {
		if name == "COMPILER" {
			continue
		}
		fmt.Fprintf(&b, "| `%s` |", name)
		for _, build := range builds {
			value, has := build.options[name]
			switch {
			case !has:
				b.WriteString(" – |")
			case value == "":
				b.WriteString(" yes |")
			default:
				fmt.Fprintf(&b, " `%s` |", value)
			}
		}
		fmt.Fprintf(&b, " %s |\n", explain(name))
	}
	for _, kind := range []string{"functions", "modules", "collations", "pragmas"} {
		fmt.Fprintf(&b, "\n### %s\n\n%d are in all three builds.\n", strings.ToUpper(kind[:1])+kind[1:], common(builds, kind))
		groups := differingNames(builds, kind)
		for _, owners := range slices.Sorted(maps.Keys(groups)) {
			fmt.Fprintf(&b, "\nOnly in %s: `%s`.\n", owners, strings.Join(groups[owners], "`, `"))
		}
	}
	b.WriteString("\n")
	return b.String()
}

func header(b *strings.Builder, first string, builds []build, last, rule string) {
	fmt.Fprintf(b, "| %s |", first)
	for _, build := range builds {
		fmt.Fprintf(b, " %s |", build.name)
	}
	fmt.Fprintf(b, "%s\n|---|%s%s\n", last, strings.Repeat("---|", len(builds)), rule)
}

// explain says what a build option does to a program, "" if nothing here says.
func explain(option string) string {
	for _, t := range topics {
		if slices.Contains(t.names, option) {
			return "see above: " + t.what
		}
	}
	for _, u := range unnoticed {
		if slices.Contains(u.names, option) {
			return "nothing: " + u.why
		}
	}
	return ""
}

// differences lists what the suites accept, by its reason.
func differences(reports []report.Report) string {
	var b strings.Builder
	b.WriteString("## Known differences\n\nWhere turso-coop does otherwise than the other side, and why.\n")
	for i, r := range reports {
		if len(r.Listed) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n### %s\n\n", strings.ToUpper(suites[i].title[:1])+suites[i].title[1:])
		cases := map[string][]string{}
		for _, l := range r.Listed {
			cases[l.Reason] = append(cases[l.Reason], l.Case)
		}
		reasons := slices.SortedFunc(maps.Keys(cases), func(a, b string) int {
			return cmp.Or(len(cases[b])-len(cases[a]), cmp.Compare(a, b))
		})
		for _, reason := range reasons {
			fmt.Fprintf(&b, "- %s: %s\n", examples(cases[reason]), reason)
		}
	}
	return b.String()
}

// examples quotes a case and says how many there are.
func examples(cases []string) string {
	quoted := "`` " + strings.Join(strings.Fields(cases[0]), " ") + " ``"
	switch len(cases) {
	case 1:
		return quoted
	case 2:
		return quoted + " and one more"
	}
	return fmt.Sprintf("%s and %d more", quoted, len(cases)-1)
}

// answer lets all libraries answer all topics.
func answer() ([]map[string]string, error) {
	var all []map[string]string
	for i := range topics {
		answers := map[string]string{}
		for _, l := range libraries {
			dir, err := os.MkdirTemp("", "compatibility")
			if err != nil {
				return nil, err
			}
			answers[l.name], err = l.answer(&topics[i], dir)
			os.RemoveAll(dir)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", l.name, topics[i].what, err)
			}
		}
		all = append(all, answers)
	}
	return all, nil
}
