package driver

import "testing"

// BenchmarkQuerySameText is the same text again and again through database/sql, with statements kept and not.
func BenchmarkQuerySameText(b *testing.B) {
	const text = "SELECT a.name, b.name, a.size FROM item a JOIN item b ON b.id = a.parent WHERE a.id = ? AND a.deleted IS NULL ORDER BY a.name"
	for _, cache := range []string{"on", "off"} {
		b.Run(cache, func(b *testing.B) {
			params := map[string]string{"on": "?_journal=WAL", "off": "?_journal=WAL&_stmt_cache_size=0"}
			db := open(b, params[cache])
			db.SetMaxOpenConns(1)
			run(b, db, "CREATE TABLE item(id INTEGER PRIMARY KEY, parent INT, name TEXT, size INT, deleted INT)")
			run(b, db, "INSERT INTO item SELECT value, value/2, 'name '||value, value, NULL FROM json_each('[1,2,3,4,5,6,7,8,9]')")
			var name, parent string
			var size int
			for n := 0; b.Loop(); n++ {
				if err := db.QueryRow(text, 2+n%8).Scan(&name, &parent, &size); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkQuerySimpleText is the least that a statement can be.
func BenchmarkQuerySimpleText(b *testing.B) {
	for _, cache := range []string{"on", "off"} {
		b.Run(cache, func(b *testing.B) {
			params := map[string]string{"on": "?_journal=WAL", "off": "?_journal=WAL&_stmt_cache_size=0"}
			db := open(b, params[cache])
			db.SetMaxOpenConns(1)
			run(b, db, "CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT); INSERT INTO item VALUES (1, 'one')")
			var name string
			for b.Loop() {
				rows, err := db.Query("SELECT name FROM item WHERE id = ?", 1)
				if err != nil {
					b.Fatal(err)
				}
				for rows.Next() {
					if err := rows.Scan(&name); err != nil {
						b.Fatal(err)
					}
				}
				if err := rows.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
