package complete

import (
	"fmt"
	"strings"
	"testing"
)

// testNames is a database with two schemas.
type testNames struct{}

func (testNames) List(kind Kind, schema, table string) []string {
	key := string(kind)
	if kind == Column {
		key += " " + strings.TrimPrefix(schema+"."+strings.ToLower(table), ".")
	} else if schema != "" {
		key += " " + schema
	}
	return strings.FieldsFunc(map[string]string{
		"schema": "main,temp,aux", "table": "album,artist,order item", "table aux": "archive", "view": "alive", "view aux": "",
		"index": "album_by_title", "trigger": "album_changed", "function": "abs,max,sum", "pragma": "application_id,table_info",
		"collation": "binary,nocase", "module": "fts5,rtree",
		"column album": "id,title,artist_id", "column artist": "id,name", "column order item": "id,order", "column aux.archive": "at",
	}[key], func(r rune) bool { return r == ',' })
}

func TestSQL(t *testing.T) {
	for _, test := range []struct {
		text string // | is the place
		want string // the first candidates, and … if there are more
	}{
		{"|", "SELECT INSERT UPDATE…"},
		{"sel|", "select"},
		{"SEL|", "SELECT"},
		{"select 1; ins|", "insert"},
		{"explain q|", "query"},
		{"explain query plan sel|", "select"},
		{"select * from |", "album artist \"order item\" alive main temp aux"},
		{"select * from al|", "album alive"},
		{"select * from AL|bum", "album alive"},
		{"select * from \"o|", "\"order item\""},
		{"select * from [o|", "[order item]"},
		{"select * from aux.|", "archive"},
		{"select * from album join ar|", "artist"},
		{"select * from album, ar|", "artist"},
		{"select * from album |", "where join left…"},
		{"select * from album wh|", "where when"},
		{"select | from album", "id title artist_id album distinct all"},
		{"select ti| from album", "title ties"},
		{"select t|", "title table temp…"},
		{"select a.| from album a", "id title artist_id"},
		{"select b.| from album a join artist as b", "id name"},
		{"select album.t|", "title"},
		{"select aux.archive.|", "at"},
		{"select x.| from aux.archive x", "at"},
		{"select ma|", "max( match materialized"},
		{"select title fr|", "from"},
		{"select count(*) from album where ti|", "title ties"},
		{"select * from album order |", "by"},
		{"select * from album order by t|", "title table temp…"},
		{"select * from album where title = 'a' |", "and or group…"},
		{"insert |", "into or"},
		{"insert into album(|", "id title artist_id"},
		{"insert into album(id, t|", "title"},
		{"insert into aux.archive(|", "at"},
		{"insert into album |", "values select default"},
		{"update album set |", "id title artist_id"},
		{"update or ignore album set id = 1, |", "id title artist_id"},
		{"update al|", "album alive"},
		{"delete from ar|", "artist"},
		{"create index i on album(|", "id title artist_id"},
		{"create index i on al|", "album alive"},
		{"create table x(a references artist(|", "id name"},
		{"create virtual table x using f|", "fts5"},
		{"create table |", "if"},
		{"drop table |", "album artist \"order item\" main temp aux if"},
		{"drop table if exists al|", "album"},
		{"drop view |", "alive main temp aux if"},
		{"drop index a|", "album_by_title aux"},
		{"drop trigger a|", "album_changed aux"},
		{"alter table album |", "add rename drop as"},
		{"pragma t|", "table_info temp"},
		{"pragma aux.t|", "table_info"},
		{"select * from album order by title collate n|", "nocase"},
		{"select * from album indexed by |", "album_by_title"},
		{"with recent as (select 1) select * from r|", "recent"},
		{"select (select | from artist), 1 from album", "id name title artist_id artist album distinct all"},
		{"select * from album join artist using (|", "id title artist_id name"},
		{"detach a|", "aux"},
		{"select id, -- the comment says from\n ti| from album", "title ties"},
		{"select 'sel|", "no word"},
		{"select 1 -- sel|", "no word"},
		{"select 1 /* sel|", "no word"},
		{"select 'text'|", ""},
		{"select 12|", ""},
		{"select x from nowhere where nowhere.|", ""},
	} {
		pos := strings.IndexByte(test.text, '|')
		text := test.text[:pos] + test.text[pos+1:]
		from, list, ok := SQL(text, pos, testNames{})
		var got []string
		for _, c := range list {
			got = append(got, c.Text)
		}
		s := strings.Join(got, " ")
		if !ok {
			s = "no word"
		}
		if start, more := strings.CutSuffix(test.want, "…"); s != test.want && (!more || !strings.HasPrefix(s, start+" ")) {
			t.Errorf("%s\n got %s\nwant %s", test.text, s, test.want)
		}
		if from > pos {
			t.Errorf("%s: the word begins at %d", test.text, from)
		}
	}
}

func TestKinds(t *testing.T) {
	_, list, _ := SQL("select * from album a where a", 29, testNames{})
	const want = "[{artist_id column} {a alias} {abs( function} {abort keyword}"
	if got := fmt.Sprint(list); !strings.HasPrefix(got, want) {
		t.Errorf("%s, want %s", got, want)
	}
}

// Whatever is before it, a place has an answer.
func FuzzSQL(f *testing.F) {
	for _, text := range []string{"select a.b. from (select", "update or", "with x as", "insert into a.b(", "\"", ").", "create on", ". .", "from , ,"} {
		f.Add(text, len(text))
	}
	f.Fuzz(func(t *testing.T, text string, pos int) {
		if pos < 0 || pos > len(text) {
			return
		}
		if from, _, _ := SQL(text, pos, testNames{}); from < 0 || from > pos {
			t.Errorf("%q at %d: the word begins at %d", text, pos, from)
		}
	})
}
