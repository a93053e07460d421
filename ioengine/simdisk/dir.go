package simdisk

import (
	"slices"
	"strings"
)

// An entry is a name in a directory.
type entry struct {
	name  string
	inode uint64
}

// entries are sorted by name.
type entries []entry

func (es entries) search(name string) (int, bool) {
	return slices.BinarySearchFunc(es, name, func(e entry, name string) int { return strings.Compare(e.name, name) })
}

func (es entries) lookup(name string) (inode uint64, ok bool) {
	i, ok := es.search(name)
	if !ok {
		return 0, false
	}
	return es[i].inode, true
}

func (es *entries) set(name string, inode uint64) {
	i, ok := es.search(name)
	if ok {
		(*es)[i].inode = inode
		return
	}
	*es = slices.Insert(*es, i, entry{name, inode})
}

func (es *entries) remove(name string) {
	if i, ok := es.search(name); ok {
		*es = slices.Delete(*es, i, i+1)
	}
}

type entryKind uint8

const (
	entryCreate entryKind = iota
	entryRemove
	entryRename
)

// An entryChange is one step in the history of a directory.
type entryChange struct {
	seq   uint64
	kind  entryKind
	name  string
	to    string // of a rename
	inode uint64 // that the name stands for
}

// applyTo does the change, as far as its file is there: after any but a prefix
// of the history it need not be.
func (c *entryChange) applyTo(es *entries) {
	inode, ok := es.lookup(c.name)
	ok = ok && inode == c.inode
	switch c.kind {
	case entryCreate:
		es.set(c.name, c.inode)
	case entryRemove:
		if ok {
			es.remove(c.name)
		}
	case entryRename:
		if ok {
			es.remove(c.name)
			es.set(c.to, c.inode)
		}
	}
}

// A directory is the names of files that share a path. Directories themselves
// are not simulated: one exists, durably, as soon as it is spoken of.
type directory struct {
	path    string
	durable entries
	cache   entries
	history []entryChange // not synced, oldest first
}

// persist brings the changes up to cutoff to the medium.
func (d *directory) persist(cutoff uint64) {
	n := 0
	for n < len(d.history) && d.history[n].seq <= cutoff {
		d.history[n].applyTo(&d.durable)
		n++
	}
	d.history = slices.Clone(d.history[n:]) // crash images share the old array
}

// persistName brings to the medium what gave the file its name, and with it
// everything older: a journal has one order.
func (d *directory) persistName(inode uint64) {
	for i := len(d.history) - 1; i >= 0; i-- {
		if c := &d.history[i]; c.inode == inode && c.kind != entryRemove {
			d.persist(c.seq)
			return
		}
	}
}

// apply makes a change in the cache, and in the history unless it concerns a
// file in memory.
func (d *directory) apply(c entryChange, volatile bool) {
	c.applyTo(&d.cache)
	if !volatile {
		d.history = append(d.history, c)
	}
}

// names reports whether any state of the directory that can still come about
// has the inode, and so keeps it.
func (d *directory) names(inode uint64) bool {
	has := func(e entry) bool { return e.inode == inode }
	return slices.ContainsFunc(d.cache, has) || slices.ContainsFunc(d.durable, has) ||
		slices.ContainsFunc(d.history, func(c entryChange) bool { return c.inode == inode })
}

func (d *directory) clone() *directory {
	c := *d
	c.durable, c.cache, c.history = slices.Clone(d.durable), slices.Clone(d.cache), slices.Clone(d.history)
	return &c
}
