package wasmext

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
	"weak"

	"github.com/ncruces/go-sqlite3"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// Names of the ABI.
const (
	abiLine          = "turso-coop extension 1" // first line of every manifest
	exportMemory     = "memory"
	exportManifest   = "ext_manifest"
	exportAlloc      = "ext_alloc"
	exportFree       = "ext_free"
	maxManifestBytes = 64 << 10
	maxArguments     = 1000 // https://sqlite.org/limits.html#max_function_arg
	maxNameBytes     = 255
)

const pageBytes = 64 << 10 // of WebAssembly memory

// A program is a compiled module with its manifest. Every connection that loads the same bytes under the same
// memory limit shares one, and it is released once no connection and no DSN holds it.
type program struct {
	runtime   wazero.Runtime
	code      wazero.CompiledModule
	functions []function
	memory    int64 // limit of one instance in bytes
}

// A function is one line of a manifest.
type function struct {
	name  string
	nArg  int
	flags sqlite3.FunctionFlag
}

type programKey struct {
	sum   [sha256.Size]byte
	pages uint32
}

var programs = struct {
	sync.Mutex
	known map[programKey]weak.Pointer[program]
}{known: map[programKey]weak.Pointer[program]{}}

// readProgram compiles the module in the file at path, or finds it compiled already.
func readProgram(path string, opts Options) (*program, error) {
	file, err := readFile(path)
	if err != nil {
		return nil, err
	}
	key := programKey{sha256.Sum256(file), uint32(opts.Memory / pageBytes)}
	programs.Lock()
	defer programs.Unlock()
	if p := programs.known[key].Value(); p != nil {
		return p, nil
	}
	p, err := compile(file, key.pages, opts.Timeout)
	if err != nil {
		return nil, err
	}
	programs.known[key] = weak.Make(p)
	runtime.AddCleanup(p, func(rt wazero.Runtime) {
		programs.Lock()
		defer programs.Unlock()
		if programs.known[key].Value() == nil { // not compiled anew in the meantime
			delete(programs.known, key)
		}
		rt.Close(context.Background())
	}, p.runtime)
	return p, nil
}

// readFile refuses what is not a plain file before it opens it: opening a named pipe would wait for its other end.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, err
	}
	if len(file) > maxFileBytes {
		return nil, fmt.Errorf("larger than %d bytes", maxFileBytes)
	}
	return file, nil
}

func compile(file []byte, pages uint32, timeout time.Duration) (p *program, err error) {
	module, err := prepareBinary(file)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().
		WithCloseOnContextDone(true).
		WithMemoryLimitPages(pages))
	defer func() {
		if err != nil {
			rt.Close(ctx)
		}
	}()
	p = &program{runtime: rt, memory: int64(pages) * pageBytes}
	if p.code, err = rt.CompileModule(ctx, module); err != nil {
		return nil, fmt.Errorf("not a valid WebAssembly module: %w", err)
	}
	if _, ok := p.code.ExportedMemories()[exportMemory]; !ok {
		return nil, fmt.Errorf("exports no memory named %q", exportMemory)
	}
	i32 := api.ValueTypeI32
	if err := p.checkExport(exportManifest, nil, []api.ValueType{i32}); err != nil {
		return nil, err
	}
	if err := p.checkExport(exportAlloc, []api.ValueType{i32}, []api.ValueType{i32}); err != nil {
		return nil, err
	}
	if _, ok := p.code.ExportedFunctions()[exportFree]; ok {
		if err := p.checkExport(exportFree, []api.ValueType{i32}, nil); err != nil {
			return nil, err
		}
	}
	manifest, err := p.readManifest(timeout)
	if err != nil {
		return nil, err
	}
	if p.functions, err = parseManifest(manifest); err != nil {
		return nil, err
	}
	for _, f := range p.functions {
		if err := p.checkExport(f.name, []api.ValueType{i32, i32, i32}, nil); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// checkExport tells whether the module exports a function of this name and type.
func (p *program) checkExport(name string, params, results []api.ValueType) error {
	f, ok := p.code.ExportedFunctions()[name]
	if !ok {
		return fmt.Errorf("exports no function %q", name)
	}
	if !slices.Equal(f.ParamTypes(), params) || !slices.Equal(f.ResultTypes(), results) {
		return fmt.Errorf("exported function %q has the wrong type: %s, want %s", name,
			signature(f.ParamTypes(), f.ResultTypes()), signature(params, results))
	}
	return nil
}

func signature(params, results []api.ValueType) string {
	list := func(types []api.ValueType) string {
		names := make([]string, len(types))
		for i, t := range types {
			names[i] = api.ValueTypeName(t)
		}
		return "(" + strings.Join(names, ", ") + ")"
	}
	return list(params) + " -> " + list(results)
}

// readManifest asks the module for its manifest, on an instance of its own and within the time limit of a call.
func (p *program) readManifest(timeout time.Duration) (string, error) {
	in := newInstance(p)
	defer in.close()
	w := watchdog{limit: timeout}
	defer w.close()
	w.begin(context.Background(), in.cancel)
	defer w.end()
	if err := in.start(); err != nil {
		return "", err
	}
	at, err := in.invoke(in.module.ExportedFunction(exportManifest))
	if err != nil {
		return "", fmt.Errorf("%s: %w", exportManifest, err)
	}
	memory := in.module.Memory()
	text, ok := memory.Read(at, min(maxManifestBytes, memory.Size()-min(at, memory.Size())))
	end := bytes.IndexByte(text, 0)
	if !ok || end < 0 {
		return "", fmt.Errorf("%s: no text ends within %d bytes of address %#x in a memory of %d bytes",
			exportManifest, maxManifestBytes, at, memory.Size())
	}
	return string(text[:end]), nil
}

// parseManifest takes a manifest apart; the package documentation has its grammar.
func parseManifest(manifest string) ([]function, error) {
	if !utf8.ValidString(manifest) {
		return nil, errors.New("its manifest is not UTF-8")
	}
	first, rest, _ := strings.Cut(manifest, "\n")
	if first != abiLine {
		return nil, fmt.Errorf("its manifest starts with %.40q, but this build reads %q", first, abiLine)
	}
	var functions []function
	for i, line := range strings.Split(rest, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		f, err := parseFunction(words)
		if err == nil && slices.ContainsFunc(functions, func(g function) bool {
			return strings.EqualFold(f.name, g.name) && f.nArg == g.nArg
		}) {
			err = fmt.Errorf("%s with %d arguments is there twice", f.name, f.nArg)
		}
		if err != nil {
			return nil, fmt.Errorf("its manifest, line %d: %w", i+2, err)
		}
		functions = append(functions, f)
	}
	if len(functions) == 0 {
		return nil, errors.New("its manifest names no function")
	}
	return functions, nil
}

func parseFunction(words []string) (function, error) {
	if words[0] != "scalar" {
		return function{}, fmt.Errorf("kind %.40q is not known; this build has: scalar", words[0])
	}
	if len(words) < 3 {
		return function{}, errors.New("want: scalar NAME ARGUMENTS [FLAG]…")
	}
	f := function{name: words[1]}
	if len(f.name) > maxNameBytes {
		return function{}, fmt.Errorf("name of %d bytes, more than %d", len(f.name), maxNameBytes)
	}
	n, err := strconv.Atoi(words[2])
	if err != nil || n < -1 || n > maxArguments {
		return function{}, fmt.Errorf("%s: number of arguments %.40q is not -1 to %d", f.name, words[2], maxArguments)
	}
	f.nArg = n
	for _, flag := range words[3:] {
		switch flag {
		case "deterministic":
			f.flags |= sqlite3.DETERMINISTIC
		case "innocuous":
			f.flags |= sqlite3.INNOCUOUS
		case "directonly":
			f.flags |= sqlite3.DIRECTONLY
		default:
			return function{}, fmt.Errorf("%s: flag %.40q is not known; there are: deterministic, innocuous, directonly",
				f.name, flag)
		}
	}
	return f, nil
}
