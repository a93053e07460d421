package peer

import (
	"errors"
	"fmt"
	"hash/fnv"
	"path/filepath"
	"slices"
	"strings"
)

// Script is statements to run one after the other on connections to one database.
type Script struct {
	Dir        string // of the database test.db and of what the script makes beside it; the statements write DIR for it
	Parameters string // of the DSN of every connection
	First      string // more of them for the first connection
	CodesOnly  bool   // errors are told by their codes
	NoState    bool   // whether a transaction is open, which modernc's driver cannot tell, is left out
	Steps      []Step
}

// Step is one statement of a script, on one of its connections. The first step of a connection opens it.
type Step struct {
	Connection string
	Statement
	Close bool // instead of running a statement, close the connection
}

// Run runs the script in this process and returns what came of every step. It closes all connections.
func (s *Script) Run(open func(dsn string) (Session, error)) (outcomes []string, err error) {
	sessions := map[string]Session{}
	defer func() {
		var names []string
		for name := range sessions {
			names = append(names, name)
		}
		slices.Sort(names) // who is the last to close a database may matter
		for _, name := range names {
			err = errors.Join(err, sessions[name].Close())
		}
	}()
	parameters := s.First + s.Parameters
	for _, st := range s.Steps {
		if st.Close {
			outcome := "closed"
			if session := sessions[st.Connection]; session != nil {
				delete(sessions, st.Connection)
				if err := session.Close(); err != nil {
					outcome = fmt.Sprintf("closed: %v", err)
				}
			}
			outcomes = append(outcomes, outcome)
			continue
		}
		if sessions[st.Connection] == nil {
			session, err := open(filepath.Join(s.Dir, "test.db") + "?" + parameters)
			if err != nil { // as when another connection has locked the database; the next step tries again
				outcomes = append(outcomes, s.told(&Outcome{Err: ErrorOf(err)}))
				continue
			}
			sessions[st.Connection], parameters = session, s.Parameters
		}
		outcome, err := s.step(sessions[st.Connection], st.Statement)
		if err != nil {
			return outcomes, err
		}
		outcomes = append(outcomes, outcome)
	}
	return outcomes, nil
}

func (s *Script) step(session Session, st Statement) (string, error) {
	st.SQL = strings.ReplaceAll(st.SQL, "DIR", s.Dir)
	o, err := session.Run(st)
	if err != nil {
		return "", err
	}
	return s.told(o), nil
}

// told writes an outcome so that it can be compared with that of another library in another directory.
func (s *Script) told(o *Outcome) string {
	if s.NoState {
		o.Autocommit = ""
	}
	if s.CodesOnly && o.Err != nil {
		o.Err.Text = ""
	}
	return shortened(strings.ReplaceAll(o.String(), s.Dir, "DIR"))
}

// shortened keeps the beginning of a long text and says of the rest what tells it from others.
func shortened(text string) string {
	const maxBytes = 1 << 17
	if len(text) <= maxBytes {
		return text
	}
	h := fnv.New128a()
	h.Write([]byte(text))
	return fmt.Sprintf("%s… (%d bytes, FNV %x)", text[:maxBytes], len(text), h.Sum(nil))
}

// ScriptRequest is a script and the name of the driver to run it.
type ScriptRequest struct {
	Driver string
	Script Script
}

// RunScript runs a script.
func (s *Sessions) RunScript(r ScriptRequest, outcomes *[]string) (err error) {
	*outcomes, err = r.Script.Run(func(dsn string) (Session, error) { return Open(r.Driver, dsn) })
	return err
}

// Dump returns what a database holds, by the name of a driver and the path.
func (s *Sessions) Dump(target [2]string, lines *[]string) error {
	session, err := Open(target[0], target[1])
	if err != nil {
		return err
	}
	defer session.Close()
	*lines, err = Dump(session)
	return err
}
