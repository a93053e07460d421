package simdisk

import (
	"io"
	"syscall"

	"github.com/turso-coop/turso-coop/completion"
)

// retryLimit is how often the engine makes a call again that was interrupted.
const retryLimit = 8

// carryOut lets the call of an operation take effect. It reports false if the
// operation goes on with another call. The caller holds mu.
func (d *Disk) carryOut(o *op) (over bool) {
	if o.canceled {
		d.finished(o, 0, completion.ErrCanceled, 0)
		o.err = completion.ErrCanceled
		return true
	}
	n, err, sum := 0, o.refused(), uint64(0)
	left := o.size() - o.n
	switch {
	case err != nil:
	case o.call == CallRead:
		n, sum, err = d.read(o)
	case o.call == CallWrite:
		n, sum, err = d.write(o)
	case o.call == CallTruncate, o.call == CallAllocate:
		err = d.setSize(o)
	case o.call == CallSyncDir:
		err = d.syncDir(o)
	default:
		err = d.syncFile(o)
	}
	d.finished(o, n, err, sum)
	o.n += n
	again := errIsRetried(err) && o.retries < retryLimit
	if again {
		o.retries++
	}
	if again || (err == nil && n < left) {
		d.stats.Fallbacks++
		d.start(o)
		return false
	}
	o.err = err
	return true
}

func (d *Disk) finished(o *op, n int, err error, sum uint64) {
	d.record(Event{
		Phase: Finished, Call: o.call, Path: o.desc.path,
		Off: o.position(), Len: int64(o.size() - o.n), N: int64(n), Err: err,
	}, sum)
}

// refused is why the operating system does not even try.
func (o *op) refused() error {
	writes := o.call == CallWrite || o.call == CallTruncate || o.call == CallAllocate
	switch {
	case o.desc.closed:
		return errBadDescriptor
	case o.desc.dir != nil && o.call != CallSyncDir:
		return syscall.EISDIR
	case writes && o.desc.readOnly:
		return errBadDescriptor
	case writes && o.off > maxFileBytes-int64(o.size()):
		return errTooLarge
	}
	return nil
}

// moves is how many of want bytes a call moves that a fault strikes.
func (d *Disk) moves(f *Fault, number uint64, want int) int {
	switch {
	case f == nil:
		return want
	case f.kind == faultShort && f.arg < 0 && want > 1:
		return 1 + int(d.draw(drawShort, number)%uint64(want-1))
	case f.kind == faultShort && f.arg >= 0:
		return int(min(f.arg, int64(want)))
	case f.kind == faultError && f.applied:
		return want
	case f.kind == faultError:
		return int(min(f.after, int64(want)))
	}
	return want
}

func (d *Disk) read(o *op) (n int, sum uint64, err error) {
	want := o.size() - o.n
	n, sum = d.fill(o, d.moves(o.fault, o.number, want))
	short := o.fault != nil && o.fault.kind == faultShort && n > 0
	if err = o.fault.err(); err == nil && n < want && !short {
		err = io.EOF
	}
	return n, sum, err
}

// fill reads up to n bytes into the buffers, in whatever state they are, and
// returns a hash over them.
func (d *Disk) fill(o *op, n int) (moved int, sum uint64) {
	f := o.desc.inode
	off := o.position()
	if rots := o.fault; rots != nil && rots.sticky {
		d.corrupt(o, n, func(at int64, change func(p []byte)) {
			f.rot(at/pageBytes, func(p *[pageBytes]byte) { change(p[at%pageBytes:]) })
		})
	}
	o.each(n, func(p []byte) {
		got := f.cache.read(p, off+int64(moved))
		moved += got
		sum = mix(sum ^ sum64(p[:got]))
	})
	f.setResident(off, off+int64(moved))
	if rots := o.fault; rots != nil && !rots.sticky {
		d.corrupt(o, moved, func(at int64, change func(p []byte)) { o.patch(at-off, moved, change) })
	}
	return moved, sum
}

// patch lets change have the bytes from the at-th of those read, as far as they
// lie in one buffer.
func (o *op) patch(at int64, moved int, change func(p []byte)) {
	o.each(moved, func(p []byte) {
		if at >= 0 && at < int64(len(p)) {
			change(p[at:])
		}
		at -= int64(len(p))
	})
}

// corrupt chooses what a flip or garbage fault changes in a read of n bytes and
// calls do for each piece of it: with its place in the file, and the change to
// make to the bytes there.
func (d *Disk) corrupt(o *op, n int, do func(at int64, change func(p []byte))) {
	fault := o.fault
	from, to := o.position(), min(o.position()+int64(n), o.desc.inode.cache.size)
	if fault.ranged {
		from, to = max(from, fault.off), min(to, fault.off+fault.length)
	}
	if from >= to {
		return
	}
	draw := d.draw(drawRot, o.number)
	at := from + int64(draw%uint64(to-from))
	switch fault.kind {
	case faultFlip:
		do(at, func(p []byte) { p[0] ^= 1 << (draw >> 56 % 8) })
	case faultGarbage:
		sector := d.options.sectorBytes()
		from, to = max(from, at/sector*sector), min(to, at/sector*sector+sector)
		for at := from; at < to; at++ {
			b := byte(mix(draw ^ uint64(at)))
			do(at, func(p []byte) { p[0] = b })
		}
	}
}

// readCached answers a read out of the page cache if the whole of it is there.
// Any other answer of the cache says nothing, not even about the end of the
// file, and the ordinary read decides.
func (d *Disk) readCached(o *op) bool {
	f := o.desc.inode
	n := len(o.buf)
	if n == 0 || o.desc.closed || f == nil || o.desc.uncachable {
		return false
	}
	d.calls++
	o.number = d.calls
	n = int(f.cachedUpTo(o.off, o.off+int64(n)))
	if n == len(o.buf) {
		o.fault = d.match(CallCached, o.desc.path, o.off, int64(n))
		n = d.moves(o.fault, o.number, n)
	}
	err := o.fault.err()
	sum := uint64(0)
	switch {
	case err != nil:
		n = 0
		o.desc.uncachable = err == syscall.EOPNOTSUPP
	case n == 0:
		err = syscall.EAGAIN
	default:
		n, sum = d.fill(o, n)
	}
	d.stats.SystemCalls++
	d.record(Event{
		Phase: Finished, Call: CallCached, Path: o.desc.path,
		Off: o.off, Len: int64(len(o.buf)), N: int64(n), Err: err,
	}, sum)
	o.fault = nil
	if n < len(o.buf) {
		return false
	}
	o.n = n
	d.stats.InlineHits++
	return true
}

func (d *Disk) write(o *op) (n int, sum uint64, err error) {
	f, fault := o.desc.inode, o.fault
	p := o.rest()
	n = d.moves(fault, o.number, len(p))
	if n > 0 {
		p = p[:n]
		sum = sum64(p)
		c := writeTo(&f.cache, p, o.position())
		c.seq = d.nextSeq()
		if fault != nil && (fault.kind == faultLost || fault.kind == faultMisdirect) {
			c.lost, f.diverged = true, true
		}
		if fault != nil && fault.kind == faultMisdirect && !f.volatile {
			d.misdirect(f, p, o.position()+fault.arg)
		}
		f.setResident(c.off, c.end)
		f.remember(c, d.options.sectorBytes())
	}
	d.writeback(o)
	return n, sum, fault.err()
}

// misdirect puts what was written where it does not belong, on the medium
// only. What lies outside the file hits nothing of it.
func (d *Disk) misdirect(f *inode, p []byte, off int64) {
	if off < 0 {
		p = p[min(-off, int64(len(p))):]
		off = 0
	}
	if off >= f.durable.size {
		return
	}
	f.durable.write(p[:min(int64(len(p)), f.durable.size-off)], off)
}

// writeback lets the kernel fail to write dirty pages of its own accord.
func (d *Disk) writeback(o *op) {
	f := o.desc.inode
	if fault := d.match(CallWriteback, o.desc.path, o.position(), int64(o.size()-o.n)); fault != nil && !f.volatile {
		d.failWriteback(o, fault, d.seq)
		d.immediate(CallWriteback, o.desc.path, 0, 0, fault.err())
	}
}

func (d *Disk) setSize(o *op) error {
	f := o.desc.inode
	size := o.off
	if o.call == CallAllocate {
		size = max(size, f.cache.size)
	}
	err := o.fault.err()
	if (err == nil || o.fault.applied) && size != f.cache.size {
		d.resize(f, size)
	}
	return err
}

func (d *Disk) resize(f *inode, size int64) {
	c := resizeTo(&f.cache, size)
	c.seq = d.nextSeq()
	f.remember(c, d.options.sectorBytes())
}

func (d *Disk) syncDir(o *op) error {
	err := o.fault.err()
	if err == nil || o.fault.applied {
		o.desc.dir.persist(o.cutoff)
		d.sweep()
	}
	return err
}

// syncFile brings the file to the medium, and tells the open file of the last
// write-back that failed, if it was not told.
func (d *Disk) syncFile(o *op) error {
	f, err := o.desc.inode, o.fault.err()
	leaves := pagesWritten
	if err != nil {
		leaves = o.fault.leaves()
	}
	switch {
	case f.volatile || leaves == pagesDirty:
		return err
	case leaves == pagesWritten:
		f.persist(o.cutoff, d.options.sectorBytes())
		if d.options.Journalled {
			for _, dir := range d.dirs {
				dir.persistName(f.number)
			}
			d.sweep()
		}
	default:
		d.failWriteback(o, o.fault, o.cutoff)
	}
	if o.desc.told != f.lostSeq {
		o.desc.told, f.lostSeen = f.lostSeq, true
		err = f.lostErr
	}
	return err
}

// failWriteback is a write-back of the changes up to cutoff that fails.
func (d *Disk) failWriteback(o *op, fault *Fault, cutoff uint64) {
	f := o.desc.inode
	if fault.leaves() == pagesPart {
		d.persistPart(f, cutoff, o.number)
	}
	f.failWriteback(cutoff, fault.err(), fault.leaves() == pagesReverted)
}

// persistPart brings a part of the changes up to cutoff to the medium, chosen by
// the seed.
func (d *Disk) persistPart(f *inode, cutoff uint64, key uint64) {
	n := f.covered(cutoff)
	part := fileCut{inode: f, sector: d.options.sectorBytes(), changes: f.history[:n]}
	part.list()
	m := make(Mask, 0, 1+len(part.sectors))
	pick := func(newest int) {
		draw := d.draw(drawPart, key^mix(uint64(len(m))))
		m = append(m, Pick{Version: int(draw % uint64(newest+1))})
	}
	if len(part.sizes) > 0 {
		pick(len(part.sizes))
	}
	for _, s := range part.sectors {
		pick(len(s.changes))
	}
	f.durable = part.build(m, &d.options)
}
