package enginetest

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/turso-coop/turso-coop/completion"
	"github.com/turso-coop/turso-coop/ioengine"
)

// Fuzz drives random operations, up to 64 of them in flight together, against
// a byte array and fails at the first difference. Operations in flight together
// touch different blocks, because they have no order. Some are canceled; one
// that says so must have had no effect. The same seed drives the same
// operations.
func Fuzz(t *testing.T, open func() (ioengine.Engine, error), seed uint64, operations int) {
	checkLeaks(t)
	e, err := open()
	if err != nil {
		t.Fatal(err)
	}
	x := &fixture{t: t, e: e, w: ioengine.NewWaiter(e)}
	z := &fuzzer{fixture: x, f: x.file(nil), seed: seed, rng: rand.New(rand.NewPCG(seed, 0))}
	for z.done < operations {
		z.round()
	}
	if got := x.content(z.f); !bytes.Equal(got, z.model) {
		z.fail("the contents differ at the end")
	}
	_ = z.f.Close()
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

const (
	fuzzBlocks     = 128
	fuzzBlockBytes = 1 << 10
)

type fuzzer struct {
	*fixture
	f     ioengine.File
	seed  uint64
	rng   *rand.Rand
	model []byte
	done  int
}

// transfer is one operation in flight.
type transfer struct {
	c     completion.Completion
	write bool
	off   int
	p     []byte
}

func (z *fuzzer) fail(format string, args ...any) {
	z.t.Helper()
	z.t.Fatalf("seed %d, after %d operations: "+format, append([]any{z.seed, z.done}, args...)...)
}

// round changes the file's size or syncs it, sometimes, and then has a batch
// of transfers in flight together.
func (z *fuzzer) round() {
	size := int64(z.rng.IntN(fuzzBlocks * fuzzBlockBytes))
	switch z.rng.IntN(20) {
	case 0:
		z.must(func(c *completion.Completion) { z.f.Truncate(c, size) })
		z.grow(int(size))
		z.model = z.model[:size:size] // what is cut off comes back as zeros
		z.done++
	case 1:
		z.must(func(c *completion.Completion) { z.f.Allocate(c, size) })
		z.grow(int(size))
		z.done++
	case 2:
		z.must(func(c *completion.Completion) { z.f.Sync(c, ioengine.SyncMode(z.rng.IntN(3))) })
		z.done++
	}
	batch := z.submit()
	if z.rng.IntN(4) == 0 {
		z.e.Step()
	}
	for i := range batch {
		if z.rng.IntN(16) == 0 {
			batch[i].c.Cancel()
		}
	}
	// Reads see the model as it was: no write in flight touches their blocks.
	// But one beyond them may move the end of the file.
	end := len(z.model)
	for i := range batch {
		z.w.Wait(&batch[i].c)
	}
	for i := range batch {
		if batch[i].write {
			z.checkWrite(&batch[i])
		}
	}
	for i := range batch {
		if !batch[i].write {
			z.checkRead(&batch[i], end)
		}
	}
	z.done += len(batch)
	if got, err := z.f.Size(); err != nil || got != int64(len(z.model)) {
		z.fail("size %d, %v, want %d", got, err, len(z.model))
	}
}

// submit takes transfers of different blocks.
func (z *fuzzer) submit() []transfer {
	blocks := z.rng.Perm(fuzzBlocks)[:1+z.rng.IntN(64)]
	batch := make([]transfer, len(blocks))
	for i, block := range blocks {
		b := &batch[i]
		b.write = z.rng.IntN(2) == 0
		from, to := 0, fuzzBlockBytes // often whole blocks, so that some touch
		if z.rng.IntN(2) == 0 {
			from = z.rng.IntN(fuzzBlockBytes)
			to = from + z.rng.IntN(fuzzBlockBytes-from)
		}
		b.off = block*fuzzBlockBytes + from
		b.p = make([]byte, to-from)
		cut := z.rng.IntN(len(b.p) + 1)
		bufs := [][]byte{b.p[:cut], nil, b.p[cut:]}
		vectored := z.rng.IntN(2) == 0
		switch {
		case b.write:
			copy(b.p, pattern(len(b.p), byte(z.rng.IntN(256))))
			if vectored {
				z.f.WritevAt(&b.c, bufs, int64(b.off))
			} else {
				z.f.WriteAt(&b.c, b.p, int64(b.off))
			}
		case vectored:
			z.f.ReadvAt(&b.c, bufs, int64(b.off))
		default:
			z.f.ReadAt(&b.c, b.p, int64(b.off))
		}
	}
	return batch
}

func (z *fuzzer) checkWrite(b *transfer) {
	switch err := b.c.Err(); {
	case err == completion.ErrCanceled && b.c.N() == 0:
	case err == nil && b.c.N() == len(b.p):
		if len(b.p) > 0 {
			z.grow(b.off + len(b.p))
			copy(z.model[b.off:], b.p)
		}
	default:
		z.fail("write of %d at %d: %d, %v", len(b.p), b.off, b.c.N(), err)
	}
}

// checkRead compares what was read with the model, whose size was end when
// the read was taken; meanwhile the file may have grown, by zeros there.
func (z *fuzzer) checkRead(b *transfer, end int) {
	n, err := b.c.N(), b.c.Err()
	if err == completion.ErrCanceled && n == 0 {
		return
	}
	least := max(0, min(len(b.p), end-b.off))
	most := max(0, min(len(b.p), len(z.model)-b.off))
	if n < least || n > most || (err == io.EOF) != (n < len(b.p)) || (err != nil && err != io.EOF) {
		z.fail("read of %d at %d in a file of %d, then %d: %d, %v", len(b.p), b.off, end, len(z.model), n, err)
	}
	if n > 0 && !bytes.Equal(b.p[:n], z.model[b.off:b.off+n]) {
		z.fail("read of %d at %d: wrong bytes", len(b.p), b.off)
	}
}

// grow makes the model at least n bytes long.
func (z *fuzzer) grow(n int) {
	if n > len(z.model) {
		z.model = append(z.model, make([]byte, n-len(z.model))...)
	}
}
