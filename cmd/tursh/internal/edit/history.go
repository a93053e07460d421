package edit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A History is what was typed before, the latest last: whole texts, not lines.
// With a file it outlives the program.
//
// Programs that run at the same time share a file. Each adds to its end, reads
// it when it starts, and when it has become too long puts a shorter one in its
// place; all of that under a lock, so that nothing is lost.
type History struct {
	name    string // of the file, "" for none
	entries []string
}

// What is kept.
const (
	maxEntries    = 5000
	maxEntryBytes = 64 << 10 // a longer text is remembered by this program only
)

// OpenHistory reads the file called name, and makes it, for its owner only, if
// it is not there; first is then what it begins with. The result is of use also
// if there is an error: the program then remembers, and nothing else does. ""
// means no file.
func OpenHistory(name string, first func() []string) (*History, error) {
	h := &History{name: name}
	if name == "" {
		return h, nil
	}
	err := h.open(first)
	if err != nil {
		h.name = ""
		err = fmt.Errorf("history %s: %w", name, err)
	}
	return h, err
}

func (h *History) open(first func() []string) error {
	if err := os.MkdirAll(filepath.Dir(h.name), 0o700); err != nil {
		return err
	}
	return h.withFile(func(f *os.File) error {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
			if err := f.Chmod(0o600); err != nil {
				return err
			}
		}
		data, err := io.ReadAll(f)
		if err != nil {
			return err
		}
		h.entries = decodeEntries(data)
		if len(data) == 0 && first != nil {
			if h.entries = first(); len(h.entries) > 0 {
				return h.rewrite()
			}
		}
		if len(h.entries) > maxEntries+maxEntries/4 { // not for each one too many
			return h.rewrite()
		}
		return nil
	})
}

// withFile calls use with the file, locked and at its start; writing appends.
func (h *History) withFile(use func(f *os.File) error) error {
	for {
		f, err := os.OpenFile(h.name, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		same, err := lockCurrent(f, h.name)
		if err == nil && same {
			err = use(f)
			return errors.Join(err, f.Close())
		}
		f.Close()
		if err != nil {
			return err
		}
	}
}

// lockCurrent locks f, and reports whether it still is the file of that name:
// somebody may have put another one in its place meanwhile.
func lockCurrent(f *os.File, name string) (same bool, err error) {
	if err := lockFile(f); err != nil {
		return false, err
	}
	mine, err := f.Stat()
	if err != nil {
		return false, err
	}
	current, err := os.Stat(name)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil && (os.SameFile(mine, current) || !mine.Mode().IsRegular()), err
}

// rewrite puts a file with the latest entries in the place of the one that is
// there, whose lock is held.
func (h *History) rewrite() error {
	h.entries = h.entries[max(0, len(h.entries)-maxEntries):]
	f, err := os.CreateTemp(filepath.Dir(h.name), filepath.Base(h.name)+".*") // readable by its owner only
	if err != nil {
		return err
	}
	var b []byte
	for _, entry := range h.entries {
		b = appendEntry(b, entry)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), h.name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// Add remembers text as the latest, unless it is empty, the same as the one
// before, or begins with a blank.
func (h *History) Add(text string) error {
	if text == "" || text[0] == ' ' || len(h.entries) > 0 && h.entries[len(h.entries)-1] == text {
		return nil
	}
	h.entries = append(h.entries, text)
	if h.name == "" || len(text) > maxEntryBytes {
		return nil
	}
	err := h.withFile(func(f *os.File) error {
		_, err := f.Write(appendEntry(nil, text))
		return err
	})
	if err != nil {
		return fmt.Errorf("history %s: %w", h.name, err)
	}
	return nil
}

// All returns what was typed, the latest last.
func (h *History) All() iter.Seq[string] { return slices.Values(h.entries) }

// appendEntry appends a line with an entry: in it, ends of lines are \n and a
// backslash is doubled.
func appendEntry(b []byte, entry string) []byte {
	for i := range len(entry) {
		switch c := entry[i]; c {
		case '\n':
			b = append(b, '\\', 'n')
		case '\\':
			b = append(b, '\\', '\\')
		default:
			b = append(b, c)
		}
	}
	return append(b, '\n')
}

func decodeEntries(data []byte) (entries []string) {
	unescape := strings.NewReplacer(`\\`, `\`, `\n`, "\n")
	for line := range bytes.Lines(data) {
		if text := bytes.TrimSuffix(line, []byte{'\n'}); len(text) > 0 {
			entries = append(entries, unescape.Replace(string(text)))
		}
	}
	return entries
}
