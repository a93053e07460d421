package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/turso-coop/turso-coop/conformance/peer"
)

// library is a driver whose build of SQLite is compared.
type library struct{ name, driver string }

var libraries = []library{{"turso-coop", peer.Turso}, {"mattn", peer.Stock}, {"modernc", peer.Modernc}}

// build is what a library says of itself.
type build struct {
	library
	version string            // of SQLite
	options map[string]string // the values of the build options, "" for those without one
	// Names, by what SQLite calls them: functions, modules, collations, pragmas.
	names map[string]map[string]bool
}

// lists are the queries for names.
var lists = map[string]string{
	"functions":  "SELECT DISTINCT name FROM pragma_function_list",
	"modules":    "SELECT name FROM pragma_module_list WHERE name NOT LIKE 'pragma\\_%' ESCAPE '\\'", // those appear when they are used
	"collations": "SELECT name FROM pragma_collation_list",
	"pragmas":    "SELECT name FROM pragma_pragma_list",
}

// inspect asks all libraries.
func inspect() ([]build, error) {
	var all []build
	for _, l := range libraries {
		b, err := l.inspect()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.name, err)
		}
		all = append(all, *b)
	}
	return all, nil
}

func (l library) inspect() (*build, error) {
	db, err := sql.Open(l.driver, ":memory:")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	b := &build{library: l, options: map[string]string{}, names: map[string]map[string]bool{}}
	if err := db.QueryRow("SELECT sqlite_version()").Scan(&b.version); err != nil {
		return nil, err
	}
	options, err := column(db, "SELECT compile_options FROM pragma_compile_options")
	if err != nil {
		return nil, err
	}
	for _, o := range options {
		name, value, _ := strings.Cut(o, "=")
		b.options[name] = value
	}
	for kind, query := range lists {
		names, err := column(db, query)
		if err != nil {
			return nil, err
		}
		b.names[kind] = map[string]bool{}
		for _, name := range names {
			b.names[kind][name] = true
		}
	}
	return b, nil
}

// column returns the values of a query of one column.
func column(db *sql.DB, query string) ([]string, error) {
	rows, err := db.Query(query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var values []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, rows.Err()
}

// answer runs a topic on a library, in a new file of a directory that exists.
func (l library) answer(t *topic, dir string) (answer string, err error) {
	db, err := sql.Open(l.driver, filepath.Join(dir, "test.db"))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(context.Background())
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(context.Background(), t.setup); err != nil {
		return "no", nil // that it fails is the answer
	}
	if err := conn.QueryRowContext(context.Background(), t.query).Scan(&answer); err != nil {
		return "no", nil
	}
	return answer, nil
}

// differingOptions returns the names of the build options that not all have with the same value.
func differingOptions(builds []build) []string {
	all := map[string]bool{}
	for _, b := range builds {
		for name := range b.options {
			all[name] = true
		}
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(name string) bool {
		first, has := builds[0].options[name]
		return !slices.ContainsFunc(builds[1:], func(b build) bool {
			value, also := b.options[name]
			return also != has || value != first
		})
	})
}

// differingNames returns, of the functions and so on, those that not all have, by who has them.
func differingNames(builds []build, kind string) map[string][]string {
	owners := map[string][]string{}
	for _, b := range builds {
		for name := range b.names[kind] {
			owners[name] = append(owners[name], b.name)
		}
	}
	groups := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(owners)) {
		if who := owners[name]; len(who) < len(builds) {
			key := strings.Join(who, " and ")
			groups[key] = append(groups[key], name)
		}
	}
	return groups
}

// common counts the names of a kind that all have.
func common(builds []build, kind string) int {
	n := 0
	for name := range builds[0].names[kind] {
		if !slices.ContainsFunc(builds[1:], func(b build) bool { return !b.names[kind][name] }) {
			n++
		}
	}
	return n
}
