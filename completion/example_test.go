package completion_test

import (
	"fmt"

	"github.com/turso-coop/turso-coop/completion"
)

// device stands for an engine: it finishes what it has taken when somebody
// waits.
type device struct {
	data    string
	pending *completion.Completion
	buf     []byte
	off     int64
}

// ReadAt takes the operation; from here until c has finished, buf is the
// device's.
func (d *device) ReadAt(c *completion.Completion, buf []byte, offBytes int64) {
	c.Begin(nil)
	d.pending, d.buf, d.off = c, buf, offBytes
}

// Wait does what was taken: it is a completion.Waiter.
func (d *device) Wait(*completion.Completion) {
	d.pending.Finish(copy(d.buf, d.data[d.off:]), nil)
}

// readHello is the two-state read: one operation, one wait.
type readHello struct {
	dev   *device
	c     completion.Completion // embedded: nothing is allocated per read
	buf   [5]byte
	state helloState
}

type helloState uint8

const (
	helloStart helloState = iota // nothing is submitted
	helloWait                    // the read is submitted; once c has finished, the bytes are in buf
	helloDone                    // the result was returned
)

func (m *readHello) Step() (completion.IOResult[string], error) {
	for {
		switch m.state {
		case helloStart:
			m.state = helloWait
			m.dev.ReadAt(&m.c, m.buf[:], 7)
			return completion.IO[string](&m.c), nil
		case helloWait:
			m.state = helloDone
			return completion.Done(string(m.buf[:m.c.N()])), m.c.Err()
		default:
			panic("example: readHello stepped after it was done")
		}
	}
}

// A machine is stepped until it is done. Here somebody who has nothing else to
// do drives it; a scheduler would step other machines in between.
func Example_twoStateRead() {
	dev := &device{data: "header,hello,footer"}
	m := &readHello{dev: dev}

	r, err := m.Step()
	fmt.Println("pending:", r.Pending(), err)

	dev.Wait(r.Completion())
	r, err = m.Step()
	fmt.Println("done:", r.Value(), err)

	word, err := completion.Drive(&readHello{dev: dev}, dev)
	fmt.Println("driven:", word, err)
	// Output:
	// pending: true <nil>
	// done: hello <nil>
	// driven: hello <nil>
}
