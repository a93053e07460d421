package main

import "io"

// A formatter lays out the rows of one run of one statement.
type formatter interface {
	// row takes the next row; it does not keep values. An error is the output's.
	row(values []any) error

	// finish ends the output, whether or not the statement came to its end.
	finish() error
}

// A layout is what a formatter is made from: the settings of .mode and its
// like, and the statement's column names.
type layout struct {
	settings
	w       io.Writer
	columns []string
	reals   *realText
}

// listFormatter writes a row as its fields with separators between and after
// them: the modes list and csv.
type listFormatter struct {
	layout
	field func(b []byte, v any) []byte
	buf   []byte // reused for every row
	begun bool
}

func newList(l layout) formatter {
	f := &listFormatter{layout: l}
	f.field = func(b []byte, v any) []byte { return appendPlain(b, v, l.null, l.reals) }
	return f
}

func newCSV(l layout) formatter {
	f := &listFormatter{layout: l}
	f.field = func(b []byte, v any) []byte { return appendCSV(b, v, l.colSep, l.null, l.reals) }
	return f
}

func (f *listFormatter) row(values []any) error {
	b := f.buf[:0]
	if !f.begun && f.titles != titlesOff {
		for i, name := range f.columns {
			b = f.separate(b, i)
			b = f.field(b, name)
		}
		b = append(b, f.rowSep...)
	}
	f.begun = true
	for i, v := range values {
		b = f.separate(b, i)
		b = f.field(b, v)
	}
	f.buf = append(b, f.rowSep...)
	_, err := f.w.Write(f.buf)
	return err
}

func (f *listFormatter) separate(b []byte, i int) []byte {
	if i == 0 {
		return b
	}
	return append(b, f.colSep...)
}

func (f *listFormatter) finish() error { return nil }

// jsonFormatter writes the rows as an array of objects; no rows, no array.
type jsonFormatter struct {
	layout
	names [][]byte // the column names as JSON, each with its colon
	buf   []byte
	begun bool
}

func newJSON(l layout) formatter {
	f := &jsonFormatter{layout: l}
	for _, name := range l.columns {
		f.names = append(f.names, append(appendJSONText(nil, name), ':'))
	}
	return f
}

func (f *jsonFormatter) row(values []any) error {
	b := f.buf[:0]
	if f.begun {
		b = append(b, "},\n{"...)
	} else {
		b = append(b, "[{"...)
	}
	f.begun = true
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, f.names[i]...)
		b = appendJSON(b, v, f.reals)
	}
	f.buf = b
	_, err := f.w.Write(b)
	return err
}

func (f *jsonFormatter) finish() error {
	if !f.begun {
		return nil
	}
	_, err := io.WriteString(f.w, "}]\n")
	return err
}
