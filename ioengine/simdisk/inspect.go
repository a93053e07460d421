package simdisk

import (
	"path"

	"github.com/turso-coop/turso-coop/ioengine"
)

// The methods in this file are for whoever looks at the disk from outside: they
// take no virtual time, meet no faults and leave no trace.

// Files returns the names of all files, in order.
func (d *Disk) Files() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var names []string
	for _, dir := range d.dirs {
		for _, e := range dir.cache {
			names = append(names, path.Join(dir.path, e.name))
		}
	}
	return names
}

// ReadFile returns what a file holds, as a process would see it.
func (d *Disk) ReadFile(name string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, ok := d.find(clean(name))
	if !ok {
		return nil, &pathError{"read", name}
	}
	p := make([]byte, f.cache.size)
	f.cache.read(p, 0)
	return p, nil
}

// WriteFile makes a file with the given content, or replaces its content, name
// and all durable at once: it was there before the run began.
func (d *Disk) WriteFile(name string, data []byte) error {
	if int64(len(data)) > maxFileBytes {
		return errTooLarge
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return ioengine.ErrClosed
	}
	name = clean(name)
	f, ok := d.find(name)
	dir, base := d.dirOf(name)
	if !ok {
		f = d.newInode(name, d.isVolatile(name))
		dir.cache.set(base, f.number)
	}
	f.cache = content{}
	if len(data) > 0 {
		f.cache.write(data, 0)
	}
	f.history, f.diverged, f.resident = nil, false, nil
	if !f.volatile {
		dir.durable.set(base, f.number)
		f.durable = f.cache.clone()
	}
	return nil
}

// Hash is a hash over the names and contents of all files, as a process would
// see them: crash images with the same hash need to be examined only once.
func (d *Disk) Hash() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := uint64(0)
	for _, dir := range d.dirs {
		for _, e := range dir.cache {
			name := sum64([]byte(path.Join(dir.path, e.name)))
			h += mix(name ^ mix(d.inode(e.inode).cache.hash()))
		}
	}
	return h
}
