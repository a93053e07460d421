package simdisk

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/turso-coop/turso-coop/completion"
	"github.com/turso-coop/turso-coop/ioengine"
)

// A Disk is a simulated disk with the operating system's cache over it, and an
// [ioengine.Engine] for its files. All methods may be called concurrently; a
// run is reproducible if its calls come in the same order.
type Disk struct {
	options Options

	// drive is held by whoever advances the clock, and taken before mu.
	drive sync.Mutex
	mu    sync.Mutex
	idle  sync.Cond // of mu: a file has nothing under way any more

	now      time.Duration
	seq      uint64 // of the last change
	events   int64
	calls    uint64
	trace    uint64
	watch    func(e Event, cut func() *Cut)
	faults   []faultCount
	injected []Injection

	inodes    []*inode // by number
	lastInode uint64
	dirs      []*directory // by path
	open      []*description
	lastFd    uintptr

	queue  []*op // taken, and the operating system has not got them
	flight []*op // by the time at which they finish
	unused []*op // to be used again

	underway int // operations taken and not finished
	stats    ioengine.Stats
	closed   bool
}

var _ ioengine.Engine = (*Disk)(nil)

// Kind is what Stats calls the engine.
const Kind ioengine.Kind = "simdisk"

// New makes an empty disk.
func New(o Options) *Disk {
	d := &Disk{options: o}
	d.idle.L = &d.mu
	d.SetFaults(o.Faults)
	return d
}

// Options is what the disk was made with. Those of a crash image are the
// original's with a seed of its own and without faults.
func (d *Disk) Options() Options { return d.options }

// Now is the virtual time since the first disk was made; crash images go on
// counting.
func (d *Disk) Now() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

// stream keeps random draws for different purposes apart.
type stream uint64

const (
	drawLatency stream = iota
	drawCancel
	drawShort
	drawRot
	drawPart
	drawImage
	drawRate // and one for each fault
)

// draw is a random number that depends on nothing but the seed and the keys, so
// that one more fault or call elsewhere does not change it.
func (d *Disk) draw(s stream, key uint64) uint64 {
	return mix(mix(d.options.Seed^mix(uint64(s))) ^ mix(key))
}

func (d *Disk) nextSeq() uint64 {
	d.seq++
	return d.seq
}

// A description is an open file, as the operating system sees it: locks and
// the errors of write-backs that it was not told of belong to it.
type description struct {
	fd       uintptr
	path     string
	dir      *directory // of a directory; otherwise inode is set
	inode    *inode
	readOnly bool
	closed   bool
	lock     LockLevel
	told     uint64 // inode.lostSeq that it was told of
	// uncachable: its file system does not answer reads from the cache alone.
	uncachable bool
}

// OpenFile opens a file of the disk, or one of its directories, as [os.OpenFile]
// does; of its flags it knows os.O_RDONLY, O_RDWR, O_CREATE, O_EXCL and O_TRUNC.
// The empty name makes a file without a name, which is gone once it is closed.
// Directories need not be made. Errors are those of the operating system.
func (d *Disk) OpenFile(name string, flag int) (*File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if name != "" {
		name = clean(name)
	}
	f, err := d.openFile(name, flag)
	d.immediate(CallOpen, name, 0, 0, err)
	return f, err
}

// clean makes one name of all that mean the same. A name with backslashes, as
// package filepath makes them on Windows, means one with slashes.
func clean(name string) string { return path.Clean(strings.ReplaceAll(name, `\`, "/")) }

func (d *Disk) openFile(name string, flag int) (*File, error) {
	known := syscall.O_RDONLY | syscall.O_RDWR | syscall.O_CREAT | syscall.O_EXCL | syscall.O_TRUNC
	switch fault := d.match(CallOpen, name, 0, 0); {
	case d.closed:
		return nil, ioengine.ErrClosed
	case flag&^known != 0:
		return nil, syscall.EINVAL
	case fault.err() != nil:
		return nil, fault.err()
	}
	o := &description{path: name, readOnly: flag&syscall.O_RDWR == 0}
	if dir := d.findDir(name); dir != nil && name != "" {
		if !o.readOnly || flag&syscall.O_CREAT != 0 {
			return nil, syscall.EISDIR
		}
		o.dir = dir
		return d.describe(o), nil
	}
	f, err := d.lookup(name, flag)
	if err != nil {
		return nil, err
	}
	if flag&syscall.O_TRUNC != 0 && !o.readOnly && f.cache.size > 0 {
		d.resize(f, 0)
	}
	o.inode = f
	f.opens++
	o.told = f.lostSeq
	if !f.lostSeen && f.lostSeq > 0 {
		o.told-- // nobody was told yet: whoever asks first is, even if later
	}
	return d.describe(o), nil
}

// lookup finds a file to open, or makes it.
func (d *Disk) lookup(name string, flag int) (*inode, error) {
	if name == "" {
		return d.newInode(name, true), nil
	}
	dir, base := d.dirOf(name)
	number, exists := dir.cache.lookup(base)
	parent, parentBase := path.Split(dir.path)
	switch {
	case exists && flag&(syscall.O_CREAT|syscall.O_EXCL) == syscall.O_CREAT|syscall.O_EXCL:
		return nil, syscall.EEXIST
	case exists:
		return d.inode(number), nil
	case flag&syscall.O_CREAT == 0:
		return nil, syscall.ENOENT
	}
	if above := d.findDir(path.Clean(parent)); above != nil {
		if _, isFile := above.cache.lookup(parentBase); isFile {
			return nil, syscall.ENOTDIR
		}
	}
	f := d.newInode(name, d.isVolatile(name))
	dir.apply(entryChange{seq: d.nextSeq(), kind: entryCreate, name: base, inode: f.number}, f.volatile)
	return f, nil
}

func (d *Disk) isVolatile(name string) bool {
	return d.options.VolatileSuffix != "" && strings.HasSuffix(name, d.options.VolatileSuffix)
}

// describe makes o an open file.
func (d *Disk) describe(o *description) *File {
	d.lastFd++
	o.fd = d.lastFd
	d.open = append(d.open, o)
	return &File{d: d, desc: o, owns: true}
}

func (d *Disk) newInode(name string, volatile bool) *inode {
	d.lastInode++
	f := &inode{number: d.lastInode, path: name, volatile: volatile}
	d.inodes = append(d.inodes, f)
	return f
}

// inode finds a file that exists.
func (d *Disk) inode(number uint64) *inode {
	i, ok := slices.BinarySearchFunc(d.inodes, number, func(f *inode, n uint64) int { return cmp.Compare(f.number, n) })
	if !ok {
		return nil
	}
	return d.inodes[i]
}

// named reports whether a name stands for the file, or can again after a crash.
func (d *Disk) named(number uint64) bool {
	return slices.ContainsFunc(d.dirs, func(dir *directory) bool { return dir.names(number) })
}

// sweep forgets the files that nobody can reach any more.
func (d *Disk) sweep() {
	d.inodes = slices.DeleteFunc(d.inodes, func(f *inode) bool { return f.opens == 0 && !d.named(f.number) })
}

func searchDir(dirs []*directory, name string) (int, bool) {
	return slices.BinarySearchFunc(dirs, name, func(dir *directory, p string) int { return strings.Compare(dir.path, p) })
}

func (d *Disk) findDir(name string) *directory {
	if i, ok := searchDir(d.dirs, name); ok {
		return d.dirs[i]
	}
	return nil
}

// dirOf is the directory of a file, and the file's name in it.
func (d *Disk) dirOf(name string) (dir *directory, base string) {
	at := path.Dir(name)
	i, ok := searchDir(d.dirs, at)
	if !ok {
		d.dirs = slices.Insert(d.dirs, i, &directory{path: at})
	}
	return d.dirs[i], path.Base(name)
}

// Remove removes the name of a file. The file itself lives as long as it is
// open, and is back after a power loss unless its directory is synced.
func (d *Disk) Remove(name string) error {
	name = clean(name)
	return d.rename(CallRemove, name, func(dir *directory, base string, number uint64, seq uint64) error {
		dir.apply(entryChange{seq: seq, kind: entryRemove, name: base, inode: number}, d.inode(number).volatile)
		return nil
	})
}

// Rename gives a file another name in the same directory, atomically; a file
// that had the name loses it. To another directory it fails with EXDEV.
func (d *Disk) Rename(from, to string) error {
	from, to = clean(from), clean(to)
	return d.rename(CallRename, from, func(dir *directory, base string, number uint64, seq uint64) error {
		target := path.Base(to)
		switch replaced, _ := dir.cache.lookup(target); {
		case path.Dir(from) != path.Dir(to), d.isVolatile(from) != d.isVolatile(to):
			return syscall.EXDEV
		case d.findDir(to) != nil:
			return syscall.EISDIR
		case replaced != number:
			dir.apply(entryChange{seq: seq, kind: entryRename, name: base, to: target, inode: number}, d.isVolatile(from))
		}
		return nil
	})
}

// rename is what the calls have in common that change the name of a file.
func (d *Disk) rename(call Call, name string, change func(dir *directory, base string, number, seq uint64) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := func() error {
		if d.closed {
			return ioengine.ErrClosed
		}
		dir, base := d.dirOf(name)
		number, exists := dir.cache.lookup(base)
		fault := d.match(call, name, 0, 0)
		if exists && (fault.err() == nil || fault.applied) {
			if err := change(dir, base, number, d.nextSeq()); err != nil {
				return err
			}
			d.sweep()
		}
		if fault.err() != nil {
			return fault.err()
		}
		if !exists {
			return syscall.ENOENT
		}
		return nil
	}()
	d.immediate(call, name, 0, 0, err)
	return err
}

// Exists reports whether a file has the name.
func (d *Disk) Exists(name string) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	name = clean(name)
	if d.closed {
		return false, ioengine.ErrClosed
	}
	if fault := d.match(CallExists, name, 0, 0); fault.err() != nil {
		d.immediate(CallExists, name, 0, 0, fault.err())
		return false, fault.err()
	}
	_, exists := d.find(name)
	n := int64(0)
	if exists {
		n = 1
	}
	d.immediate(CallExists, name, 0, n, nil)
	return exists, nil
}

// SyncDir makes durable which names the files of a directory have, and waits
// for that.
func (d *Disk) SyncDir(name string) error {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return ioengine.ErrClosed
	}
	dir, _ := d.dirOf(clean(name) + "/.")
	f := d.describe(&description{path: dir.path, dir: dir, readOnly: true})
	d.mu.Unlock()
	var c completion.Completion
	f.Sync(&c, ioengine.SyncNormal)
	d.Wait(&c, completion.NewWaker())
	_ = f.Close() // nothing is under way, so it cannot fail
	return c.Err()
}

// find looks a file up by its cleaned name.
func (d *Disk) find(name string) (*inode, bool) {
	dir := d.findDir(path.Dir(name))
	if dir == nil {
		return nil, false
	}
	number, ok := dir.cache.lookup(path.Base(name))
	if !ok {
		return nil, false
	}
	return d.inode(number), true
}
