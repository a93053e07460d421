// Package complete says what could stand at a place in SQL text that is still
// being written.
//
// It does not parse: what is being written seldom does. It looks at the tokens
// before the place, which say what kind of thing comes next - a table behind
// FROM, a column behind a table's name and a dot - and at all of the statement
// for the tables whose columns may be meant. What there is of each kind it asks
// [Names].
package complete

import (
	"slices"
	"strings"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/edit"
	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
)

// Names knows what is in a database.
type Names interface {
	// List returns the names of one kind. schema is "" for all of them. table is
	// meant for columns only.
	List(kind Kind, schema, table string) []string
}

// Kind is what a name is the name of. Its text is for the user.
type Kind string

// The kinds that a Names is asked for.
const (
	Schema    Kind = "schema"
	Table     Kind = "table"
	View      Kind = "view"
	Index     Kind = "index"
	Trigger   Kind = "trigger"
	Column    Kind = "column"
	Function  Kind = "function"
	Pragma    Kind = "pragma"
	Collation Kind = "collation"
	Module    Kind = "module"
)

const (
	keyword Kind = "keyword"
	alias   Kind = "alias"
)

// SQL returns what could stand in the place of the word that ends at pos, in
// bytes, and where the word begins. If ok is false, there can be no word: the
// place is in a text or a comment.
func SQL(text string, pos int, names Names) (from int, list []edit.Candidate, ok bool) {
	c := completion{names: names, from: pos}
	if !c.split(text[:pos]) {
		return pos, nil, false
	}
	c.scope = scopeOf(append(slices.Clone(c.before), statement(text[pos:])...))
	c.find()
	return c.from, c.list, true
}

// A token is a token with its text.
type token struct {
	sqltext.Token
	text  string
	upper string // the text of a keyword, "" of anything else
}

func (t token) name() string      { return sqltext.Unquote(t.text) }
func (t token) isName() bool      { return t.Kind == sqltext.Name || t.Kind == sqltext.Word }
func (t token) is(op string) bool { return t.Kind == sqltext.Operator && t.text == op }

// statement returns the tokens of text up to the first semicolon, without
// comments.
func statement(text string) (tokens []token) {
	for t := range sqltext.Tokens(text) {
		if t.Kind == sqltext.Operator && text[t.Start] == ';' {
			break
		}
		tokens = appendToken(tokens, text, t)
	}
	return tokens
}

func appendToken(tokens []token, text string, t sqltext.Token) []token {
	if t.Kind == sqltext.Comment {
		return tokens
	}
	token := token{Token: t, text: text[t.Start:t.End]}
	if upper := strings.ToUpper(token.text); t.Kind == sqltext.Word && sqltext.Keywords[upper] {
		token.upper = upper
	}
	return append(tokens, token)
}

// A completion is one in the making.
type completion struct {
	names  Names
	before []token // of the statement, up to the word
	word   string  // the word so far, without quotes
	quote  byte    // with which it begins, 0 if it does not
	glued  bool    // to a number or a quote: no word can begin
	from   int
	scope  scope
	list   []edit.Candidate
}

// split finds the statement and the word that text ends in. It returns false if
// there can be no word.
func (c *completion) split(text string) bool {
	for t := range sqltext.Tokens(text) {
		switch {
		case t.Open && t.Kind != sqltext.Name, t.Kind == sqltext.Comment && t.End == len(text) && !strings.HasSuffix(text, "*/"):
			return false
		case t.Kind == sqltext.Operator && text[t.Start] == ';':
			c.before = nil
			continue
		}
		c.before = appendToken(c.before, text, t)
	}
	n := len(c.before)
	if n == 0 || c.before[n-1].End < len(text) {
		return true
	}
	switch last := c.before[n-1]; {
	case last.isName() && (last.Open || last.Kind == sqltext.Word):
		c.from, c.word = last.Start, last.name()
		if last.Kind == sqltext.Name {
			c.quote = last.text[0]
		}
		c.before = c.before[:n-1]
	case last.Kind != sqltext.Operator:
		c.glued = true
	}
	return true
}

// at returns the i-th token before the word, counted from 1; none is empty.
func (c *completion) at(i int) token {
	if i > len(c.before) {
		return token{}
	}
	return c.before[len(c.before)-i]
}

// first returns the keyword that the statement begins with, behind EXPLAIN.
func (c *completion) first() string {
	words := c.before
	for _, skipped := range []string{"EXPLAIN", "QUERY", "PLAN"} {
		if len(words) > 0 && words[0].upper == skipped {
			words = words[1:]
		}
	}
	if len(words) == 0 {
		return ""
	}
	return words[0].upper
}

// find fills the list.
func (c *completion) find() {
	before := c.at(1)
	switch {
	case c.glued:
	case before.is("."):
		c.qualified()
	case c.first() == "" && (len(c.before) == 0 || before.upper != ""), keywordsOnly[before.upper]:
		c.keywords(follow[before.upper])
	case c.object(before.upper):
	case c.inColumns():
	case c.behindOperand():
		c.afterOperand()
	case c.tablesHere(before):
		c.tables("")
	default:
		c.expression()
	}
}

// behindOperand reports whether a name or a value has just ended.
func (c *completion) behindOperand() bool {
	before := c.at(1)
	if before.Kind == sqltext.Operator {
		return before.is(")") || before.is("*") && (c.at(2).upper == "SELECT" || c.at(2).is("."))
	}
	return before.upper == "" || operand[before.upper]
}

// object completes the names of what a statement other than a query is about.
// It returns false if the place is not for one.
func (c *completion) object(before string) bool {
	if before == "EXISTS" { // IF EXISTS, IF NOT EXISTS
		i := 2
		for c.at(i).upper == "NOT" || c.at(i).upper == "IF" {
			i++
		}
		before = c.at(i).upper
	}
	switch verb := c.first(); {
	case before == "PRAGMA":
		c.add(Pragma, c.names.List(Pragma, "", ""))
		c.schemas()
	case before == "COLLATE":
		c.add(Collation, c.names.List(Collation, "", ""))
	case before == "DETACH", before == "VACUUM", before == "DATABASE" && verb == "DETACH":
		c.add(Schema, c.names.List(Schema, "", ""))
	case before == "USING" && verb == "CREATE":
		c.add(Module, c.names.List(Module, "", ""))
	case before == "BY" && c.at(2).upper == "INDEXED":
		c.add(Index, c.names.List(Index, "", ""))
	case before == "REINDEX", before == "ANALYZE":
		c.tables("")
		c.add(Index, c.names.List(Index, "", ""))
	case verb == "CREATE" && created[before]:
		c.keywords(follow["CREATE "+before])
	case verb == "DROP" && created[before]:
		c.add(Kind(strings.ToLower(before)), c.names.List(Kind(strings.ToLower(before)), "", ""))
		c.schemas()
		if c.at(1).upper != "EXISTS" {
			c.keywords("IF")
		}
	default:
		return false
	}
	return true
}

var created = map[string]bool{"TABLE": true, "VIEW": true, "INDEX": true, "TRIGGER": true}

// inColumns completes the columns of one table, in the brackets behind its name
// or what UPDATE sets.
func (c *completion) inColumns() bool {
	before := c.at(1)
	if !before.is("(") && !before.is(",") && before.upper != "SET" {
		return false
	}
	i, clause := c.opening()
	switch {
	case clause == "SET" && c.first() == "UPDATE":
		c.columns(c.scope.target)
		return true
	case i == 0:
		return false
	}
	name := c.at(i + 1)
	switch introduced := c.at(c.nameStart(i + 1)).upper; {
	case name.upper == "USING" && c.first() != "CREATE":
		c.scopeColumns()
	case name.isName() && name.upper == "" && (introduced == "INTO" || introduced == "REFERENCES" || introduced == "ON" && c.first() == "CREATE"):
		c.columns(table{name: name.name(), schema: c.schemaOf(i + 1)})
	default:
		return false
	}
	return true
}

// opening returns which token opens the innermost brackets around the word, 0 if
// there are none, and the last keyword in them that begins a clause.
func (c *completion) opening() (i int, clause string) {
	depth := 0
	for i := 1; i <= len(c.before); i++ {
		switch t := c.at(i); {
		case t.is(")"):
			depth++
		case t.is("(") && depth == 0:
			return i, clause
		case t.is("("):
			depth--
		case depth == 0 && clause == "" && clauses[t.upper]:
			clause = t.upper
		}
	}
	return 0, clause
}

// nameStart returns which token comes before the name at i, with its schema.
func (c *completion) nameStart(i int) int {
	if c.at(i + 1).is(".") {
		i += 2
	}
	return i + 1
}

func (c *completion) schemaOf(i int) string {
	if c.at(i + 1).is(".") {
		return c.at(i + 2).name()
	}
	return ""
}

// tablesHere reports whether a table comes next.
func (c *completion) tablesHere(before token) bool {
	switch before.upper {
	case "FROM", "JOIN", "INTO", "UPDATE", "REFERENCES":
		return true
	case "TABLE":
		return c.first() == "ALTER"
	case "ON":
		return c.first() == "CREATE"
	case "REPLACE", "ROLLBACK", "ABORT", "FAIL", "IGNORE": // UPDATE OR
		return c.at(2).upper == "OR" && c.at(3).upper == "UPDATE"
	}
	_, clause := c.opening()
	return before.is(",") && clause == "FROM"
}

// qualified completes what comes behind a dot.
func (c *completion) qualified() {
	name := c.at(2).name()
	if schema := c.at(4).name(); c.at(3).is(".") {
		c.columns(table{name: name, schema: schema})
		return
	}
	for _, t := range c.scope.tables {
		if strings.EqualFold(t.alias, name) || t.alias == "" && strings.EqualFold(t.name, name) {
			c.columns(t)
			return
		}
	}
	for _, schema := range c.names.List(Schema, "", "") {
		if strings.EqualFold(schema, name) {
			c.tables(schema)
			if c.first() == "PRAGMA" {
				c.list = nil
				c.add(Pragma, c.names.List(Pragma, "", ""))
			}
			return
		}
	}
	c.columns(table{name: name})
}

func (c *completion) afterOperand() {
	_, clause := c.opening()
	c.keywords(operandFollow[clause])
	if c.word != "" {
		c.keywords(allKeywords)
	}
}

func (c *completion) expression() {
	c.scopeColumns()
	for _, t := range c.scope.tables {
		if t.alias != "" {
			c.add(alias, []string{t.alias})
		} else {
			c.add(Table, []string{t.name})
		}
	}
	if c.quote != 0 {
		return
	}
	if c.word != "" {
		for _, name := range c.names.List(Function, "", "") {
			c.offer(name+"(", Function)
		}
	}
	c.followers()
	if c.word != "" {
		c.keywords(allKeywords)
	}
}

// scopeColumns adds the columns of the tables of the statement, or of all tables
// if it has none yet.
func (c *completion) scopeColumns() {
	tables := c.scope.tables
	if len(tables) == 0 && c.word != "" {
		for _, name := range c.names.List(Table, "", "") {
			if strings.HasPrefix(name, "sqlite_") {
				continue
			}
			tables = append(tables, table{name: name})
		}
	}
	for _, t := range tables {
		c.columns(t)
	}
}

func (c *completion) columns(t table) { c.add(Column, c.names.List(Column, t.schema, t.name)) }

// tables adds what can be read from, in one schema or, for "", all of them.
func (c *completion) tables(schema string) {
	c.add(Table, c.names.List(Table, schema, ""))
	c.add(View, c.names.List(View, schema, ""))
	if schema == "" {
		c.add(Table, c.scope.with)
		c.schemas()
	}
	c.followers()
}

// followers adds what comes behind the keyword before the word.
func (c *completion) followers() {
	if before := c.at(1).upper; before != "" {
		c.keywords(follow[before])
	}
}

// schemas adds the databases, which most statements need not name.
func (c *completion) schemas() {
	if schemas := c.names.List(Schema, "", ""); c.word != "" || len(schemas) > 2 { // more than main and temp
		c.add(Schema, schemas)
	}
}

// add offers names, in quotes if they need them or the word has them.
func (c *completion) add(kind Kind, names []string) {
	for _, name := range names {
		if !c.begins(name) {
			continue
		}
		text := sqltext.QuoteNameIfNeeded(name)
		switch c.quote {
		case 0:
			if kind == Schema && name == "temp" { // a keyword that means what it says here
				text = name
			}
		case '[':
			text = "[" + name + "]"
		default:
			text = string(sqltext.AppendQuoted(nil, name, c.quote))
		}
		c.put(text, kind)
	}
}

// keywords offers keywords, given in upper case, in the case that the user
// writes them in.
func (c *completion) keywords(words string) {
	if c.quote != 0 {
		return
	}
	lower := c.word != "" && c.word == strings.ToLower(c.word) || c.word == "" && c.writesLower()
	for word := range strings.FieldsSeq(words) {
		if lower {
			word = strings.ToLower(word)
		}
		c.offer(word, keyword)
	}
}

// writesLower reports whether the last keyword before is in lower case.
func (c *completion) writesLower() bool {
	for _, t := range slices.Backward(c.before) {
		if t.upper != "" {
			return t.text != t.upper
		}
	}
	return false
}

func (c *completion) offer(text string, kind Kind) {
	if c.begins(text) {
		c.put(text, kind)
	}
}

func (c *completion) put(text string, kind Kind) {
	if !slices.ContainsFunc(c.list, func(other edit.Candidate) bool { return strings.EqualFold(other.Text, text) }) {
		c.list = append(c.list, edit.Candidate{Text: text, Kind: string(kind)})
	}
}

func (c *completion) begins(name string) bool {
	return len(name) >= len(c.word) && strings.EqualFold(name[:len(c.word)], c.word)
}
