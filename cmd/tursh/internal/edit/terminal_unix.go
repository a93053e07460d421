//go:build unix

package edit

import (
	"errors"
	"os"
	"os/signal"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// modes changes the mode of a terminal, and waits for it.
type modes struct {
	in      *os.File
	mu      sync.Mutex // a signal may end the program, and set the usual mode, at any time
	was     unix.Termios
	winched chan os.Signal
	told    *os.File // readable when the size may have changed
	teller  *os.File
	ended   chan struct{}
}

func openModes(in, _ *os.File) (*modes, error) {
	was, err := unix.IoctlGetTermios(int(in.Fd()), getTermios)
	if err != nil {
		return nil, err
	}
	told, teller, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	m := &modes{in: in, was: *was, told: told, teller: teller, winched: make(chan os.Signal, 1), ended: make(chan struct{})}
	signal.Notify(m.winched, unix.SIGWINCH)
	go func() {
		defer close(m.ended)
		for range m.winched {
			_, _ = m.teller.Write([]byte{0})
		}
	}()
	return m, nil
}

func (m *modes) close() error {
	signal.Stop(m.winched)
	close(m.winched)
	<-m.ended
	return errors.Join(m.told.Close(), m.teller.Close())
}

func (m *modes) set(to mode) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.was
	if to >= quiet {
		t.Iflag &^= unix.ICRNL | unix.INLCR | unix.IGNCR
		t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON
		t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	}
	if to == raw {
		t.Iflag &^= unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.IXON
		t.Oflag &^= unix.OPOST
		t.Lflag &^= unix.ISIG | unix.IEXTEN
		t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	}
	for {
		err := unix.IoctlSetTermios(int(m.in.Fd()), setTermios, &t)
		if err != unix.EINTR {
			return err
		}
	}
}

// wait waits for something to read, or for another size; not at all if limit is
// 0, and for any time if it is negative.
func (m *modes) wait(limit time.Duration) (event, error) {
	in, told := int(m.in.Fd()), int(m.told.Fd())
	var ready unix.FdSet
	for {
		ready.Zero()
		ready.Set(in)
		ready.Set(told)
		var until *unix.Timeval
		if limit >= 0 {
			t := unix.NsecToTimeval(limit.Nanoseconds())
			until = &t
		}
		n, err := unix.Select(max(in, told)+1, &ready, nil, nil, until)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return 0, err
		case n == 0:
			return timeout, nil
		case ready.IsSet(in):
			return input, nil
		}
		_, err = m.told.Read(make([]byte, 64))
		return resized, err
	}
}

// suspend stops the program, as Ctrl-Z does, until it is told to go on.
func suspend() error { return unix.Kill(0, unix.SIGTSTP) }
