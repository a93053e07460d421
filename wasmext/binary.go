package wasmext

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// What a module file may make the compiler set aside before any limit of a call applies.
const (
	maxFileBytes     = 16 << 20
	maxTableEntries  = 1 << 20 // of all tables together, 8 bytes each
	maxLocals        = 1 << 20 // of all functions together
	maxLocalsPerFunc = 50_000  // the limit that browsers have agreed on
)

// Section numbers of the WebAssembly binary format,
// https://webassembly.github.io/spec/core/binary/modules.html
const (
	sectionCustom   = 0
	sectionType     = 1
	sectionImport   = 2
	sectionFunction = 3
	sectionTable    = 4
	sectionMemory   = 5
	sectionGlobal   = 6
	sectionExport   = 7
	sectionElement  = 9
	sectionCode     = 10
	sectionData     = 11
)

// exitCheck is an empty loop. At the head of a loop, and only there, compiled code asks whether it should stop; put
// at the start of every function, this makes it ask in a recursion too, which needs no loop to run for years.
const exitCheck = "\x03\x40\x0b"

// prepareBinary makes a module file fit for the compiler. It reads it as far as its sections and refuses what the
// compiler would take on trust: it allocates by the counts that a file announces, so that thirty bytes could ask
// for a hundred gigabytes and end the process. It refuses imports as well, and it bounds tables, which the memory
// limit does not cover. Whether the code is valid is left to the compiler.
//
// The result is the module with an exitCheck in every function and without its custom sections (names, debug
// information), which nothing here uses.
func prepareBinary(file []byte) (module []byte, err error) {
	if !bytes.HasPrefix(file, []byte("\x00asm\x01\x00\x00\x00")) {
		return nil, errors.New("not a WebAssembly module of version 1")
	}
	module = append(make([]byte, 0, len(file)), file[:8]...)
	r := reader{rest: file[8:]}
	for len(r.rest) > 0 {
		id := r.byte()
		content := r.bytes(r.count())
		if r.err != nil {
			return nil, r.err
		}
		section := reader{rest: content}
		switch id {
		case sectionCustom:
			continue
		case sectionCode:
			content = prepareCode(&section)
		default:
			checkSection(id, &section)
		}
		if section.err != nil {
			return nil, section.err
		}
		module = append(module, id)
		module = binary.AppendUvarint(module, uint64(len(content))) // LEB128 by another name
		module = append(module, content...)
	}
	return module, nil
}

func checkSection(id byte, r *reader) {
	switch id {
	case sectionImport:
		checkImports(r)
	case sectionTable:
		checkTables(r)
	case sectionFunction, sectionMemory, sectionGlobal:
		r.count() // their entries hold no counts
	case sectionType:
		for n := r.count(); n > 0; n-- {
			if form := r.byte(); form != 0x60 {
				r.fail("not a valid extension: type of form %#x is not a function", form)
			}
			for range 2 { // parameters, results
				for k := r.count(); k > 0; k-- {
					r.valueType()
				}
			}
		}
	case sectionExport:
		for n := r.count(); n > 0; n-- {
			r.bytes(r.count()) // name
			r.byte()           // kind
			r.uint32()         // index
		}
	case sectionElement:
		for n := r.count(); n > 0; n-- {
			checkElements(r)
		}
	case sectionData:
		for n := r.count(); n > 0; n-- {
			mode := r.uint32()
			if mode == 2 {
				r.uint32() // memory
			}
			if mode != 1 {
				r.expression() // offset
			}
			r.bytes(r.count())
		}
	}
}

func checkImports(r *reader) {
	if r.count() == 0 {
		return
	}
	from, name, kind := r.bytes(r.count()), r.bytes(r.count()), r.byte()
	what := "thing"
	if kinds := []string{"function", "table", "memory", "global", "tag"}; int(kind) < len(kinds) {
		what = kinds[kind]
	}
	r.fail("imports %s %q of %q, but an extension is given nothing from outside", what, name, from)
}

func checkTables(r *reader) {
	var total uint64
	for n := r.count(); n > 0 && r.err == nil; n-- {
		r.valueType()
		hasMax := r.byte() == 1
		r.uint32() // minimum, which the compiler compares with the maximum
		if !hasMax {
			r.fail("a table has no maximum size")
			return
		}
		if total += uint64(r.uint32()); total > maxTableEntries {
			r.fail("tables of %d entries, more than %d", total, maxTableEntries)
		}
	}
}

func checkElements(r *reader) {
	mode := r.uint32() // bit 0: not copied at the start; bit 1: says more; bit 2: expressions, not function numbers
	if mode > 7 {
		r.fail("element segment of unknown mode %d", mode)
	}
	if mode&1 == 0 {
		if mode&2 != 0 {
			r.uint32() // table
		}
		r.expression() // offset
	}
	switch {
	case mode&3 == 0: // function numbers, or expressions that give functions
	case mode&4 != 0:
		r.valueType()
	default:
		r.byte() // the only kind is function
	}
	for n := r.count(); n > 0; n-- {
		if mode&4 != 0 {
			r.expression()
		} else {
			r.uint32()
		}
	}
}

// prepareCode bounds the local variables and returns the section with an exitCheck in front of every body.
func prepareCode(r *reader) (section []byte) {
	n := r.count()
	section = binary.AppendUvarint(make([]byte, 0, len(r.rest)+int(n)*(len(exitCheck)+1)), uint64(n))
	var total uint64
	for ; n > 0 && r.err == nil; n-- {
		body := r.bytes(r.count())
		code := reader{rest: body}
		var locals uint64
		for groups := code.count(); groups > 0; groups-- {
			locals += uint64(code.uint32())
			code.valueType()
		}
		if total += locals; locals > maxLocalsPerFunc || total > maxLocals {
			code.fail("too many local variables: %d in one function (limit %d), %d in all (limit %d)",
				locals, maxLocalsPerFunc, total, maxLocals)
		}
		if code.err != nil && r.err == nil {
			r.err = code.err
		}
		section = binary.AppendUvarint(section, uint64(len(body)+len(exitCheck)))
		section = append(section, body[:len(body)-len(code.rest)]...)
		section = append(section, exitCheck...)
		section = append(section, code.rest...)
	}
	return section
}

// A reader takes a module apart. After its first error it returns zeros, and empty slices, so that every loop
// over a count ends.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
	r.rest = nil
}

func (r *reader) byte() byte {
	if b := r.bytes(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (r *reader) bytes(n uint32) []byte {
	if uint64(n) > uint64(len(r.rest)) {
		r.fail("not a valid WebAssembly module: it ends too early")
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// valueType passes over a type of one byte. Types of several bytes, from later proposals, are not enabled.
func (r *reader) valueType() {
	switch t := r.byte(); t {
	case 0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f: // i32, i64, f32, f64, v128, funcref, externref
	default:
		r.fail("not a valid extension: value type %#x is not known", t)
	}
}

// uint32 reads a LEB128 number, of which it checks no more than that it ends.
func (r *reader) uint32() uint32 {
	var v uint32
	for shift := 0; ; shift += 7 {
		b := r.byte()
		v |= uint32(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
}

// count reads the number of bytes or entries that follow. An entry takes at least one byte.
func (r *reader) count() uint32 {
	n := r.uint32()
	if uint64(n) > uint64(len(r.rest)) {
		r.fail("not a valid WebAssembly module: %d entries announced in %d bytes", n, len(r.rest))
		return 0
	}
	return n
}

// expression passes over a constant expression: https://webassembly.github.io/spec/core/valid/instructions.html
func (r *reader) expression() {
	for r.err == nil {
		switch op := r.byte(); op {
		case 0x0b: // end
			return
		case 0x41, 0x42, 0x23, 0xd0, 0xd2: // i32.const, i64.const, global.get, ref.null, ref.func
			r.uint32()
		case 0x43: // f32.const
			r.bytes(4)
		case 0x44: // f64.const
			r.bytes(8)
		case 0xfd: // v128.const
			r.uint32()
			r.bytes(16)
		default:
			r.fail("not a valid WebAssembly module: %#x in a constant expression", op)
		}
	}
}
