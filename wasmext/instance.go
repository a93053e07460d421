package wasmext

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"strings"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// A value is an SQL value on its way into or out of a module.
type value struct {
	kind   uint32
	number uint64 // the integer, or the bits of the float
	bytes  []byte // of a text, blob or error
}

// Kinds of values: SQLite's own numbers, https://sqlite.org/c3ref/c_blob.html, and one for a failed call.
const (
	kindError   = 0
	kindInteger = uint32(sqlite3.INTEGER)
	kindFloat   = uint32(sqlite3.FLOAT)
	kindText    = uint32(sqlite3.TEXT)
	kindBlob    = uint32(sqlite3.BLOB)
	kindNull    = uint32(sqlite3.NULL)
)

const (
	slotBytes     = 16 // a value in the module's memory: kind, size, and number or address
	minBlockBytes = int64(4096)
)

// errInterrupted carries the code that SQLite itself gives to an interrupted statement.
var errInterrupted = fmt.Errorf("interrupted: %w", sqlite3.INTERRUPT)

// An instance is a program in a memory of its own. It serves one connection and one call at a time. Cancelling
// its context ends the call that is running, and with it the instance.
type instance struct {
	program   *program
	ctx       context.Context
	cancel    context.CancelCauseFunc
	module    api.Module // nil until start
	alloc     api.Function
	functions []api.Function // beside program.functions; nil until first called, because each has a stack
	stack     [3]uint64      // parameters and results of the call that is running
	block     uint32         // what ext_alloc gave for arguments and result, kept for later calls
	blockSize uint32
}

func newInstance(p *program) *instance {
	in := &instance{program: p, functions: make([]api.Function, len(p.functions))}
	in.ctx, in.cancel = context.WithCancelCause(context.Background())
	return in
}

// start makes the memory and runs what the module wants to run first. After an error the instance is of no use.
func (in *instance) start() error {
	m, err := in.program.runtime.InstantiateModule(in.ctx, in.program.code,
		wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize"))
	if err != nil {
		return in.failure(err)
	}
	in.module, in.alloc = m, m.ExportedFunction(exportAlloc)
	return nil
}

func (in *instance) close() {
	in.cancel(nil)
	if in.module != nil {
		in.module.Close(context.Background())
	}
}

func (in *instance) function(i int) api.Function {
	if in.functions[i] == nil {
		in.functions[i] = in.module.ExportedFunction(in.program.functions[i].name)
	}
	return in.functions[i]
}

// invoke calls f and returns its result, or whatever is left there if it has none. After an error the instance is
// of no use.
func (in *instance) invoke(f api.Function, params ...uint64) (uint32, error) {
	copy(in.stack[:], params)
	if err := f.CallWithStack(in.ctx, in.stack[:]); err != nil {
		return 0, in.failure(err)
	}
	return api.DecodeU32(in.stack[0]), nil
}

// failure says why a call ended: the watchdog's reason if it was the watchdog, else the trap without the stack
// trace that follows it.
func (in *instance) failure(err error) error {
	if cause := context.Cause(in.ctx); cause != nil {
		return cause
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(text)
}

// call runs function i. The bytes of the result are the instance's memory and valid until the next call. An
// error of the extension's own is a value of kind kindError; after an error returned as such, the instance is of
// no use.
func (in *instance) call(i int, args []value) (value, error) {
	size := int64(slotBytes) * int64(1+len(args))
	for _, a := range args {
		size += payloadBytes(a)
	}
	if err := in.reserve(size); err != nil {
		return value{}, err
	}
	block, ok := in.module.Memory().Read(in.block, uint32(size))
	if !ok {
		return value{}, fmt.Errorf("its memory has shrunk below address %#x", in.block)
	}
	result := block[:slotBytes]
	clear(result)
	binary.LittleEndian.PutUint32(result, kindNull)
	next := slotBytes * (1 + len(args))
	for n, a := range args {
		slot := block[slotBytes*(1+n):][:slotBytes]
		binary.LittleEndian.PutUint32(slot, a.kind)
		binary.LittleEndian.PutUint32(slot[4:], uint32(len(a.bytes)))
		if a.kind != kindText && a.kind != kindBlob {
			binary.LittleEndian.PutUint64(slot[8:], a.number)
			continue
		}
		binary.LittleEndian.PutUint64(slot[8:], uint64(in.block)+uint64(next))
		copy(block[next:], a.bytes)
		clear(block[next+len(a.bytes) : next+int(payloadBytes(a))])
		next += int(payloadBytes(a))
	}
	_, err := in.invoke(in.function(i), uint64(in.block), uint64(len(args)), uint64(in.block+slotBytes))
	if err != nil {
		return value{}, err
	}
	return in.result()
}

// payloadBytes is what the bytes of a text or blob take in the block: a text ends in a zero byte, and what
// follows is aligned for every type.
func payloadBytes(v value) int64 {
	n := int64(len(v.bytes))
	if v.kind == kindText {
		n++
	}
	return (n + 7) &^ 7
}

// result reads the result slot. The memory may have grown, and so moved, since the call began.
func (in *instance) result() (value, error) {
	memory := in.module.Memory()
	slot, ok := memory.Read(in.block, slotBytes)
	if !ok {
		return value{}, fmt.Errorf("its memory has shrunk below address %#x", in.block)
	}
	v := value{
		kind:   binary.LittleEndian.Uint32(slot),
		number: binary.LittleEndian.Uint64(slot[8:]),
	}
	switch v.kind {
	case kindInteger, kindFloat, kindNull:
		return v, nil
	case kindText, kindBlob, kindError:
		at, size := uint32(v.number), binary.LittleEndian.Uint32(slot[4:])
		if size == 0 {
			return v, nil
		}
		if v.bytes, ok = memory.Read(at, size); !ok {
			return value{}, fmt.Errorf("its result, %d bytes at address %#x, is outside its memory of %d bytes",
				size, at, memory.Size())
		}
		return v, nil
	default:
		return value{}, fmt.Errorf("its result has the unknown type %d", v.kind)
	}
}

// reserve makes the block at least size bytes long.
func (in *instance) reserve(size int64) error {
	if size <= int64(in.blockSize) {
		return nil
	}
	limit := in.program.memory
	if size > limit {
		return fmt.Errorf("its arguments, %d bytes, are more than its memory limit of %d", size, limit)
	}
	if free := in.module.ExportedFunction(exportFree); free != nil && in.block != 0 {
		if _, err := in.invoke(free, uint64(in.block)); err != nil {
			return fmt.Errorf("%s: %w", exportFree, err)
		}
	}
	// Powers of two, so that an allocator that never frees loses no more than the block's own size.
	want := max(minBlockBytes, int64(1)<<bits.Len64(uint64(size-1)))
	if want > limit/2 {
		want = max(size, minBlockBytes)
	}
	at, err := in.invoke(in.alloc, uint64(want))
	if err != nil {
		return fmt.Errorf("%s: %w", exportAlloc, err)
	}
	have := int64(in.module.Memory().Size())
	if at == 0 {
		return fmt.Errorf("%s has no room for %d bytes; its memory limit is %d", exportAlloc, want, limit)
	}
	if int64(at)+want > have {
		return fmt.Errorf("%s gave %d bytes at address %#x, outside its memory of %d", exportAlloc, want, at, have)
	}
	in.block, in.blockSize = at, uint32(want)
	return nil
}

// A watchdog ends the call of one connection that takes longer than the limit or whose statement is cancelled.
// It is built for calls of less than a microsecond: a call arms no timer as long as an earlier one is running,
// and asks to hear of a cancellation once per statement.
type watchdog struct {
	limit time.Duration

	mu       sync.Mutex
	cancel   context.CancelCauseFunc // of the running call; nil between calls
	deadline time.Time               // of the running call
	timer    *time.Timer             // fires no later than deadline while armed
	armed    bool
	done     <-chan struct{} // of the statement that is listened to
	unlisten func() bool
}

// begin watches a call, of which cancel is the end, until end is called.
func (w *watchdog) begin(statement context.Context, cancel context.CancelCauseFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cancel, w.deadline = cancel, time.Now().Add(w.limit)
	switch {
	case w.timer == nil:
		w.timer = time.AfterFunc(w.limit, w.expire)
	case !w.armed:
		w.timer.Reset(w.limit)
	}
	w.armed = true
	if done := statement.Done(); done != w.done {
		if w.unlisten != nil {
			w.unlisten()
		}
		w.done, w.unlisten = done, nil
		if done != nil {
			w.unlisten = context.AfterFunc(statement, func() { w.interrupt(done) })
		}
	}
}

// end stops watching: afterwards the call is not cancelled any more.
func (w *watchdog) end() {
	w.mu.Lock()
	w.cancel = nil
	w.mu.Unlock()
}

func (w *watchdog) expire() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.armed = false
	if w.cancel == nil {
		return
	}
	if left := time.Until(w.deadline); left > 0 { // the call that the timer was set for is over
		w.armed = true
		w.timer.Reset(left)
		return
	}
	w.cancel(fmt.Errorf("ran for longer than its limit of %v", w.limit))
}

func (w *watchdog) interrupt(done <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cancel != nil && w.done == done {
		w.cancel(errInterrupted)
	}
}

// close is called between calls; none may follow.
func (w *watchdog) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
	}
	if w.unlisten != nil {
		w.unlisten()
	}
}
