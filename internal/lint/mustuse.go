package lint

import (
	"go/ast"
	"go/types"
	"strings"
)

// MustUse finds calls whose result is an unfinished operation, an IOResult or
// a *Completion of package completion, that nobody keeps: as a statement of its
// own, behind go or defer, or assigned to the blank identifier. The operation
// goes on, with its buffers, and nobody can wait for it any more. Only package
// completion's own tests may: misuse is what they test.
func MustUse(p *Package) []Finding {
	var findings []Finding
	drop := func(call ast.Expr, types []types.Type, how string) {
		for _, t := range types {
			if what := operation(t); what != "" {
				findings = append(findings, findingAt(p.Fset, call.Pos(), "%s %s", how, what))
				return
			}
		}
	}
	for _, f := range p.Files {
		if p.ofCompletionTests(f) {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ExprStmt:
				if call, ok := ast.Unparen(n.X).(*ast.CallExpr); ok {
					drop(call, p.results(call), "the call drops")
				}
			case *ast.GoStmt:
				drop(n.Call, p.results(n.Call), "the go statement drops")
			case *ast.DeferStmt:
				drop(n.Call, p.results(n.Call), "the defer statement drops")
			case *ast.AssignStmt:
				p.blanks(n.Lhs, n.Rhs, drop)
			case *ast.ValueSpec:
				names := make([]ast.Expr, len(n.Names))
				for i, name := range n.Names {
					names[i] = name
				}
				p.blanks(names, n.Values, drop)
			}
			return true
		})
	}
	return findings
}

// ofCompletionTests reports whether f is a test of package completion itself.
func (p *Package) ofCompletionTests(f *ast.File) bool {
	return strings.HasSuffix(p.Fset.Position(f.Package).Filename, "_test.go") && isCompletion(strings.TrimSuffix(p.Path, "_test"))
}

// blanks hands the results of calls that are assigned to _ to drop.
func (p *Package) blanks(left, right []ast.Expr, drop func(ast.Expr, []types.Type, string)) {
	const how = "the blank identifier drops"
	for i, l := range left {
		if id, ok := l.(*ast.Ident); !ok || id.Name != "_" || len(right) == 0 {
			continue
		}
		if len(left) == len(right) {
			if call, ok := ast.Unparen(right[i]).(*ast.CallExpr); ok {
				drop(call, p.results(call), how)
			}
		} else if call, ok := ast.Unparen(right[0]).(*ast.CallExpr); ok {
			drop(call, p.results(call)[i:i+1], how) // one call for all of left
		}
	}
}

// results are the types of what a call returns.
func (p *Package) results(call *ast.CallExpr) []types.Type {
	switch t := p.Info.Types[call].Type.(type) {
	case nil:
		return nil
	case *types.Tuple:
		var all []types.Type
		for v := range t.Variables() {
			all = append(all, v.Type())
		}
		return all
	default:
		return []types.Type{t}
	}
}

// operation says of which unfinished operation a type is, and what to do with
// it, or "".
func operation(t types.Type) string {
	t = types.Unalias(t)
	pointer, isPointer := t.(*types.Pointer)
	if isPointer {
		t = types.Unalias(pointer.Elem())
	}
	named, ok := t.(*types.Named)
	if !ok || named.Obj().Pkg() == nil || !isCompletion(named.Obj().Pkg().Path()) {
		return ""
	}
	switch name := named.Obj().Name(); {
	case name == "IOResult" && !isPointer:
		return "an IOResult; step until it is Done, or pass it on with completion.Again"
	case name == "Completion" && isPointer:
		return "a *Completion; keep it until it has finished, or add it to a group"
	}
	return ""
}

// isCompletion reports whether a package is the one that defines operations.
func isCompletion(name string) bool { return strings.HasSuffix(name, "/completion") }
