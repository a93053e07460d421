package simdisk

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Pick is what became of one [Choice]. Its zero value is the oldest version.
type Pick struct {
	// Version is 0 for what was durable, and Choice.Newest for what the system
	// had last; in between it counts the changes. Of a Landing it is the number
	// of pages.
	Version int
	// Tear, if not 0, is how many bytes of the sector have that version; the
	// others have the version before.
	Tear int
	// Garbage: what the last of those changes wrote is garbage, or, of version
	// 0, what the file grew by.
	Garbage bool
	// Subset, if not 0, replaces Version: bit i says whether the change i+1
	// happened, of the first 64.
	Subset uint64
}

// String is the pick as it stands in a mask: 3, 3t100 (torn after 100 bytes),
// 3g (garbage), or x5 (a subset, in hexadecimal).
func (p Pick) String() string {
	switch {
	case p.Subset != 0:
		return "x" + strconv.FormatUint(p.Subset, 16)
	case p.Garbage:
		return strconv.Itoa(p.Version) + "g"
	case p.Tear != 0:
		return strconv.Itoa(p.Version) + "t" + strconv.Itoa(p.Tear)
	}
	return strconv.Itoa(p.Version)
}

// A Mask holds a pick for each choice of a [Cut], in their order. Choices
// beyond its end take the zero Pick: the empty mask is the strictest crash,
// which keeps nothing that was not promised.
type Mask []Pick

func (m Mask) pick(i int) Pick {
	if i >= len(m) {
		return Pick{}
	}
	return m[i]
}

// String is the mask in the form that [ParseMask] reads: picks with how often
// they repeat, without the zeros at the end.
//
//	0*12 1 3t100 0*5 2
func (m Mask) String() string {
	end := len(m)
	for end > 0 && m[end-1] == (Pick{}) {
		end--
	}
	var b strings.Builder
	for i := 0; i < end; {
		run := i + 1
		for run < end && m[run] == m[i] {
			run++
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(m[i].String())
		if run-i > 1 {
			fmt.Fprintf(&b, "*%d", run-i)
		}
		i = run
	}
	return b.String()
}

// maxPicks bounds a mask that is read, so that a typing error in a repeat count
// does not eat the memory.
const maxPicks = 1 << 20

// ParseMask reads what [Mask.String] wrote.
func ParseMask(text string) (Mask, error) {
	var m Mask
	for _, word := range strings.Fields(text) {
		pick, times, repeated := strings.Cut(word, "*")
		n := 1
		var err error
		if repeated {
			if n, err = strconv.Atoi(times); err != nil || n < 1 || n > maxPicks-len(m) {
				return nil, fmt.Errorf("simdisk: parse mask: %q does not repeat from 1 to %d times", word, maxPicks)
			}
		}
		p, err := parsePick(pick)
		if err != nil {
			return nil, fmt.Errorf("simdisk: parse mask: %q is not a pick such as 3, 3t100, 3g or x5", word)
		}
		for range n {
			m = append(m, p)
		}
	}
	return m, nil
}

func parsePick(s string) (p Pick, err error) {
	if hex, ok := strings.CutPrefix(s, "x"); ok {
		p.Subset, err = strconv.ParseUint(hex, 16, 64)
		return p, err
	}
	s, p.Garbage = strings.CutSuffix(s, "g")
	s, tear, torn := strings.Cut(s, "t")
	if torn {
		if p.Tear, err = parseCount(tear); err != nil {
			return p, err
		}
	}
	p.Version, err = parseCount(s)
	return p, err
}

func parseCount(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 31)
	return int(n), err
}

// check reports what is wrong with a pick, if it is none for the choice on a
// disk that allows those hazards.
func (p Pick) check(c Choice, o *Options) error {
	sector := c.Kind == Sector
	switch {
	case p.Version < 0 || p.Version > c.Newest:
		return fmt.Errorf("version %d of 0 to %d", p.Version, c.Newest)
	case p.Subset != 0 && (p.Version != 0 || p.Tear != 0 || p.Garbage):
		return errors.New("a subset beside a version, a tear or garbage")
	case p.Subset != 0 && c.Newest < 64 && p.Subset>>c.Newest != 0:
		return fmt.Errorf("a subset of %d changes", c.Newest)
	case p.Subset != 0 && !(sector && o.Allow&AnySubset != 0) && !(c.Kind == Entries && o.Allow&DirSubset != 0):
		return errors.New("a subset is not allowed")
	case p.Tear != 0 && (!sector || p.Garbage || !c.mayTear(p.Version, o)):
		return errors.New("a tear is not allowed")
	case p.Tear < 0 || int64(p.Tear) >= o.sectorBytes():
		return fmt.Errorf("a tear after %d bytes of a sector", p.Tear)
	case p.Garbage && !(sector && c.mayBeGarbage(p.Version, o)):
		return errors.New("garbage is not allowed")
	}
	return nil
}
