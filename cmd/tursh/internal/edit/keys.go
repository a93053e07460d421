package edit

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// A Key is something that has been typed: text, or a wish.
type Key struct {
	Code Code
	Text string // what was typed or pasted, for Typed and Pasted
}

// Code is what a key asks for, whichever the key was.
type Code uint8

// What keys ask for.
const (
	Unknown   Code = iota // a key that means nothing here
	Typed                 // text, as much as came at once
	Pasted                // text between the brackets that a terminal puts around a paste
	Enter                 // run the text, or begin the next line of it
	NewLine               // begin the next line, whatever the text is
	Tab                   // complete, or choose the next completion
	BackTab               // choose the completion before
	Backspace             // delete the character before the cursor
	Delete                // delete the character at the cursor
	Left
	Right
	Up   // the line above, or the entry before in the history
	Down // the line below, or the next entry in the history
	Home // the start of the line
	End  // the end of the line
	WordLeft
	WordRight
	TextStart
	TextEnd
	Older // the entry before in the history
	Newer // the next entry in the history
	KillToEnd
	KillToStart
	KillWordBack
	KillWord
	Yank // insert what was killed last
	Undo
	Clear         // the screen
	SearchOlder   // in the history
	SearchNewer   // in the history
	Cancel        // a search, or the choice of a completion
	Interrupt     // give the text up
	EndOfFile     // end the input, or delete a character
	Suspend       // stop the program, until the user's shell lets it go on
	EditElsewhere // edit the text in a program of the user's choice
)

// controls are the keys with one byte below blank, and Delete.
var controls = map[byte]Code{
	0x01: Home, 0x02: Left, 0x03: Interrupt, 0x04: EndOfFile, 0x05: End, 0x06: Right, 0x07: Cancel, 0x08: Backspace,
	'\t': Tab, '\n': Enter, 0x0b: KillToEnd, 0x0c: Clear, '\r': Enter, 0x0e: Down, 0x10: Up, 0x12: SearchOlder,
	0x13: SearchNewer, 0x15: KillToStart, 0x17: KillWordBack, 0x19: Yank, 0x1a: Suspend, 0x1f: Undo, 0x7f: Backspace,
}

// sequences are the keys that a terminal sends as an escape and more, of which
// there are several dialects. Shift changes none of them.
var sequences = map[string]Code{
	"[A": Up, "[B": Down, "[C": Right, "[D": Left, "[H": Home, "[F": End, "[Z": BackTab,
	"OA": Up, "OB": Down, "OC": Right, "OD": Left, "OH": Home, "OF": End, "OM": Enter,
	"[1~": Home, "[3~": Delete, "[4~": End, "[5~": Older, "[6~": Newer, "[7~": Home, "[8~": End,
	"[1;5A": Older, "[1;5B": Newer, "[1;5C": WordRight, "[1;5D": WordLeft, "[1;5H": TextStart, "[1;5F": TextEnd,
	"[1;3A": Older, "[1;3B": Newer, "[1;3C": WordRight, "[1;3D": WordLeft, "[1;3H": TextStart, "[1;3F": TextEnd,
	"[3;5~": KillWord, "[3;3~": KillWord, "[13;2u": NewLine, "[27;2;13~": NewLine,
	"": Cancel, "b": WordLeft, "f": WordRight, "d": KillWord, "\x7f": KillWordBack, "\b": KillWordBack,
	"<": TextStart, ">": TextEnd, "p": Older, "n": Newer, "\r": NewLine, "\n": NewLine, "e": EditElsewhere,
}

// The brackets around pasted text.
const (
	pasteStart = "\x1b[200~"
	pasteEnd   = "\x1b[201~"
)

// A decoder makes keys of the bytes that a terminal sends.
type decoder struct {
	bytes   []byte
	pasting bool // between the brackets, of which the first is gone
}

// next returns the next key; ok is false if there is none, or only a part of
// one. settled says that nothing more has come for a while, so that an escape
// is the key of that name, and not the start of a sequence.
func (d *decoder) next(settled bool) (k Key, ok bool) {
	if d.pasting {
		return d.paste(settled)
	}
	if len(d.bytes) == 0 {
		return Key{}, false
	}
	switch c := d.bytes[0]; {
	case c == '\x1b':
		return d.escape(settled)
	case c < ' ' || c == 0x7f:
		d.bytes = d.bytes[1:]
		return Key{Code: controls[c]}, true
	}
	return d.typed(settled)
}

// typed takes the text up to the next key of another kind.
func (d *decoder) typed(settled bool) (k Key, ok bool) {
	n := 0
	for n < len(d.bytes) && d.bytes[n] >= ' ' && d.bytes[n] != 0x7f {
		if !settled && !utf8.FullRune(d.bytes[n:]) {
			break
		}
		_, size := utf8.DecodeRune(d.bytes[n:])
		n += size
	}
	text := strings.ToValidUTF8(string(d.bytes[:n]), "\ufffd")
	d.bytes = d.bytes[n:]
	return Key{Typed, text}, n > 0
}

// paste takes pasted text once it is there to its end. Ends of lines become the
// usual ones; other control characters, which could steer the terminal when
// they are drawn, are dropped.
func (d *decoder) paste(settled bool) (k Key, ok bool) {
	end := bytes.Index(d.bytes, []byte(pasteEnd))
	if end < 0 {
		if settled && bytes.HasSuffix(d.bytes, []byte{0x03}) { // the terminal has lost the end
			*d = decoder{}
			return Key{Code: Interrupt}, true
		}
		return Key{}, false
	}
	text := strings.ToValidUTF8(string(d.bytes[:end]), "\ufffd")
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || 0x7f <= r && r < 0xa0 {
			return -1
		}
		return r
	}, text)
	d.bytes = d.bytes[end+len(pasteEnd):]
	d.pasting = false
	return Key{Pasted, text}, true
}

// escape takes a sequence, or the escape key.
func (d *decoder) escape(settled bool) (k Key, ok bool) {
	n := sequenceLen(d.bytes)
	if n == 0 {
		if !settled {
			return Key{}, false
		}
		if n = len(d.bytes); n == 1 {
			d.bytes = d.bytes[1:]
			return Key{Code: Cancel}, true
		}
	}
	sequence := string(d.bytes[:n])
	d.bytes = d.bytes[n:]
	if sequence == pasteStart {
		d.pasting = true
		return d.next(settled)
	}
	name := sequence[1:]
	if code, known := sequences[name]; known {
		return Key{Code: code}, true
	}
	name = strings.Replace(name, ";2", "", 1) // with shift
	if strings.HasPrefix(name, "[1") && len(name) == 3 && name[2] != '~' {
		name = "[" + name[2:]
	}
	return Key{Code: sequences[name]}, true
}

// sequenceLen returns the length of the escape sequence that b begins with, 0 if
// its end is not there yet.
func sequenceLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '[':
		for i := 2; i < len(b); i++ {
			if 0x40 <= b[i] && b[i] <= 0x7e {
				return i + 1
			}
		}
		return 0
	case 'O':
		if len(b) < 3 {
			return 0
		}
		return 3
	case '\r', '\n', '\b':
		return 2
	}
	if b[1] < ' ' {
		return 1 // an escape key before another key
	}
	_, size := utf8.DecodeRune(b[1:])
	return 1 + size
}
