package hostile

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/turso-coop/turso-coop/conformance/peer"
)

// files are a database and what may lie beside it.
type files struct {
	db, wal, journal []byte
	super            string // name of a super-journal that the journal is to end with, "" for none
	superThere       bool   // and whether that exists, without which the journal is not hot
}

// seed is a sound database in one of the states in which a process can have left it.
type seed struct {
	name      string
	reference string // the driver to compare with
	objects   []string
	files

	spots [numberOfGroups][]int // of the database, see hotSpots
}

// recipe makes a database in three stages.
type recipe struct {
	name      string
	reference string // "" is stock SQLite
	module    string // without which the reference is modernc's SQLite
	setup     string // PRAGMAs that say how the file is laid out
	schema    string
	stages    [3]string
}

const mixedSchema = `
CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT COLLATE NOCASE, c, d REAL DEFAULT 1.5, g AS (a + length(b)) STORED, CHECK (a > 0));
CREATE INDEX t_b ON t(b, c);
CREATE UNIQUE INDEX t_c ON t(c DESC) WHERE c IS NOT NULL;
CREATE INDEX t_e ON t(lower(b), a % 3);
CREATE TABLE w(k TEXT PRIMARY KEY, v BLOB, n INT) WITHOUT ROWID;
CREATE INDEX w_n ON w(n);
CREATE TABLE s(x INT, y TEXT, z ANY) STRICT;
CREATE TABLE big(id INTEGER PRIMARY KEY AUTOINCREMENT, data BLOB, t REFERENCES t(a) ON DELETE CASCADE);
CREATE VIEW v AS SELECT t.a, t.b, w.n FROM t LEFT JOIN w ON w.n = t.a;
CREATE TRIGGER tr AFTER INSERT ON t BEGIN UPDATE w SET n = n + 1 WHERE k < 'k3'; END;
`

var mixedStages = [3]string{
	`INSERT INTO t(a, b, c) SELECT value, 'Name ' || value || hex(zeroblob(value % 40)), value * 7 FROM json_each(@numbers) WHERE value <= 60;
	INSERT INTO w SELECT 'k' || value, zeroblob(value * 3 % 90), value FROM json_each(@numbers) WHERE value <= 50;
	INSERT INTO s SELECT value * 1000000007, 'strict ' || value, iif(value % 2, value, x'00ff') FROM json_each(@numbers) WHERE value <= 20;
	INSERT INTO big(data, t) SELECT CAST(replace(hex(zeroblob(min(@page, 4096) * (1 + value % 3) / 3)), '00', 'xyz') AS BLOB), value FROM json_each(@numbers) WHERE value <= 8;`,
	`UPDATE t SET b = 'longer than before ' || b WHERE a % 2; DELETE FROM big WHERE id % 2; INSERT INTO t(a, b, c) VALUES (4294967296, 'last', NULL);
	INSERT INTO w VALUES ('wide', zeroblob(min(@page, 4096) * 2), -1);`,
	`DELETE FROM w WHERE n > 20; INSERT INTO s VALUES (NULL, NULL, 1e300); UPDATE big SET data = data || data WHERE id < 5; DELETE FROM t WHERE a BETWEEN 10 AND 30;`,
}

var rtreeRecipe = recipe{
	// R*Tree takes some result codes for others if extended ones are switched on, which turso-coop and modernc do.
	reference: peer.Modernc,
	schema:    "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1, y0, y1, +note); CREATE VIRTUAL TABLE ri USING rtree_i32(id, a, b); CREATE TABLE plain(a, b);",
	stages: [3]string{
		"INSERT INTO r SELECT value, value % 17, value % 17 + 3, value, value + 0.5, 'note ' || value FROM json_each(@numbers);",
		"INSERT INTO ri SELECT value, value, value * 3 FROM json_each(@numbers); DELETE FROM r WHERE id % 5 = 0;",
		"UPDATE r SET x1 = x1 + 1 WHERE id < 40; INSERT INTO plain VALUES (1, 2);",
	},
}

var textRecipe = recipe{
	module: "fts5",
	schema: "CREATE VIRTUAL TABLE f USING fts5(title, body, prefix='2'); CREATE VIRTUAL TABLE fc USING fts5(b, content=''); CREATE TABLE plain(a, b);",
	stages: [3]string{
		"INSERT INTO f SELECT 'title ' || value, 'some words and the number ' || value || ' of ' || (value % 7) FROM json_each(@numbers);",
		"INSERT INTO fc(rowid, b) SELECT value, 'only an index of word' || (value % 11) FROM json_each(@numbers); INSERT INTO f(f) VALUES ('optimize');",
		"DELETE FROM f WHERE rowid % 3 = 0; UPDATE f SET title = 'changed' WHERE rowid < 20; INSERT INTO plain VALUES (1, 2);",
	},
}

func recipes() []recipe {
	mixed := func(name, setup string) recipe {
		return recipe{name: name, setup: setup, schema: mixedSchema, stages: mixedStages}
	}
	with := func(r recipe, name, setup string) recipe {
		r.name, r.setup = name, setup
		return r
	}
	return []recipe{
		mixed("512", "PRAGMA page_size=512"),
		mixed("1024 UTF-16le full", "PRAGMA page_size=1024; PRAGMA encoding='UTF-16le'; PRAGMA auto_vacuum=FULL"),
		mixed("512 incremental", "PRAGMA page_size=512; PRAGMA auto_vacuum=INCREMENTAL"),
		mixed("2048 UTF-16be", "PRAGMA page_size=2048; PRAGMA encoding='UTF-16be'"),
		mixed("4096", "PRAGMA page_size=4096"),
		mixed("8192 incremental", "PRAGMA page_size=8192; PRAGMA auto_vacuum=INCREMENTAL"),
		mixed("16384", "PRAGMA page_size=16384"),
		mixed("32768", "PRAGMA page_size=32768"),
		mixed("65536", "PRAGMA page_size=65536"),
		{
			name: "freelist", setup: "PRAGMA page_size=512",
			schema: "CREATE TABLE a(x PRIMARY KEY, y); CREATE TABLE b(x); CREATE INDEX b_x ON b(x);",
			stages: [3]string{
				"INSERT INTO a SELECT value, zeroblob(900) FROM json_each(@numbers); INSERT INTO b SELECT y FROM a WHERE x < 40;",
				"DELETE FROM a WHERE x > 10; INSERT INTO a VALUES ('new', zeroblob(5000));",
				"DELETE FROM b WHERE rowid > 3; INSERT INTO b VALUES (1), (2.5), (NULL), ('text');",
			},
		},
		{
			name: "statistics", setup: "PRAGMA page_size=1024",
			schema: "CREATE TABLE a(x, y, z); CREATE INDEX a_xy ON a(x, y); CREATE INDEX a_z ON a(z);",
			stages: [3]string{
				// ANALYZE of this build of SQLite makes sqlite_stat4 as well, which others do not read.
				"INSERT INTO a SELECT value % 5, value, -value FROM json_each(@numbers); ANALYZE; DROP TABLE IF EXISTS sqlite_stat4;",
				"INSERT INTO a SELECT y, x, z FROM a WHERE y < 30;",
				"DELETE FROM a WHERE z < -150; INSERT INTO a VALUES (1, NULL, 'z');",
			},
		},
		with(rtreeRecipe, "R*Tree 1024", "PRAGMA page_size=1024"),
		with(rtreeRecipe, "R*Tree 4096", "PRAGMA page_size=4096"),
		with(textRecipe, "FTS5 512", "PRAGMA page_size=512"),
		with(textRecipe, "FTS5 4096", "PRAGMA page_size=4096"),
	}
}

// makeSeeds makes the databases that are mutated, the same in every run.
func makeSeeds(t *testing.T) []*seed {
	t.Helper()
	var seeds []*seed
	for _, r := range recipes() {
		images, objects := r.make(t)
		r.reference = cmp.Or(r.reference, peer.Stock)
		if r.module != "" && !stockHas(t, r.module) {
			r.reference = peer.Modernc
		}
		seeds = append(seeds, variants(r.name, r.reference, objects, images)...)
	}
	seeds = append(seeds, given(t)...)
	for _, s := range seeds {
		s.spots = hotSpots(s.db)
	}
	return seeds
}

// stockHas reports whether this build of stock SQLite has a virtual table module. It has fts5 with the build tag
// sqlite_fts5 of mattn's driver.
func stockHas(t *testing.T, module string) bool {
	t.Helper()
	s, err := peer.Open(peer.Stock, ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	o, err := s.Run(peer.Statement{SQL: "SELECT 1 FROM pragma_module_list WHERE name = ?", Args: []any{module}})
	if err != nil || o.Err != nil {
		t.Fatal(err, o)
	}
	return len(o.Rows) > 0
}

// make returns the database after each stage, and the names in its schema.
func (r *recipe) make(t *testing.T) (images [][]byte, objects []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "seed.db")
	var page string
	_, err := fmt.Sscanf(r.setup, "PRAGMA page_size=%s", &page)
	if err != nil {
		t.Fatalf("%s: %v", r.name, err)
	}
	page = strings.TrimSuffix(page, ";")
	expand := strings.NewReplacer("@page", page,
		"@numbers", "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT json_group_array(i) FROM n)")
	for i, stage := range append([]string{r.setup + ";" + r.schema}, r.stages[:]...) {
		// Each stage is one transaction of a connection of its own, so that what is in unused parts of pages does not
		// depend on what was there before.
		s, err := peer.Open(peer.Turso, path+"?_sync=OFF")
		if err != nil {
			t.Fatal(err)
		}
		o, err := s.Run(peer.Statement{SQL: expand.Replace(stage)})
		if err != nil || o.Err != nil {
			t.Fatalf("%s: %s: %v %v", r.name, stage, err, o)
		}
		if o, err = s.Run(peer.Statement{SQL: "SELECT name FROM sqlite_schema ORDER BY rowid"}); err != nil {
			t.Fatal(err)
		}
		objects = nil
		for _, row := range o.Rows {
			objects = append(objects, strings.Trim(strings.TrimPrefix(row[0], "text "), `"`))
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		image, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			images = append(images, image)
		}
	}
	return images, objects
}

// variants are the states in which the last two transactions of a database can be.
func variants(name, reference string, objects []string, images [][]byte) []*seed {
	was, is := images[0], images[len(images)-1]
	size := pageSizeOf(is)
	committed := makeWAL(1, 100, [][]byte{inWALMode(images[0]), inWALMode(images[1]), inWALMode(images[2])})
	older := makeWAL(0, 99, [][]byte{inWALMode(images[0]), inWALMode(images[2]), inWALMode(images[1]), inWALMode(images[2])})
	stale := append(bytes.Clone(committed), older[min(len(committed), len(older)):]...)
	half := bytes.Clone(is) // the second half of what was to be written has not been written
	if len(was) > len(half)/2 {
		copy(half[len(half)/2:], was[len(half)/2:])
	}
	var seeds []*seed
	for _, v := range []struct {
		name string
		files
	}{
		{"closed", files{db: is}},
		{"closed, WAL", files{db: inWALMode(is)}},
		{"WAL", files{db: inWALMode(was), wal: committed}},
		{"WAL over an older one", files{db: inWALMode(was), wal: stale}},
		{"hot journal", files{db: is, journal: makeJournal(was, is, sectorBytes(size))}},
		{"hot journal, half written", files{db: half, journal: makeJournal(was, is, sectorBytes(size))}},
		{"super-journal", files{db: is, journal: makeJournal(images[1], is, sectorBytes(size)), super: "test.db-mj0DD0", superThere: true}},
		{"super-journal that is gone", files{db: is, journal: makeJournal(images[1], is, sectorBytes(size)), super: "test.db-mj0DD0"}},
	} {
		seeds = append(seeds, &seed{name: name + ", " + v.name, reference: reference, objects: objects, files: v.files})
	}
	return seeds
}

// sectorBytes is what a disk writes at once or not at all, for files with pages of a size.
func sectorBytes(pageSize int) int {
	if pageSize > 4096 {
		return 4096
	}
	return 512
}

// given are real databases, of the directory that TURSO_COOP_DATA names.
func given(t *testing.T) []*seed {
	dir := os.Getenv("TURSO_COOP_DATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	db, err := os.ReadFile(filepath.Join(dir, "chinook.sqlite"))
	if err != nil {
		t.Logf("no real databases are mutated, which TURSO_COOP_DATA can name the directory of: %v", err)
		return nil
	}
	objects := []string{"Album", "Artist", "Customer", "Track", "IFK_AlbumArtistId", "sqlite_autoindex_PlaylistTrack_1"}
	return []*seed{{name: "chinook", reference: peer.Stock, objects: objects, files: files{db: db}}}
}

// TestSeeds: the databases are sound, which the comparison of those that are not rests on, and the same in every run,
// which the numbers of cases rest on.
func TestSeeds(t *testing.T) {
	peer.NeedStock(t)
	seeds, again := makeSeeds(t), makeSeeds(t)
	ours := &side{process: peer.Start(t), dir: fastDir(t)}
	for i, s := range seeds {
		if !bytes.Equal(s.db, again[i].db) || !bytes.Equal(s.wal, again[i].wal) || !bytes.Equal(s.journal, again[i].journal) {
			t.Errorf("%s: other bytes than a moment ago", s.name)
		}
		c := &attack{seed: 1, files: s.files, reference: s.reference, engine: engines(t)[i%len(engines(t))]}
		steps, err := ours.run(c, peer.Turso)
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		first := slices.IndexFunc(steps, func(s Step) bool { return s.What == integrityCheck })
		if first < 0 || steps[first].First != `text "ok"` { // later ones come after what the program has done to the tables behind virtual ones
			t.Errorf("%s: %+v", s.name, steps[max(first, 0)])
		}
	}
}
