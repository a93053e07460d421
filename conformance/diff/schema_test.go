package diff

import (
	"fmt"
	"slices"
	"strings"
)

var (
	types       = []string{"INT", "INTEGER", "TEXT", "REAL", "BLOB", "NUMERIC", "VARCHAR(9)", "DOUBLE", "DECIMAL(10,5)", "CHARINT", "FLOATING POINT", ""}
	typesStrict = []string{"INT", "INTEGER", "TEXT", "REAL", "BLOB", "ANY"}
	typesGo     = []string{"BOOLEAN", "DATETIME", "DATE", "TIMESTAMP", "BOOL", "TIME"} // some are converted by drivers
)

// notLargest keeps the largest rowid out of a table: after it, SQLite chooses rowids at random.
const notLargest = " CHECK (c0 < 9000000000000000000)"

// createTable adds a table. Foreign keys point at older tables or at the table itself, so that their actions end.
func (g *generator) createTable() {
	if g.seldom() {
		return
	}
	t := &table{name: g.name("t"), kinds: map[string]string{}}
	strict := g.IntN(4) == 0
	kinds := types
	if strict {
		kinds = typesStrict
	} else if g.converted {
		kinds = slices.Concat(typesGo, types[:6])
	}
	t.withoutRowID = g.IntN(4) == 0
	for i := range 2 + g.IntN(5) {
		t.columns = append(t.columns, fmt.Sprintf("c%d", i))
	}
	if g.IntN(10) == 0 {
		t.columns[1] = `"odd ""name"`
	}
	first, constraints := g.firstColumn(t, kinds)
	defs := []string{first}
	for _, c := range t.columns[1:] {
		kind := g.pick(kinds...)
		if strict {
			t.kinds[c] = kind
		}
		defs = append(defs, c+" "+kind+g.columnConstraints(t, c))
	}
	defs = append(defs, g.generatedColumns(t, kinds)...)
	constraints = append(constraints, g.tableConstraints(t)...)
	g.exec(fmt.Sprintf("CREATE %sTABLE %s%s%s(%s)%s", g.maybe(12, "TEMP "), g.maybe(8, "IF NOT EXISTS "), g.schema(), t.name,
		strings.Join(append(defs, constraints...), ", "), tableOptions(strict, t.withoutRowID)))
	g.tables = append(g.tables, t)
}

// firstColumn returns the definition of the first column, and the constraints of the table if those make its key.
func (g *generator) firstColumn(t *table, kinds []string) (def string, constraints []string) {
	switch n := g.IntN(10); {
	case n < 3:
		t.key, t.kinds["c0"] = "c0", "INTEGER"
		return "c0 INTEGER PRIMARY KEY" + g.pick("", "", " DESC", " ON CONFLICT IGNORE") + notLargest, nil
	case n < 4 && !t.withoutRowID:
		t.key, t.kinds["c0"] = "c0", "INTEGER"
		return "c0 INTEGER PRIMARY KEY AUTOINCREMENT" + notLargest, nil
	case n < 6 || t.withoutRowID:
		def = "c0 " + g.pick(kinds...)
		keys := g.some(t.columns[:2])
		constraints = []string{fmt.Sprintf("PRIMARY KEY(%s)%s", strings.Join(keys, ", "), g.onConflict())}
		if len(keys) == 1 && !t.withoutRowID { // a rowid, if its type is INTEGER
			constraints = append(constraints, fmt.Sprintf("CHECK (typeof(%[1]s) <> 'integer' OR %[1]s < 9000000000000000000)", keys[0]))
		}
		return def, constraints
	default:
		t.key = "c0"
		return fmt.Sprintf("c0 %s UNIQUE%s", g.pick(kinds...), g.onConflict()), nil
	}
}

// generatedColumns returns the definitions of none, one or two.
func (g *generator) generatedColumns(t *table, kinds []string) []string {
	none, n := g.IntN(3) < 2, 1+g.IntN(2)
	if none {
		return nil
	}
	var defs []string
	for i := range n {
		name := fmt.Sprintf("g%d", i)
		defs = append(defs, fmt.Sprintf("%s %s %s (%s) %s%s", name, g.pick(kinds...), g.pick("AS", "GENERATED ALWAYS AS"), g.plain(t, 2),
			g.pick("STORED", "VIRTUAL", ""), g.maybe(8, " UNIQUE")))
		t.generated = append(t.generated, name)
	}
	return defs
}

func (g *generator) tableConstraints(t *table) []string {
	var constraints []string
	if g.IntN(6) == 0 {
		constraints = append(constraints, fmt.Sprintf("UNIQUE(%s)%s", strings.Join(g.some(t.columns), ", "), g.onConflict()))
	}
	if g.IntN(8) == 0 {
		constraints = append(constraints, fmt.Sprintf("%sCHECK (%s IS NOT FALSE)", g.maybe(2, "CONSTRAINT named "), g.plain(t, 2)))
	}
	if g.IntN(6) == 0 && len(g.tables) > 0 {
		parent := g.base()
		constraints = append(constraints, fmt.Sprintf("FOREIGN KEY (%s) %s", g.pick(t.columns...), g.references(parent)))
	}
	return constraints
}

// schema returns what now and then stands before a name.
func (g *generator) schema() string {
	if g.attached && g.IntN(3) == 0 {
		return "aux."
	}
	return g.maybe(12, "main.")
}

func tableOptions(strict, withoutRowID bool) string {
	var options []string
	if strict {
		options = append(options, "STRICT")
	}
	if withoutRowID {
		options = append(options, "WITHOUT ROWID")
	}
	return " " + strings.Join(options, ", ")
}

func (g *generator) onConflict() string {
	return g.maybe(4, " ON CONFLICT "+g.pick("ROLLBACK", "ABORT", "FAIL", "IGNORE", "REPLACE"))
}

func (g *generator) references(parent *table) string {
	key := parent.key
	if key == "" { // most likely an error
		key = parent.columns[0]
	}
	actions := func() string { return g.pick("SET NULL", "SET DEFAULT", "CASCADE", "RESTRICT", "NO ACTION") }
	return fmt.Sprintf("REFERENCES %s(%s)%s%s%s", parent.name, key, g.maybe(2, " ON DELETE "+actions()), g.maybe(2, " ON UPDATE "+actions()),
		g.maybe(3, " DEFERRABLE INITIALLY DEFERRED"))
}

func (g *generator) columnConstraints(t *table, column string) string {
	text := g.maybe(10, " UNIQUE"+g.onConflict()) + g.maybe(16, " NOT NULL"+g.onConflict()) +
		g.maybe(6, " DEFAULT "+g.pick(g.literal(), "(1 + 2)", "(x'00' || 'a')")) + g.maybe(6, " COLLATE "+g.pick("NOCASE", "RTRIM", "BINARY")) +
		g.maybe(12, " CHECK ("+column+" IS NOT 5)")
	switch {
	case g.IntN(8) > 0:
	case len(g.tables) > 0 && g.IntN(4) > 0:
		if parent := g.base(); parent.key != "" || g.IntN(8) == 0 {
			text += " " + g.references(parent)
		}
	case t.key != "":
		text += " " + g.references(t)
	}
	return text
}

func (g *generator) createIndex() {
	t := g.base()
	var keys []string
	for range 1 + g.IntN(3) {
		key := g.pick(t.all()...)
		if g.IntN(3) == 0 {
			key = g.plain(t, 2)
		}
		keys = append(keys, key+g.maybe(6, " COLLATE "+g.pick("NOCASE", "RTRIM"))+g.pick("", " DESC", " ASC"))
	}
	g.exec(fmt.Sprintf("CREATE %sINDEX %s%s ON %s(%s)%s", g.maybe(5, "UNIQUE "), g.maybe(6, "IF NOT EXISTS "), g.pick(g.name("i"), g.name("i"), g.name("i"), "i0"), t.name,
		strings.Join(keys, ", "), g.maybe(3, " WHERE "+g.plain(t, 2))))
}

func (g *generator) createView() {
	if g.seldom() {
		return
	}
	t := g.table()
	v := &table{name: g.name("v"), columns: []string{"x", "y"}, view: true}
	third := g.maybe(4, ", count(*)")
	if third != "" {
		v.columns = append(v.columns, "z")
	}
	text := fmt.Sprintf("SELECT %s, %s%s FROM %s%s", g.expr(t, 2), g.expr(t, 1), third, t.name, g.maybe(2, " WHERE "+g.expr(t, 2)))
	g.exec(fmt.Sprintf("CREATE %sVIEW %s(%s) AS %s", g.maybe(8, "TEMP "), v.name, strings.Join(v.columns, ", "), text))
	g.tables = append(g.tables, v)
	if g.IntN(2) == 0 {
		g.exec(fmt.Sprintf("CREATE TRIGGER %s INSTEAD OF %s ON %s BEGIN %s; END", g.name("r"), g.pick("INSERT", "UPDATE", "DELETE"), v.name, g.triggerStep(g.base(), g.pick("new.x", "old.y"))))
	}
}

// createTrigger adds a trigger. Its statements change one row each, and, where triggers may fire themselves, only tables that
// are younger than its own: otherwise a statement could fire triggers more often than anybody can wait for.
func (g *generator) createTrigger() {
	i := g.IntN(len(g.tables))
	t, target := g.tables[i], g.base()
	if t.view {
		return
	}
	if g.recursive {
		if i == len(g.tables)-1 || g.tables[len(g.tables)-1].view {
			return
		}
		target = g.tables[len(g.tables)-1]
	}
	event := g.pick("INSERT", "UPDATE", "DELETE", "UPDATE OF "+g.pick(t.columns...))
	row := "new."
	if event == "DELETE" {
		row = "old."
	}
	body := g.triggerStep(target, row+g.pick(t.columns...))
	if g.IntN(3) == 0 {
		body += "; " + fmt.Sprintf("SELECT RAISE(%s) WHERE %s%s %s", g.pick("IGNORE", "ABORT, 'aborted'", "FAIL, 'failed'", "ROLLBACK, 'rolled back'", "ABORT, 'of ' || 1"),
			row, g.pick(t.columns...), g.pick("= 3", "> 15", "IS NULL", "= 'a'"))
	}
	g.exec(fmt.Sprintf("CREATE %sTRIGGER %s %s %s ON %s%s%s BEGIN %s; END", g.maybe(10, "TEMP "), g.name("r"), g.pick("BEFORE", "AFTER", "AFTER"), event, t.name,
		g.maybe(2, " FOR EACH ROW"), g.maybe(3, fmt.Sprintf(" WHEN %s%s %s", row, g.pick(t.columns...), g.pick("IS NOT 1", "< 10", "NOT NULL"))), body))
}

// triggerStep returns a statement that changes at most one row. value is one of the row that fires the trigger.
func (g *generator) triggerStep(t *table, value string) string {
	c := g.pick(t.columns...)
	switch g.IntN(3) {
	case 0:
		return fmt.Sprintf("INSERT %sINTO %s(%s) VALUES (substr(%s, 1, 50))", g.pick("", "OR IGNORE ", "OR REPLACE "), t.name, c, value)
	case 1:
		return fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s = (SELECT min(%s) FROM %s)", t.name, c, g.pick(value, g.literal()), t.columns[0], t.columns[0], t.name)
	default:
		return fmt.Sprintf("DELETE FROM %s WHERE %s = (SELECT max(%s) FROM %s)", t.name, t.columns[0], t.columns[0], t.name)
	}
}

func (g *generator) alter() {
	t := g.base()
	switch g.IntN(6) {
	case 0, 1:
		c := g.name("n")
		g.exec(fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s%s", t.name, c, g.pick("", "INT", "TEXT", "REAL"), g.pick("", " DEFAULT "+g.literal(), " NOT NULL DEFAULT 1",
			" AS ("+g.plain(t, 1)+")", " CHECK ("+c+" IS NOT 5)", " UNIQUE", " REFERENCES "+g.base().name)))
		if !strings.Contains(g.steps[len(g.steps)-1].SQL, " AS (") {
			t.columns = append(t.columns, c)
		}
	case 2:
		old, c := g.pick(t.columns...), g.name("m")
		g.exec(fmt.Sprintf("ALTER TABLE %s RENAME COLUMN %s TO %s", t.name, old, c))
		for i := range t.columns {
			if t.columns[i] == old {
				t.columns[i] = c
			}
		}
		if t.key == old {
			t.key = c
		}
	case 3:
		g.exec(fmt.Sprintf("ALTER TABLE %s DROP COLUMN %s", t.name, g.pick(t.all()...)))
	case 4:
		name := g.name("t")
		g.exec(fmt.Sprintf("ALTER TABLE %s RENAME TO %s", t.name, name))
		t.name = name
	default:
		g.exec(fmt.Sprintf("ALTER TABLE %s %s", t.name, g.pick("RENAME TO "+g.table().name, "ADD COLUMN c0", "DROP COLUMN nothing", "ADD COLUMN p PRIMARY KEY", "RENAME nothing TO n")))
	}
}

func (g *generator) drop() {
	switch g.IntN(8) {
	case 0:
		if i := g.IntN(len(g.tables)); i > 0 && !g.open {
			t := g.tables[i]
			kind := "TABLE"
			if t.view {
				kind = "VIEW"
			}
			g.exec(fmt.Sprintf("DROP %s %s", kind, t.name))
			g.tables = append(g.tables[:i], g.tables[i+1:]...)
		}
	case 1, 2:
		g.exec(fmt.Sprintf("DROP TRIGGER %sr%d", g.maybe(2, "IF EXISTS "), g.IntN(g.serial+1)))
	case 3:
		if i := len(g.virtual) - 1; i >= 0 && !g.open {
			g.exec("DROP TABLE " + g.virtual[i].name)
			g.virtual = g.virtual[:i]
		}
	default:
		g.exec(fmt.Sprintf("DROP INDEX %si%d", g.maybe(2, "IF EXISTS "), g.IntN(g.serial+1)))
	}
}
