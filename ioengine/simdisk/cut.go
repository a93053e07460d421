package simdisk

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A Cut is a disk at one instant, with the operations that were under way. Any
// number of crash images can be made of it, by any number of goroutines, while
// the disk itself goes on.
type Cut struct {
	at      int64
	now     time.Duration
	options Options
	dirs    []*directory
	files   []*fileCut // by inode number
	flight  []flying

	power struct {
		once    sync.Once
		choices []Choice
	}
}

// flying is a change that the operating system has and has not finished.
type flying struct {
	file *fileCut
	call Call
	data []byte
	off  int64 // of a write; otherwise the size
}

// Cut takes the disk's state. Operations that are only queued in the engine are
// not part of it: they die with the process.
func (d *Disk) Cut() *Cut {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cut()
}

func (d *Disk) cut() *Cut {
	c := &Cut{at: d.events, now: d.now, options: d.options}
	c.options.Faults = nil
	c.options.Seed = d.draw(drawImage, uint64(d.events))
	for _, dir := range d.dirs {
		c.dirs = append(c.dirs, dir.clone())
	}
	for _, f := range d.inodes {
		if d.named(f.number) {
			c.files = append(c.files, &fileCut{inode: f.clone(), sector: d.options.sectorBytes()})
		}
	}
	// In the order in which they would finish: one of the orders that the
	// operating system may choose.
	for _, o := range d.flight {
		if o.canceled || !callSet(CallWrite, CallTruncate, CallAllocate).has(o.call) {
			continue
		}
		if f := c.file(o.desc.inode.number); f != nil {
			c.flight = append(c.flight, flying{f, o.call, o.snapshot(), o.position()})
		}
	}
	return c
}

func (c *Cut) file(number uint64) *fileCut {
	i, ok := slices.BinarySearchFunc(c.files, number, func(f *fileCut, n uint64) int { return cmp.Compare(f.number, n) })
	if !ok {
		return nil
	}
	return c.files[i]
}

// At is the number of the last event before the cut.
func (c *Cut) At() int64 { return c.at }

// A ChoiceKind is what a crash decides.
type ChoiceKind uint8

const (
	Entries ChoiceKind = iota // how many changes of a directory there were
	Size                      // which size a file has
	Sector                    // which bytes a sector of a file holds
	Landing                   // how many pages of a write that was under way are in the page cache
)

func (k ChoiceKind) String() string {
	names := [...]string{"entries", "size", "sector", "landing"}
	if int(k) >= len(names) {
		return fmt.Sprintf("ChoiceKind(%d)", k)
	}
	return names[k]
}

// A Choice is one thing that a crash decides, independent of all others.
type Choice struct {
	Kind   ChoiceKind
	Path   string // the directory, or the name that the file was created with
	Off    int64  // of a sector, or of a write that was under way
	Newest int    // the versions go from 0 to this one

	file  *fileCut
	index int // into file.sectors
}

func (c Choice) String() string {
	s := fmt.Sprintf("%v %s", c.Kind, c.Path)
	if c.Kind == Sector || c.Kind == Landing {
		s += fmt.Sprintf(" %d", c.Off)
	}
	return s + fmt.Sprintf(" 0..%d", c.Newest)
}

// change is the last of the changes that a version of a sector consists of.
func (c Choice) change(version int) *change {
	return &c.file.changes[c.file.sectors[c.index].changes[version-1]]
}

// mayBeGarbage reports whether a version of a sector may.
func (c Choice) mayBeGarbage(version int, o *Options) bool {
	if version == 0 {
		return o.Allow&StaleTail != 0 && c.Off+o.sectorBytes() > c.file.durable.size
	}
	by := c.change(version)
	return by.end > by.off && (o.Allow&GarbageWritten != 0 || o.Allow&NoPowersafeOverwrite != 0 && by.partOf(c.Off, o.sectorBytes()))
}

// mayTear reports whether a version of a sector may be torn.
func (c Choice) mayTear(version int, o *Options) bool {
	return o.Allow&Torn != 0 && version > 0 && c.change(version).end > c.change(version).off
}

// partOf reports whether the change wrote to a part of the sector only.
func (c *change) partOf(off, sector int64) bool {
	return c.off > off || c.end < off+sector
}

// PowerChoices is what a power loss decides, in the order of its mask.
func (c *Cut) PowerChoices() []Choice {
	c.power.once.Do(c.prepare)
	return c.power.choices
}

// prepare lists what a power loss decides.
func (c *Cut) prepare() {
	var all []Choice
	for _, d := range c.dirs {
		if len(d.history) > 0 {
			all = append(all, Choice{Kind: Entries, Path: d.path, Newest: len(d.history)})
		}
	}
	for _, f := range c.files {
		f.changes = f.history
		f.ahead = f.cache.clone()
	}
	for i := range c.flight {
		w := &c.flight[i]
		if w.file.volatile {
			continue
		}
		ch := w.apply(&w.file.ahead)
		ch.seq = ^uint64(0)
		w.file.changes = append(w.file.changes, ch)
	}
	for _, f := range c.files {
		f.list()
		f.base = len(all)
		if len(f.sizes) > 0 {
			all = append(all, Choice{Kind: Size, Path: f.path, Newest: len(f.sizes), file: f})
		}
		for i, s := range f.sectors {
			all = append(all, Choice{Kind: Sector, Path: f.path, Off: s.sector * f.sector, Newest: len(s.changes), file: f, index: i})
		}
	}
	c.power.choices = all
}

// apply does the whole of what was under way.
func (w *flying) apply(m *content) change {
	switch {
	case w.call == CallWrite:
		return writeTo(m, w.data, w.off)
	case w.call == CallAllocate:
		return resizeTo(m, max(m.size, w.off))
	default:
		return resizeTo(m, w.off)
	}
}

// KillChoices is what the kill of the process decides, in the order of its
// mask: how much of each write that was under way had reached the page cache.
func (c *Cut) KillChoices() []Choice {
	var all []Choice
	for _, w := range c.flight {
		all = append(all, Choice{Kind: Landing, Path: w.file.path, Off: w.off, Newest: w.pages(), file: w.file})
	}
	return all
}

// pages is the number of pieces in which the kernel does what was under way.
func (w *flying) pages() int {
	if w.call != CallWrite {
		return 1
	}
	return int((w.off+int64(len(w.data))-1)/pageBytes - w.off/pageBytes + 1)
}

// NewestOf is the mask that keeps everything: what the page cache held, and
// what was under way.
func NewestOf(choices []Choice) Mask {
	m := make(Mask, len(choices))
	for i, c := range choices {
		m[i].Version = c.Newest
	}
	return m
}

// RandomOf is a random mask for choices of this cut, the same for the same
// seed. Some seeds keep nearly everything, some nearly nothing.
func (c *Cut) RandomOf(choices []Choice, seed uint64) Mask {
	m := make(Mask, len(choices))
	key := mix(seed ^ mix(c.options.Seed))
	// Sixteenths: how likely the newest, and how likely the oldest version is.
	newest, oldest := mix(key)%17, mix(key+1)%17
	for i, choice := range choices {
		draw := mix(key + 2 + uint64(i))
		switch {
		case draw%16 < newest:
			m[i].Version = choice.Newest
		case draw>>4%16 < oldest:
		default:
			m[i].Version = int(draw >> 8 % uint64(choice.Newest+1))
		}
		if choice.Kind == Sector || choice.Kind == Entries {
			m[i] = c.worsen(choice, m[i], mix(draw))
		}
	}
	return m
}

// worsen makes one pick in eight a hazard, if the disk allows any.
func (c *Cut) worsen(choice Choice, p Pick, draw uint64) Pick {
	subsets := AnySubset
	if choice.Kind == Entries {
		subsets = DirSubset
	}
	worse := p
	switch draw % 32 {
	case 0, 1:
		worse.Tear = 1 + int(draw>>8%uint64(c.options.sectorBytes()-1))
	case 2:
		worse.Garbage = true
	case 3:
		if c.options.Allow&subsets != 0 {
			worse = Pick{Subset: draw >> 8 & (1<<min(choice.Newest, 56) - 1)}
		}
	}
	if worse.check(choice, &c.options) != nil {
		return p
	}
	return worse
}

// check reports the first pick of the mask that the choices do not have.
func (c *Cut) check(m Mask, choices []Choice) error {
	if len(m) > len(choices) && m[len(choices):].String() != "" {
		return fmt.Errorf("simdisk: mask of %d picks for %d choices", len(m), len(choices))
	}
	for i, p := range m[:min(len(m), len(choices))] {
		if err := p.check(choices[i], &c.options); err != nil {
			return fmt.Errorf("simdisk: pick %d of the mask, %v for %v: %w", i, p, choices[i], err)
		}
	}
	return nil
}

// PowerLoss is the disk after a power loss at the instant of the cut, started
// again: what it holds is durable, nothing is open or locked, and there are no
// faults until [Disk.SetFaults]. It fails only for a mask that does not fit.
func (c *Cut) PowerLoss(m Mask) (*Disk, error) {
	choices := c.PowerChoices()
	if err := c.check(m, choices); err != nil {
		return nil, err
	}
	d := c.boot()
	next := 0
	for _, dir := range c.dirs {
		pick := Pick{}
		if len(dir.history) > 0 {
			pick = m.pick(next)
			next++
		}
		d.dirs = append(d.dirs, dir.afterPowerLoss(pick))
	}
	for _, f := range c.files {
		if f.volatile || !d.named(f.number) {
			continue
		}
		kept := f.build(m, &c.options)
		d.inodes = append(d.inodes, &inode{number: f.number, path: f.path, durable: kept, cache: kept.clone()})
	}
	d.lastInode = c.lastInode()
	return d, nil
}

// afterPowerLoss is the directory with what a pick leaves of its history.
func (d *directory) afterPowerLoss(p Pick) *directory {
	kept := &directory{path: d.path, durable: slices.Clone(d.durable)}
	for i := range d.history {
		if i < p.Version || i < 64 && p.Subset>>i&1 != 0 {
			d.history[i].applyTo(&kept.durable)
		}
	}
	kept.cache = slices.Clone(kept.durable)
	return kept
}

// Kill is the disk after the process was killed at the instant of the cut: the
// page cache is as it was, with as much of what was under way as the mask says,
// nothing of it is durable that was not, and nothing is open or locked.
func (c *Cut) Kill(m Mask) (*Disk, error) {
	if err := c.check(m, c.KillChoices()); err != nil {
		return nil, err
	}
	d := c.boot()
	for _, dir := range c.dirs {
		d.dirs = append(d.dirs, dir.clone())
	}
	for _, f := range c.files {
		d.inodes = append(d.inodes, f.inode.clone())
	}
	d.lastInode = c.lastInode()
	for i := range c.flight {
		d.land(&c.flight[i], m.pick(i).Version)
	}
	return d, nil
}

// land puts the first pages of what was under way into the page cache.
func (d *Disk) land(w *flying, pages int) {
	if pages == 0 {
		return
	}
	part := *w
	if w.call == CallWrite {
		end := (w.off/pageBytes + int64(pages)) * pageBytes
		part.data = w.data[:min(int64(len(w.data)), end-w.off)]
	}
	f := d.inode(w.file.number)
	change := part.apply(&f.cache)
	change.seq = d.nextSeq()
	f.remember(change, d.options.sectorBytes())
}

// boot is a disk without content, later than the cut.
func (c *Cut) boot() *Disk {
	d := New(c.options)
	d.now = c.now
	return d
}

func (c *Cut) lastInode() uint64 {
	if len(c.files) == 0 {
		return 0
	}
	return c.files[len(c.files)-1].number
}
