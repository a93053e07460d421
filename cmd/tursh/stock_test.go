package main

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// These tests run scripts of real databases in this shell and in SQLite's own,
// each on a file of its own, and compare what queries then return.

// stock returns a function that runs SQLite's own shell on a database, or skips
// the test if there is none.
func stock(t *testing.T) func(database, input string) string {
	t.Helper()
	program, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("there is no sqlite3 to compare with")
	}
	return func(database, input string) string {
		t.Helper()
		cmd := exec.Command(program, "-batch", "-init", os.DevNull, database)
		cmd.Stdin = strings.NewReader(input)
		var out, errors bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errors
		if err := cmd.Run(); err != nil || errors.Len() > 0 {
			t.Fatalf("sqlite3: %v\n%s", err, errors.Bytes())
		}
		return out.String()
	}
}

// script returns the text of a script of the sample data, or skips the test.
func script(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("TURSO_COOP_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Skipf("the sample data is not there (TURSO_COOP_DATA names its directory): %v", err)
	}
	return "pragma synchronous=off;\n" + string(text) // for speed: northwind.sql has no transaction
}

var stockQueries = map[string][]string{
	"chinook.sql": {
		"select name from sqlite_schema order by name",
		"select * from Artist order by ArtistId",
		"select * from Album order by Title limit 50",
		"select * from Customer order by CustomerId",
		"select * from Employee order by EmployeeId",
		"select * from Invoice order by InvoiceId",
		"select * from InvoiceLine order by InvoiceLineId",
		"select * from Track order by TrackId",
		"select * from PlaylistTrack order by PlaylistId, TrackId",
		"select g.Name, count(*) from Genre g join Track using (GenreId) group by g.Name order by 2 desc, 1",
		"select BillingCountry, sum(Total), count(*), avg(Total) from Invoice group by 1 order by round(sum(Total),2) desc, 1",
		"select ar.Name, count(distinct al.AlbumId), count(t.TrackId) from Artist ar left join Album al using (ArtistId) left join Track t using (AlbumId) group by ar.ArtistId order by 3 desc, 1 limit 40",
		"select c.LastName||', '||c.FirstName, round(sum(i.Total),2) from Customer c join Invoice i using (CustomerId) group by c.CustomerId having sum(i.Total) > 40 order by 2 desc, 1",
		"select e.LastName, m.LastName from Employee e left join Employee m on e.ReportsTo = m.EmployeeId order by e.EmployeeId",
		"with recursive up(id, name, depth) as (select EmployeeId, LastName, 0 from Employee where ReportsTo is null union all select e.EmployeeId, e.LastName, depth+1 from Employee e join up on e.ReportsTo = up.id) select * from up order by depth, id",
		"select strftime('%Y-%m', InvoiceDate), count(*), total(Total) from Invoice group by 1 order by 1",
		"select Name, Milliseconds/1000.0, Bytes from Track where Bytes > 1000000000 order by Bytes desc",
		"select typeof(Total), typeof(InvoiceDate), typeof(BillingState), count(*) from Invoice group by 1,2,3 order by 1,2,3",
		"select upper(Country), length(City), substr(Phone,1,4), instr(Email,'@') from Customer order by CustomerId",
		"select Title from Album where Title like '%é%' or Title glob '*[0-9]*' order by Title",
		"select quote(Company), coalesce(State,'-'), nullif(Country,'USA') from Customer order by CustomerId",
		"select Name, rank() over (partition by GenreId order by Milliseconds desc) r from Track order by r, TrackId limit 60",
		"select InvoiceId, sum(Total) over (order by InvoiceId rows 3 preceding) from Invoice order by InvoiceId limit 30",
		"select group_concat(Name, '; ') from (select Name from MediaType order by MediaTypeId)",
		"select max(Milliseconds), min(Milliseconds), sum(Bytes), count(Composer), count(*) from Track",
		"select TrackId from Track except select TrackId from InvoiceLine order by 1 limit 25",
		"select case when UnitPrice > 0.99 then 'dear' else 'cheap' end, count(*) from Track group by 1 order by 1",
		"select p.Name, (select count(*) from PlaylistTrack pt where pt.PlaylistId = p.PlaylistId) from Playlist p order by 1, 2",
		"select printf('%08.3f|%-10s|%5d|%x', Total, BillingCountry, InvoiceId, InvoiceId) from Invoice order by InvoiceId limit 20",
		"select hex(Name), unicode(Name) from Artist where Name <> cast(Name as blob) or unicode(Name) > 127 order by ArtistId",
		"select count(*), count(distinct Composer) from Track where Composer is not null and AlbumId in (select AlbumId from Album where ArtistId between 10 and 90)",
		"pragma table_info(Track)",
		"pragma foreign_key_list(Album)",
		"pragma integrity_check",
	},
	"northwind.sql": {
		"select type, name, tbl_name from sqlite_schema order by name",
		"select CategoryID, CategoryName, Description, length(Picture), hex(substr(Picture,1,20)) from Categories order by 1",
		"select * from Customers order by CustomerID",
		"select EmployeeID, LastName, BirthDate, ReportsTo, length(Photo), Notes from Employees order by 1",
		"select * from EmployeeTerritories order by 1, 2",
		"select * from [Order Details] order by OrderID, ProductID",
		"select * from Orders order by OrderID",
		"select * from Products order by ProductID",
		"select * from Regions order by 1",
		"select * from Shippers order by 1",
		"select * from Suppliers order by 1",
		"select * from Territories order by 1",
		"select * from sqlite_sequence order by 1",
		"select * from [Alphabetical list of products] order by ProductID",
		"select * from [Current Product List] order by 1",
		"select * from [Customer and Suppliers by City] order by 1, 2, 3",
		"select * from [Order Subtotals] order by OrderID",
		"select * from [Products Above Average Price] order by 1",
		"select * from [Quarterly Orders] order by 1",
		"select * from [Invoices] order by OrderID, ProductID limit 100",
		"select * from [Summary of Sales by Year] order by 2",
		"select c.CategoryName, sum(d.UnitPrice*d.Quantity*(1-d.Discount)) from Categories c join Products p using (CategoryID) join [Order Details] d using (ProductID) group by 1 order by 2 desc",
		"select e.LastName, count(*), min(OrderDate), max(ShippedDate) from Orders join Employees e using (EmployeeID) group by 1 order by 2 desc, 1",
		"select ShipCountry, avg(Freight), count(*) from Orders group by 1 having count(*) > 20 order by 1",
		"select CompanyName from Customers where CompanyName like '%ö%' or City in (select City from Suppliers) order by 1",
		"select p.ProductName, s.CompanyName from Products p join Suppliers s using (SupplierID) where p.Discontinued = '1' order by 1",
		"select OrderID, julianday(ShippedDate)-julianday(OrderDate) from Orders where ShippedDate is not null order by OrderID limit 50",
		"select typeof(UnitPrice), typeof(Quantity), typeof(Discount), count(*) from [Order Details] group by 1,2,3 order by 1,2,3",
		"select o.OrderID, (select count(*) from [Order Details] d where d.OrderID=o.OrderID) n from Orders o order by n desc, 1 limit 20",
		"select lag(OrderID) over w, OrderID, row_number() over w from Orders window w as (partition by CustomerID order by OrderDate, OrderID) order by OrderID limit 40",
		"pragma table_info([Order Details])",
		"pragma integrity_check",
	},
}

func TestAgainstStock(t *testing.T) {
	sqlite3 := stock(t)
	for name, queries := range stockQueries {
		t.Run(name, func(t *testing.T) {
			text := script(t, name)
			ours, theirs := filepath.Join(t.TempDir(), "ours.db"), filepath.Join(t.TempDir(), "theirs.db")
			must(t, text, ours)
			sqlite3(theirs, text)
			for _, query := range queries {
				got := must(t, query+";\n", ours)
				want := sqlite3(theirs, query+";\n")
				if want == "" {
					t.Errorf("%s: no rows to compare", query)
				}
				compareRows(t, query, got, want)
			}
			check(t, ".tables", strings.Join(strings.Fields(must(t, ".tables", ours)), " "), strings.Join(strings.Fields(must(t, ".tables", theirs)), " "))
		})
	}
}

// compareRows compares the output of list mode. Reals may differ in how many
// digits are shown, 15 or 17.
func compareRows(t *testing.T, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := strings.FieldsFunc(got, isListSeparator), strings.FieldsFunc(want, isListSeparator)
	if len(g) != len(w) {
		t.Errorf("%s: %d fields, want %d", what, len(g), len(w))
		return
	}
	for i := range g {
		if g[i] != w[i] && !sameReal(g[i], w[i]) {
			t.Errorf("%s: field %d is %q, want %q", what, i, g[i], w[i])
			return
		}
	}
}

func isListSeparator(r rune) bool { return r == '|' || r == '\n' }

func sameReal(a, b string) bool {
	x, err1 := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	return err1 == nil && err2 == nil && strings.Contains(a, ".") && math.Abs(x-y) <= 1e-14*math.Abs(y)
}

// A dump that the stock shell reads makes the same database again: its own dump
// of that is the one it makes of the file this shell wrote.
func TestDumpIntoStock(t *testing.T) {
	sqlite3 := stock(t)
	for name := range stockQueries {
		t.Run(name, func(t *testing.T) {
			ours, again := filepath.Join(t.TempDir(), "ours.db"), filepath.Join(t.TempDir(), "again.db")
			must(t, script(t, name), ours)
			// Without --newlines line breaks are written with unistr(), which the
			// sqlite3 of many systems is too old for.
			sqlite3(again, must(t, "", ours, ".dump --newlines"))
			if got, want := sqlite3(again, ".dump\n"), sqlite3(ours, ".dump\n"); got != want {
				t.Errorf("the dump of the dump differs: %d bytes, want %d", len(got), len(want))
			}
			check(t, "integrity", sqlite3(again, "pragma integrity_check;"), "ok\n")
		})
	}
}
