package completion

// A Waker wakes one parked goroutine. It belongs to whoever parks, typically
// one per connection, and is reused for every wait. A wake-up that comes while
// nobody is parked is kept for the next wait, so a waiter must look again
// whether what it waits for has happened; several wake-ups count as one.
type Waker struct {
	ch chan struct{}
}

// NewWaker makes a waker that is ready to be parked on.
func NewWaker() *Waker {
	return &Waker{ch: make(chan struct{}, 1)}
}

// Wake wakes the goroutine that receives from C, now or at its next wait. It
// never blocks and may be called from any goroutine.
func (w *Waker) Wake() {
	select {
	case w.ch <- struct{}{}:
	default: // a wake-up is already waiting
	}
}

// C delivers one value for one or more wake-ups.
func (w *Waker) C() <-chan struct{} { return w.ch }
