package hostile

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// attack is one case: files, and what is done with them.
type attack struct {
	seed      uint64
	name      string // the sound database and what was done to it
	reference string
	engine    string
	files
	settings, setup, extras []string
}

// truncations is how many cases there are for each one that cuts a file short.
const truncations = 6

// newAttack makes the case of a seed, which decides everything.
func newAttack(n uint64, seeds []*seed, engines []string) *attack {
	m := mutator{Rand: rand.New(rand.NewPCG(n, 0))}
	s := seeds[m.IntN(len(seeds))]
	if s.name == "chinook" && m.IntN(4) > 0 { // it takes longer than the others
		s = seeds[m.IntN(len(seeds))]
	}
	var what string
	m.files, m.size = s.files, pageSizeOf(s.db)
	m.db, m.wal, m.journal = bytes.Clone(s.db), bytes.Clone(s.wal), bytes.Clone(s.journal)
	var setup []string
	switch kind := m.IntN(20); {
	case n%truncations == 0:
		s, m.files, what = truncate(n/truncations, seeds)
	case kind < 9:
		what = m.edits(s)
	case kind < 13:
		what = m.headers()
	case kind < 15:
		what = m.wholePages()
	default:
		setup = m.schema(s)
		what = fmt.Sprintf("schema edited %d times", len(setup)-2)
	}
	a := &attack{
		seed: n, name: s.name + ": " + what, reference: s.reference, engine: m.pick(engines...), files: m.files, setup: setup,
		settings: []string{
			"PRAGMA trusted_schema=" + m.pick("ON", "OFF"), "PRAGMA foreign_keys=" + m.pick("ON", "OFF"),
			"PRAGMA cell_size_check=" + m.pick("ON", "OFF"), "PRAGMA recursive_triggers=" + m.pick("ON", "OFF"),
			"PRAGMA cache_size=" + m.pick("5", "100", "-2000"), "PRAGMA writable_schema=" + m.pick("OFF", "OFF", "OFF", "ON"),
		},
	}
	for range 3 {
		a.extras = append(a.extras, m.pick(extras...))
	}
	return a
}

// extras are statements that take other ways through a file than the program of every case.
var extras = []string{
	"VACUUM", "REINDEX", "PRAGMA quick_check(5)", "PRAGMA foreign_key_check", "PRAGMA journal_mode=WAL", "PRAGMA journal_mode=DELETE",
	"PRAGMA journal_mode=TRUNCATE", "PRAGMA wal_checkpoint", "PRAGMA auto_vacuum=FULL", "PRAGMA incremental_vacuum(2)",
	"ALTER TABLE t RENAME COLUMN b TO bb", "ALTER TABLE t ADD COLUMN zz DEFAULT 7", "ALTER TABLE t DROP COLUMN d", "ALTER TABLE w RENAME TO ww",
	"DROP TABLE w", "DROP INDEX t_b", "DROP TABLE big", "DROP VIEW v", "DROP TABLE r", "DROP TABLE f", "DROP TABLE a", "DELETE FROM t", "DELETE FROM big",
	"CREATE INDEX hx ON t(d)", "CREATE TABLE nw AS SELECT * FROM t", "CREATE UNIQUE INDEX hy ON a(y)", "INSERT INTO t(b) SELECT b FROM t",
	"SELECT count(*) FROM t WHERE b > 'm'", "SELECT a, b FROM t ORDER BY b LIMIT 50", "SELECT max(c), min(c) FROM t", "SELECT * FROM w WHERE k > 'k2' LIMIT 20",
	"SELECT count(*) FROM t INDEXED BY t_e WHERE lower(b) >= 'name'", "SELECT length(data) FROM big", "SELECT substr(data, 1000, 10) FROM big",
	"SELECT id, note FROM r WHERE x0 > 1 AND y1 < 50", "SELECT rtreecheck('r')", "UPDATE r SET x0 = x0 - 1", "DELETE FROM r WHERE id < 9", "SELECT id FROM ri WHERE a > 10",
	"SELECT rowid FROM f WHERE f MATCH 'number'", "SELECT rowid FROM f('wo*')", "SELECT highlight(f, 1, '[', ']') FROM f('words') LIMIT 5",
	"SELECT bm25(f) FROM f('of') LIMIT 5", "INSERT INTO f(f) VALUES ('integrity-check')", "INSERT INTO f(f) VALUES ('rebuild')", "INSERT INTO f(f) VALUES ('optimize')",
	"INSERT INTO f VALUES ('new', 'words')", "DELETE FROM f WHERE rowid > 100", "SELECT rowid FROM fc('index')",
	"SELECT * FROM Track JOIN Album USING (AlbumId) LIMIT 20", "DELETE FROM Artist WHERE ArtistId < 5",
}

// truncate returns a sound database with one of its files cut at a sector. Numbers in a row cut in turn all files of
// all seeds at every sector.
func truncate(n uint64, seeds []*seed) (*seed, files, string) {
	const stride = 7919 // a prime, so that a short run is spread over all seeds
	at := int(n * stride % uint64(sectorCount(seeds)))
	for _, s := range seeds {
		f := s.files
		for _, file := range []struct {
			name string
			b    *[]byte
		}{{"database", &f.db}, {"WAL", &f.wal}, {"journal", &f.journal}} {
			if count := s.sectors(*file.b); at >= count {
				at -= count
				continue
			}
			*file.b = (*file.b)[:at*sectorBytes(pageSizeOf(s.db))]
			return s, f, fmt.Sprintf("%s cut to %d bytes", file.name, len(*file.b))
		}
	}
	panic("hostile: sectors are counted wrong")
}

// sectorCount is how many cases there are of a file cut at a sector.
func sectorCount(seeds []*seed) (n int) {
	for _, s := range seeds {
		n += s.sectors(s.db) + s.sectors(s.wal) + s.sectors(s.journal)
	}
	return n
}

func (s *seed) sectors(file []byte) int {
	sector := sectorBytes(pageSizeOf(s.db))
	return (len(file) + sector - 1) / sector
}

// mutator mutates files.
type mutator struct {
	*rand.Rand
	files
	size int // of the pages
}

func (m *mutator) pick(words ...string) string { return words[m.IntN(len(words))] }

// groups of places in a database where a change matters.
type groups int

const (
	inHeader     groups = iota // of the database
	inPageHeader               // of a B-tree page
	inPointer                  // to a cell
	inCell                     // where the lengths and page numbers of cells are
	inFirstWords               // of pages: links of overflow chains and the freelist, entries of pointer maps
	anywhere                   // in a page
	numberOfGroups
)

// hotSpots returns offsets by group.
func hotSpots(db []byte) [numberOfGroups][]int {
	var spots [numberOfGroups][]int
	for i := range min(100, len(db)) {
		spots[inHeader] = append(spots[inHeader], i)
	}
	size := pageSizeOf(db)
	for n, page := range pages(db) {
		start, header := n*size, 0
		if n == 0 {
			header = 100
		}
		for i := range 24 {
			spots[inFirstWords] = append(spots[inFirstWords], start+header+i)
		}
		if !slices.Contains([]byte{2, 5, 10, 13}, page[header]) {
			continue
		}
		for i := range 12 {
			spots[inPageHeader] = append(spots[inPageHeader], start+header+i)
		}
		first := header + 8
		if page[header] < 10 {
			first += 4
		}
		for i := range int(be.Uint16(page[header+3:])) {
			pointer := first + 2*i
			cell := int(be.Uint16(page[pointer:]))
			spots[inPointer] = append(spots[inPointer], start+pointer, start+pointer+1)
			for j := range min(14, len(page)-cell) {
				spots[inCell] = append(spots[inCell], start+cell+j)
			}
		}
	}
	return spots
}

// edits changes a few places of one file.
func (m *mutator) edits(s *seed) string {
	switch {
	case len(m.wal) > 0 && m.IntN(3) > 0:
		return m.editLog("WAL", m.wal, walHeaderBytes, frameHeaderBytes, sealWAL)
	case len(m.journal) > 0 && m.IntN(3) > 0:
		return m.editLog("journal", m.journal, 28, 4, sealJournal)
	}
	var at []string
	for range 1 + m.IntN(1+m.IntN(12)) {
		group := m.IntN(int(numberOfGroups))
		spots := s.spots[group]
		i := m.IntN(len(m.db))
		if len(spots) > 0 {
			i = spots[m.IntN(len(spots))]
		}
		m.poke(m.db, i)
		at = append(at, fmt.Sprint(i))
	}
	return "database edited at " + strings.Join(at, ", ")
}

// editLog changes a few places of a WAL or a journal: half of them in its own headers, half in the first bytes of pages. Two
// times out of three its checksums are made right again.
func (m *mutator) editLog(what string, b []byte, header, recordHeader int, seal func([]byte)) string {
	first := header
	if what == "journal" {
		first = int(be.Uint32(b[20:])) // the size of a sector
	}
	record := recordHeader + m.size
	if what == "journal" {
		record += 4 // the checksum follows
	}
	records := (len(b) - first) / record
	var at []string
	for range 1 + m.IntN(6) {
		i := m.IntN(header)
		if records > 0 && m.IntN(5) > 0 {
			i = first + m.IntN(records)*record
			if m.IntN(2) == 0 {
				i += m.IntN(recordHeader)
			} else {
				i += recordHeader + m.IntN(min(m.size, []int{16, 120, m.size}[m.IntN(3)]))
			}
		}
		m.poke(b, i)
		at = append(at, fmt.Sprint(i))
	}
	return m.sealed(what+" edited at "+strings.Join(at, ", "), b, seal)
}

// checksumsRight ends the name of a case whose file SQLite believes.
const checksumsRight = ", checksums right"

func (m *mutator) sealed(what string, b []byte, seal func([]byte)) string {
	if m.IntN(3) == 0 {
		return what
	}
	seal(b)
	return what + checksumsRight
}

// poke writes something at an offset, as far as it fits.
func (m *mutator) poke(b []byte, at int) {
	if at >= len(b) {
		return
	}
	pageCount := uint32(len(m.db) / m.size)
	words := []uint32{0, 1, 2, 3, pageCount, pageCount + 1, uint32(m.IntN(int(pageCount + 1))), 0x7fffffff, 0x80000000, 0xffffffff, pendingByte/uint32(m.size) + 1, m.Uint32()}
	var value []byte
	switch m.IntN(8) {
	case 0:
		value = []byte{b[at] ^ 1<<m.IntN(8)}
	case 1:
		value = []byte{byte(m.Uint32())}
	case 2:
		value = []byte{[]byte{0, 1, 0x7f, 0x80, 0x81, 0xff}[m.IntN(6)]}
	case 3:
		value = []byte{b[at] + byte(m.IntN(3)) - 1}
	case 4:
		value = be.AppendUint16(nil, uint16([]int{0, 1, 4, m.size, m.size - 1, 0xffff, m.IntN(65536), m.IntN(m.size)}[m.IntN(8)]))
	case 5:
		value = be.AppendUint32(nil, words[m.IntN(len(words))])
	case 6: // a varint as long as can be
		value = bytes.Repeat([]byte{0xff}, 1+m.IntN(9))
	default: // what is elsewhere in the file
		from := m.IntN(len(b))
		value = bytes.Clone(b[from:min(from+1+m.IntN(20), len(b))])
	}
	copy(b[at:], value)
}

// field is a field of a header with values that are absurd, or right in another place.
type field struct {
	name          string
	offset, bytes int
	values        []uint32
}

var (
	anyWord = []uint32{0, 1, 2, 3, 5, 100, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff}
	anySize = []uint32{0, 1, 2, 3, 8, 24, 256, 511, 512, 513, 1000, 1024, 2048, 4096, 8192, 16384, 32768, 65535, 65536, 131072, 1 << 24, 1 << 31, 0xffffffff}

	databaseFields = []field{
		{"page size", 16, 2, anySize}, {"write version", 18, 1, []uint32{0, 1, 2, 3, 255}}, {"read version", 19, 1, []uint32{0, 1, 2, 3, 255}},
		{"reserved bytes", 20, 1, []uint32{1, 4, 8, 16, 31, 32, 33, 64, 100, 254, 255}}, {"payload fractions", 21, 1, []uint32{0, 63, 65, 255}},
		{"payload fractions", 22, 1, []uint32{0, 33, 255}}, {"payload fractions", 23, 1, []uint32{0, 33, 255}}, {"change counter", 24, 4, anyWord},
		{"page count", 28, 4, anyWord}, {"freelist trunk", 32, 4, anyWord}, {"freelist count", 36, 4, anyWord}, {"schema cookie", 40, 4, anyWord},
		{"schema format", 44, 4, anyWord}, {"cache size", 48, 4, anyWord}, {"largest root page", 52, 4, anyWord}, {"text encoding", 56, 4, anyWord},
		{"user version", 60, 4, anyWord}, {"incremental vacuum", 64, 4, anyWord}, {"application", 68, 4, anyWord}, {"version valid for", 92, 4, anyWord},
		{"SQLite's version", 96, 4, anyWord}, {"first page's type", 100, 1, []uint32{0, 2, 5, 10, 255}}, {"first page's cells", 103, 2, anySize},
	}
	walFields = []field{
		{"magic", 0, 4, []uint32{0, walMagic, walMagic + 1, walMagic + 2}}, {"format", 4, 4, []uint32{0, 3006999, 3007001, 0xffffffff}},
		{"page size", 8, 4, anySize}, {"checkpoint sequence", 12, 4, anyWord}, {"salt", 16, 4, anyWord}, {"salt", 20, 4, anyWord}, {"checksum", 24, 4, anyWord},
		{"first frame's page", 32, 4, anyWord}, {"first frame's size of the database", 36, 4, anyWord}, {"first frame's salt", 40, 4, anyWord},
	}
	journalFields = []field{
		{"magic", 0, 4, anyWord}, {"records", 8, 4, anyWord}, {"nonce", 12, 4, anyWord}, {"size of the database", 16, 4, anyWord},
		{"sector size", 20, 4, anySize}, {"page size", 24, 4, anySize},
	}
)

// headers puts absurd values into the header of a file.
func (m *mutator) headers() string {
	b, fields, name, seal := m.db, databaseFields, "database", func([]byte) {}
	switch {
	case len(m.wal) > 0 && m.IntN(4) > 0:
		b, fields, name, seal = m.wal, walFields, "WAL", sealWAL
	case len(m.journal) > 0 && m.IntN(4) > 0:
		b, fields, name, seal = m.journal, journalFields, "journal", sealJournal
	}
	what := name + " header:"
	for range 1 + m.IntN(2) {
		f := fields[m.IntN(len(fields))]
		value := f.values[m.IntN(len(f.values))]
		word := be.AppendUint32(nil, value)
		copy(b[f.offset:], word[4-f.bytes:])
		what += fmt.Sprintf(" %s %d", f.name, value)
	}
	return m.sealed(what, b, seal)
}

// wholePages moves pages about, overwrites them, or makes the file longer.
func (m *mutator) wholePages() string {
	count := len(m.db) / m.size
	page := func() []byte { i := m.IntN(count) * m.size; return m.db[i : i+m.size] }
	switch a, b := page(), page(); m.IntN(6) {
	case 0:
		was := bytes.Clone(a)
		copy(a, b)
		copy(b, was)
		return "two pages exchanged"
	case 1:
		copy(a, b)
		return "a page copied over another"
	case 2:
		clear(a)
		return "a page of zeros"
	case 3:
		for i := range a {
			a[i] = byte(m.Uint32())
		}
		return "a random page"
	case 4:
		i := m.IntN(m.size)
		clear(a[i:min(i+512, m.size)])
		return "a torn page"
	default:
		more := make([]byte, 1+m.IntN(3*m.size))
		m.db = append(m.db, more...)
		return fmt.Sprintf("%d bytes more", len(more))
	}
}
