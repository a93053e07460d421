package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/turso-coop/turso-coop/driver"
)

// The commands about the database as a whole.

func (sh *shell) cmdOpen(d *dotLine) error {
	t := target{name: memoryName, engine: sh.target.engine, vfs: sh.target.vfs}
	fresh, named := false, false
	for i := 1; i < len(d.args); i++ {
		switch arg := d.arg(i); {
		case isOption(arg, "new"):
			fresh = true
		case isOption(arg, "readonly"):
			t.readOnly = true
		case isOption(arg, "ifexist"), isOption(arg, "ifexists"):
			t.existing = true
		case strings.HasPrefix(arg, "-"):
			return complain("unknown option: %s", arg)
		case named:
			return complain("extra argument: \"%s\"", arg)
		default:
			t.name, named = arg, true
		}
	}
	if sh.safe.on && !t.inMemory() {
		return sh.unsafe("cannot open disk-based database files in safe mode")
	}
	if err := errors.Join(sh.io.stop(sh), sh.closeDatabase()); err != nil {
		sh.report("Error: %s\n", message(err))
	}
	sh.target = t
	sh.dumped = dumpScript{}
	if fresh && !t.inMemory() {
		if err := removeDatabase(t.name); err != nil {
			return err
		}
	}
	ctx, done := sh.interrupts.begin()
	defer done()
	err := sh.open(ctx)
	if err == nil || mayPass(err) {
		return nil // if it does not pass, the next statement will tell
	}
	sh.reportOpen(err)
	sh.report("Notice: using substitute in-memory database instead of \"%s\"\n", t.name)
	sh.target = target{name: memoryName, engine: t.engine}
	return errFailed
}

// removeDatabase deletes the files of a database.
func removeDatabase(name string) error {
	if uri, ok := strings.CutPrefix(name, "file:"); ok {
		name, _, _ = strings.Cut(uri, "?")
	}
	for _, suffix := range []string{"", "-journal", "-wal", "-shm"} {
		if err := os.Remove(name + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return complain("Error: cannot delete \"%s\": %s", name+suffix, err)
		}
	}
	return nil
}

func (sh *shell) cmdDatabases(*dotLine) error {
	return sh.use(func(ctx context.Context, c driver.Conn) error {
		return query(ctx, c, "PRAGMA database_list", nil, func(row []any) error {
			schema, file := asText(row[1]), asText(row[2])
			access := "r/w"
			if readOnly, _ := c.ReadOnly(schema); readOnly {
				access = "r/o"
			}
			switch c.Raw().TxnState(schema) {
			case sqlite3.TXN_READ:
				access += " read-txn"
			case sqlite3.TXN_WRITE:
				access += " write-txn"
			}
			if file == "" {
				file = `""`
			}
			fmt.Fprintf(sh.out, "%s: %s %s\n", schema, file, access)
			return nil
		})
	})
}

func (sh *shell) cmdTimeout(d *dotLine) error {
	ms := 0
	if len(d.args) > 1 {
		ms, _ = strconv.Atoi(d.arg(1))
	}
	sh.target.waitMS = max(0, ms) // if it is not open yet
	return sh.use(func(ctx context.Context, c driver.Conn) error {
		return do(ctx, c, fmt.Sprintf("PRAGMA busy_timeout=%d", ms))
	})
}

func (sh *shell) cmdLoad(d *dotLine) error {
	if len(d.args) < 2 || d.arg(1) == "" {
		return complain("Usage: .load FILE")
	}
	file := d.arg(1)
	switch ext := filepath.Ext(file); ext {
	case ".so", ".dylib", ".dll":
		return complain("Error: cannot load \"%s\": only WebAssembly modules can be loaded, no C libraries", file)
	}
	return sh.use(func(_ context.Context, c driver.Conn) error { return sh.db.load(c, file) })
}

func (sh *shell) cmdVersion(*dotLine) error {
	version, source, err := sh.sqliteVersion()
	if err != nil {
		return err
	}
	fmt.Fprintf(sh.out, "SQLite %s %s\n%s %s/%s (%d-bit)\n", version, source, runtime.Version(), runtime.GOOS, runtime.GOARCH, wordBits)
	return nil
}

const wordBits = 32 << (^uint(0) >> 63)

// sqliteVersion returns the version of SQLite and the check-in it was built
// from, which begins with a date. It asks the database that is open, since
// starting SQLite for the question takes as long as starting the shell.
func (sh *shell) sqliteVersion() (version, source string, err error) {
	ctx, db := context.Background(), sh.db
	if db == nil {
		if db, err = openDatabase(ctx, target{name: memoryName}); err != nil {
			return "", "", err
		}
		defer func() { err = errors.Join(err, db.close()) }()
	}
	err = db.use(func(c driver.Conn) error {
		return query(ctx, c, "SELECT sqlite_version(), sqlite_source_id()", nil, func(row []any) error {
			version, source = asText(row[0]), asText(row[1])
			return nil
		})
	})
	return version, source, err
}
