package diff

import (
	"fmt"
	"strings"
)

// scope is where an expression stands.
type scope struct {
	columns []string
	plain   bool // neither subqueries nor what makes values longer: the expression is stored, or part of a schema
}

// expr returns an expression over the columns of t.
func (g *generator) expr(t *table, depth int) string {
	return g.expression(scope{columns: t.all()}, depth)
}

// plain returns one that may be stored, or be part of a schema.
func (g *generator) plain(t *table, depth int) string {
	return g.expression(scope{t.columns, true}, depth)
}

// expression leaves out functions that only one of the builds has. LIKE has no BLOBs on its left, to which it means different
// things with SQLITE_LIKE_DOESNT_MATCH_BLOBS.
func (g *generator) expression(s scope, depth int) string {
	if depth <= 0 || g.IntN(6) == 0 {
		if g.IntN(3) == 0 {
			return g.literal()
		}
		return g.pick(s.columns...)
	}
	e := func() string { return g.expression(s, depth-1) }
	switch g.IntN(12) {
	case 0:
		return fmt.Sprintf("%s(%s)", g.pick("abs", "length", "upper", "lower", "typeof", "trim", "unicode", "sign", "octet_length", "round", "ltrim", "json_valid", "likely", "NOT ", "- ", "~ ", "+ "), e())
	case 1:
		return fmt.Sprintf("%s(%s, %s)", g.pick("coalesce", "ifnull", "nullif", "instr", "max", "min", "trim", "round", "iif"), e(), e())
	case 2, 3:
		return fmt.Sprintf("(%s %s %s)", e(), g.pick("=", "==", "<", ">", "<=", ">=", "<>", "!=", "IS", "IS NOT", "AND", "OR", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"), e())
	case 4:
		return fmt.Sprintf("CAST(%s AS %s)", e(), g.pick("INT", "INTEGER", "TEXT", "REAL", "BLOB", "NUMERIC"))
	case 5:
		return fmt.Sprintf("CASE %sWHEN %s THEN %s ELSE %s END", g.maybe(2, e()+" "), e(), e(), g.literal())
	case 6, 7:
		return fmt.Sprintf("(%s %s %s)", e(), g.pick("+", "-", "*", "/", "%", "&", "|", "<<", ">>"), e())
	case 8:
		return fmt.Sprintf("(%s %s)", e(), g.pick("ISNULL", "NOTNULL", "IS TRUE", "IS NOT FALSE", "COLLATE NOCASE", "COLLATE RTRIM", "BETWEEN "+g.literal()+" AND "+g.literal(),
			"IN ("+g.literal()+", "+g.literal()+")", "NOT IN (1, NULL)"))
	case 9:
		return g.textual(e(), e())
	default:
		if s.plain {
			return fmt.Sprintf("substr(%s || %s, %d, %d)", e(), e(), g.IntN(9)-4, 1+g.IntN(20))
		}
		return g.longer(s, depth, e(), e())
	}
}

// textual returns an expression about a text, whose value is not longer than that.
func (g *generator) textual(a, b string) string {
	text := "CAST(" + a + " AS TEXT)"
	return g.pick(
		fmt.Sprintf("substr(%s, %s)", a, b),
		fmt.Sprintf("substr(%s, %d, %d)", a, g.IntN(9)-4, g.IntN(9)-4),
		fmt.Sprintf("(%s %s %s)", text, g.pick("LIKE", "NOT LIKE"), g.pick("'a%'", "'%_1'", "'%é%'", "'A'", "'x%' ESCAPE 'x'")),
		fmt.Sprintf("(%s %s %s)", text, g.pick("GLOB", "NOT GLOB"), g.pick("'a*'", "'*[0-9]*'", "'[^a]?'")),
		fmt.Sprintf("json_type(%s)", a),
		fmt.Sprintf("(%s ->> %s)", a, g.pick("'a'", "0", "'$.a[1]'", "'$[#-1]'")),
		fmt.Sprintf("%s(%s%s)", g.pick("date", "time", "datetime", "julianday", "unixepoch"), a, g.pick("", ", '+1 day'", ", 'start of month'", ", 'auto'", ", '-3.5 hours', 'weekday 2'")),
		fmt.Sprintf("strftime('%%Y-%%j %%H:%%M:%%f %%s', %s)", a),
	)
}

// longer returns an expression whose value may be much longer than its arguments, or that asks a table.
func (g *generator) longer(s scope, depth int, a, b string) string {
	if g.IntN(3) == 0 {
		t := g.table()
		inner := g.expression(scope{columns: append(t.all(), s.columns...)}, depth-2)
		return g.pick(
			fmt.Sprintf("(SELECT %s(%s) FROM %s)", g.pick("count", "max", "min", "sum", "total", "avg"), g.pick(t.all()...), t.name),
			fmt.Sprintf("EXISTS (SELECT 1 FROM %s WHERE %s)", t.name, inner),
			fmt.Sprintf("(%s %sIN (SELECT %s FROM %s))", a, g.maybe(3, "NOT "), g.pick(t.all()...), t.name),
			fmt.Sprintf("((%s, %s) %s (SELECT %s, %s FROM %s))", a, b, g.pick("=", "<", "IN", ">="), g.pick(t.all()...), g.pick(t.all()...), t.name),
		)
	}
	if g.more && g.IntN(2) == 0 {
		return g.pick(
			fmt.Sprintf("%s(%s)", g.pick("ceil", "floor", "trunc", "sqrt", "radians", "degrees", "soundex"), a),
			fmt.Sprintf("mod(%s, %s)", a, b),
			fmt.Sprintf("(%s LIKE %s)", a, b),
		)
	}
	return g.pick(
		fmt.Sprintf("%s(%s)", g.pick("hex", "quote", "json_quote", "json_array", "json", "json_array_length", "jsonb"), a),
		fmt.Sprintf("(%s || %s)", a, b), fmt.Sprintf("%s(%s, %s)", g.pick("concat", "concat_ws", "json_array", "unhex"), a, b),
		fmt.Sprintf("replace(substr(%s, 1, 100), 'a', substr(%s, 1, 100))", a, b), // without, hundreds of MB are easily made
		fmt.Sprintf("printf('%s', %s, %s)", g.pick("%d|%s", "%5.2f|%-8s", "%e|%g", "%q|%Q", "%x|%c", "%!.15g|%,d", "%w|%z"), a, b),
		fmt.Sprintf("json_object('k', %s, %s, 1)", a, b),
		fmt.Sprintf("json_%s('{\"a\":[1,2]}', %s, %s)", g.pick("set", "insert", "replace", "patch", "extract", "remove"), g.pick("'$.a'", "'$.a[#]'", "'$.b'", "'bad'"), a),
		fmt.Sprintf("char(%s, 98)", a),
	)
}

// order returns ORDER BY with all columns of a result.
func (g *generator) order(columns int) string {
	terms := make([]string, columns)
	for i := range terms {
		terms[i] = fmt.Sprint(i+1) + g.pick("", "", " DESC", " COLLATE NOCASE", " NULLS LAST")
	}
	g.Shuffle(columns, func(i, j int) { terms[i], terms[j] = terms[j], terms[i] })
	return " ORDER BY " + strings.Join(terms, ", ")
}
