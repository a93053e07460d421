// Package wasmext extends SQL by functions from WebAssembly modules: what loadable C libraries are to SQLite
// (https://sqlite.org/loadext.html), but sandboxed, and the same file works on every platform.
//
// Importing the package adds the key _extension to data source names:
//
//	import _ "github.com/turso-coop/turso-coop/wasmext"
//
//	db, err := sql.Open("turso-coop", "file:app.db?_extension=sample.wasm")
//	db.QueryRow("SELECT levenshtein('kitten', 'sitting')")
//
// The key may be given several times. Its value is PATH, or PATH?OPTION,… with the options timeout=DURATION (as
// time.ParseDuration reads it) and memory=SIZE (bytes, or with KiB, MiB or GiB behind the number):
//
//	_extension=sample.wasm?timeout=50ms,memory=16MiB
//
// The options begin at the last question mark. A relative path starts at the working directory. The file is read
// and compiled once, in sql.Open, which fails if anything is wrong with it or with an option; every connection
// gets the functions as they were then. [Load] gives them to one connection.
//
// # What a module may do
//
// Compute, in its own memory. A module that imports anything, WASI included, is refused: there is no file, network,
// clock or randomness, and no way to run SQL. Two limits hold for each connection (see [Options]): the memory of
// the module, and the time of one call, which also ends when the context of its statement is done. A function
// that traps, runs too long, has no memory left for its arguments or returns nonsense makes the statement fail
// with an error that names module and function; SQLite, the connection and the transaction stay as they are after
// any other error of a function. The code of the error is SQLite's INTERRUPT if the context ended the call, TOOBIG if
// SQLite has no room for the result, and ERROR otherwise.
//
// Each connection runs an instance of its own, made when it first calls a function. Instances share the compiled
// code. After a failure (other than an error that the function itself reports) the instance is thrown away and
// the next call starts a fresh one, which takes some 30 µs. A module may therefore cache things in its memory but
// must not rely on finding them again. Tables of functions are limited to about a million entries, and a file to
// 16 MiB. Compiling is not limited in time: load modules whose origin you know.
//
// The time limit costs about 0.4 µs per call, and 5 ns for each turn of a loop and each function entered: there the
// code asks whether it should stop. The call stack does not count as the module's memory; a recursion ends when it
// takes 400 MB, if its time has not run out by then.
//
// A function replaces a built-in one of the same name and number of arguments, as with sqlite3_create_function
// (https://sqlite.org/c3ref/create_function.html), on the connections that load it; of several modules the last
// one wins. Whoever chooses the modules of a connection decides what its SQL means.
//
// # The interface of a module
//
// Version 1. In C, ext/turso_ext.h has all of it; ext/sample.c is an example. A module exports
//
//	memory                              its memory
//	ext_manifest () → i32               address of its manifest, a text that ends in a zero byte
//	ext_alloc (size i32) → i32          address of size bytes, aligned to 8, or 0 if there is no room
//	ext_free (address i32)              optional: takes back what ext_alloc gave
//	NAME (result, argc, argv i32)       one function for every name in the manifest
//
// and optionally _initialize (), which runs before anything else. The manifest is UTF-8 of at most 64 KiB. Its
// first line names the version; each further line that is not empty describes a function:
//
//	turso-coop extension 1
//	scalar levenshtein 2 deterministic innocuous
//
// The words are the kind (this version has scalar only), the name, the number of arguments (-1 for any, else up
// to 1000) and flags: deterministic, innocuous and directonly mean what SQLite's constants mean. A name may have
// several lines with different numbers of arguments.
//
// argv is the address of argc values of 16 bytes; result is one more, NULL at first. All numbers are little-endian:
//
//	offset 0   i32   type: 1 INTEGER, 2 FLOAT, 3 TEXT, 4 BLOB, 5 NULL; 0 in a result: error
//	offset 4   i32   size in bytes of a TEXT, BLOB or error
//	offset 8   i64, f64, or the i32 address of the bytes
//
// Arguments have the type that they have in SQL; nothing is converted. Text is UTF-8 as SQLite has it, unchecked,
// and followed by a zero byte that size does not count; texts and blobs start at addresses divisible by 8 if the
// block does. An error is a message in UTF-8, of which the first 4096 bytes are kept.
//
// Values lie in one block that the host asked ext_alloc for and uses again for later calls; when it needs a larger
// one it gives the old one to ext_free, if there is one, and forgets it. The host copies the result as soon as the
// function returns. So results may lie in static memory, in the arguments, or in memory that the next call reuses.
package wasmext

//go:generate ext/build.sh

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
)

const maxErrorBytes = 4096 // of a message of the module's own

// What the zero values in [Options] stand for.
const (
	DefaultTimeout = time.Second
	DefaultMemory  = 64 << 20
)

// Options limit what one module may use on one connection. A zero stands for the default.
type Options struct {
	// Timeout ends a call of a function after this time.
	Timeout time.Duration
	// Memory is the most that the module's memory may grow to, in bytes; parts of a WebAssembly page of 64 KiB
	// do not count. At least one page, at most 4 GiB. The connection keeps what the module has used until it
	// closes.
	Memory int64
}

// check fills in the defaults.
func (o *Options) check() error {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Memory == 0 {
		o.Memory = DefaultMemory
	}
	if o.Timeout < 0 {
		return fmt.Errorf("timeout %v is negative", o.Timeout)
	}
	if o.Memory < pageBytes || o.Memory > math.MaxUint32+1 {
		return fmt.Errorf("memory limit of %d bytes is not between 64 KiB and 4 GiB", o.Memory)
	}
	return nil
}

// A Module is a module loaded into one connection.
type Module struct {
	name     string // for messages
	program  *program
	instance *instance // nil before the first call and after a failed one
	watchdog watchdog
	args     []value // reused
	closed   bool
}

// Load reads the module at path and registers its functions with c, which no other goroutine may be using and on
// which no statement may be running. The caller closes the Module when it has closed c.
func Load(c *sqlite3.Conn, path string, opts Options) (*Module, error) {
	m, err := load(c, path, opts)
	if err != nil {
		return nil, fmt.Errorf("wasmext: load %s: %w", path, err)
	}
	return m, nil
}

func load(c *sqlite3.Conn, path string, opts Options) (*Module, error) {
	if c == nil {
		return nil, errors.New("no connection")
	}
	if err := opts.check(); err != nil {
		return nil, err
	}
	p, err := readProgram(path, opts)
	if err != nil {
		return nil, err
	}
	return p.register(c, path, opts)
}

// register makes all functions of p known to c. While a statement runs, SQLite can add functions but neither
// replace nor remove them, so that a failure would leave half of a module behind.
func (p *program) register(c *sqlite3.Conn, path string, opts Options) (*Module, error) {
	for s := range c.Stmts() {
		if s.Busy() {
			return nil, fmt.Errorf("a statement is running: %w", sqlite3.BUSY)
		}
	}
	m := &Module{name: filepath.Base(path), program: p, watchdog: watchdog{limit: opts.Timeout}}
	for i, f := range p.functions {
		err := c.CreateFunction(f.name, f.nArg, f.flags, func(ctx sqlite3.Context, args ...sqlite3.Value) {
			m.call(ctx, i, args)
		})
		if err != nil {
			return nil, fmt.Errorf("register function %s: %w", f.name, err)
		}
	}
	return m, nil
}

// Close releases the module's memory. It does not take the functions away from the connection, as SQLite does not
// either; calling one is an error from then on. Like everything of a connection it must not run at the same time
// as a statement.
func (m *Module) Close() error {
	if m.closed {
		return nil
	}
	m.closed = true
	m.discard()
	m.watchdog.close()
	return nil
}

func (m *Module) discard() {
	if m.instance != nil {
		m.instance.close()
		m.instance = nil
	}
}

// call is function i as SQLite calls it.
func (m *Module) call(ctx sqlite3.Context, i int, args []sqlite3.Value) {
	result, err := m.run(ctx, i, args)
	if err == nil && result.kind == kindError {
		err = errors.New(string(result.bytes[:min(len(result.bytes), maxErrorBytes)]))
	}
	if err == nil {
		err = setResult(ctx, result)
	}
	if err != nil {
		ctx.ResultError(fmt.Errorf("wasmext: %s: %s: %w", m.name, m.program.functions[i].name, err))
	}
}

// run calls function i on a live instance and throws the instance away if that fails.
func (m *Module) run(ctx sqlite3.Context, i int, args []sqlite3.Value) (result value, err error) {
	if m.closed {
		return value{}, errors.New("the module is closed")
	}
	statement := ctx.Conn().GetInterrupt()
	if statement.Err() != nil {
		return value{}, errInterrupted
	}
	if err := m.take(args); err != nil {
		return value{}, err
	}
	if m.instance != nil && m.instance.ctx.Err() != nil { // cancelled just when its last call had returned
		m.discard()
	}
	if m.instance == nil {
		m.instance = newInstance(m.program)
	}
	m.watchdog.begin(statement, m.instance.cancel)
	if m.instance.module == nil {
		err = m.instance.start()
	}
	if err == nil {
		result, err = m.instance.call(i, m.args)
	}
	m.watchdog.end()
	if err != nil {
		m.discard()
	}
	return result, err
}

// take puts the arguments into m.args, their bytes still being SQLite's.
func (m *Module) take(args []sqlite3.Value) error {
	m.args = m.args[:0]
	for _, arg := range args {
		v := value{kind: uint32(arg.Type())}
		switch v.kind {
		case kindInteger:
			v.number = uint64(arg.Int64())
		case kindFloat:
			v.number = math.Float64bits(arg.Float())
		case kindText:
			if v.bytes = arg.RawText(); v.bytes == nil { // no room to convert UTF-16
				return errors.New("SQLite is out of memory")
			}
		case kindBlob:
			v.bytes = arg.RawBlob()
		}
		m.args = append(m.args, v)
	}
	return nil
}

// setResult gives SQLite a copy of v.
func setResult(ctx sqlite3.Context, v value) (err error) {
	// The binding panics if SQLite has no memory for the copy. Nothing has changed by then.
	defer func() {
		if r := recover(); r != nil {
			if e, ok := r.(error); !ok || !strings.HasSuffix(e.Error(), "out of memory") {
				panic(r)
			}
			err = fmt.Errorf("its result of %d bytes: %w", len(v.bytes), sqlite3.TOOBIG)
		}
	}()
	switch v.kind {
	case kindInteger:
		ctx.ResultInt64(int64(v.number))
	case kindFloat:
		ctx.ResultFloat(math.Float64frombits(v.number))
	case kindText:
		ctx.ResultText(string(v.bytes))
	case kindBlob:
		if len(v.bytes) == 0 {
			ctx.ResultZeroBlob(0)
		} else {
			ctx.ResultBlob(v.bytes)
		}
	default:
		ctx.ResultNull()
	}
	return nil
}
