package complete

import (
	"strings"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
)

// A table is one that a statement names.
type table struct {
	schema, name, alias string
}

// A scope is what a statement names. Subqueries are not told apart from what is
// around them: too much is offered then, rather than too little.
type scope struct {
	tables []table
	target table    // what UPDATE changes
	with   []string // common table expressions
}

func scopeOf(tokens []token) (s scope) {
	at := func(i int) token {
		if i < len(tokens) {
			return tokens[i]
		}
		return token{}
	}
	expected := false // a table comes next
	for i := 0; i < len(tokens); i++ {
		switch t := tokens[i]; {
		case t.upper == "FROM", t.upper == "JOIN", t.upper == "INTO", t.upper == "UPDATE":
			expected = true
		case t.upper == "TABLE" && at(0).upper == "ALTER", t.upper == "ON" && at(0).upper == "CREATE":
			expected = true
		case expected && t.isName() && t.upper == "":
			updated := i > 0 && (at(i-1).upper == "UPDATE" || i > 2 && at(i-2).upper == "OR" && at(i-3).upper == "UPDATE")
			var named table
			named, i = tableAt(at, i)
			s.tables = append(s.tables, named)
			if updated {
				s.target = named
			}
			expected = at(i + 1).is(",")
			if expected {
				i++
			}
		case t.isName() && t.upper == "" && at(i+1).upper == "AS" && at(i+2).is("(") && at(0).upper == "WITH":
			s.with = append(s.with, t.name())
		case t.upper != "" && t.upper != "OR" && !conflict[t.upper]:
			expected = false
		}
	}
	return s
}

// conflict are the words behind UPDATE OR.
var conflict = words("ROLLBACK ABORT FAIL IGNORE REPLACE")

// tableAt reads the table at i, with its schema and alias, and returns its last
// token.
func tableAt(at func(int) token, i int) (t table, last int) {
	t.name = at(i).name()
	if at(i+1).is(".") && at(i+2).isName() {
		t.schema, t.name = t.name, at(i+2).name()
		i += 2
	}
	switch next := at(i + 1); {
	case next.upper == "AS" && at(i+2).isName():
		t.alias = at(i + 2).name()
		i += 2
	case next.text != "" && next.upper == "" && next.isName():
		t.alias = next.name()
		i++
	}
	return t, i
}

// What keywords come behind others; those of a statement are behind "".
var follow = map[string]string{
	"": "SELECT INSERT UPDATE DELETE CREATE DROP ALTER WITH BEGIN COMMIT ROLLBACK SAVEPOINT RELEASE END PRAGMA EXPLAIN ANALYZE ATTACH DETACH REINDEX REPLACE VACUUM VALUES",

	"EXPLAIN": "QUERY SELECT INSERT UPDATE DELETE WITH REPLACE", "QUERY": "PLAN", "PLAN": "SELECT INSERT UPDATE DELETE WITH REPLACE",
	"SELECT": "DISTINCT ALL", "INSERT": "INTO OR", "REPLACE": "INTO", "DELETE": "FROM", "UPDATE": "OR",
	"CREATE": "TABLE INDEX VIEW TRIGGER TEMP UNIQUE VIRTUAL", "DROP": "TABLE INDEX VIEW TRIGGER COLUMN", "ALTER": "TABLE",
	"CREATE TABLE": "IF", "CREATE VIEW": "IF", "CREATE INDEX": "IF", "CREATE TRIGGER": "IF",
	"TEMP": "TABLE VIEW TRIGGER", "UNIQUE": "INDEX", "VIRTUAL": "TABLE", "IF": "NOT EXISTS", "NOT": "NULL EXISTS IN LIKE BETWEEN",
	"BEGIN": "IMMEDIATE EXCLUSIVE DEFERRED TRANSACTION", "ROLLBACK": "TO TRANSACTION", "WITH": "RECURSIVE", "ATTACH": "DATABASE", "DETACH": "DATABASE",
	"ORDER": "BY", "GROUP": "BY", "PARTITION": "BY", "LEFT": "JOIN OUTER", "RIGHT": "JOIN OUTER", "FULL": "JOIN OUTER",
	"INNER": "JOIN", "CROSS": "JOIN", "NATURAL": "JOIN LEFT INNER", "OUTER": "JOIN", "PRIMARY": "KEY", "FOREIGN": "KEY", "IS": "NULL NOT DISTINCT",
	"UNION": "ALL SELECT", "INTERSECT": "SELECT", "EXCEPT": "SELECT", "DEFAULT": "VALUES", "CASE": "WHEN", "ADD": "COLUMN", "RENAME": "TO COLUMN",
}

// What comes behind a name or a value, by the clause that it is in.
var operandFollow = map[string]string{
	"SELECT": "FROM AS", "WITH": "AS", "INTO": "VALUES SELECT DEFAULT", "VALUES": "ON RETURNING", "UPDATE": "SET", "SET": "WHERE FROM RETURNING",
	"FROM":  "WHERE JOIN LEFT INNER CROSS NATURAL ON USING AS GROUP ORDER LIMIT UNION INDEXED",
	"WHERE": "AND OR GROUP ORDER LIMIT IN IS LIKE BETWEEN NOT RETURNING", "ON": "AND OR WHERE JOIN LEFT GROUP ORDER LIMIT DO",
	"GROUP": "HAVING ORDER LIMIT", "HAVING": "AND OR ORDER LIMIT", "ORDER": "ASC DESC COLLATE NULLS LIMIT", "LIMIT": "OFFSET",
	"TABLE": "ADD RENAME DROP AS", "CREATE": "AS ON USING BEFORE AFTER INSTEAD", "CASE": "WHEN THEN ELSE END", "ATTACH": "AS",
}

var (
	clauses = words("SELECT FROM WHERE SET VALUES ON GROUP HAVING ORDER LIMIT INTO UPDATE WITH TABLE CREATE CASE ATTACH")

	// keywordsOnly are keywords that no name comes behind.
	keywordsOnly = words("EXPLAIN QUERY PLAN INSERT DELETE CREATE DROP ALTER ORDER GROUP PARTITION LEFT RIGHT FULL INNER CROSS NATURAL OUTER PRIMARY FOREIGN UNION INTERSECT EXCEPT")

	// operand are keywords that are a value, or end one.
	operand = words("NULL END CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP")

	allKeywords = strings.Join(sqltext.KeywordList(), " ")
)

func words(list string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		set[word] = true
	}
	return set
}
