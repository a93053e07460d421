package show

import (
	"io"
	"slices"
	"strings"
)

// What EXPLAIN returns reads badly as plain rows, so two formatters of its own
// show it, whatever the output mode: bytecode indented by its loops, and query
// plans as a tree.

// codeFormatter shows the rows of EXPLAIN.
type codeFormatter struct {
	layout
	ops []opcode
}

type opcode struct {
	columns []string
	addr    int64
	name    string
	p1, p2  int64
}

// NewCode returns a formatter for the rows of EXPLAIN.
func NewCode(w io.Writer, columns []string, convert Converter) Formatter {
	return &codeFormatter{layout: layout{w: w, columns: columns, convert: convert}}
}

func (f *codeFormatter) Row(values []any) error {
	op := opcode{columns: make([]string, len(values))}
	for i, v := range values {
		op.columns[i] = string(f.appendWhole(nil, v))
	}
	if len(values) > 3 {
		op.addr, _ = values[0].(int64)
		op.name, _ = values[1].(string)
		op.p1, _ = values[2].(int64)
		op.p2, _ = values[3].(int64)
	}
	f.ops = append(f.ops, op)
	return nil
}

// codeWidths are the least widths of EXPLAIN's columns: addr, opcode, p1 to p5
// and comment.
var codeWidths = []int{4, 13, 4, 4, 4, 13, 2, 13}

func (f *codeFormatter) Finish() error {
	if len(f.ops) == 0 {
		return nil
	}
	var b strings.Builder
	n := min(len(f.columns), len(codeWidths))
	for i, name := range f.columns[:n] {
		writeFilled(&b, name, codeWidths[i], i == n-1)
	}
	for i, w := range codeWidths[:n] {
		writeFilled(&b, strings.Repeat("-", w), w, i == n-1)
	}
	indents := indentLoops(f.ops)
	for at, op := range f.ops {
		for i, text := range op.columns[:n] {
			if i == 1 {
				pad(&b, indents[at])
			}
			width := codeWidths[i]
			if i == n-1 {
				width = 0
			}
			writeFilled(&b, text, width, i == n-1)
		}
	}
	_, err := io.WriteString(f.w, b.String())
	return err
}

func pad(b *strings.Builder, n int) { b.WriteString(strings.Repeat(" ", n)) }

// writeFilled writes text filled up to width, then the gap to the next column,
// which shrinks to one blank after text that is too wide.
func writeFilled(b *strings.Builder, text string, width int, last bool) {
	b.WriteString(text)
	over := displayWidth(text) > width
	pad(b, max(0, width-displayWidth(text)))
	switch {
	case last:
		b.WriteByte('\n')
	case over:
		b.WriteByte(' ')
	default:
		b.WriteString("  ")
	}
}

// indentLoops returns by how much to indent each opcode: two for every loop it
// is in. A loop lies between the target of a jump back and the jump.
func indentLoops(ops []opcode) []int {
	var (
		ends   = []string{"Next", "Prev", "VPrev", "VNext", "SorterNext", "Return"}
		starts = []string{"Yield", "SeekLT", "SeekGT", "RowSetRead", "Rewind"}
	)
	indents := make([]int, len(ops))
	for at, op := range ops {
		// Addresses start again in the subprogram of a trigger; the target lies as
		// far from the opcode as its address does.
		target := int(op.p2) + at - int(op.addr)
		if target < 0 || target >= at {
			continue
		}
		loops := slices.Contains(ends, op.name) && target > 0 ||
			op.name == "Goto" && (op.p1 != 0 || slices.Contains(starts, ops[target].name))
		if !loops {
			continue
		}
		for i := target; i < at; i++ {
			indents[i] += 2
		}
	}
	return indents
}

// planFormatter shows the rows of EXPLAIN QUERY PLAN.
type planFormatter struct {
	layout
	nodes []planNode
}

type planNode struct {
	id, parent int64
	text       string
}

// NewPlan returns a formatter for the rows of EXPLAIN QUERY PLAN.
func NewPlan(w io.Writer, columns []string, convert Converter) Formatter {
	return &planFormatter{layout: layout{w: w, columns: columns, convert: convert}}
}

func (f *planFormatter) Row(values []any) error {
	var n planNode
	if len(values) > 3 {
		n.id, _ = values[0].(int64)
		n.parent, _ = values[1].(int64)
		n.text = string(f.appendWhole(nil, values[3]))
	}
	f.nodes = append(f.nodes, n)
	return nil
}

func (f *planFormatter) Finish() error {
	var b strings.Builder
	title, rest := "QUERY PLAN", f.nodes
	for len(rest) > 0 {
		n := slices.IndexFunc(rest, planNode.beginsPlan)
		if n < 0 {
			n = len(rest)
		}
		if n > 0 {
			b.WriteString(title + "\n")
			drawNodes(&b, rest[:n], 0, "")
		}
		if rest = rest[n:]; len(rest) > 0 {
			title, rest = rest[0].text[len(planTitle):], rest[1:]
		}
	}
	_, err := io.WriteString(f.w, b.String())
	return err
}

// planTitle is what the text of a node begins with that is the title of another
// plan: that of a trigger.
const planTitle = "-- "

func (n planNode) beginsPlan() bool { return strings.HasPrefix(n.text, planTitle) }

// maxPlanDepth bounds how deep a tree is drawn, as in SQLite's own shell.
const maxPlanDepth = 31

// drawNodes writes the nodes below parent, each behind prefix.
func drawNodes(b *strings.Builder, nodes []planNode, parent int64, prefix string) {
	var below []planNode
	for _, n := range nodes {
		if n.parent == parent {
			below = append(below, n)
		}
	}
	for i, n := range below {
		branch, next := "|--", "|  "
		if i == len(below)-1 {
			branch, next = "`--", "   "
		}
		b.WriteString(prefix + branch + n.text + "\n")
		if len(prefix) < 3*maxPlanDepth {
			drawNodes(b, nodes, n.id, prefix+next)
		}
	}
}
