package diff

import (
	"database/sql"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/turso-coop/turso-coop/conformance/peer"
)

// generator makes a stream of statements that are mostly right. It remembers what it has made, as far as it succeeded: a
// statement that refers to what an error or a ROLLBACK has taken away is one more error to compare.
//
// Everything in a stream is determined by its seed: no statement asks for the time, for randomness, or for what describes the
// build. What SQL leaves open, as the order of rows without ORDER BY, is compared as well, since all libraries
// plan alike; see [generator.analyze] for the one exception.
type generator struct {
	*rand.Rand
	steps []peer.Step

	// Properties of the whole stream.
	more      bool // the peer has what mattn's build lacks: FTS5, mathematical functions
	converted bool // some columns have types that drivers convert; then values are short, because outcomes are searched for what is known
	two       bool // two connections
	wide      bool // texts are UTF-16
	recursive bool // triggers may fire themselves
	analyzed  bool // ANALYZE is used

	tables   []*table
	virtual  []virtual
	prepared []peer.Step // to run again with other arguments
	attached bool
	open     bool // a transaction, most likely
	serial   int  // of the last name that was made
}

type table struct {
	name      string
	columns   []string // that can be written
	generated []string // that cannot
	key       string   // PRIMARY KEY or UNIQUE, to refer to

	kinds        map[string]string // types of the columns that take no other
	withoutRowID bool
	view         bool
}

// all returns the names of all columns.
func (t *table) all() []string {
	return append(t.columns[:len(t.columns):len(t.columns)], t.generated...)
}

// newStream returns the stream of a seed for a database in a journal mode.
func newStream(seed uint64, journalMode string, more bool) *generator {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0)), more: more}
	g.converted, g.two, g.recursive, g.analyzed = g.IntN(4) == 0, g.IntN(4) == 0, g.IntN(5) == 0, g.IntN(5) == 0
	// Caches that spill lock others out. Those of modernc's build, with SQLITE_ENABLE_MEMORY_MANAGEMENT, spill at other times, and
	// after ANALYZE there are more pages where SQLite has SQLITE_ENABLE_STAT4.
	g.two = g.two && !more && !g.analyzed
	g.configure(journalMode)
	for range 2 + g.IntN(3) {
		g.createTable()
	}
	for n := 100 + g.IntN(300); len(g.steps) < n; {
		g.statement()
	}
	return g
}

// configure sets the database up. Sizes of caches are in pages: what fits into so many KiB depends on the size of a pointer.
func (g *generator) configure(journalMode string) {
	g.pragma("page_size", g.pick("512", "1024", "2048", "4096", "8192", "16384", "32768", "65536"))
	g.pragma("auto_vacuum", g.pick("NONE", "NONE", "FULL", "INCREMENTAL"))
	encoding := g.pick("'UTF-8'", "'UTF-8'", "'UTF-8'", "'UTF-16le'", "'UTF-16be'")
	g.pragma("encoding", encoding)
	g.wide = strings.HasPrefix(encoding, "'UTF-16")
	if !g.two && g.IntN(6) == 0 {
		g.pragma("locking_mode", "EXCLUSIVE")
	}
	g.pragma("journal_mode", journalMode)
	g.connection()
	if g.recursive {
		g.pragma("recursive_triggers", "ON")
	}
}

// connection sets a connection up.
func (g *generator) connection() {
	g.pragma("cache_size", g.pick("1", "5", "10", "20", "100", "1000"))
	g.pragma("synchronous", g.pick("OFF", "NORMAL", "FULL", "EXTRA"))
	g.pragma("foreign_keys", g.pick("ON", "ON", "OFF"))
	if g.IntN(3) == 0 {
		g.pragma("temp_store", g.pick("FILE", "MEMORY"))
	}
}

func (g *generator) pragma(name, value string) { g.query("PRAGMA " + name + " = " + value) }

// statementKinds are what a stream consists of, each so many times in the sum of all weights.
var statementKinds = []struct {
	weight int
	add    func(*generator)
}{
	{22, (*generator).insert}, {3, (*generator).insertMany}, {12, (*generator).update}, {6, (*generator).delete},
	{30, (*generator).selectStatement}, {3, (*generator).selectValues}, {8, (*generator).transaction},
	{3, (*generator).createIndex}, {2, (*generator).createTrigger}, {2, (*generator).createView}, {2, (*generator).alter},
	{1, (*generator).createTable}, {2, (*generator).drop}, {2, (*generator).createVirtual}, {6, (*generator).useVirtual},
	{4, (*generator).maintain}, {2, (*generator).ask}, {2, (*generator).attach}, {3, (*generator).several}, {4, (*generator).mangled},
	{4, (*generator).again}, {1, (*generator).reopen},
}

var sumOfWeights = func() (sum int) {
	for _, k := range statementKinds {
		sum += k.weight
	}
	return sum
}()

// statement adds a statement; now and then a few that belong together.
func (g *generator) statement() {
	n := g.IntN(sumOfWeights)
	for _, k := range statementKinds {
		if n -= k.weight; n < 0 {
			k.add(g)
			return
		}
	}
}

// seldom is true where a table would be made that may soon be rolled back: then what follows would be about nothing. It is
// true as well if there are many already: the more there are, the more often SQLite goes through them in an order that depends on
// the size of a pointer. A virtual table counts for the tables behind it.
func (g *generator) seldom() bool {
	return g.open && g.IntN(4) > 0 || len(g.tables)+6*len(g.virtual) > 30
}

// query adds a statement for its rows.
func (g *generator) query(text string, args ...any) { g.add(peer.Query, text, args) }

// exec adds a statement for its result.
func (g *generator) exec(text string, args ...any) { g.add(peer.Exec, text, args) }

func (g *generator) add(way peer.Way, text string, args []any) {
	if g.wide {
		text = withoutBlobs.Replace(text)
		for i := range args {
			args[i] = withoutBlob(args[i])
		}
	}
	connection := "a"
	if g.two && g.IntN(3) == 0 {
		connection = "b"
	}
	st := peer.Step{Connection: connection, Statement: peer.Statement{SQL: text, Args: args, Way: way}}
	if g.IntN(5) == 0 { // the prepared ways are one after the others
		st.Way += peer.PreparedQuery - peer.Query
		g.prepared = append(g.prepared, st)
	}
	g.steps = append(g.steps, st)
}

// withoutBlobs and withoutBlob take BLOBs away. Where texts are UTF-16, SQLite reads one of an odd number of bytes as a text that
// goes on for a byte behind its end, whatever is there.
var withoutBlobs = strings.NewReplacer("CAST(x'ff61' AS TEXT)", "'y'", "x'00ff'", "'y'", "x''", "''", "x'00'", "'0'", "zeroblob(", "abs(", " AS BLOB)", " AS TEXT)",
	"unhex(", "lower(", "jsonb(", "json(")

func withoutBlob(arg any) any {
	switch v := arg.(type) {
	case []byte:
		return fmt.Sprintf("%x", v)
	case sql.RawBytes:
		return string(v)
	case sql.NamedArg:
		v.Value = withoutBlob(v.Value)
		return v
	}
	return arg
}

// again runs a statement that is prepared already, whatever has happened since.
func (g *generator) again() {
	if len(g.prepared) == 0 {
		return
	}
	st := g.prepared[g.IntN(len(g.prepared))]
	args := make([]any, len(st.Args))
	for i := range args {
		if args[i] = g.value(); g.wide {
			args[i] = withoutBlob(args[i])
		}
	}
	st.Args = args
	g.steps = append(g.steps, st)
}

// several adds a few statements in one text.
func (g *generator) several() {
	before := len(g.steps)
	for range 2 + g.IntN(2) {
		g.pickFunc(g.insert, g.update, g.delete, g.createIndex, g.transaction, g.drop)()
	}
	var texts []string
	var args []any
	for _, st := range g.steps[before:] {
		if strings.Contains(st.SQL, "RETURNING") { // whose rows the driver of mattn leaves unread in Exec
			continue
		}
		texts, args = append(texts, st.SQL), append(args, st.Args...)
	}
	sameNames(args)
	g.steps = g.steps[:before]
	if len(texts) == 0 {
		return
	}
	g.exec(strings.Join(texts, g.pick("; ", ";\n", ";;"))+g.pick("", ";"), args...)
	if slices.ContainsFunc(args, func(arg any) bool { _, named := arg.(sql.NamedArg); return named }) {
		// Of a prepared text only the first statement counts, and the driver of mattn then has an argument too many.
		g.steps[len(g.steps)-1].Way = peer.Exec
	}
}

// sameNames gives arguments of one name one value. The driver of mattn would bind the last of them that is not for the statement.
func sameNames(args []any) {
	var first *sql.NamedArg
	for i := range args {
		if named, ok := args[i].(sql.NamedArg); ok && first == nil {
			first = &named
		} else if ok {
			args[i] = *first
		}
	}
}

// mangled adds a statement with something wrong in it. What recurs is left alone: its end could be what is lost.
func (g *generator) mangled() {
	before, tables := len(g.steps), slices.Clone(g.tables)
	g.pickFunc(g.insert, g.update, g.selectStatement, g.createTable, g.createIndex, g.createTrigger, g.createView)()
	g.tables = tables
	for i := before; i < len(g.steps); i++ {
		st := &g.steps[i]
		words := strings.Fields(st.SQL)
		if strings.Contains(st.SQL, "RECURSIVE") || len(words) < 3 {
			continue
		}
		n := 1 + g.IntN(len(words)-2)
		switch g.IntN(4) {
		case 0:
			words = append(words[:n], words[n+1:]...)
		case 1:
			words[n] += " " + words[n]
		case 2:
			words[n], words[n+1] = words[n+1], words[n]
		default:
			words = words[:n]
		}
		st.SQL = strings.Join(words, " ")
	}
}

// reopen closes the connections, the main one last, and sets that up again.
func (g *generator) reopen() {
	if g.two {
		g.steps = append(g.steps, peer.Step{Connection: "b", Close: true})
	}
	g.steps = append(g.steps, peer.Step{Connection: "a", Close: true})
	g.prepared, g.attached = nil, false
	two := g.two
	g.two = false // nothing goes to another connection before
	g.connection()
	g.two = two
}

// name makes a name that is new in the stream.
func (g *generator) name(prefix string) string {
	g.serial++
	return fmt.Sprintf("%s%d", prefix, g.serial)
}

// pick returns one of the words.
func (g *generator) pick(words ...string) string { return words[g.IntN(len(words))] }

func (g *generator) pickFunc(funcs ...func()) func() { return funcs[g.IntN(len(funcs))] }

// maybe returns text, or nothing n-1 times out of n.
func (g *generator) maybe(n int, text string) string {
	if g.IntN(n) > 0 {
		return ""
	}
	return text
}

// some returns a few of the words, at least one, in their order.
func (g *generator) some(words []string) []string {
	var list []string
	for _, w := range words {
		if g.IntN(2) == 0 {
			list = append(list, w)
		}
	}
	if list == nil {
		return []string{g.pick(words...)}
	}
	return list
}

func (g *generator) table() *table { return g.tables[g.IntN(len(g.tables))] }

// target returns a table to write to, seldom a view.
func (g *generator) target() *table {
	if g.IntN(8) == 0 {
		return g.table()
	}
	return g.base()
}

// base returns a table that is not a view.
func (g *generator) base() *table {
	for {
		if t := g.table(); !t.view {
			return t
		}
	}
}

// literal returns a constant.
func (g *generator) literal() string {
	return g.pick("NULL", "0", "1", "-1", "5", "3.5", "''", "'a'", "'B'", "'12'", "'1e2'", "x''", "x'00ff'", "9223372036854775807",
		"-9223372036854775808", "9223372036854775808", "0x7fffffffffffffff", "1e999", "-1e999", "-0.0", "0.1", "1e-310", "' 7 '", "'é'",
		"'x''y'", "TRUE", "1_000", "'2024-02-29 12:00:00'", "'{\"a\":[1,2.5,null]}'", "char(0, 97)", "CAST(x'ff61' AS TEXT)", "zeroblob(3)",
		fmt.Sprint(g.IntN(100)))
}

// valueFor returns an argument for a column, mostly one that it takes.
func (g *generator) valueFor(t *table, column string) any {
	if g.IntN(10) > 0 {
		switch t.kinds[column] {
		case "INT", "INTEGER":
			return g.pickAny(int64(g.IntN(1000)), int64(g.IntN(1000)), int64(g.IntN(20)), int64(g.Uint64()), peer.Null, true)
		case "REAL":
			return g.pickAny(g.NormFloat64(), math.Inf(1), int64(g.IntN(20)), float32(0.1), peer.Null)
		case "TEXT":
			return g.text()
		case "BLOB":
			return g.blob(g.IntN(100))
		}
	}
	return g.value()
}

// value returns an argument.
func (g *generator) value() any {
	switch g.IntN(12) {
	case 0:
		return peer.Null
	case 1:
		return int64(g.Uint64())
	case 2:
		return []float64{0, math.Copysign(0, -1), 1.5, math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64, 5e-324, 1e15, 1 << 53, 1 << 63, g.NormFloat64()}[g.IntN(12)]
	case 3:
		return g.text()
	case 4:
		return g.blob(g.IntN(50))
	case 5:
		return g.goValue()
	case 6:
		if g.IntN(8) == 0 && !g.converted { // on pages of its own
			return g.blob([]int{1000, 5000, 70_000, 300_000}[g.IntN(4)])
		}
		return g.pick("a", "b", "c")
	default:
		return int64(g.IntN(20))
	}
}

func (g *generator) text() string {
	long := g.IntN(1000)
	if g.converted {
		long %= 10
	}
	return g.pick("", "a", "A", "x\x00y", "\xff\xfe", "a\xc3", "\xed\xa0\x80", "12", " 7 ", "0x10", "1e400", "é", "😀", "\ufeffx", "2024-01-02", "2024-01-02 03:04:05.678",
		"2024-01-02T03:04:05Z", "[1,2,3]", `{"a":{"b":"c"}}`, "%_%", "quick brown fox", strings.Repeat("long ", long))
}

func (g *generator) blob(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(g.Uint32())
	}
	return b
}

// goValue returns an argument of a type that database/sql or a driver converts.
func (g *generator) goValue() any {
	if g.IntN(10) == 0 { // what database/sql refuses
		return g.pickAny(complex(1, 2), uint64(1<<63))
	}
	values := []any{g.IntN(2) == 0, int8(-7), int(g.IntN(1000)), int32(1 << 30), uint8(200), uint32(1 << 31), uint64(7), float32(0.1),
		sql.RawBytes("raw"), sql.NullString{String: "s", Valid: g.IntN(2) == 0}, sql.NullInt64{Int64: 3, Valid: true}, sql.NullFloat64{},
		time.Date(2024, 2, 29, 12, 30, 45, g.IntN(1e9), time.UTC), time.Date(1969, 12, 31, 23, 0, 0, 0, time.UTC)}
	return values[g.IntN(len(values))]
}
