package diff

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/turso-coop/turso-coop/conformance/peer"
)

var (
	seedFlag    = flag.Uint64("seed", 1, "seed of the first stream of random statements")
	streamsFlag = flag.Int("streams", 25, "how many streams of random statements to run, each with the next seed")
)

// TestRandom runs streams of random statements. A stream depends on its seed alone:
//
//	go -C conformance test ./diff -run TestRandom -seed=7 -streams=1
func TestRandom(t *testing.T) {
	t.Parallel()
	peer.NeedStock(t)
	process, sides := peer.Start(t), ours(t)
	for seed := *seedFlag; seed < *seedFlag+uint64(*streamsFlag); seed++ {
		mode := journalModes[seed%uint64(len(journalModes))]
		t.Run(fmt.Sprintf("seed=%d/%s", seed, mode), func(t *testing.T) {
			t.Parallel()
			g := generator{Rand: rand.New(rand.NewPCG(seed, 0))}
			compareOn(t, theirs(process, peer.Stock), sides, mode, g.stream(60))
		})
	}
}

// generator makes statements that are mostly right. It knows the tables that it has made.
type generator struct {
	*rand.Rand
	tables []table
	steps  []step
}

type table struct {
	name    string
	columns []string
}

// stream makes a schema, then n statements on it.
func (g *generator) stream(n int) []step {
	g.add("PRAGMA cache_size = 10") // pages, so that large transactions spill
	for range 2 + g.IntN(2) {
		g.createTable()
	}
	for range n {
		g.statement()
	}
	return g.steps
}

func (g *generator) add(text string, args ...any) {
	g.steps = append(g.steps, step{"a", peer.Statement{SQL: text, Args: args}})
}

// pick returns one of the words.
func (g *generator) pick(words ...string) string { return words[g.IntN(len(words))] }

// maybe returns text, or nothing n-1 times out of n.
func (g *generator) maybe(n int, text string) string {
	if g.IntN(n) > 0 {
		return ""
	}
	return text
}

func (g *generator) table() table { return g.tables[g.IntN(len(g.tables))] }

func (g *generator) createTable() {
	t := table{name: fmt.Sprintf("t%d", len(g.tables))}
	strict := g.IntN(4) == 0
	var defs []string
	for i := range 2 + g.IntN(4) {
		c := fmt.Sprintf("c%d", i)
		kind := g.pick("INT", "INTEGER", "TEXT", "REAL", "BLOB")
		if !strict {
			kind = g.pick(kind, kind, "", "NUMERIC", "VARCHAR(9)", "DOUBLE")
		}
		defs = append(defs, c+" "+kind+g.maybe(6, " UNIQUE")+g.maybe(8, " NOT NULL")+g.maybe(6, " DEFAULT "+g.literal())+
			g.maybe(6, " COLLATE "+g.pick("NOCASE", "RTRIM"))+g.maybe(10, " CHECK ("+c+" IS NOT 5)"))
		t.columns = append(t.columns, c)
	}
	if g.IntN(3) == 0 {
		defs = append(defs, fmt.Sprintf("g AS (%s) %s", g.expr(t, 1), g.pick("STORED", "VIRTUAL")))
	}
	options := []string{}
	if strict {
		options = append(options, "STRICT")
		defs[len(t.columns)-1] = strings.ReplaceAll(defs[len(t.columns)-1], "NOT NULL", "")
	}
	if g.IntN(4) == 0 {
		options = append(options, "WITHOUT ROWID")
		defs = append(defs, "PRIMARY KEY("+g.pick(t.columns...)+")")
	}
	g.add(fmt.Sprintf("CREATE TABLE %s(%s) %s", t.name, strings.Join(defs, ", "), strings.Join(options, ", ")))
	g.tables = append(g.tables, t)
}

// statement adds one statement; now and then a few that belong together.
func (g *generator) statement() {
	t := g.table()
	switch n := g.IntN(100); {
	case n < 30:
		g.insert(t)
	case n < 40:
		g.add(fmt.Sprintf("UPDATE %s%s SET %s = %s WHERE %s%s", g.maybe(3, "OR "+g.pick("IGNORE ", "REPLACE ", "FAIL ")), t.name,
			g.pick(t.columns...), g.expr(t, 2), g.expr(t, 2), g.maybe(3, " RETURNING *")))
	case n < 45:
		g.add(fmt.Sprintf("DELETE FROM %s WHERE %s%s", t.name, g.expr(t, 2), g.maybe(3, " RETURNING "+g.expr(t, 1))))
	case n < 75:
		g.query(t)
	case n < 80:
		g.add(g.pick("BEGIN", "COMMIT", "ROLLBACK", "BEGIN IMMEDIATE", "SAVEPOINT s", "RELEASE s", "ROLLBACK TO s"))
	case n < 84:
		g.add(fmt.Sprintf("CREATE %sINDEX i%d ON %s(%s%s)%s", g.maybe(5, "UNIQUE "), g.IntN(5), t.name, g.expr(t, 1), g.maybe(2, " DESC"),
			g.maybe(3, " WHERE "+g.pick(t.columns...)+" > 3")))
	case n < 86:
		g.add(fmt.Sprintf("DROP INDEX IF EXISTS i%d", g.IntN(5)))
	case n < 89:
		g.add(fmt.Sprintf("CREATE TRIGGER r%d AFTER %s ON %s BEGIN %s; END", g.IntN(3), g.pick("INSERT", "UPDATE", "DELETE"), t.name,
			fmt.Sprintf("UPDATE %s SET %s = %s WHERE rowid < 5", t.name, g.pick(t.columns...), g.literal())))
	case n < 91:
		g.add(fmt.Sprintf("ALTER TABLE %s ADD COLUMN n%d DEFAULT %s", t.name, g.IntN(9), g.literal()))
	case n < 94:
		g.add(g.pick("VACUUM", "PRAGMA integrity_check", "REINDEX", "PRAGMA wal_checkpoint", "PRAGMA foreign_keys = ON", "PRAGMA recursive_triggers = ON"))
	case n < 97: // many pages
		g.add(fmt.Sprintf("INSERT OR IGNORE INTO %s(%s) WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < %d)"+
			" SELECT i || hex(zeroblob(%d)) FROM n", t.name, g.pick(t.columns...), g.IntN(300), g.IntN(200)))
	default:
		g.createTable()
	}
}

func (g *generator) insert(t table) {
	var rows []string
	var args []any
	for range 1 + g.IntN(4) {
		row := make([]string, len(t.columns))
		for i := range row {
			row[i] = "?"
			args = append(args, g.value())
		}
		rows = append(rows, "("+strings.Join(row, ",")+")")
	}
	g.add(fmt.Sprintf("INSERT %sINTO %s(%s) VALUES %s%s%s", g.maybe(3, "OR "+g.pick("IGNORE ", "REPLACE ", "FAIL ", "ROLLBACK ")), t.name,
		strings.Join(t.columns, ","), strings.Join(rows, ","), g.maybe(4, fmt.Sprintf(" ON CONFLICT DO UPDATE SET %s = %s", g.pick(t.columns...), g.expr(t, 1))),
		g.maybe(4, " RETURNING *")), args...)
}

func (g *generator) query(t table) {
	where := ""
	if g.IntN(2) == 0 {
		where = " WHERE " + g.expr(t, 3)
	}
	switch g.IntN(5) {
	case 0:
		g.add(fmt.Sprintf("SELECT count(*), sum(%s), min(%s), group_concat(%s) FROM %s%s GROUP BY %s",
			g.expr(t, 2), g.expr(t, 1), g.expr(t, 1), t.name, where, g.expr(t, 1)))
	case 1:
		o := g.table()
		g.add(fmt.Sprintf("SELECT a.*, b.%s FROM %s a %s JOIN %s b ON a.%s = b.%s LIMIT 50",
			g.pick(o.columns...), t.name, g.pick("", "LEFT", "FULL", "CROSS"), o.name, g.pick(t.columns...), g.pick(o.columns...)))
	case 2:
		g.add(fmt.Sprintf("SELECT %s, %s(%s) OVER (PARTITION BY %s ORDER BY %s) FROM %s%s LIMIT 50",
			g.expr(t, 1), g.pick("sum", "rank", "count", "max", "lag"), g.pick(t.columns...), g.pick(t.columns...), g.expr(t, 1), t.name, where))
	case 3:
		g.add(fmt.Sprintf("SELECT %s FROM %s %s SELECT %s FROM %s ORDER BY 1 LIMIT 50",
			g.expr(t, 2), t.name, g.pick("UNION", "UNION ALL", "EXCEPT", "INTERSECT"), g.expr(t, 1), t.name))
	default:
		g.add(fmt.Sprintf("SELECT *, %s, typeof(%s) FROM %s%s ORDER BY %s%s LIMIT 50", g.expr(t, 3), g.expr(t, 2), t.name, where, g.expr(t, 1), g.maybe(2, " DESC")))
	}
}

// expr returns an expression over the columns of t. Functions that only one of the builds has are left out, and
// so are LIKE and GLOB, to which BLOBs mean different things (see known).
func (g *generator) expr(t table, depth int) string {
	if depth == 0 || g.IntN(5) == 0 {
		if g.IntN(3) == 0 {
			return g.literal()
		}
		return g.pick(t.columns...)
	}
	a, b := g.expr(t, depth-1), g.expr(t, depth-1)
	switch g.IntN(6) {
	case 0:
		return fmt.Sprintf("%s(%s)", g.pick("abs", "length", "hex", "upper", "typeof", "quote", "trim", "unicode", "sign", "octet_length", "round", "NOT ", "- ", "~ "), a)
	case 1:
		return fmt.Sprintf("%s(%s, %s)", g.pick("coalesce", "ifnull", "nullif", "instr", "substr", "max", "min", "concat"), a, b)
	case 2:
		return fmt.Sprintf("(%s %s %s)", a, g.pick("=", "<", ">", "<=", "<>", "IS", "IS NOT", "AND", "OR"), b)
	case 3:
		return fmt.Sprintf("CAST(%s AS %s)", a, g.pick("INT", "TEXT", "REAL", "BLOB", "NUMERIC"))
	case 4:
		return fmt.Sprintf("CASE WHEN %s THEN %s ELSE %s END", a, b, g.literal())
	default:
		return fmt.Sprintf("(%s %s %s)", a, g.pick("+", "-", "*", "/", "%", "||", "&", "|", "<<", ">>"), b)
	}
}

func (g *generator) literal() string {
	return g.pick("NULL", "0", "1", "-1", "5", "3.5", "''", "'a'", "'B'", "'12'", "'1e2'", "x''", "x'00ff'",
		"9223372036854775807", "-9223372036854775808", "1e999", "0.1")
}

// value returns an argument, at times one from the edges.
func (g *generator) value() any {
	switch g.IntN(8) {
	case 0:
		return peer.Null
	case 1:
		return int64(g.Uint64())
	case 2:
		return []float64{0, math.Copysign(0, -1), 1.5, math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64, 5e-324, 1e15, g.NormFloat64()}[g.IntN(10)]
	case 3:
		return []string{"", "a", "A", "x\x00y", "\xff\xfe", "12", " 7 ", "é", strings.Repeat("long ", g.IntN(2000))}[g.IntN(9)]
	case 4:
		b := make([]byte, g.IntN(50))
		for i := range b {
			b[i] = byte(g.Uint32())
		}
		return b
	default:
		return int64(g.IntN(10))
	}
}
