package diff

import (
	"database/sql"
	"fmt"
	"strings"
)

// write adds a statement that changes data: for its rows if it has any, otherwise either way.
func (g *generator) write(text string, args ...any) {
	if strings.Contains(text, "RETURNING") || g.IntN(3) == 0 {
		g.query(text, args...)
		return
	}
	g.exec(text, args...)
}

func (g *generator) orAction() string {
	return g.maybe(3, "OR "+g.pick("IGNORE ", "REPLACE ", "FAIL ", "ROLLBACK ", "ABORT "))
}

func (g *generator) returning(t *table) string {
	return g.maybe(4, " RETURNING "+g.pick("*", g.expr(t, 1)+", "+g.expr(t, 2)+" AS e"))
}

func (g *generator) insert() {
	t := g.target()
	columns := g.some(t.columns)
	if t.withoutRowID { // no column of its key may be NULL
		columns = t.columns
	}
	var rows []string
	var args []any
	for range 1 + g.IntN(3) {
		row := make([]string, len(columns))
		for i := range row {
			if row[i] = "?"; g.IntN(6) == 0 {
				row[i] = g.literal()
				continue
			}
			args = append(args, g.valueFor(t, columns[i]))
		}
		rows = append(rows, "("+strings.Join(row, ", ")+")")
	}
	if g.IntN(8) == 0 { // one value by its name, everywhere
		rows = []string{"(" + strings.Repeat(":a, ", len(columns)-1) + ":a)"}
		args = []any{sql.Named("a", g.value())}
	}
	source := fmt.Sprintf("(%s) VALUES %s%s", strings.Join(columns, ", "), strings.Join(rows, ", "), g.upsert(t))
	if g.IntN(20) == 0 {
		source, args = " DEFAULT VALUES", nil
	}
	verb := "INSERT " + g.orAction()
	if g.IntN(6) == 0 {
		verb = "REPLACE "
	}
	g.write(verb+"INTO "+t.name+source+g.returning(t), args...)
}

func (g *generator) upsert(t *table) string {
	if g.IntN(4) > 0 {
		return ""
	}
	target := g.pick("", "", "", "", "("+t.columns[0]+")", "("+strings.Join(g.some(t.columns), ", ")+")")
	action := fmt.Sprintf("DO UPDATE SET %s = %s%s", g.pick(t.columns...), g.pick("excluded."+g.pick(t.columns...), g.plain(t, 2)), g.maybe(3, " WHERE "+g.expr(t, 2)))
	if g.IntN(3) == 0 {
		action = "DO NOTHING"
	}
	return " ON CONFLICT" + target + " " + action
}

// insertMany fills pages, so that a small cache spills.
func (g *generator) insertMany() {
	t := g.target()
	c := g.pick(t.columns...)
	if g.IntN(4) == 0 {
		source := g.table()
		g.write(fmt.Sprintf("INSERT %sINTO %s(%s) SELECT substr(%s, 1, 100) FROM %s%s LIMIT %d", g.pick("", "OR IGNORE ", "OR REPLACE "), t.name, c, g.expr(source, 2),
			source.name, g.order(1), 1+g.IntN(50)))
		return
	}
	g.write(fmt.Sprintf("INSERT OR %s INTO %s(%s) WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT %d) SELECT %s FROM n",
		g.pick("IGNORE", "IGNORE", "REPLACE", "FAIL"), t.name, c, 1+g.IntN(300), g.pick("i", "i * 1000003 % 1009", fmt.Sprintf("i || hex(zeroblob(%d))", g.IntN(200)),
			fmt.Sprintf("zeroblob(i * %d)", g.IntN(20)), "i / 7.0")))
}

// where returns a condition, mostly one; now and then one that can use an index.
func (g *generator) where(t *table) string {
	return g.pick("", " WHERE "+g.expr(t, 3), " WHERE "+g.expr(t, 2)+" AND "+g.expr(t, 1),
		fmt.Sprintf(" WHERE %s %s", g.pick(t.all()...), g.pick("= ", "< ", "> ", "IS ")+g.literal()), " WHERE "+g.pick(t.all()...)+" IN (1, 2, 'a', 3.5)")
}

func (g *generator) update() {
	t := g.target()
	var sets []string
	var args []any
	for _, c := range g.some(t.columns)[:1] {
		if g.IntN(3) == 0 {
			sets, args = append(sets, c+" = ?"), append(args, g.value())
			continue
		}
		sets = append(sets, c+" = "+g.plain(t, 2))
	}
	switch g.IntN(6) {
	case 0:
		sets = append(sets, fmt.Sprintf("(%s, %s) = (%s, %s)", g.pick(t.columns...), g.pick(t.columns...), g.plain(t, 1), g.plain(t, 1)))
	case 1:
		o := g.table()
		g.write(fmt.Sprintf("UPDATE %s%s SET %s FROM (SELECT %s AS o FROM %s%s LIMIT 1) WHERE %s IS NOT o", g.orAction(), t.name, strings.Join(sets, ", "),
			g.expr(o, 1), o.name, g.order(1), g.pick(t.columns...)), args...)
		return
	}
	g.write(fmt.Sprintf("UPDATE %s%s SET %s%s%s", g.orAction(), t.name, strings.Join(sets, ", "), g.where(t), g.returning(t)), args...)
}

func (g *generator) delete() {
	t := g.target()
	w := g.where(t)
	if w == "" && g.IntN(3) > 0 {
		w = fmt.Sprintf(" WHERE %s > %d", t.columns[0], g.IntN(20))
	}
	g.write(fmt.Sprintf("DELETE FROM %s%s%s", t.name, w, g.returning(t)))
}

// selectStatement adds a query of tables.
func (g *generator) selectStatement() {
	t := g.table()
	g.query(g.pickText(g.selectOrdered, g.selectOrdered, g.selectGroups, g.selectJoin, g.selectJoin, g.selectWindow, g.selectCompound, g.selectWith, g.selectFrom)(t))
}

func (g *generator) pickText(funcs ...func(*table) string) func(*table) string {
	return funcs[g.IntN(len(funcs))]
}

func (g *generator) selectOrdered(t *table) string {
	return fmt.Sprintf("SELECT %s%s, %s AS e, typeof(%s) FROM %s%s%s ORDER BY %s%s LIMIT %d%s", g.maybe(6, "DISTINCT "), g.pick("*", t.columns[0], "rowid"), g.expr(t, 3), g.expr(t, 2),
		t.name, g.maybe(12, g.pick(" NOT INDEXED", " INDEXED BY i0")), g.where(t), g.expr(t, 1), g.pick("", " DESC", " NULLS LAST", ", 1"), 1+g.IntN(60), g.maybe(4, " OFFSET 2"))
}

func (g *generator) selectGroups(t *table) string {
	aggregate := func() string {
		return fmt.Sprintf(g.pick("count(%s)", "sum(%s)", "total(%s)", "avg(%s)", "min(%s)", "max(%s)", "group_concat(%s)", "group_concat(DISTINCT %s)", "count(DISTINCT %s)",
			"string_agg(%s, '-')", "json_group_array(%s)", "group_concat(%s ORDER BY 1 DESC)", "sum(%s) FILTER (WHERE "+g.expr(t, 1)+")"), g.expr(t, 2))
	}
	group := g.pick("", " GROUP BY "+g.expr(t, 1), " GROUP BY "+g.pick(t.all()...)+", "+g.expr(t, 1))
	return fmt.Sprintf("SELECT count(*), %s, %s, %s FROM %s%s%s%s%s", aggregate(), aggregate(), g.pick(t.all()...), t.name, g.where(t), group,
		g.maybe(3, " HAVING "+aggregate()+" IS NOT NULL"), g.maybe(2, g.order(2)))
}

func (g *generator) selectJoin(t *table) string {
	o := g.table()
	on := fmt.Sprintf("ON a.%s %s b.%s", g.pick(t.all()...), g.pick("=", "=", "=", "<", "IS"), g.pick(o.all()...))
	join := g.pick("JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "FULL JOIN", "RIGHT JOIN", "CROSS JOIN")
	switch g.IntN(8) {
	case 0:
		join, on = "NATURAL "+join, ""
	case 1:
		on = "USING (" + g.pick(t.columns...) + ")"
	case 2:
		third := g.table()
		on += fmt.Sprintf(" %s %s c ON c.%s = %s.%s", g.pick("JOIN", "LEFT JOIN"), third.name, g.pick(third.all()...), g.pick("a", "b"), g.pick(o.columns...))
	}
	return fmt.Sprintf("SELECT %s, b.%s FROM %s a %s %s b %s%s LIMIT 60", g.pick("a.*", "*", "count(*)", "a."+t.columns[0]), g.pick(o.all()...), t.name, join, o.name, on,
		g.maybe(2, " WHERE a."+g.pick(t.all()...)+" "+g.pick("IS NOT NULL", "> 3", "< 'b'", "IN (1, 5, NULL)")))
}

func (g *generator) selectWindow(t *table) string {
	f := fmt.Sprintf(g.pick("sum(%s)", "count(%s)", "max(%s)", "min(%s)", "avg(%s)", "group_concat(%s)", "lag(%s)", "lead(%s, 2, 'none')", "first_value(%s)", "last_value(%s)", "nth_value(%s, 2)"), g.expr(t, 1))
	f = g.pick(f, f, "row_number()", "rank()", "dense_rank()", "percent_rank()", "cume_dist()", "ntile(3)")
	frame := g.maybe(2, " "+g.pick("ROWS", "GROUPS", "RANGE")+" BETWEEN "+g.pick("UNBOUNDED PRECEDING", "2 PRECEDING", "CURRENT ROW")+" AND "+
		g.pick("CURRENT ROW", "1 FOLLOWING", "UNBOUNDED FOLLOWING")+g.maybe(3, " EXCLUDE "+g.pick("TIES", "GROUP", "CURRENT ROW", "NO OTHERS")))
	window := fmt.Sprintf("%sORDER BY %s%s", g.maybe(2, "PARTITION BY "+g.pick(t.all()...)+" "), g.expr(t, 1), frame)
	if g.IntN(3) == 0 {
		return fmt.Sprintf("SELECT %s, %s OVER w, count(*) OVER (w) FROM %s%s WINDOW w AS (%s) LIMIT 60", g.expr(t, 1), f, t.name, g.where(t), window)
	}
	return fmt.Sprintf("SELECT %s, %s OVER (%s) FROM %s%s LIMIT 60", g.expr(t, 1), f, window, t.name, g.where(t))
}

func (g *generator) selectCompound(t *table) string {
	o := g.table()
	return fmt.Sprintf("SELECT %s, %s FROM %s %s SELECT %s, %s FROM %s%s%s LIMIT 60", g.expr(t, 2), g.pick(t.all()...), t.name, g.pick("UNION", "UNION ALL", "EXCEPT", "INTERSECT"),
		g.expr(o, 1), g.expr(o, 1), o.name, g.maybe(4, " UNION SELECT 1, NULL"), g.order(2))
}

// selectWith recurs at most 50 times.
func (g *generator) selectWith(t *table) string {
	if g.IntN(2) == 0 {
		return fmt.Sprintf("WITH RECURSIVE n(i, x) AS (SELECT 1, %s %s SELECT i + 1, substr(%s, 1, 40) FROM n WHERE i < %d ORDER BY %d LIMIT 50) SELECT * FROM n LEFT JOIN %s ON i = %s LIMIT 60",
			g.literal(), g.pick("UNION", "UNION ALL"), g.expression(scope{columns: []string{"i", "x"}}, 2), 1+g.IntN(60), 1+g.IntN(2), t.name, g.pick(t.all()...))
	}
	return fmt.Sprintf("WITH a(x, y) AS %s(SELECT %s, %s FROM %s%s), b AS (SELECT * FROM a WHERE x IS NOT NULL) SELECT * FROM a LEFT JOIN b ON a.x = b.y%s LIMIT 60",
		g.pick("", "MATERIALIZED ", "NOT MATERIALIZED "), g.expr(t, 2), g.expr(t, 1), t.name, g.where(t), g.order(4))
}

func (g *generator) selectFrom(t *table) string {
	c := g.pick(t.all()...)
	return g.pick(
		fmt.Sprintf("SELECT s.x, count(*) FROM (SELECT %s AS x FROM %s%s LIMIT 20) AS s GROUP BY 1", g.expr(t, 2), t.name, g.order(1)),
		fmt.Sprintf("SELECT %s, j.* FROM %s, json_each(json_array(%s, 'x', json('{\"k\":[1]}'))) AS j LIMIT 40", c, t.name, "typeof("+c+")"),
		fmt.Sprintf("SELECT %s, (SELECT count(*) FROM %s AS i WHERE i.%s = o.%s) FROM %s AS o LIMIT 40", c, t.name, c, c, t.name),
		fmt.Sprintf("SELECT j.fullkey, j.type, j.atom FROM json_tree('{\"a\":[1,2.5,{\"b\":null}],\"c\":\"%s\"}') AS j", g.pick("x", "é", "")),
		fmt.Sprintf("SELECT max(%s), %s, rowid FROM %s", c, g.expr(t, 1), t.name),
		fmt.Sprintf("SELECT * FROM %s WHERE (%s, 1) IN (SELECT %s, 1 FROM %s) LIMIT 40", t.name, c, g.pick(t.all()...), t.name),
		fmt.Sprintf("VALUES (%s, 'a'), (%s, x'00'), (NULL, %s)", g.literal(), g.literal(), g.literal()),
	)
}

// selectValues asks what becomes of arguments.
func (g *generator) selectValues() {
	args := []any{g.value(), g.value(), g.value()}
	e := g.expression(scope{columns: []string{"?1", "?2", "?3"}}, 3)
	switch g.IntN(4) {
	case 0:
		g.query("SELECT ?, typeof(?), ? AS \"third \"\"one\"", args...)
	case 1:
		g.query("SELECT "+e+", ?3, quote(?1), length(?2)", args...)
	case 2:
		g.query("SELECT ?1 = ?2, ?1 < ?3, typeof(?1 + ?2), CAST(?1 AS TEXT), hex(?3)", args...)
	default:
		g.query("SELECT :a, @b, $c, typeof(:a)", sql.Named("a", args[0]), sql.Named("b", args[1]), sql.Named("c", args[2]))
	}
}
