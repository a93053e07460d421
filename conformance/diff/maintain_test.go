package diff

import (
	"fmt"
	"math"
	"strings"

	"github.com/turso-coop/turso-coop/conformance/peer"
)

// virtual is a virtual table.
type virtual struct{ name, module string }

// transaction begins one, or ends what is open.
func (g *generator) transaction() {
	text := g.pick("BEGIN", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE", "SAVEPOINT s1")
	if g.open {
		text = g.pick("COMMIT", "COMMIT", "END", "ROLLBACK", "SAVEPOINT s1", "SAVEPOINT s2", "RELEASE s1", "ROLLBACK TO s1", "ROLLBACK TO s2")
	}
	if g.IntN(20) == 0 {
		text = g.pick("COMMIT", "BEGIN", "ROLLBACK", "RELEASE nothing")
	}
	g.open = text != "COMMIT" && text != "END" && text != "ROLLBACK"
	g.exec(text)
}

// maintain adds a statement about the whole database.
func (g *generator) maintain() {
	switch g.IntN(14) {
	case 0, 1:
		g.vacuum("VACUUM")
	case 2:
		g.vacuum(fmt.Sprintf("VACUUM INTO 'DIR/%s.db'", g.pick(g.name("copy"), "copy")))
	case 3:
		g.exec("REINDEX" + g.pick("", "", " NOCASE", " "+g.table().name))
	case 4:
		g.analyze()
	case 5:
		g.checkpoint("PRAGMA wal_checkpoint" + g.pick("", "(PASSIVE)", "(FULL)", "(RESTART)", "(TRUNCATE)"))
	case 6:
		if !g.analyzed || g.more {
			g.query("PRAGMA incremental_vacuum(3)") // has rows, of which the driver of mattn reads one in Exec, and then holds the table
		}
	case 7:
		g.query("PRAGMA journal_mode = " + g.pick("DELETE", "TRUNCATE", "PERSIST", "WAL", "MEMORY"))
	case 8:
		g.query("PRAGMA page_size = " + g.pick("512", "1024", "4096", "65536"))
		g.query("PRAGMA auto_vacuum = " + g.pick("NONE", "FULL", "INCREMENTAL"))
		g.vacuum("VACUUM")
	case 9:
		g.query(g.pick("PRAGMA integrity_check", "PRAGMA quick_check", "SELECT * FROM pragma_foreign_key_check ORDER BY 1, 2, 3, 4"))
	case 10:
		g.connection()
	case 11:
		setting := g.pick("defer_foreign_keys = ON", "secure_delete = ON", "secure_delete = FAST",
			"cell_size_check = ON", "reverse_unordered_selects = ON", "reverse_unordered_selects = OFF", "case_sensitive_like = ON", "case_sensitive_like = OFF",
			"automatic_index = OFF", "automatic_index = ON", "query_only = ON", "query_only = OFF", "query_only = OFF", "legacy_alter_table = ON", "legacy_alter_table = OFF",
			"wal_autocheckpoint = 5", "wal_autocheckpoint = 1000", "journal_size_limit = 3000", "max_page_count = 1000", "max_page_count = 100000", "shrink_memory",
			"writable_schema = RESET", "full_column_names = ON", "empty_result_callbacks = ON")
		if !strings.HasPrefix(setting, "max_page_count") || !g.analyzed || g.more { // more pages may be full of statistics
			g.query("PRAGMA " + setting)
		}
	default:
		g.query(g.pick("PRAGMA user_version = ", "PRAGMA application_id = ") + fmt.Sprint(g.IntN(1000)))
	}
}

// checkpoint adds one. Its row, with the number of frames, is not asked for from modernc, whose cache spills at other times, and
// there is none after ANALYZE, which writes more where SQLite has SQLITE_ENABLE_STAT4.
func (g *generator) checkpoint(text string) {
	switch {
	case g.more:
		g.exec(text)
	case !g.analyzed:
		g.query(text)
	}
}

// vacuum adds what goes over all pages. After analyze, a database may have others, and another number of free ones.
func (g *generator) vacuum(text string) {
	if !g.analyzed || g.more {
		g.exec(text)
	}
}

// analyze makes the statistics that plans are chosen by. With SQLITE_ENABLE_STAT4 those are more than without, so that plans
// may differ: what is more is taken away again, which is the same on all sides but for free pages.
func (g *generator) analyze() {
	if !g.analyzed {
		return
	}
	if g.more { // the peer has SQLITE_ENABLE_STAT4 too
		g.exec(g.pick("ANALYZE", "ANALYZE "+g.table().name, "PRAGMA optimize"))
		return
	}
	text := g.pick("ANALYZE main", "ANALYZE main."+g.base().name) + "; DROP TABLE IF EXISTS main.sqlite_stat4; PRAGMA writable_schema = RESET"
	g.steps = append(g.steps, peer.Step{Connection: "a", Statement: peer.Statement{SQL: text, Way: peer.Exec}})
}

// ask adds a question about the schema or the connection.
func (g *generator) ask() {
	t := g.table()
	questions := []string{"table_info(%s)", "table_xinfo(%s)", "index_list(%s)", "foreign_key_list(%s)"}
	if g.IntN(3) == 0 {
		g.query(fmt.Sprintf("PRAGMA "+g.pick(questions...), t.name))
		return
	}
	texts := []string{"SELECT * FROM pragma_table_list ORDER BY 1, 2", "PRAGMA user_version", "PRAGMA journal_mode", "PRAGMA synchronous", "PRAGMA auto_vacuum", "PRAGMA encoding", "PRAGMA cache_size",
		"PRAGMA page_size", "PRAGMA locking_mode", "PRAGMA foreign_keys", "PRAGMA secure_delete", "PRAGMA recursive_triggers", "PRAGMA max_page_count",
		"SELECT changes(), total_changes(), last_insert_rowid()", "SELECT type, name, tbl_name FROM sqlite_schema ORDER BY name", "SELECT sql FROM sqlite_temp_schema ORDER BY name",
		"SELECT name FROM pragma_table_list WHERE schema = 'main' ORDER BY 1", fmt.Sprintf("SELECT * FROM pragma_table_xinfo('%s')", t.name),
		"SELECT m.name, i.name, i.\"unique\", i.partial FROM sqlite_schema AS m, pragma_index_list(m.name) AS i ORDER BY 1, 2", "SELECT * FROM sqlite_sequence ORDER BY name"}
	if g.analyzed && !g.more { // where pages and tables are counted differently
		texts = texts[1:14]
	} else {
		texts = append(texts, "PRAGMA page_count", "PRAGMA freelist_count", "PRAGMA schema_version", "PRAGMA data_version")
	}
	g.query(g.pick(texts...))
}

// attach attaches a database or, if there is one, mostly uses it.
func (g *generator) attach() {
	if !g.attached {
		g.exec("ATTACH " + g.pick("'DIR/aux.db'", "'DIR/aux.db'", "':memory:'", "''") + " AS aux")
		g.attached = true
		return
	}
	switch g.IntN(6) {
	case 0:
		g.exec("DETACH aux")
		g.attached = false
	case 1:
		g.query("PRAGMA aux.journal_mode = " + g.pick("DELETE", "WAL", "PERSIST", "TRUNCATE"))
	case 2:
		g.vacuum("VACUUM aux")
	case 3:
		g.exec("ATTACH 'DIR/other.db' AS " + g.pick("aux", "other", "main"))
	default:
		t := g.base()
		g.exec(fmt.Sprintf("CREATE TABLE aux.%s AS SELECT *, %s AS e FROM %s", g.pick(g.name("k"), "k0"), g.plain(t, 2), t.name))
	}
}

// createVirtual adds a virtual table of a module that both libraries have.
func (g *generator) createVirtual() {
	if g.seldom() {
		return
	}
	v := virtual{g.name("x"), g.pick("rtree", "rtree_i32")}
	if g.more && g.IntN(3) > 0 {
		v.module = "fts5"
	}
	arguments := g.pick("id, x0, x1", "id, x0, x1", "id, x0, x1, +note", "id, x0, x1, y0, y1", "id, x0, x1, y0, y1, z0, z1, +note") + g.maybe(10, ", odd")
	if v.module == "fts5" {
		arguments = "x0, x1" + g.pick("", ", y0 UNINDEXED", ", prefix='1 2'", ", detail=none", ", detail=column", ", columnsize=0", ", content=''", ", content='', contentless_delete=1",
			", tokenize='porter ascii'", ", tokenize='trigram'", ", tokenize='unicode61 remove_diacritics 2'", ", nothing=1")
	}
	g.exec(fmt.Sprintf("CREATE VIRTUAL TABLE %s USING %s(%s)", v.name, v.module, arguments))
	g.virtual = append(g.virtual, v)
}

func (g *generator) useVirtual() {
	if len(g.virtual) == 0 {
		return
	}
	v := g.virtual[g.IntN(len(g.virtual))]
	if v.module == "fts5" {
		g.useFullText(v.name)
		return
	}
	low := g.IntN(100)
	switch g.IntN(8) {
	case 0:
		g.write(fmt.Sprintf("DELETE FROM %s WHERE id %s %d", v.name, g.pick("=", "<"), g.IntN(30)))
	case 1:
		g.write(fmt.Sprintf("UPDATE %s SET x1 = x1 + %d WHERE x0 %s %d", v.name, g.IntN(9), g.pick("<", ">="), low))
	case 2:
		g.query(fmt.Sprintf("SELECT *, typeof(x0) FROM %s WHERE x0 >= ? AND x1 <= ? ORDER BY id", v.name), g.coordinate(), g.coordinate())
	case 3:
		g.query(fmt.Sprintf("SELECT rtreecheck('%s')", v.name))
	case 4:
		g.write(fmt.Sprintf("INSERT OR %s INTO %s(id, x0, x1) WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT %d) SELECT i, i * 7 %% 101, 200 FROM n",
			g.pick("IGNORE", "REPLACE", "FAIL"), v.name, 1+g.IntN(200)))
	default:
		g.write(fmt.Sprintf("INSERT %sINTO %s(id, x0, x1) VALUES (%s, ?, ?), (%d, %d, %d)", g.orAction(), v.name, g.pick("NULL", "'x'", fmt.Sprint(g.IntN(50))), g.IntN(50), low, low+g.IntN(9)),
			g.coordinate(), g.coordinate())
	}
}

// coordinate returns an argument for an R*Tree, but not -0.0: whether a node's bound of -0.0 and 0.0 is the one or the other depends
// on whether rtree.c was compiled by itself.
func (g *generator) coordinate() any {
	return g.pickAny(int64(g.IntN(100)), int64(g.IntN(100)), g.NormFloat64()*1000, math.Inf(1), 1e300, int64(g.Uint64()), peer.Null, "a", " 7 ", []byte{1})
}

// useFullText rounds what is made of logarithms, whose last bit is up to the C library.
func (g *generator) useFullText(name string) {
	words := func() string {
		return strings.Join([]string{g.pick("quick", "brown", "fox", "naïve", "façade"), g.pick("jumps", "over", "Fox", "b", "ab"), g.pick("lazy dog", "", "été 12 foxes")}, " ")
	}
	switch g.IntN(9) {
	case 0:
		g.write(fmt.Sprintf("DELETE FROM %s WHERE rowid %s %d", name, g.pick("=", "<"), g.IntN(9)))
	case 1:
		g.write(fmt.Sprintf("UPDATE %s SET x1 = ? WHERE rowid = %d", name, g.IntN(9)), words())
	case 2, 3:
		match := g.pick("fox", "quick AND brown", "fo*", "x0 : fox", "\"brown jumps\"", "NEAR(quick over, 5)", "fox NOT lazy", "^quick", "fox OR", "y9 : a", "foxes dog", "naive", "\"", "été")
		g.query(fmt.Sprintf("SELECT rowid, *, %s FROM %s WHERE %s MATCH ? ORDER BY %s", g.pick("1", "round(rank, 9)", "round(bm25("+name+", 2.0), 9)", "highlight("+name+", 0, '<', '>')", "snippet("+name+", -1, '[', ']', '…', 4)"),
			name, name, g.pick("rank", "rowid DESC", "rowid")), match)
	case 4:
		g.write(fmt.Sprintf("INSERT INTO %s(%s) VALUES ('%s')", name, name, g.pick("optimize", "rebuild", "integrity-check", "delete-all", "nothing")))
	case 5:
		g.write(fmt.Sprintf("INSERT INTO %s(%s, rank) VALUES ('%s', %d)", name, name, g.pick("merge", "automerge", "pgsz", "crisismerge", "usermerge"), g.IntN(300)))
	default:
		g.write(fmt.Sprintf("INSERT %sINTO %s(rowid, x0, x1) VALUES (?, ?, ?)", g.pick("", "OR REPLACE "), name), int64(g.IntN(50)), words(), g.pickAny(words(), words(), g.value()))
	}
}

func (g *generator) pickAny(values ...any) any { return values[g.IntN(len(values))] }
