package wasmext

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// TestFailedCalls: whatever a function does, the statement gets an error that names module and function, and the
// connection, its transaction and the next call are none the worse.
func TestFailedCalls(t *testing.T) {
	// Code that runs only if the argument is a text, so that f(1) shows the module to be in order.
	ifText := func(code string) string { return "\x20\x02\x28\x02\x00\x41\x03\x46\x04\x40" + code + "\x0b" }
	for name, test := range map[string]struct {
		module testModule
		want   string
	}{
		"trap":                 {testModule{code: ifText(opTrap)}, "wasm error: unreachable"},
		"division by zero":     {testModule{code: ifText("\x41\x01\x41\x00\x6d\x1a")}, "wasm error: integer divide by zero"},
		"wild load":            {testModule{code: ifText("\x41\x7f\x28\x02\x00\x1a")}, "wasm error: out of bounds memory access"},
		"endless loop":         {testModule{code: ifText(opForever)}, "ran for longer than its limit of 20ms"},
		"calls without a loop": {testModule{code: ifText(fibonacci)}, "ran for longer than its limit of 20ms"},
		"endless recursion":    {testModule{code: ifText(opRecurse)}, ""}, // its time or its stack is used up, as it comes
		"unknown type":         {testModule{code: ifText(store(0, 9))}, "its result has the unknown type 9"},
		"text outside": {testModule{code: ifText(store(0, 3) + store(4, 9) + "\x20\x00\x41\x7f\x36\x02\x08")},
			"its result, 9 bytes at address 0xffffffff, is outside its memory of 65536 bytes"},
		"text across the end": {testModule{code: ifText(store(0, 4) + store(4, 9) + "\x20\x00\x41\xf8\xff\x03\x36\x02\x08")},
			"its result, 9 bytes at address 0xfff8, is outside its memory of 65536 bytes"},
		"text too long": {testModule{code: ifText(store(0, 3) + "\x20\x00\x41\x7f\x36\x02\x04" + store(8, 9))},
			"its result, 4294967295 bytes at address 0x9, is outside its memory of 65536 bytes"},
		"error text outside": {testModule{code: ifText(store(0, 0) + store(4, 9) + "\x20\x00\x41\x7f\x36\x02\x08")},
			"its result, 9 bytes at address 0xffffffff, is outside its memory of 65536 bytes"},
		"its own error": {testModule{code: ifText(store(0, 0) + store(4, 6) + "\x20\x00\x41\x80\x08\x36\x02\x08")}, "f: turso-"},
	} {
		t.Run(name, func(t *testing.T) {
			c, m := loadModule(t, writeModule(t, test.module.bytes()), Options{Timeout: 20 * time.Millisecond, Memory: 1 << 20})
			if err := c.Exec("BEGIN; CREATE TABLE t(x)"); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				_, err := query(c, "SELECT f('x')")
				if err == nil || !strings.Contains(err.Error(), "wasmext: test.wasm: f: ") || !strings.Contains(err.Error(), test.want) {
					t.Fatalf("f('x'): got error %v, want %q", err, test.want)
				}
				if strings.Contains(err.Error(), "\n") || !errors.Is(err, sqlite3.ERROR) {
					t.Errorf("f('x'): error of several lines, or not of code ERROR: %v", err)
				}
				if got, err := query(c, "SELECT f(1)"); got != nil || err != nil {
					t.Fatalf("f(1) afterwards: %v, %v", got, err)
				}
			}
			if c.GetAutocommit() {
				t.Error("the transaction is gone")
			}
			if err := c.Exec("COMMIT"); err != nil {
				t.Error(err)
			}
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFailingAllocator(t *testing.T) {
	for name, test := range map[string]struct{ code, want string }{
		"refuses":        {"\x41\x00", "ext_alloc has no room for 4096 bytes; its memory limit is 1048576"},
		"gives too much": {"\x41\x80\xfe\x03", "ext_alloc gave 4096 bytes at address 0xff00, outside its memory of 65536"},
		"gives nonsense": {"\x41\x7f", "ext_alloc gave 4096 bytes at address 0xffffffff, outside its memory of 65536"},
		"traps":          {opTrap, "ext_alloc: wasm error: unreachable"},
		"loops":          {opForever + "\x41\x00", "ran for longer than its limit of 20ms"},
	} {
		t.Run(name, func(t *testing.T) {
			limit := time.Hour
			if name == "loops" {
				limit = 20 * time.Millisecond
			}
			c, _ := loadModule(t, writeModule(t, testModule{allocCode: test.code}.bytes()), Options{Timeout: limit, Memory: 1 << 20})
			for range 2 {
				if _, err := query(c, "SELECT f(1)"); err == nil || !strings.Contains(err.Error(), "wasmext: test.wasm: f: ") || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got error %v, want %q", err, test.want)
				}
			}
		})
	}
}

func TestMemoryLimit(t *testing.T) {
	grow := "\x03\x40\x41\x01\x40\x00\x41\x7f\x47\x0d\x00\x0b" + // by one page, until that fails
		store(0, 1) + "\x20\x00\x3f\x00\xac\x37\x03\x08" // result = memory.size
	path := writeModule(t, testModule{code: grow}.bytes())
	for _, pages := range []int64{1, 2, 100} {
		c, _ := loadModule(t, path, Options{Memory: pages*pageBytes + 1})
		if got, err := query(c, "SELECT f(1)"); err != nil || got != pages {
			t.Errorf("limit of %d pages: grew to %v, %v", pages, got, err)
		}
	}
	c, _ := loadModule(t, sample, Options{Memory: 1 << 20})
	for sql, want := range map[string]string{
		"SELECT crc32(zeroblob(2000000))":       "crc32: its arguments, 2000032 bytes, are more than its memory limit of 1048576",
		"SELECT crc32(zeroblob(1048000))":       "crc32: ext_alloc has no room for 1048032 bytes; its memory limit is 1048576",
		"SELECT reverse(printf('%600000d', 1))": "reverse: out of memory",
	} {
		if _, err := query(c, sql); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: got error %v, want %q", sql, err, want)
		}
		if got, err := query(c, "SELECT crc32('123456789')"); err != nil || got != int64(0xcbf43926) {
			t.Errorf("crc32 afterwards: got %v, %v", got, err)
		}
	}
}

// TestResultLargerThanSQLiteHasRoomFor: the binding panics, the function must not.
func TestResultLargerThanSQLiteHasRoomFor(t *testing.T) {
	c, err := sqlite3.OpenContext(sqlite3.WithMaxMemory(t.Context(), 4<<20), ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for kind := range byte(2) { // text and blob of 16 MiB from address 0
		code := store(0, 3+kind) + "\x20\x00\x41\x80\x80\x80\x08\x36\x02\x04"
		m, err := Load(c, writeModule(t, testModule{code: code, pages: 257}.bytes()), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := query(c, "SELECT f(1)"); !errors.Is(err, sqlite3.TOOBIG) {
			t.Errorf("got %v, want TOOBIG", err)
		}
		if got, err := query(c, "SELECT abs(-1)"); err != nil || got != int64(1) {
			t.Errorf("the connection afterwards: %v, %v", got, err)
		}
		m.Close()
	}
}

func TestContextEndsCall(t *testing.T) {
	c, m := loadModule(t, writeModule(t, testModule{code: opForever}.bytes()), Options{Timeout: time.Hour})
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for running := false; !running; {
				m.watchdog.mu.Lock()
				running = m.watchdog.cancel != nil
				m.watchdog.mu.Unlock()
				runtime.Gosched()
			}
			cancel()
		}()
		c.SetInterrupt(ctx)
		_, err := query(c, "SELECT f(1)")
		if !errors.Is(err, sqlite3.INTERRUPT) || !strings.HasSuffix(err.Error(), "interrupted: sqlite3: interrupted") {
			t.Errorf("got %v, want INTERRUPT", err)
		}
		c.SetInterrupt(context.Background())
	}
	if got, err := query(c, "SELECT 1"); err != nil || got != int64(1) {
		t.Errorf("the connection afterwards: %v, %v", got, err)
	}
}

// TestTimerOfEarlierCall: the timer that a short call has armed must neither end a later call nor miss it.
func TestTimerOfEarlierCall(t *testing.T) {
	var cause error
	w := watchdog{limit: time.Hour}
	defer w.close()
	cancel := func(err error) { cause = err }
	w.begin(t.Context(), cancel)
	w.end()
	w.begin(t.Context(), cancel)
	w.expire() // as if the first call's hour were over
	if cause != nil || !w.armed {
		t.Errorf("a call of no age was ended (%v) or is not watched any more (armed %v)", cause, w.armed)
	}
	w.deadline = time.Now()
	w.expire()
	if cause == nil || w.armed {
		t.Errorf("an old call was not ended (%v), or the timer set again (%v)", cause, w.armed)
	}
	w.end()
	cause = nil
	w.expire()
	w.interrupt(w.done)
	if cause != nil {
		t.Errorf("a call that was over was ended: %v", cause)
	}
}

// TestLateCancellation: a context that ends after its statement leaves the next statement alone.
func TestLateCancellation(t *testing.T) {
	c, m := loadModule(t, sample, Options{})
	first, cancel := context.WithCancel(t.Context())
	c.SetInterrupt(first)
	if _, err := query(c, "SELECT reverse('a')"); err != nil {
		t.Fatal(err)
	}
	in := m.instance
	cancel()
	second, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.SetInterrupt(second)
	m.watchdog.interrupt(first.Done()) // the latest moment at which it can arrive
	if got, err := query(c, "SELECT reverse('ab')"); err != nil || got != "ba" {
		t.Errorf("got %v, %v", got, err)
	}
	if m.instance != in {
		t.Error("the instance was thrown away")
	}
}

func TestLoadErrors(t *testing.T) {
	manifest := func(text string) testModule { return testModule{manifest: text} }
	section := func(id byte, content string) testModule { return testModule{sections: map[byte]string{id: content}} }
	many := "\xff\xff\xff\xff\x0f" // 4294967295
	for name, test := range map[string]struct {
		module testModule
		want   string
	}{
		"imported function": {section(sectionImport, vector(prefixed("wasi_snapshot_preview1")+prefixed("fd_write")+"\x00\x02")),
			`imports function "fd_write" of "wasi_snapshot_preview1", but an extension is given nothing from outside`},
		"imported memory":      {section(sectionImport, vector(prefixed("env")+prefixed("memory")+"\x02\x00\x01")), `imports memory "memory" of "env"`},
		"no memory":            {testModule{without: "memory"}, `exports no memory named "memory"`},
		"no manifest":          {testModule{without: "ext_manifest"}, `exports no function "ext_manifest"`},
		"no allocator":         {testModule{without: "ext_alloc"}, `exports no function "ext_alloc"`},
		"no function":          {testModule{without: "f"}, `exports no function "f"`},
		"function of its type": {manifest("turso-coop extension 1\nscalar ext_alloc 1"), `"ext_alloc" has the wrong type: (i32) -> (i32), want (i32, i32, i32) -> ()`},
		"other version":        {manifest("turso-coop extension 2\nscalar f 1"), `starts with "turso-coop extension 2", but this build reads "turso-coop extension 1"`},
		"not a manifest":       {manifest("hello"), `starts with "hello"`},
		"not UTF-8":            {manifest("\xff"), "its manifest is not UTF-8"},
		"empty manifest":       {manifest(abiLine), "its manifest names no function"},
		"other kind":           {manifest(abiLine + "\n\naggregate f 1"), `its manifest, line 3: kind "aggregate" is not known; this build has: scalar`},
		"short line":           {manifest(abiLine + "\nscalar f"), "line 2: want: scalar NAME ARGUMENTS [FLAG]…"},
		"no number":            {manifest(abiLine + "\nscalar f x"), `f: number of arguments "x" is not -1 to 1000`},
		"too many arguments":   {manifest(abiLine + "\nscalar f 1001"), `"1001" is not -1 to 1000`},
		"other flag":           {manifest(abiLine + "\nscalar f 1 pure"), `f: flag "pure" is not known`},
		"twice":                {manifest(abiLine + "\nscalar f 1\nscalar F 1"), "line 3: F with 1 arguments is there twice"},
		"long name":            {manifest(abiLine + "\nscalar " + strings.Repeat("n", 256) + " 1"), "name of 256 bytes, more than 255"},
		"manifest outside":     {testModule{manifestCode: "\x41\x7f"}, "ext_manifest: no text ends within 65536 bytes of address 0xffffffff in a memory of 65536 bytes"},
		"manifest unending":    {testModule{manifestCode: "\x41\x80\x80\x04", pages: 3, sections: map[byte]string{sectionData: vector("\x00\x41\x80\x80\x04\x0b" + prefixed(strings.Repeat("x", 70000)))}}, "no text ends within 65536 bytes of address 0x10000"},
		"manifest traps":       {testModule{manifestCode: opTrap}, "ext_manifest: wasm error: unreachable"},
		"manifest loops":       {testModule{manifestCode: opForever + "\x41\x00"}, "ext_manifest: ran for longer than its limit of 20ms"},
		"start traps":          {testModule{start: opTrap}, "wasm error: unreachable"},
		"start loops":          {testModule{start: opForever}, "ran for longer than its limit of 20ms"},
		"memory above limit":   {testModule{pages: 2000}, "over limit of 1024 pages"},
		"invalid code":         {testModule{code: "\x6a"}, "not a valid WebAssembly module"},
		"table without end":    {section(sectionTable, vector("\x70\x00\x01")), "a table has no maximum size"},
		"table too large":      {section(sectionTable, vector("\x70\x01\x01\xff\xff\x7f", "\x70\x01\x01\x01")), "tables of 2097151 entries, more than 1048576"},
		"many types":           {section(sectionType, many), "4294967295 entries announced in 0 bytes"},
		"many parameters":      {section(sectionType, vector("\x60"+many)), "4294967295 entries announced in 0 bytes"},
		"many functions":       {section(sectionFunction, many), "4294967295 entries announced in 0 bytes"},
		"many exports":         {section(sectionExport, many), "4294967295 entries announced in 0 bytes"},
		"long export":          {section(sectionExport, vector(many)), "4294967295 entries announced in 0 bytes"},
		"many elements":        {section(sectionElement, vector("\x00\x41\x00\x0b"+many)), "4294967295 entries announced in 0 bytes"},
		"many element exprs":   {section(sectionElement, vector("\x05\x70"+many)), "4294967295 entries announced in 0 bytes"},
		"unknown element mode": {section(sectionElement, vector("\x08")), "element segment of unknown mode 8"},
		"much data":            {section(sectionData, vector("\x00\x41\x00\x0b"+many)), "4294967295 entries announced in 0 bytes"},
		"strange offset":       {section(sectionData, vector("\x00\x10\x00\x0b\x00")), "0x10 in a constant expression"},
		"many locals":          {section(sectionCode, vector("\x07\x01"+many+"\x7f")), "too many local variables: 4294967295 in one function"},
		"strange local":        {section(sectionCode, vector("\x06\x01\x01\x63\x00\x0b\x0b")), "value type 0x63 is not known"},
		"strange type":         {section(sectionType, vector("\x5f\x00")), "type of form 0x5f is not a function"},
	} {
		t.Run(name, func(t *testing.T) {
			expectLoadError(t, writeModule(t, test.module.bytes()), test.want)
		})
	}
	valid := testModule{}.bytes()
	for name, test := range map[string]struct{ file, want string }{
		"empty":         {"", "not a WebAssembly module of version 1"},
		"garbage":       {"#!/bin/sh\necho hello\n", "not a WebAssembly module of version 1"},
		"C library":     {"\x7fELF\x02\x01\x01", "not a WebAssembly module of version 1"},
		"component":     {"\x00asm\x0d\x00\x01\x00", "not a WebAssembly module of version 1"},
		"no sections":   {string(valid[:8]), "exports no memory"},
		"cut off":       {string(valid[:len(valid)-1]), "announced in"},
		"endless count": {string(valid[:8]) + "\x01\xff\xff", "ends too early"},
		"too large":     {string(valid) + strings.Repeat("\x00", maxFileBytes), "larger than 16777216 bytes"},
	} {
		t.Run(name, func(t *testing.T) { expectLoadError(t, writeModule(t, []byte(test.file)), test.want) })
	}
	t.Run("missing", func(t *testing.T) { expectLoadError(t, filepath.Join(t.TempDir(), "x.wasm"), "") })
	t.Run("directory", func(t *testing.T) { expectLoadError(t, t.TempDir(), "not a regular file") })
	t.Run("device", func(t *testing.T) { expectLoadError(t, os.DevNull, "not a regular file") })
	for _, opts := range []Options{{Timeout: -1}, {Memory: -1}, {Memory: pageBytes - 1}, {Memory: 1<<32 + 1}} {
		if _, err := Load(openMemory(t), sample, opts); err == nil {
			t.Errorf("%+v was accepted", opts)
		}
	}
	if _, err := Load(nil, sample, Options{}); err == nil {
		t.Error("no connection was accepted")
	}
}

func expectLoadError(t *testing.T, path, want string) {
	t.Helper()
	_, err := Load(openMemory(t), path, Options{Timeout: 20 * time.Millisecond})
	if err == nil || !strings.HasPrefix(err.Error(), "wasmext: load "+path+": ") || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want one that names %s and says %q", err, path, want)
	}
}

// FuzzModule: no file ends the process, and whatever loads can be called.
func FuzzModule(f *testing.F) {
	file, err := os.ReadFile(sample)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add(testModule{code: echo}.bytes())
	f.Add(testModule{start: opForever, sections: map[byte]string{sectionTable: vector("\x70\x01\x01\x05")}}.bytes())
	f.Fuzz(func(t *testing.T, file []byte) {
		const limit = 10 * time.Millisecond
		p, err := compile(file, 16, limit)
		if err != nil {
			return
		}
		defer p.runtime.Close(t.Context())
		w := watchdog{limit: limit}
		defer w.close()
		for i := range p.functions {
			in := newInstance(p)
			w.begin(t.Context(), in.cancel)
			if in.start() == nil {
				in.call(i, []value{{kind: kindText, bytes: []byte("text")}, {kind: kindNull}})
			}
			w.end()
			in.close()
		}
	})
}
