// Iovet checks code that is written in the model of package completion, as a
// tool of go vet:
//
//	go build -o iovet github.com/turso-coop/turso-coop/cmd/iovet
//	go vet -vettool=$PWD/iovet ./...
//
// It finds results that nobody keeps (an IOResult, a *Completion), and writes
// that a state machine would do twice because they come before a yield to the
// same state.
//
// The go command calls a vet tool once for every package, with the name of a
// file that describes it; before that it asks for the tool's version and flags
// (see cmd/go/internal/work and golang.org/x/tools/go/analysis/unitchecker).
package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/turso-coop/turso-coop/internal/lint"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run returns the exit code: 1 for a failure, 2 for findings.
func run(args []string, stdout, stderr io.Writer) int {
	fail := func(err error) int {
		fmt.Fprintln(stderr, "iovet:", err)
		return 1
	}
	asJSON := len(args) > 0 && args[0] == "-json"
	if asJSON {
		args = args[1:]
	}
	if len(args) != 1 {
		return fail(errUsage)
	}
	switch arg := args[0]; {
	case arg == "-V=full":
		id, err := buildID()
		if err != nil {
			return fail(err)
		}
		fmt.Fprintf(stdout, "iovet version devel buildID=%s\n", id)
		return 0
	case arg == "-flags":
		fmt.Fprintln(stdout, "[]")
		return 0
	case !strings.HasSuffix(arg, ".cfg"):
		return fail(fmt.Errorf("unknown argument %q; %w", arg, errUsage))
	}
	c, findings, err := check(args[0])
	switch {
	case err != nil:
		return fail(err)
	case asJSON:
		if err := c.report(findings, stdout); err != nil {
			return fail(err)
		}
		return 0
	}
	for _, f := range findings {
		fmt.Fprintln(stderr, f)
	}
	if len(findings) > 0 {
		return 2
	}
	return 0
}

var errUsage = errors.New("run it as go vet -vettool=iovet with the packages to check")

// buildID tells the go command when what the tool found before is out of date.
func buildID() (string, error) {
	name, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// config is what the go command says of a package.
type config struct {
	ImportPath                string
	GoFiles                   []string
	ImportMap                 map[string]string
	PackageFile               map[string]string
	VetxOnly                  bool   // only facts about the package are wanted; there are none
	VetxOutput                string // where they are to be written
	SucceedOnTypecheckFailure bool   // the compiler reports it better
	ID                        string // of the package in a report
	Stdout                    string // where a report goes, if not to the standard output
}

func check(name string) (c config, findings []lint.Finding, err error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return c, nil, err
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, nil, fmt.Errorf("%s: %w", name, err)
	}
	if c.VetxOutput != "" {
		if err := os.WriteFile(c.VetxOutput, nil, 0o666); err != nil {
			return c, nil, err
		}
	}
	if c.VetxOnly {
		return c, nil, nil
	}
	u := lint.Unit{ImportPath: c.ImportPath, GoFiles: c.GoFiles, ImportMap: c.ImportMap, Exports: c.PackageFile}
	p, err := u.Check()
	if err != nil {
		if c.SucceedOnTypecheckFailure {
			return c, nil, nil
		}
		return c, nil, err
	}
	return c, append(lint.MustUse(p), lint.Reentry(p)...), nil
}

// diagnostic is a finding as the go command reads it.
type diagnostic struct {
	Posn    string `json:"posn"`
	Message string `json:"message"`
}

// report writes findings as the go command wants them: by package and rule.
func (c config) report(findings []lint.Finding, stdout io.Writer) error {
	list := []diagnostic{}
	for _, f := range findings {
		list = append(list, diagnostic{fmt.Sprintf("%s:%d:1", f.File, f.Line), f.Message})
	}
	text, err := json.Marshal(map[string]map[string][]diagnostic{c.ID: {"iovet": list}})
	if err != nil {
		return err
	}
	if c.Stdout != "" {
		return os.WriteFile(c.Stdout, text, 0o666)
	}
	_, err = stdout.Write(text)
	return err
}
