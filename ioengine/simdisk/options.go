package simdisk

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// Options says what a disk is like. The zero value is a strict disk without
// faults: a sync keeps what it promises and nothing more, and a crash loses or
// keeps whole sectors. Everything worse is asked for.
type Options struct {
	// Seed decides whatever the rest leaves open: times and with them the
	// order of completions, fates of cancellations, the bytes of garbage.
	Seed uint64

	// Sector4096 makes the device write sectors of 4096 bytes, not of 512.
	Sector4096 bool

	// Allow is what a power loss may do beyond losing whole sectors.
	Allow Hazards

	// Journalled lets the sync of a file also make its name durable, and with
	// it every older change of its directory, as journalling file systems do.
	// Without it only a sync of the directory does.
	Journalled bool

	// A call takes from LatencyMin to LatencyMax of virtual time. If both are
	// 0 they are 50µs and 150µs; if LatencyMax is less than LatencyMin, every
	// call takes LatencyMin, and calls finish in the order they started.
	LatencyMin, LatencyMax time.Duration

	// VolatileSuffix, if not empty, marks by their names the files of a file
	// system in memory: a kill leaves them, a power loss does not.
	VolatileSuffix string

	Faults Faults
}

// Hazards is a set of things that a power loss may do to what was not synced.
type Hazards uint8

const (
	// Torn leaves the first bytes of a sector new and the others old.
	Torn Hazards = 1 << iota
	// GarbageWritten leaves garbage where a write was under way.
	GarbageWritten
	// NoPowersafeOverwrite leaves garbage in the whole of a sector of which a
	// write touched a part: SQLite's psow=0 (https://sqlite.org/psow.html).
	NoPowersafeOverwrite
	// StaleTail leaves garbage where a file grew and its data did not arrive,
	// as ext4 does with data=writeback.
	StaleTail
	// AnySubset keeps any subset of the writes to a sector, not only the
	// oldest ones: over-strict, no page cache does it.
	AnySubset
	// DirSubset keeps any subset of a directory's changes, not only the oldest
	// ones: over-strict, no journalling file system does it.
	DirSubset
)

var hazardNames = []string{"torn", "garbage-written", "psow-off", "stale-tail", "any-subset", "dir-subset"}

func (h Hazards) String() string {
	var names []string
	for i, name := range hazardNames {
		if h&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	if rest := h >> len(hazardNames) << len(hazardNames); rest != 0 {
		names = append(names, fmt.Sprintf("Hazards(%d)", rest))
	}
	return strings.Join(names, " ")
}

const (
	defaultLatencyMin = 50 * time.Microsecond
	defaultLatencyMax = 150 * time.Microsecond
)

func (o *Options) sectorBytes() int64 {
	if o.Sector4096 {
		return 4096
	}
	return 512
}

// latency is the time that a call takes, by a random draw.
func (o *Options) latency(draw uint64) time.Duration {
	low, high := o.LatencyMin, o.LatencyMax
	if low == 0 && high == 0 {
		low, high = defaultLatencyMin, defaultLatencyMax
	}
	if high <= low {
		return low
	}
	offset, _ := bits.Mul64(draw, uint64(high-low)+1)
	return low + time.Duration(offset)
}

// String is the options in the form that ParseRepro reads, in one line:
//
//	(seed 7) (sector 4096) (allow torn) (journalled) (latency 10µs 2ms) (volatile "-shm") (eio (on sync))
func (o Options) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "(seed %d)", o.Seed)
	if o.Sector4096 {
		b.WriteString(" (sector 4096)")
	}
	if o.Allow != 0 {
		fmt.Fprintf(&b, " (allow %v)", o.Allow)
	}
	if o.Journalled {
		b.WriteString(" (journalled)")
	}
	if o.LatencyMin != 0 || o.LatencyMax != 0 {
		fmt.Fprintf(&b, " (latency %v %v)", o.LatencyMin, o.LatencyMax)
	}
	if o.VolatileSuffix != "" {
		fmt.Fprintf(&b, " (volatile %q)", o.VolatileSuffix)
	}
	if len(o.Faults) > 0 {
		b.WriteString(" " + o.Faults.String())
	}
	return b.String()
}

// A Crash is what happened to a disk at one of its events.
type Crash struct {
	At   int64 // the event's number
	Kill bool  // of the process; otherwise the power was lost
	Mask Mask  // what became of everything that was open
}

// A Repro is one line that brings a failure back: the disk that the program ran
// on and the crashes that followed, each on the disk that the one before left.
//
//	(seed 7) (allow torn) (eio (on sync) (nth 3)) (power 120 0*3 1t17) (kill 15)
type Repro struct {
	Options Options
	Crashes []Crash
}

func (r Repro) String() string {
	var b strings.Builder
	b.WriteString(r.Options.String())
	for _, c := range r.Crashes {
		word := "power"
		if c.Kill {
			word = "kill"
		}
		fmt.Fprintf(&b, " (%s %d", word, c.At)
		if text := c.Mask.String(); text != "" {
			b.WriteString(" " + text)
		}
		b.WriteString(")")
	}
	return b.String()
}

// ParseRepro reads what [Repro.String] or [Options.String] wrote.
func ParseRepro(line string) (Repro, error) {
	var r Repro
	forms, err := parseForms(line)
	if err == nil {
		for _, f := range forms {
			if err = r.parse(f); err != nil {
				break
			}
		}
	}
	if err != nil {
		return Repro{}, fmt.Errorf("simdisk: parse %q: %w", line, err)
	}
	return r, nil
}

func (r *Repro) parse(f form) (err error) {
	o := &r.Options
	switch f.head() {
	case "seed":
		if len(f.list) != 2 {
			return fmt.Errorf("%s: wants 1 number", f.text)
		}
		if o.Seed, err = strconv.ParseUint(f.list[1].atom, 10, 64); err != nil {
			err = fmt.Errorf("%s: %s is not a number of 64 bits", f.text, f.list[1].text)
		}
	case "sector":
		var w []int
		if w, err = f.words([]string{"512", "4096"}); err == nil {
			o.Sector4096 = w[0] == 1
		}
	case "allow":
		var w []int
		w, err = f.words(hazardNames)
		for _, i := range w {
			o.Allow |= 1 << i
		}
	case "journalled":
		_, err = f.ints(0, 0, 0)
		o.Journalled = true
	case "latency":
		var t []time.Duration
		if t, err = f.durations(2); err == nil {
			o.LatencyMin, o.LatencyMax = t[0], t[1]
		}
	case "volatile":
		o.VolatileSuffix, err = f.quotedString()
	case "power", "kill":
		err = r.parseCrash(f)
	default:
		var fault Fault
		fault, err = parseFault(f)
		o.Faults = append(o.Faults, fault)
	}
	return err
}

func (r *Repro) parseCrash(f form) error {
	if len(f.list) < 2 {
		return fmt.Errorf("%s: wants the number of an event", f.text)
	}
	at, err := form{text: f.text, list: f.list[:2]}.ints(1, 1, 0)
	if err != nil {
		return err
	}
	var picks []string
	for _, pick := range f.list[2:] {
		picks = append(picks, pick.text)
	}
	mask, err := ParseMask(strings.Join(picks, " "))
	if err != nil {
		return err
	}
	r.Crashes = append(r.Crashes, Crash{At: at[0], Kill: f.head() == "kill", Mask: mask})
	return nil
}
