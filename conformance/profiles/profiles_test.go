package profiles

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/turso-coop/turso-coop/conformance/compatibility/report"
	"github.com/turso-coop/turso-coop/driver"
	_ "github.com/turso-coop/turso-coop/vfs/oracle" // files are what SQLite asked for
)

var suite = report.New("profiles")

// peerVariable is the environment variable that makes the test's binary run scenarios on a driver: it holds the name
// that the driver has registered. The arguments are those of the program in the directory ncruces.
const peerVariable = "TURSO_COOP_PROFILES_PEER"

func TestMain(m *testing.M) {
	registered := os.Getenv(peerVariable)
	if registered == "" {
		os.Exit(m.Run())
	}
	if err := Serve(os.Stdout, registered, os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// TestScenarios compares turso-coop with each of the drivers that it stands in for.
func TestScenarios(t *testing.T) {
	suite.Save(t)
	for _, peer := range []struct {
		name, registered, profile string
		program                   func(*testing.T) []string // and its environment
	}{
		{Mattn, "sqlite3", driver.Name, ownBinary},
		{Modernc, "sqlite", driver.Name + "-modernc", ownBinary},
		{Ncruces, "sqlite3", driver.Name + "-ncruces", ncrucesBinary},
	} {
		t.Run(peer.name, func(t *testing.T) {
			t.Parallel()
			if peer.name == Mattn && !mattnBuilt {
				t.Skip("mattn's driver was not built in: it needs a C compiler and CGO_ENABLED=1")
			}
			var names []string
			for _, s := range Scenarios() {
				if s.For(peer.name) {
					names = append(names, s.Name)
				}
			}
			if double := doubles(names); double != "" {
				t.Fatalf("two scenarios are called %q", double)
			}
			ours := observeAll(t, ownBinary(t), peer.profile, names)
			theirs := observeAll(t, peer.program(t), peer.registered, names)
			compare(t, peer.name, names, ours, theirs)
		})
	}
}

func doubles(names []string) string {
	sorted := slices.Sorted(slices.Values(names))
	for i, name := range sorted[1:] {
		if name == sorted[i] {
			return name
		}
	}
	return ""
}

// compare reports what differs and is not known to, and what is known to and does not.
func compare(t *testing.T, peer string, names []string, ours, theirs map[string]string) {
	same, known := 0, 0
	for _, name := range names {
		reason := reasonFor(peer, name)
		switch differs := ours[name] != theirs[name]; {
		case strings.Contains(ours[name], "panic:") || strings.Contains(ours[name], died):
			t.Errorf("%s:\n%s", name, ours[name])
		case differs && reason == "":
			t.Errorf("%s\nturso-coop:\n%s\n%s:\n%s", name, ours[name], peer, theirs[name])
		case differs:
			known++
			suite.List(peer+": "+name, reason)
		case reason != "":
			t.Errorf("%s: nothing differs any more (%s)", name, reason)
		default:
			same++
		}
	}
	suite.Count("scenarios", len(names))
	t.Logf("%d scenarios: %d alike, %d with a listed difference", len(names), same, known)
	for _, d := range differences {
		for _, name := range d.scenarios {
			if slices.Contains(d.peers, peer) && !slices.Contains(names, name) {
				t.Errorf("a difference is listed for no scenario: %s", name)
			}
		}
	}
}

// ownBinary is this test's binary.
func ownBinary(t *testing.T) []string {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return []string{self}
}

// ncrucesBinary builds the program in the directory ncruces.
func ncrucesBinary(t *testing.T) []string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "ncruces.exe") // the ending means nothing where none is needed
	if out, err := exec.Command("go", "build", "-o", binary, "./ncruces").CombinedOutput(); err != nil {
		t.Fatalf("go build ./ncruces: %v\n%s", err, out)
	}
	return []string{binary}
}

// died is what a scenario has shown that has ended its process.
const died = "the process died"

// observeAll runs scenarios in child processes, the next one when one has died.
func observeAll(t *testing.T, program []string, registered string, names []string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	seen := map[string]string{}
	for len(names) > 0 {
		n, err := observeSome(program, registered, dir, names, seen)
		if err != nil {
			t.Fatalf("%s: %v", registered, err)
		}
		if n == len(names) {
			break
		}
		seen[names[n]] = died
		names = names[n+1:]
	}
	return seen
}

// observeSome runs scenarios in one process and returns how many of them it has survived.
func observeSome(program []string, registered, dir string, names []string, seen map[string]string) (n int, err error) {
	cmd := exec.Command(program[0], append([]string{dir}, names...)...)
	cmd.Env = append(os.Environ(), peerVariable+"="+registered, "TZ=UTC")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	results := json.NewDecoder(out)
	for {
		var o Observed
		if err := results.Decode(&o); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		} else if err != nil {
			return 0, errors.Join(err, cmd.Wait())
		}
		seen[o.Scenario] = strings.Join(o.Lines, "\n")
		n++
	}
	err = cmd.Wait()
	if n == len(names) || n > 0 && err != nil {
		return n, nil // all of them, or all before one that has ended the process
	}
	return n, fmt.Errorf("the process has run %d of %d scenarios: %v", n, len(names), err)
}
