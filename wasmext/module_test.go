package wasmext

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// A testModule is assembled into a WebAssembly module of one page of memory that exports a function f of one
// argument. The zero value is a valid extension whose f returns NULL; each test breaks one part of it. Code is
// without its closing end; memory holds the manifest at address 1024, and 8192 upwards is given out as the block.
type testModule struct {
	manifest     string
	manifestCode string // () -> i32
	allocCode    string // (i32) -> i32
	code         string // of f: (result, argc, argv i32)
	start        string // code of the start function, none if empty
	pages        uint64 // memory at the start
	sections     map[byte]string
	without      string // an export to leave out
}

const scalarF = "turso-coop extension 1\nscalar f 1\n"

// Function types of every testModule, by index.
const (
	typeManifest = "\x60\x00\x01\x7f"                 // () -> i32
	typeAlloc    = "\x60\x01\x7f\x01\x7f"             // (i32) -> i32
	typeFunction = "\x60\x03\x7f\x7f\x7f\x00"         // (i32, i32, i32)
	typeStart    = "\x60\x00\x00"                     // ()
	opTrap       = "\x00"                             // unreachable
	opForever    = "\x03\x40\x0c\x00\x0b"             // loop br 0 end
	opRecurse    = "\x20\x00\x20\x01\x20\x02\x10\x02" // f(result, argc, argv)
)

func (m testModule) bytes() []byte {
	or := func(s, otherwise string) string {
		if s == "" {
			return otherwise
		}
		return s
	}
	body := func(code string) string { return prefixed("\x00" + code + "\x0b") }
	functions, bodies := []string{"\x00", "\x01", "\x02"}, []string{
		body(or(m.manifestCode, "\x41\x80\x08")),  // i32.const 1024
		body(or(m.allocCode, "\x41\x80\xc0\x00")), // i32.const 8192
		body(m.code),
	}
	var exports []string
	for _, e := range []string{"memory\x02\x00", "ext_manifest\x00\x00", "ext_alloc\x00\x01", "f\x00\x02"} {
		if name := e[:len(e)-2]; name != m.without {
			exports = append(exports, prefixed(name)+e[len(e)-2:])
		}
	}
	sections := map[byte]string{
		sectionType:   vector(typeManifest, typeAlloc, typeFunction, typeStart),
		sectionMemory: vector("\x00" + leb(max(m.pages, 1))),
		sectionExport: vector(exports...),
		sectionData:   vector("\x00\x41\x80\x08\x0b" + prefixed(or(m.manifest, scalarF)+"\x00")),
	}
	if m.start != "" {
		functions, bodies = append(functions, "\x03"), append(bodies, body(m.start))
		sections[8] = "\x03"
	}
	sections[sectionFunction], sections[sectionCode] = vector(functions...), vector(bodies...)
	for id, s := range m.sections {
		sections[id] = s
	}
	out := []byte("\x00asm\x01\x00\x00\x00")
	for id := range byte(16) {
		if s, ok := sections[id]; ok {
			out = append(append(out, id), prefixed(s)...)
		}
	}
	return out
}

func leb(n uint64) string {
	var b []byte
	for ; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return string(append(b, byte(n)))
}

func prefixed(s string) string { return leb(uint64(len(s))) + s }

func vector(entries ...string) string {
	s := leb(uint64(len(entries)))
	for _, e := range entries {
		s += e
	}
	return s
}

// store is code that writes a constant of at most 63 to the result slot.
func store(offset int, v byte) string {
	return "\x20\x00\x41" + string(v) + "\x36\x02" + leb(uint64(offset)) // local.get 0, i32.const v, i32.store
}

// echo is code that copies the first argument to the result.
const echo = "\x20\x00\x20\x02\x29\x03\x00\x37\x03\x00" + // result[0:8] = argv[0:8]
	"\x20\x00\x20\x02\x29\x03\x08\x37\x03\x08"

// fibonacci is code that calls itself some 2^60 times, never deeper than 62: f(result, 62, argv) if argc is 1, and
// twice f(result, argc-1, argv) if it is more than 2.
const fibonacci = "\x20\x01\x41\x01\x46\x04\x40" + "\x20\x00\x41\x3e\x20\x02\x10\x02" + "\x0b" +
	"\x20\x01\x41\x02\x4a\x04\x40" + fibonacciLess + fibonacciLess + "\x0b"
const fibonacciLess = "\x20\x00\x20\x01\x41\x01\x6b\x20\x02\x10\x02"

func writeModule(t testing.TB, module []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "test.wasm")
	if err := os.WriteFile(path, module, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func openMemory(t testing.TB) *sqlite3.Conn {
	t.Helper()
	c, err := sqlite3.Open(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// loadModule loads a module into a connection of its own.
func loadModule(t testing.TB, path string, opts Options) (*sqlite3.Conn, *Module) {
	t.Helper()
	c := openMemory(t)
	m, err := Load(c, path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return c, m
}

// query returns the first column of the first row of a query with parameters, as SQLite stores it.
func query(c *sqlite3.Conn, sql string, args ...any) (any, error) {
	s, _, err := c.Prepare(sql)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	for i, arg := range args {
		switch v := arg.(type) {
		case int64:
			err = s.BindInt64(i+1, v)
		case float64:
			err = s.BindFloat(i+1, v)
		case string:
			err = s.BindText(i+1, v)
		case []byte:
			err = s.BindBlob(i+1, v)
		case nil:
			err = s.BindNull(i + 1)
		}
		if err != nil {
			return nil, err
		}
	}
	if !s.Step() {
		return nil, s.Err()
	}
	switch s.ColumnType(0) {
	case sqlite3.INTEGER:
		return s.ColumnInt64(0), nil
	case sqlite3.FLOAT:
		return s.ColumnFloat(0), nil
	case sqlite3.TEXT:
		return s.ColumnText(0), nil
	case sqlite3.BLOB:
		return append([]byte{}, s.ColumnRawBlob(0)...), nil
	}
	return nil, nil
}

func equal(a, b any) bool {
	if x, ok := a.([]byte); ok {
		y, ok := b.([]byte)
		return ok && bytes.Equal(x, y)
	}
	return a == b
}
