package lint

import (
	"go/ast"
	"go/token"
	"strconv"
	"strings"
)

// simulated are the packages whose every decision a seed determines when they
// run on the simulated disk.
var simulated = []string{"completion", "ioengine", "vfs"}

// realTime are the exceptions, folders and files, each with its reason.
var realTime = map[string]string{
	"vfs/queue.go":        "waiting for a turn is between goroutines of the program, and ends at their deadlines; it is no operation on a file",
	"vfs/courtesy.go":     "how long the turn rests is for other processes, which live in real time",
	"ioengine/enginetest": "tests of engines, real ones too, which finish when they do: a deadline turns a hang into a failure",
}

// undetermined are the functions whose result no seed determines, by package.
// Types and constants may be used, and clocks that the caller hands over.
var undetermined = map[string]func(name string) bool{
	"time": oneOf("Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"),
	// Everything but sources and generators made of them draws from the
	// global source, which nobody can seed.
	"math/rand":    global,
	"math/rand/v2": global,
	"crypto/rand":  func(string) bool { return true },
}

func oneOf(names ...string) func(string) bool {
	return func(name string) bool {
		for _, n := range names {
			if n == name {
				return true
			}
		}
		return false
	}
}

func global(name string) bool {
	return !oneOf("New", "NewSource", "NewPCG", "NewChaCha8", "NewZipf",
		"Rand", "Source", "Source64", "PCG", "ChaCha8", "Zipf")(name)
}

// Clocks applies [Clocks] to the packages that are simulated.
func (t *Tree) Clocks() []Finding {
	var findings []Finding
	for _, f := range t.Files {
		if realTime[f.Dir()] == "" && realTime[f.Name] == "" && f.Nested == "" && !f.Test() && withinAny(f.Dir(), simulated) {
			findings = append(findings, Clocks(t.Fset, f.Syntax)...)
		}
	}
	return findings
}

// Clocks finds uses of the wall clock, of timers, and of randomness that no
// seed determines, in a file that must do the same again from the same seed.
func Clocks(fset *token.FileSet, file *ast.File) []Finding {
	var findings []Finding
	imported := map[string]string{} // from the name in this file
	for _, spec := range file.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil || undetermined[name] == nil {
			continue
		}
		local := strings.TrimSuffix(name, "/v2")
		local = local[strings.LastIndexByte(local, '/')+1:]
		if spec.Name != nil {
			local = spec.Name.Name
		}
		if local == "." {
			findings = append(findings, findingAt(fset, spec.Pos(), "%s is imported without a name, so its uses cannot be told; import it plainly", name))
		}
		imported[local] = name
	}
	ast.Inspect(file, func(n ast.Node) bool {
		use, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		// An identifier that the parser resolved is something local.
		if id, ok := use.X.(*ast.Ident); ok && id.Obj == nil {
			if from := imported[id.Name]; from != "" && undetermined[from](use.Sel.Name) {
				findings = append(findings, findingAt(fset, use.Pos(),
					"%s.%s is different in every run, and this code is simulated; take the clock or the seeded source from the caller", from, use.Sel.Name))
			}
		}
		return true
	})
	return findings
}
