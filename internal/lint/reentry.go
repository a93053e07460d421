package lint

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// Reentry finds writes that a machine would do twice: to a field of its
// receiver, to a captured variable or to one of the package, between entering a
// state and a yield that comes back to the same state. An append, an index++ or
// a map insert before a yield is done again when the state is entered again.
//
// A machine is a method or function literal that returns a completion.IOResult
// first. A state is a case of a switch over a field or variable; a write to
// that one moves the machine on, and what was written before is not done again.
// Writes of completions, which are what a state waits for, are free. Writes
// behind a pointer in a local variable, and those of methods that the machine
// calls, are not seen.
func Reentry(p *Package) []Finding {
	r := &reentry{p: p, found: map[token.Pos]Finding{}, yielding: p.yieldingFunctions()}
	for _, f := range p.Files {
		if p.ofCompletionTests(f) {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Body != nil && p.returnsOperation(n.Type) {
					r.machine(n, n.Body)
				}
			case *ast.FuncLit:
				if p.returnsOperation(n.Type) {
					r.machine(n, n.Body)
				}
			}
			return true
		})
	}
	return slices.SortedFunc(maps.Values(r.found), func(a, b Finding) int {
		return strings.Compare(a.File, b.File)*1_000_000 + a.Line - b.Line
	})
}

type reentry struct {
	p        *Package
	found    map[token.Pos]Finding
	yielding map[types.Object]bool // functions of the package that may return a pending result

	fn    ast.Node // the machine: outside it, variables outlive a step
	state string   // what the switch around the current case looks at, or ""
}

// A trail is what has happened since the state was entered.
type trail struct {
	writes map[token.Pos]string // what was written where
	moved  bool                 // the state was written: the machine does not come back here
	ended  bool                 // the path goes on in another state, or not at all
}

func (p trail) clone() trail {
	p.writes = maps.Clone(p.writes)
	return p
}

// join is the trail that has happened if either has.
func join(a, b trail) trail {
	switch {
	case a.ended:
		return b
	case b.ended:
		return a
	case a.moved: // what a wrote is not done again
		return b
	case b.moved:
		return a
	}
	maps.Copy(a.writes, b.writes)
	return a
}

func (r *reentry) machine(fn ast.Node, body *ast.BlockStmt) {
	r.fn, r.state = fn, ""
	r.block(body.List, trail{writes: map[token.Pos]string{}})
}

func (r *reentry) block(list []ast.Stmt, p trail) trail {
	for _, s := range list {
		if p.ended {
			break
		}
		p = r.statement(s, p)
	}
	return p
}

func (r *reentry) statement(s ast.Stmt, p trail) trail {
	switch s := s.(type) {
	case *ast.AssignStmt:
		for _, l := range s.Lhs {
			p = r.write(l, p)
		}
	case *ast.IncDecStmt:
		return r.write(s.X, p)
	case *ast.ExprStmt:
		return r.call(s.X, p)
	case *ast.ReturnStmt:
		r.leave(s, p)
		p.ended = true
	case *ast.BranchStmt:
		p.ended = s.Tok != token.FALLTHROUGH // to the loop around the switch, most often
	case *ast.BlockStmt:
		return r.block(s.List, p)
	case *ast.LabeledStmt:
		return r.statement(s.Stmt, p)
	case *ast.IfStmt:
		if s.Init != nil {
			p = r.statement(s.Init, p)
		}
		then, otherwise := r.block(s.Body.List, p.clone()), p
		if s.Else != nil {
			otherwise = r.statement(s.Else, p.clone())
		}
		return join(then, otherwise)
	case *ast.ForStmt:
		return r.loop(s.Body, p)
	case *ast.RangeStmt:
		return r.loop(s.Body, p)
	case *ast.SwitchStmt:
		return r.cases(s, p)
	case *ast.TypeSwitchStmt:
		return r.branches(s.Body, p)
	}
	return p
}

// loop is walked twice: what one turn wrote comes before the yield of the next.
func (r *reentry) loop(body *ast.BlockStmt, p trail) trail {
	for range 2 {
		turn := r.block(body.List, p.clone())
		turn.ended = false
		p = join(p, turn)
	}
	return p
}

// cases are states if the switch looks at something that outlives the step:
// each begins a path of its own.
func (r *reentry) cases(s *ast.SwitchStmt, p trail) trail {
	if s.Tag == nil || r.outlives(s.Tag) == "" {
		return r.branches(s.Body, p)
	}
	outer := r.state
	r.state = types.ExprString(s.Tag)
	for _, c := range s.Body.List {
		r.block(c.(*ast.CaseClause).Body, trail{writes: map[token.Pos]string{}})
	}
	r.state = outer
	p.ended = true
	return p
}

func (r *reentry) branches(body *ast.BlockStmt, p trail) trail {
	out := p.clone() // no branch is taken
	for _, c := range body.List {
		out = join(out, r.block(c.(*ast.CaseClause).Body, p.clone()))
	}
	return out
}

// write notes a write of something that outlives the step.
func (r *reentry) write(target ast.Expr, p trail) trail {
	what := r.outlives(target)
	switch {
	case what == "":
	case types.ExprString(target) == r.state:
		p.moved = true
	case !r.waited(target):
		p.writes[target.Pos()] = what
	}
	return p
}

// call notes the builtins that write, and the end of the path in a panic.
func (r *reentry) call(x ast.Expr, p trail) trail {
	call, ok := ast.Unparen(x).(*ast.CallExpr)
	if !ok {
		return p
	}
	if id, ok := call.Fun.(*ast.Ident); ok && len(call.Args) > 0 {
		switch id.Name {
		case "panic":
			p.ended = true
		case "delete", "clear", "copy":
			return r.write(call.Args[0], p)
		}
	}
	return p
}

// outlives names what an expression writes to if that is there at the next
// step as well: a field of the receiver, or a variable of around the machine.
func (r *reentry) outlives(x ast.Expr) string {
	whole := x
	for {
		switch e := x.(type) {
		case *ast.ParenExpr:
			x = e.X
		case *ast.SelectorExpr:
			x = e.X
		case *ast.IndexExpr:
			x = e.X
		case *ast.SliceExpr:
			x = e.X
		case *ast.StarExpr:
			x = e.X
		case *ast.Ident:
			v, ok := r.p.Info.Uses[e].(*types.Var)
			if !ok {
				return ""
			}
			local := r.fn.Pos() <= v.Pos() && v.Pos() < r.fn.End()
			if local && (whole == ast.Expr(e) || !r.receiver(v)) {
				return ""
			}
			return types.ExprString(whole)
		default:
			return ""
		}
	}
}

// receiver reports whether v is the receiver of the machine.
func (r *reentry) receiver(v *types.Var) bool {
	decl, ok := r.fn.(*ast.FuncDecl)
	return ok && decl.Recv != nil && decl.Recv.Pos() <= v.Pos() && v.Pos() < decl.Recv.End()
}

// waited reports whether a target is what a state waits for.
func (r *reentry) waited(target ast.Expr) bool {
	t := r.p.Info.TypeOf(target)
	if t == nil {
		return false
	}
	if pointer, ok := types.Unalias(t).(*types.Pointer); ok {
		t = pointer.Elem()
	}
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Pkg() != nil && isCompletion(named.Obj().Pkg().Path())
}

// leave checks a return. If it yields to come back to the same state, nothing
// may have been written.
func (r *reentry) leave(s *ast.ReturnStmt, p trail) {
	if len(p.writes) == 0 || p.moved || len(s.Results) == 0 || !r.p.yields(s.Results[0], r.yielding) {
		return
	}
	for pos, what := range p.writes {
		r.found[pos] = findingAt(r.p.Fset, pos,
			"%s is written before a yield that comes back to this state, and so again; write it in the state after the wait", what)
	}
}

// yields reports whether a returned expression may be a pending result.
func (p *Package) yields(x ast.Expr, yielding map[types.Object]bool) bool {
	call, ok := ast.Unparen(x).(*ast.CallExpr)
	if !ok {
		_, literal := x.(*ast.CompositeLit)
		return !literal // a variable holds whatever a step returned
	}
	switch callee := p.callee(call); {
	case callee == nil:
		return true
	case callee.Pkg() != nil && isCompletion(callee.Pkg().Path()):
		return callee.Name() != "Done"
	case callee.Pkg() != nil && callee.Pkg().Path() == p.Path && callee.Name() != "Step":
		return yielding[callee]
	}
	return true
}

// callee is the function that is called, if it has a name.
func (p *Package) callee(call *ast.CallExpr) types.Object {
	fun := ast.Unparen(call.Fun)
	switch e := fun.(type) {
	case *ast.IndexExpr: // instantiated
		fun = e.X
	case *ast.IndexListExpr:
		fun = e.X
	}
	switch e := fun.(type) {
	case *ast.Ident:
		return p.Info.Uses[e]
	case *ast.SelectorExpr:
		return p.Info.Uses[e.Sel]
	}
	return nil
}

// yieldingFunctions are those of the package that return what may be pending,
// by themselves: m.done(err), which ends a machine, is none.
func (p *Package) yieldingFunctions() map[types.Object]bool {
	yielding := map[types.Object]bool{}
	for _, f := range p.Files {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil || !p.returnsOperation(fn.Type) {
				continue
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				if s, ok := n.(*ast.ReturnStmt); ok && len(s.Results) > 0 && p.yields(s.Results[0], yielding) {
					yielding[p.Info.Defs[fn.Name]] = true
				}
				return true
			})
		}
	}
	return yielding
}

// returnsOperation reports whether a function's first result is an IOResult.
func (p *Package) returnsOperation(t *ast.FuncType) bool {
	if t.Results == nil || len(t.Results.List) == 0 {
		return false
	}
	first := p.Info.TypeOf(t.Results.List[0].Type)
	return first != nil && strings.HasPrefix(operation(first), "an IOResult")
}
