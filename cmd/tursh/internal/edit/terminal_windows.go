package edit

import (
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// modes changes the mode of a console, and waits for it.
type modes struct {
	in, out       windows.Handle
	inWas, outWas uint32
}

func openModes(in, out *os.File) (*modes, error) {
	m := &modes{in: windows.Handle(in.Fd()), out: windows.Handle(out.Fd())}
	if err := windows.GetConsoleMode(m.in, &m.inWas); err != nil {
		return nil, err
	}
	return m, windows.GetConsoleMode(m.out, &m.outWas)
}

func (m *modes) close() error { return nil }

func (m *modes) set(to mode) error {
	in, out := m.inWas, m.outWas
	if to >= quiet {
		in &^= windows.ENABLE_ECHO_INPUT | windows.ENABLE_LINE_INPUT
		in |= windows.ENABLE_VIRTUAL_TERMINAL_INPUT
		out |= windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING
	}
	if to == raw {
		in &^= windows.ENABLE_PROCESSED_INPUT
	}
	if err := windows.SetConsoleMode(m.in, in); err != nil {
		return err
	}
	return windows.SetConsoleMode(m.out, out)
}

// wait waits for events of the console. Letting a key go is one, too, and the
// read after it waits: so nothing is said to be there at once, and what there is
// to be seen is shown before.
func (m *modes) wait(limit time.Duration) (event, error) {
	if limit == 0 {
		return timeout, nil
	}
	ms := uint32(windows.INFINITE)
	if limit >= 0 {
		ms = uint32(limit.Milliseconds())
	}
	switch what, err := windows.WaitForSingleObject(m.in, ms); what {
	case windows.WAIT_OBJECT_0:
		return input, nil
	case uint32(windows.WAIT_TIMEOUT):
		return timeout, nil
	default:
		return 0, err
	}
}

// suspend does nothing: there is no such thing.
func suspend() error { return nil }
