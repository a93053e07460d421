package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/show"
	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
	"github.com/turso-coop/turso-coop/driver"
)

// schemaNames returns the names of all databases of the connection: main, temp
// and what is attached.
func schemaNames(ctx context.Context, c driver.Conn) ([]string, error) {
	return texts(ctx, c, "SELECT name FROM pragma_database_list ORDER BY seq")
}

// cmdTables shows the names of tables and views, those of other databases than
// main behind the name of theirs.
func (sh *shell) cmdTables(d *dotLine) error {
	return sh.use(func(ctx context.Context, c driver.Conn) error {
		schemas, err := schemaNames(ctx, c)
		if err != nil {
			return err
		}
		pattern := any("%")
		if len(d.args) > 1 {
			pattern = d.arg(1)
		}
		var parts []string
		for _, schema := range schemas {
			prefix := ""
			if !strings.EqualFold(schema, "main") {
				prefix = sqltext.QuoteText(schema) + "||'.'||"
			}
			parts = append(parts, "SELECT "+prefix+"name FROM "+sqltext.QuoteName(schema)+".sqlite_schema"+
				" WHERE type IN ('table','view') AND name NOT LIKE 'sqlite__%' ESCAPE '_' AND name LIKE ?1")
		}
		return sh.showNames(ctx, c, strings.Join(parts, " UNION ALL ")+" ORDER BY 1", pattern)
	})
}

// showNames shows the one column of a query in as many as fit the screen.
func (sh *shell) showNames(ctx context.Context, c driver.Conn, text string, args ...any) error {
	var format show.Format
	format.SetMode("split")
	format.ScreenWidth = sh.screenWidth()
	names := format.New(sh.out, []string{"name"}, &sh.convert)
	if err := query(ctx, c, text, args, names.Row); err != nil {
		return err
	}
	return names.Finish()
}

// cmdIndexes shows the names of indexes, those of other databases than main
// behind the name of theirs.
func (sh *shell) cmdIndexes(d *dotLine) error {
	text := `SELECT iif(t.schema='main', i.name, t.schema||'.'||i.name)
		FROM pragma_table_list t, pragma_index_list(t.name, t.schema) i WHERE true`
	const automatic = `i.name LIKE 'sqlite\_autoindex\_%' ESCAPE '\'`
	which := " AND i.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
	var pattern []any
	for i := 1; i < len(d.args); i++ {
		switch arg := d.arg(i); {
		case isOption(arg, "a"), isOption(arg, "all"):
			which = ""
		case isOption(arg, "sys"):
			which = " AND " + automatic
		case isOption(arg, "expr"):
			text += ` AND (EXISTS (SELECT 1 FROM pragma_index_xinfo(i.name) WHERE cid=-2) OR EXISTS (
				SELECT cid FROM pragma_table_xinfo(t.name) WHERE hidden=2 INTERSECT SELECT cid FROM pragma_index_info(i.name)))`
		case strings.HasPrefix(arg, "-"):
			return &argError{i, "unknown option", ""}
		case pattern != nil:
			return &argError{i, "unknown argument", ""}
		default:
			text += " AND i.name LIKE '%'||?1||'%'"
			pattern = []any{arg}
		}
	}
	return sh.use(func(ctx context.Context, c driver.Conn) error {
		return sh.showNames(ctx, c, text+which+" ORDER BY 1", pattern...)
	})
}

// schemaRequest is what .schema was asked for.
type schemaRequest struct {
	pattern       string // "" for everything
	indent, noSys bool
}

func (sh *shell) cmdSchema(d *dotLine) error {
	var r schemaRequest
	for i := 1; i < len(d.args); i++ {
		switch arg := d.arg(i); {
		case isOption(arg, "indent"):
			r.indent = true
		case isOption(arg, "nosys"):
			r.noSys = true
		case strings.HasPrefix(arg, "-"):
			return complain("Unknown option: \"%s\"", arg)
		case r.pattern != "":
			return complain("Usage: .schema ?--indent? ?--nosys? ?LIKE-PATTERN?")
		default:
			r.pattern = arg
		}
	}
	return sh.use(func(ctx context.Context, c driver.Conn) error { return sh.showSchema(ctx, c, r) })
}

func (sh *shell) showSchema(ctx context.Context, c driver.Conn, r schemaRequest) error {
	if r.pattern != "" {
		if err := sh.showSchemaTable(ctx, c, r.pattern); err != nil {
			return err
		}
	}
	schemas, err := schemaNames(ctx, c)
	if err != nil {
		return err
	}
	for _, schema := range schemas {
		if err := sh.showSchemaOf(ctx, c, schema, r); err != nil {
			return err
		}
	}
	if r.pattern == "" {
		return nil
	}
	modules, err := texts(ctx, c, "SELECT name FROM pragma_module_list WHERE "+r.match("'main'", "name"), r.pattern)
	for _, name := range modules {
		// Only a module that is a table by itself has columns to show.
		if columns, err := describeColumns(ctx, c, "", name); err == nil && columns != "" {
			fmt.Fprintf(sh.out, "/* %s */;\n", columns)
		}
	}
	return err
}

// match returns the condition that a table matches the pattern, which is ?1.
func (r schemaRequest) match(schema, table string) string {
	subject := "lower(" + table + ")"
	if strings.Contains(r.pattern, ".") {
		subject = "lower(" + schema + "||'.'||" + table + ")"
	}
	if strings.ContainsAny(r.pattern, "*?[") {
		return subject + " GLOB ?1"
	}
	return subject + ` LIKE ?1 ESCAPE '\'`
}

// showSchemaTable shows how the schema tables would be declared, if the pattern
// finds one of them.
func (sh *shell) showSchemaTable(ctx context.Context, c driver.Conn, pattern string) error {
	found, err := texts(ctx, c, `WITH names(name) AS (VALUES ('master'), ('schema'), ('temp_master'), ('temp_schema'))
		SELECT ?1 LIKE 'sqlite\_t%' ESCAPE '\' FROM names WHERE 'sqlite_'||name LIKE ?1 ESCAPE '\' LIMIT 1`, pattern)
	if err != nil || len(found) == 0 {
		return err
	}
	prefix := ""
	if found[0] == "1" {
		prefix = "temp."
	}
	columns := []string{"type text", "name text", "tbl_name text", "rootpage integer", "sql text"}
	fmt.Fprintf(sh.out, "CREATE TABLE %ssqlite_schema (\n  %s\n);\n", prefix, strings.Join(columns, ",\n  "))
	return nil
}

// showSchemaOf shows the schema of one database.
func (sh *shell) showSchemaOf(ctx context.Context, c driver.Conn, schema string, r schemaRequest) error {
	text := "SELECT type, name, sql FROM " + sqltext.QuoteName(schema) + ".sqlite_schema WHERE sql IS NOT NULL"
	var args []any
	if r.pattern != "" {
		text += " AND " + r.match(sqltext.QuoteText(schema), "tbl_name")
		args = []any{r.pattern}
	}
	if r.noSys {
		text += " AND name NOT LIKE 'sqlite__%' ESCAPE '_'"
	}
	return query(ctx, c, text+" ORDER BY rowid", args, func(row []any) error {
		name, declaration := asText(row[1]), asText(row[2])
		in := ""
		if !strings.EqualFold(schema, "main") {
			in = schema
			declaration = insertSchema(declaration, schema)
		}
		declaration = sqltext.CloseDeclaration(declaration)
		if asText(row[0]) == "view" || strings.HasPrefix(declaration, "CREATE VIRTUAL") {
			if columns, err := describeColumns(ctx, c, in, name); err == nil && columns != "" {
				declaration += "\n/* " + columns + " */"
			}
		}
		if r.indent {
			declaration = indent(declaration)
		}
		fmt.Fprintf(sh.out, "%s;\n", declaration)
		return nil
	})
}

// describeColumns returns a table or view with its columns, as in v(a,b), or ""
// if it has none.
func describeColumns(ctx context.Context, c driver.Conn, schema, name string) (string, error) {
	in := "main"
	text := sqltext.QuoteNameIfNeeded(name)
	if schema != "" {
		in = schema
		text = quoteSchema(schema) + "." + text
	}
	columns, err := texts(ctx, c, "SELECT name FROM pragma_table_info(?1, ?2)", name, in)
	if err != nil || len(columns) == 0 {
		return "", err
	}
	for i, column := range columns {
		columns[i] = sqltext.QuoteNameIfNeeded(column)
	}
	// A name must not end the comment this goes into.
	return strings.ReplaceAll(text+"("+strings.Join(columns, ",")+")", "*/", "**"), nil
}

// quoteSchema quotes the name of a database if need be. "temp" is a keyword
// that needs none.
func quoteSchema(schema string) string {
	if strings.EqualFold(schema, "temp") {
		return schema
	}
	return sqltext.QuoteNameIfNeeded(schema)
}

// insertSchema puts the name of a database before that of the object which a
// CREATE statement makes. SQLite stores these statements in a form of its own,
// always with the same words before the name.
func insertSchema(declaration, schema string) string {
	for _, kind := range []string{"TABLE ", "INDEX ", "UNIQUE INDEX ", "VIEW ", "TRIGGER ", "VIRTUAL TABLE "} {
		if rest, ok := strings.CutPrefix(declaration, "CREATE "+kind); ok {
			return "CREATE " + kind + quoteSchema(schema) + "." + rest
		}
	}
	return declaration
}

// indentFrom is the length from which a declaration is put on several lines.
const indentFrom = 79

// indent lays a declaration out for reading: its parts on lines of their own,
// two blanks in. Views and triggers stay as they were typed.
func indent(declaration string) string {
	if strings.HasPrefix(declaration, "CREATE VIEW") || strings.HasPrefix(declaration, "CREATE TRIG") {
		return declaration
	}
	text := squeeze(declaration)
	if len(text) < indentFrom {
		return text
	}
	var b strings.Builder
	depth, lines := 0, 0
	quote := byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '[':
			quote = ']'
		case c == '-' && strings.HasPrefix(text[i:], "--"):
			quote = '\n'
		case c == '(':
			depth++
		case c == ')':
			depth--
			if lines > 0 && depth == 0 {
				b.WriteByte('\n')
			}
		}
		ends := depth == 1 && quote == 0 && (c == '(' || c == '\n' || c == ',' && !blankLine(text[i+1:]))
		if c != '\n' || !ends {
			b.WriteByte(c)
		}
		if ends {
			b.WriteString("\n  ")
			lines++
			for i+1 < len(text) && sqltext.IsSpace(text[i+1]) {
				i++
			}
		}
	}
	return b.String()
}

// blankLine reports whether text has nothing but white space and a comment up
// to the end of its first line.
func blankLine(text string) bool {
	line, _, _ := strings.Cut(text, "\n")
	line = sqltext.TrimSpace(line)
	return line == "" || strings.HasPrefix(line, "--")
}

// squeeze takes out the white space that a declaration can do without.
func squeeze(text string) string {
	text = sqltext.TrimSpace(text)
	b := make([]byte, 0, len(text))
	for i := range len(text) {
		c, last := text[i], byte(0)
		if len(b) > 0 {
			last = b[len(b)-1]
		}
		switch {
		case sqltext.IsSpace(c):
			if last == '\r' {
				b[len(b)-1] = '\n'
			}
			if sqltext.IsSpace(last) || last == '(' {
				continue
			}
		case (c == '(' || c == ')') && sqltext.IsSpace(last):
			b = b[:len(b)-1]
		}
		b = append(b, c)
	}
	return strings.TrimRightFunc(string(b), isSpaceRune)
}
