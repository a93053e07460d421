package wasmext_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/ncruces/go-sqlite3"
	_ "github.com/turso-coop/turso-coop/wasmext"
)

func TestExtensionKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "test.db")
	for _, value := range []string{
		"ext/sample.wasm",
		"ext/sample.wasm?",
		"ext/sample.wasm?timeout=50ms,memory=16MiB",
		"ext%2Fsample.wasm%3Fmemory%3D1048576",
		"ext/sample.wasm&_extension=ext/sample.wasm?memory=64KiB",
	} {
		db, err := sql.Open("turso-coop", "file:"+file+"?_extension="+value)
		if err != nil {
			t.Errorf("%s: %v", value, err)
			continue
		}
		var distance int
		if err := db.QueryRow("SELECT levenshtein(?, ?)", "kitten", "sitting").Scan(&distance); err != nil || distance != 3 {
			t.Errorf("%s: got %d, %v; want 3", value, distance, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	for value, want := range map[string]string{
		"":                                      "no path",
		"missing.wasm":                          "missing.wasm",
		"ext/sample.c":                          "not a WebAssembly module",
		"ext":                                   "not a regular file",
		"ext/sample.wasm?timeout=1":             `option "timeout=1": time: missing unit in duration "1"`,
		"ext/sample.wasm?timeout=0s":            `option "timeout=0s": not a positive duration`,
		"ext/sample.wasm?memory=16MB":           `option "memory=16MB": not a size such as 16777216 or 16MiB: "16MB"`,
		"ext/sample.wasm?memory=99999999999GiB": "not a size",
		"ext/sample.wasm?memory=5GiB":           "memory limit of 5368709120 bytes is not between 64 KiB and 4 GiB",
		"ext/sample.wasm?memory=1KiB":           "memory limit of 1024 bytes is not between",
		"ext/sample.wasm?fuel=1":                `option "fuel=1": there are the options timeout and memory`,
	} {
		db, err := sql.Open("turso-coop", "file:"+file+"?_extension="+value)
		if err == nil {
			db.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "wasmext: load "+value) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: sql.Open gave %v, want %q", value, err, want)
		}
	}
}

// TestExtensionsOfManyConnections: every connection of a pool has the functions, and gives everything back.
func TestExtensionsOfManyConnections(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	db, err := sql.Open("turso-coop", "file:"+filepath.Join(t.TempDir(), "test.db")+"?_extension=ext/sample.wasm")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(1) // so that connections come and go
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for i := range 25 {
				text := fmt.Sprintf("%d:%d", g, i)
				var got uint32
				err := db.QueryRow("SELECT crc32(?)", text).Scan(&got)
				if want := crc32.ChecksumIEEE([]byte(text)); err != nil || got != want {
					t.Errorf("crc32(%q): got %d, %v; want %d", text, got, err, want)
				}
			}
		})
	}
	wg.Wait()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for runtime.NumGoroutine() > goroutines { // the last ones are on their way out; the test's own limit ends this
		runtime.Gosched()
	}
}

func TestExtensionErrorsThroughDatabaseSQL(t *testing.T) {
	db, err := sql.Open("turso-coop", "file:"+filepath.Join(t.TempDir(), "test.db")+"?_extension=ext/sample.wasm?timeout=20ms")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const endless = `SELECT levenshtein(a, a) FROM (SELECT hex(zeroblob(100000)) AS a)` // 40 billion turns
	var n int
	if err := db.QueryRow(endless).Scan(&n); err == nil ||
		!strings.Contains(err.Error(), "wasmext: sample.wasm: levenshtein: ran for longer than its limit of 20ms") {
		t.Errorf("got %v, want the time limit", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.QueryRowContext(ctx, endless).Scan(&n); !errors.Is(err, context.Canceled) && !errors.Is(err, sqlite3.INTERRUPT) {
		t.Errorf("got %v, want the cancellation", err)
	}
	if err := db.QueryRow("SELECT levenshtein('a', 'b')").Scan(&n); err != nil || n != 1 {
		t.Errorf("afterwards: got %d, %v", n, err)
	}
}
