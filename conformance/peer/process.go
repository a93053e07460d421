package peer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/rpc"
	"os"
	"os/exec"
	"sync"
	"testing"
)

// childVariable is the environment variable that makes the binary a child process.
const childVariable = "TURSO_COOP_PEER_PROCESS"

// Main runs a package's tests, or serves the requests of [Process] if this process is its child. TestMain must call it
// first. services are what the child offers beside sessions: values with methods as net/rpc wants them, called by
// [Process.Call].
func Main(m *testing.M, services ...any) {
	if os.Getenv(childVariable) == "" {
		os.Exit(m.Run())
	}
	server := rpc.NewServer()
	for _, s := range append(services, &Sessions{open: map[int]Session{}}) {
		if err := server.Register(s); err != nil {
			panic(err) // the service has no methods that can be called
		}
	}
	server.ServeConn(pipe{os.Stdin, os.Stdout}) // until the parent has closed its end or is gone
	os.Exit(0)
}

// pipe is a connection over two pipes.
type pipe struct {
	io.ReadCloser
	io.Writer
}

// Process is a child process: the test's own binary, run again. Its methods may be called concurrently.
type Process struct {
	cmd    *exec.Cmd
	client *rpc.Client
	stderr bytes.Buffer // complete once the process is gone
}

// Start starts a child process, which ends with the test at the latest.
func Start(t testing.TB) *Process {
	t.Helper()
	p, err := start()
	if err != nil {
		t.Fatalf("peer: start a child process: %v", err)
	}
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() && p.stderr.Len() > 0 {
			t.Logf("the child process wrote:\n%s", p.stderr.String())
		}
	})
	return p
}

func start() (*Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self)
	p := &Process{cmd: cmd}
	cmd.Env = append(os.Environ(), childVariable+"=1")
	cmd.Stderr = &p.stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p.client = rpc.NewClient(struct {
		io.Reader
		io.WriteCloser
	}{out, in})
	return p, nil
}

// Kill ends the process at once, with SIGKILL where there are signals, and waits until it is gone. Calls under way
// fail. Killing it again does nothing.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	_ = p.client.Close()
	_ = p.cmd.Wait()
}

// RunScript runs a script by a driver in the process.
func (p *Process) RunScript(driverName string, s Script) ([]string, error) {
	var outcomes []string
	return outcomes, p.Call("Sessions.RunScript", ScriptRequest{driverName, s}, &outcomes)
}

// Dump returns what a database holds, as [Dump] does, as a driver in the process reads it.
func (p *Process) Dump(driverName, path string) ([]string, error) {
	var lines []string
	return lines, p.Call("Sessions.Dump", [2]string{driverName, path}, &lines)
}

// Call calls a method of a service that was given to [Main].
func (p *Process) Call(method string, args, reply any) error {
	return p.client.Call(method, args, reply)
}

// Open opens a session in the process.
func (p *Process) Open(driverName, dsn string) (Session, error) {
	s := &remote{process: p}
	if err := p.Call("Sessions.Open", [2]string{driverName, dsn}, &s.id); err != nil {
		return nil, fmt.Errorf("peer: open %s by %s: %w", dsn, driverName, err)
	}
	return s, nil
}

// remote is a session in a child process.
type remote struct {
	process *Process
	id      int
}

func (s *remote) Run(st Statement) (*Outcome, error) {
	o := &Outcome{}
	return o, s.process.Call("Sessions.Run", Request{s.id, st}, o)
}

func (s *remote) Close() error { return s.process.Call("Sessions.Close", s.id, &struct{}{}) }

// Sessions is the service behind [Process.Open].
type Sessions struct {
	mutex sync.Mutex
	last  int
	open  map[int]Session
}

// Request is a statement for a session.
type Request struct {
	Session   int
	Statement Statement
}

// Open opens a session by the driver's name and a DSN.
func (s *Sessions) Open(target [2]string, id *int) error {
	session, err := Open(target[0], target[1])
	if err != nil {
		return err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.last++
	*id = s.last
	s.open[*id] = session
	return nil
}

// Run runs a statement.
func (s *Sessions) Run(r Request, o *Outcome) error {
	s.mutex.Lock()
	session := s.open[r.Session]
	s.mutex.Unlock()
	if session == nil {
		return errNoSession
	}
	result, err := session.Run(r.Statement)
	if err == nil {
		*o = *result
	}
	return err
}

// Close closes a session.
func (s *Sessions) Close(id int, _ *struct{}) error {
	s.mutex.Lock()
	session := s.open[id]
	delete(s.open, id)
	s.mutex.Unlock()
	if session == nil {
		return errNoSession
	}
	return session.Close()
}

var errNoSession = errors.New("peer: no such session")
