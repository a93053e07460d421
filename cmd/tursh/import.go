package main

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/records"
	"github.com/turso-coop/turso-coop/driver"
)

// An importRequest is what .import was asked for.
type importRequest struct {
	file, schema, table string
	format              records.Format
	json                bool
	csv                 bool // said so, or how the fields are separated
	skip                int64
	emptyNull           bool // an empty field without quotes is NULL
	types               bool // give the columns of a new table types
	verbose             int
}

func (sh *shell) cmdImport(d *dotLine) error {
	r, err := sh.importRequest(d)
	if err != nil {
		return err
	}
	in, err := sh.importInput(&r)
	if err != nil {
		return err
	}
	err = sh.use(func(ctx context.Context, c driver.Conn) error {
		im := &importer{shell: sh, importRequest: r, c: c, in: in}
		return im.run(ctx)
	})
	if cerr := in.close(); err == nil && cerr != nil {
		err = complain("Error: %s: %s", in.name, cerr)
	}
	return err
}

// setOption sets an option with an argument.
func (r *importRequest) setOption(name, arg string) (known bool) {
	first := func() byte {
		if arg == "" {
			return 0
		}
		return arg[0]
	}
	switch name {
	case "schema":
		r.schema = arg
	case "skip":
		r.skip = integer(arg)
	case "colsep":
		r.format.ColSep = first()
		r.csv = true
	case "rowsep":
		r.format.RowSep = first()
		r.csv = true
	case "esc":
		r.format.Escape = first()
	case "qesc":
		r.format.QuotedEscape = first()
	default:
		return false
	}
	return true
}

// setFlag sets an option without an argument.
func (r *importRequest) setFlag(name string) (known bool) {
	separators := func(col, row byte) {
		r.csv = true
		if r.format.ColSep == 0 {
			r.format.ColSep = col
		}
		if r.format.RowSep == 0 {
			r.format.RowSep = row
		}
	}
	switch name {
	case "v":
		r.verbose++
	case "ascii":
		separators('\x1f', '\x1e')
		r.format.Raw = true
	case "csv":
		separators(',', '\n')
		r.format.Raw = false
	case "json", "ndjson", "jsonl":
		r.json = true
	case "empty-null":
		r.emptyNull = true
	case "types":
		r.types = true
	default:
		return false
	}
	return true
}

func (sh *shell) importRequest(d *dotLine) (r importRequest, err error) {
	r.format.Raw = sh.format.Mode.Name == "ascii"
	for i := 1; i < len(d.args); i++ {
		arg := d.arg(i)
		if !strings.HasPrefix(arg, "-") {
			switch {
			case r.file == "":
				r.file = arg
			case r.table == "":
				r.table = arg
			default:
				return r, &argError{i, "unknown argument", ""}
			}
			continue
		}
		name := strings.TrimPrefix(arg[1:], "-")
		switch {
		case r.setFlag(name):
		case !new(importRequest).setOption(name, ""):
			return r, &argError{i, "unknown option", ""}
		case i+1 == len(d.args):
			return r, &argError{i, "missing argument", ""}
		default:
			i++
			r.setOption(name, d.arg(i))
		}
	}
	switch "" {
	case r.file:
		return r, complain("%s Missing FILE argument\n", sh.place())
	case r.table:
		return r, complain("%s Missing TABLE argument\n", sh.place())
	}
	return r, sh.importSeparators(&r)
}

// importSeparators decides how the input is written, as far as the options have
// not: by the name of the file, or by the separators of the output mode.
func (sh *shell) importSeparators(r *importRequest) error {
	switch strings.ToLower(filepath.Ext(r.file)) {
	case ".json", ".jsonl", ".ndjson":
		r.json = r.json || !r.csv
	}
	of := func(sep *byte, text string, usual byte) {
		if *sep == 0 && text != "" {
			*sep = text[0]
		}
		if *sep == 0 {
			*sep = usual
		}
	}
	of(&r.format.ColSep, sh.format.ColSep, ',')
	of(&r.format.RowSep, sh.format.RowSep, '\n')
	if r.format.RowSep == '\r' && !r.format.Raw {
		r.format.RowSep = '\n'
	}
	switch {
	case r.format.ColSep >= 0x80:
		return complain("Error: .import column separator must be ASCII")
	case r.format.RowSep >= 0x80:
		return complain("Error: .import row separator must be ASCII")
	}
	return nil
}

// importInput is where records come from.
type importInput struct {
	name  string // for messages
	bytes records.Counter
	total int64 // bytes, 0 if unknown
	close func() error
}

func (sh *shell) importInput(r *importRequest) (*importInput, error) {
	in := &importInput{name: r.file, close: func() error { return nil }}
	if command, pipe := strings.CutPrefix(r.file, "|"); pipe {
		in.name = "<pipe>"
		return in, in.start(sh, command)
	}
	if label, here := strings.CutPrefix(r.file, "<<"); here && label != "" && sh.input != nil {
		in.name = sh.input.name
		r.format.FirstLine = sh.input.line + 1
		text, err := sh.hereDocument(label)
		in.bytes.R = strings.NewReader(text)
		return in, err
	}
	f, err := openScript(r.file)
	if err != nil {
		return nil, complain("%s cannot open \"%s\"", sh.place(), r.file)
	}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		in.total = info.Size()
	}
	in.bytes.R, in.close = f, f.Close
	return in, nil
}

// start makes the output of a command of the system the input.
func (in *importInput) start(sh *shell, command string) error {
	cmd, out, err := sh.startCommand(command)
	if err != nil {
		return err
	}
	in.bytes.R = out
	in.close = func() error {
		out.Close()    // what is not read any more must not keep the command
		_ = cmd.Wait() // how it ends is its own affair
		return nil
	}
	return nil
}
