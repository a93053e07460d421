package wasmext

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/ncruces/go-sqlite3"

	_ "github.com/turso-coop/turso-coop/vfs/oracle" // files are what SQLite asked for
)

const sample = "ext/sample.wasm"

func TestSampleFunctions(t *testing.T) {
	c, _ := loadModule(t, sample, Options{})
	for _, test := range []struct {
		sql  string
		want any
	}{
		{"SELECT reverse('stressed')", "desserts"},
		{"SELECT reverse('aé日𝄞')", "𝄞日éa"},
		{"SELECT reverse('')", ""},
		{"SELECT reverse(NULL)", nil},
		{"SELECT hex(reverse(CAST(x'61ff80c362' AS TEXT)))", "62C3FF8061"}, // ff 80 stays one unit: 80 continues
		{"SELECT levenshtein('kitten', 'sitting')", int64(3)},
		{"SELECT levenshtein('日本語', '日本')", int64(1)},
		{"SELECT levenshtein('', 'abc')", int64(3)},
		{"SELECT levenshtein('a', NULL)", nil},
		{"SELECT crc32(x'')", int64(0)},
		{"SELECT crc32('123456789')", int64(0xcbf43926)},
		{"SELECT REVERSE('ab')", "ba"}, // SQL does not mind case
	} {
		if got, err := query(c, test.sql); err != nil || got != test.want {
			t.Errorf("%s: got %v, %v; want %v", test.sql, got, err, test.want)
		}
	}
	for sql, want := range map[string]string{
		"SELECT reverse(1)":          "wasmext: sample.wasm: reverse: the argument is not text",
		"SELECT levenshtein(1, 'a')": "wasmext: sample.wasm: levenshtein: an argument is not text",
		"SELECT crc32(1.5)":          "wasmext: sample.wasm: crc32: the argument is not a blob",
		"SELECT crc32()":             "wrong number of arguments to function crc32()",
	} {
		if _, err := query(c, sql); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want %q", sql, err, want)
		}
	}
}

// TestSampleAgainstGo gives both implementations the same random inputs, small and large in turns, so that the
// block for arguments grows and is used again.
func TestSampleAgainstGo(t *testing.T) {
	c, m := loadModule(t, sample, Options{Memory: 4 << 20})
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		blob := make([]byte, rng.IntN(1<<uint(i%20)))
		for j := range blob {
			blob[j] = byte(rng.Uint32())
		}
		got, err := query(c, "SELECT crc32(?)", blob)
		if err != nil || got != int64(crc32.ChecksumIEEE(blob)) {
			t.Fatalf("crc32 of %d bytes: got %v, %v", len(blob), got, err)
		}
		a, b := randomText(rng), randomText(rng)
		if got, err = query(c, "SELECT levenshtein(?, ?)", a, b); err != nil || got != int64(levenshtein(a, b)) {
			t.Fatalf("levenshtein(%q, %q): got %v, %v; want %d", a, b, got, err, levenshtein(a, b))
		}
		if got, err = query(c, "SELECT reverse(reverse(?))", a); err != nil || got != a {
			t.Fatalf("reverse twice: got %v, %v; want %q", got, err, a)
		}
	}
	if m.instance == nil {
		t.Error("an instance was thrown away although nothing failed")
	}
}

func randomText(rng *rand.Rand) string {
	points := []rune("abcé日𝄞")
	text := make([]rune, rng.IntN(20))
	for i := range text {
		text[i] = points[rng.IntN(len(points))]
	}
	return string(text)
}

// levenshtein is the definition, https://en.wikipedia.org/wiki/Levenshtein_distance, as a full matrix.
func levenshtein(s, t string) int {
	a, b := []rune(s), []rune(t)
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		for j := range d[i] {
			switch {
			case i == 0 || j == 0:
				d[i][j] = i + j
			case a[i-1] == b[j-1]:
				d[i][j] = d[i-1][j-1]
			default:
				d[i][j] = 1 + min(d[i-1][j-1], d[i-1][j], d[i][j-1])
			}
		}
	}
	return d[len(a)][len(b)]
}

// TestSampleIsBuiltFromItsSource keeps sample.wasm and its source together by the hashes of both, and builds it
// again where the very compiler that built it is at hand.
func TestSampleIsBuiltFromItsSource(t *testing.T) {
	sums, err := os.ReadFile("ext/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(sums)), "\n")
	for _, line := range lines[1:] {
		want, name, _ := strings.Cut(line, "  ")
		file, err := os.ReadFile(filepath.Join("ext", name))
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(file); hex.EncodeToString(sum[:]) != want {
			t.Errorf("ext/%s is not the file that sample.wasm was built with: run go generate", name)
		}
	}
	version, err := exec.Command("clang", "--version").Output()
	if first, _, _ := strings.Cut(string(version), "\n"); err != nil || "# "+first != lines[0] {
		t.Skipf("not built again: needs clang, %s", lines[0])
	}
	rebuilt := filepath.Join(t.TempDir(), "sample.wasm")
	if out, err := exec.Command("ext/build.sh", rebuilt).CombinedOutput(); err != nil {
		t.Skipf("not built again: %v: %s", err, out)
	}
	was, _ := os.ReadFile(sample)
	if is, err := os.ReadFile(rebuilt); err != nil || string(is) != string(was) {
		t.Errorf("building again gives another sample.wasm (%v)", err)
	}
}

func TestValuesPassUnchanged(t *testing.T) {
	for _, encoding := range []string{"UTF-8", "UTF-16le"} {
		c, _ := loadModule(t, writeModule(t, testModule{code: echo}.bytes()), Options{})
		if err := c.Exec("PRAGMA encoding = '" + encoding + "'; CREATE TABLE t(x)"); err != nil {
			t.Fatal(err)
		}
		for _, v := range []any{
			nil, int64(0), int64(math.MinInt64), int64(math.MaxInt64),
			0.0, -1.5, math.Inf(1), math.SmallestNonzeroFloat64, math.MaxFloat64,
			"", "a", "zero \x00 inside", "aé日𝄞", strings.Repeat("long ", 1000),
			[]byte{}, []byte{0}, []byte("\xff\x00\xfe"), make([]byte, 30_000),
		} {
			got, err := query(c, "SELECT f(?)", v)
			if err != nil || !equal(got, v) {
				t.Errorf("%s: f(%.20q): got %.20q, %v", encoding, v, got, err)
			}
		}
	}
	// SQLite has no NaN: https://sqlite.org/floatingpoint.html
	nan := "\x20\x00\x44\x00\x00\x00\x00\x00\x00\xf8\x7f\x39\x03\x08" + store(0, 2)
	c, _ := loadModule(t, writeModule(t, testModule{code: nan}.bytes()), Options{})
	if got, err := query(c, "SELECT f(1)"); got != nil || err != nil {
		t.Errorf("NaN: got %v, %v; want NULL", got, err)
	}
}

func TestTextArgumentEndsInZeroByte(t *testing.T) {
	// result = the byte behind argv[0].p[argv[0].size]
	code := store(0, 1) + "\x20\x00" +
		"\x20\x02\x28\x02\x08\x20\x02\x28\x02\x04\x6a" + // address + size
		"\x31\x00\x00\x37\x03\x08" // i64.load8_u, i64.store
	c, _ := loadModule(t, writeModule(t, testModule{code: code}.bytes()), Options{})
	for _, text := range []string{"1234567", "12345678", "longer than both of the others"} { // leaves rests behind
		if got, err := query(c, "SELECT f(?)", text); err != nil || got != int64(0) {
			t.Errorf("byte behind %q: got %v, %v", text, got, err)
		}
		if got, err := query(c, "SELECT f('')"); err != nil || got != int64(0) {
			t.Errorf("byte behind an empty text: got %v, %v", got, err)
		}
	}
}

func TestFlagsAndArities(t *testing.T) {
	c, _ := loadModule(t, writeModule(t, testModule{
		manifest: "turso-coop extension 1\nscalar f 0 deterministic innocuous\n\nscalar\tf  2 directonly\r\n",
		code:     store(0, 1) + "\x20\x00\x20\x01\xac\x37\x03\x08", // result = argc
	}.bytes()), Options{})
	for sql, want := range map[string]any{"SELECT f()": int64(0), "SELECT f('a', 'b')": int64(2)} {
		if got, err := query(c, sql); err != nil || got != want {
			t.Errorf("%s: got %v, %v; want %v", sql, got, err, want)
		}
	}
	if err := c.Exec("CREATE TABLE t(x, y AS (f()))"); err != nil {
		t.Errorf("a deterministic, innocuous function in a generated column: %v", err)
	}
	if err := c.Exec("CREATE VIEW v AS SELECT f(1, 2); SELECT * FROM v"); err == nil {
		t.Error("a directonly function was allowed in a view")
	}
	if _, err := query(c, "SELECT f(1)"); err == nil {
		t.Error("f(1) was allowed: neither of its numbers of arguments")
	}
}

func TestReplacesBuiltIn(t *testing.T) {
	path := writeModule(t, testModule{
		manifest: "turso-coop extension 1\nscalar f 1\nscalar abs 1\n",
		code:     echo,
		sections: map[byte]string{sectionExport: vector(
			prefixed("memory")+"\x02\x00", prefixed("ext_manifest")+"\x00\x00", prefixed("ext_alloc")+"\x00\x01",
			prefixed("f")+"\x00\x02", prefixed("abs")+"\x00\x02")},
	}.bytes())
	c, _ := loadModule(t, path, Options{})
	if got, err := query(c, "SELECT abs(-5)"); err != nil || got != int64(-5) {
		t.Errorf("abs(-5) by the module: got %v, %v", got, err)
	}
	if got, err := query(openMemory(t), "SELECT abs(-5)"); err != nil || got != int64(5) {
		t.Errorf("abs(-5) on a connection without it: got %v, %v", got, err)
	}
}

// TestLoadWhileRunning: a function cannot be replaced while a statement runs, and then none of the module is.
func TestLoadWhileRunning(t *testing.T) {
	c := openMemory(t)
	s, _, err := c.Prepare("SELECT 1 UNION ALL SELECT 2")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if !s.Step() {
		t.Fatal(s.Err())
	}
	if _, err := Load(c, sample, Options{}); !errors.Is(err, sqlite3.BUSY) {
		t.Errorf("got %v, want BUSY", err)
	}
	if err := s.Reset(); err != nil {
		t.Fatal(err)
	}
	if _, err := query(c, "SELECT reverse('a')"); err == nil {
		t.Error("reverse was left behind by a failed Load")
	}
	m, err := Load(c, sample, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if got, err := query(c, "SELECT reverse('ab')"); err != nil || got != "ba" {
		t.Errorf("reverse: got %v, %v", got, err)
	}
}

func TestClose(t *testing.T) {
	c, m := loadModule(t, sample, Options{})
	if got, err := query(c, "SELECT reverse('ab')"); err != nil || got != "ba" {
		t.Fatalf("got %v, %v", got, err)
	}
	for range 2 {
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := query(c, "SELECT reverse('ab')"); err == nil ||
		!strings.HasSuffix(err.Error(), "wasmext: sample.wasm: reverse: the module is closed") {
		t.Errorf("after Close: %v", err)
	}
}

func TestManyConnections(t *testing.T) {
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			c, err := sqlite3.Open(":memory:")
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			m, err := Load(c, sample, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			defer m.Close()
			for i := range 100 {
				text := fmt.Sprintf("%d:%d", g, i)
				want := int64(crc32.ChecksumIEEE([]byte(text)))
				if got, err := query(c, "SELECT crc32(?)", text); err != nil || got != want {
					t.Errorf("crc32(%q): got %v, %v; want %d", text, got, err, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestNothingIsLeft opens and closes a thousand connections. One instance that stayed would be 128 KiB.
func TestNothingIsLeft(t *testing.T) {
	held, err := readProgram(sample, Options{Timeout: DefaultTimeout, Memory: DefaultMemory})
	if err != nil {
		t.Fatal(err)
	}
	goroutines, heap := runtime.NumGoroutine(), liveHeap()
	for range 1000 {
		c, err := sqlite3.Open(":memory:")
		if err != nil {
			t.Fatal(err)
		}
		m, err := Load(c, sample, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if m.program != held {
			t.Fatal("the module was compiled again")
		}
		if _, err := query(c, "SELECT reverse('ab')"); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for runtime.NumGoroutine() > goroutines { // the last ones are on their way out; the test's own limit ends this
		runtime.Gosched()
	}
	if grown := liveHeap() - heap; grown > 16<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	runtime.KeepAlive(held)
}

func liveHeap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

func TestProgramIsReleased(t *testing.T) {
	path := writeModule(t, testModule{manifest: scalarF + "scalar f 99\n"}.bytes()) // as in no other test
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	known := func() bool {
		programs.Lock()
		defer programs.Unlock()
		_, ok := programs.known[programKey{sha256.Sum256(file), DefaultMemory / pageBytes}]
		return ok
	}
	func() {
		c, err := sqlite3.Open(":memory:")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		m, err := Load(c, path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		m.Close()
		if !known() {
			t.Error("a program in use is not known")
		}
		runtime.KeepAlive(m)
	}()
	for known() { // until the collector has found out; the test's own limit ends this
		runtime.GC()
		runtime.Gosched()
	}
}

func BenchmarkCall(b *testing.B) {
	const rows = 10_000
	c, m := loadModule(b, sample, Options{})
	if err := c.CreateFunction("native", 1, sqlite3.DETERMINISTIC, func(ctx sqlite3.Context, a ...sqlite3.Value) {
		ctx.ResultInt64(int64(crc32.ChecksumIEEE(a[0].RawText())))
	}); err != nil {
		b.Fatal(err)
	}
	if err := c.Exec(fmt.Sprintf(`CREATE TABLE t(x); INSERT INTO t
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < %d) SELECT 'row ' || i FROM n`, rows)); err != nil {
		b.Fatal(err)
	}
	for _, expr := range []string{"length(x)", "native(x)", "crc32(x)", "reverse(x)"} {
		b.Run(expr, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := query(c, "SELECT max("+expr+") FROM t"); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
	b.Run("open and load", func(b *testing.B) {
		for b.Loop() {
			c, err := sqlite3.Open(":memory:")
			if err != nil {
				b.Fatal(err)
			}
			m, err := m.program.register(c, sample, Options{})
			if err != nil {
				b.Fatal(err)
			}
			c.Close()
			m.Close()
		}
	})
}
