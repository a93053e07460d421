package orm

import (
	"context"
	"database/sql"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	"entgo.io/ent/dialect/sql/sqlgraph"
	"entgo.io/ent/schema/field"

	"github.com/turso-coop/turso-coop/driver"
)

// The tables are described and the rows written and read as the code does that ent generates, which would be some
// thousand lines: through the migration of package schema and the specifications of package sqlgraph.
var (
	entUserColumns = []*schema.Column{
		{Name: "id", Type: field.TypeInt, Increment: true},
		{Name: "name", Type: field.TypeString, Unique: true},
		{Name: "age", Type: field.TypeInt, Nullable: true},
		{Name: "active", Type: field.TypeBool, Default: true},
		{Name: "role", Type: field.TypeEnum, Enums: []string{"guest", "admin"}, Default: "guest"},
		{Name: "created_at", Type: field.TypeTime},
	}
	entUsers = &schema.Table{
		Name: "users", Columns: entUserColumns, PrimaryKey: entUserColumns[:1],
		Indexes: []*schema.Index{{Name: "user_role_age", Columns: []*schema.Column{entUserColumns[4], entUserColumns[2]}}},
	}
	entPetColumns = []*schema.Column{
		{Name: "id", Type: field.TypeInt, Increment: true},
		{Name: "name", Type: field.TypeString},
		{Name: "tags", Type: field.TypeJSON, Nullable: true},
		{Name: "user_pets", Type: field.TypeInt, Nullable: true},
	}
	entPets = &schema.Table{
		Name: "pets", Columns: entPetColumns, PrimaryKey: entPetColumns[:1],
		ForeignKeys: []*schema.ForeignKey{{
			Symbol: "pets_users_pets", Columns: entPetColumns[3:], RefTable: entUsers, RefColumns: entUserColumns[:1], OnDelete: schema.Cascade,
		}},
	}

	entCreated = time.Date(2021, 2, 3, 4, 5, 6, 789, time.UTC)
)

// entUserSpec says how to insert a user.
func entUserSpec(name string) *sqlgraph.CreateSpec {
	spec := sqlgraph.NewCreateSpec("users", sqlgraph.NewFieldSpec("id", field.TypeInt))
	spec.SetField("name", field.TypeString, name)
	spec.SetField("active", field.TypeBool, false)
	spec.SetField("role", field.TypeEnum, "admin")
	spec.SetField("created_at", field.TypeTime, entCreated)
	return spec
}

type entUser struct {
	ID        int
	Name      string
	Age       *int
	Active    bool
	Role      string
	CreatedAt time.Time
}

// entSelect reads the users that a predicate picks.
func entSelect(t *testing.T, drv dialect.Driver, where func(*entsql.Selector)) (users []entUser) {
	t.Helper()
	spec := sqlgraph.NewQuerySpec("users", []string{"id", "name", "age", "active", "role", "created_at"}, sqlgraph.NewFieldSpec("id", field.TypeInt))
	spec.Predicate = where
	spec.Order = func(s *entsql.Selector) { s.OrderBy("id") }
	spec.ScanValues = func([]string) ([]any, error) {
		return []any{new(entsql.NullInt64), new(entsql.NullString), new(entsql.NullInt64), new(entsql.NullBool), new(entsql.NullString), new(entsql.NullTime)}, nil
	}
	spec.Assign = func(_ []string, v []any) error {
		u := entUser{
			ID: int(v[0].(*entsql.NullInt64).Int64), Name: v[1].(*entsql.NullString).String, Active: v[3].(*entsql.NullBool).Bool,
			Role: v[4].(*entsql.NullString).String, CreatedAt: v[5].(*entsql.NullTime).Time,
		}
		if age := v[2].(*entsql.NullInt64); age.Valid {
			u.Age = new(int(age.Int64))
		}
		users = append(users, u)
		return nil
	}
	if err := sqlgraph.QueryNodes(context.Background(), drv, spec); err != nil {
		t.Fatal(err)
	}
	return users
}

func TestEnt(t *testing.T) {
	for name, dsn := range map[string]string{
		"memory": "file:ent?mode=memory&cache=shared&_fk=1",
		"file":   "file:" + filepath.ToSlash(filepath.Join(t.TempDir(), "ent.db")) + "?_fk=1",
	} {
		t.Run(name, func(t *testing.T) {
			db, err := sql.Open(driver.Name, dsn)
			if err != nil {
				t.Fatal(err)
			}
			drv := entsql.OpenDB(dialect.SQLite, db)
			defer drv.Close()
			entMigrate(t, drv, entUsers, entPets)
			entMigrate(t, drv, entUsers, entPets) // finds nothing to do
			entRows(t, drv)
			entTransactions(t, drv)
			entErrors(t, drv)
			entChange(t, drv)
		})
	}
}

func entMigrate(t *testing.T, drv dialect.Driver, tables ...*schema.Table) {
	t.Helper()
	m, err := schema.NewMigrate(drv, schema.WithDropColumn(true), schema.WithDropIndex(true))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Create(context.Background(), tables...); err != nil {
		t.Fatal(err)
	}
}

// entRows writes a user with two pets, and reads them along the edge between them.
func entRows(t *testing.T, drv dialect.Driver) {
	ctx := context.Background()
	var pets sqlgraph.EdgeTarget
	pets.IDSpec = sqlgraph.NewFieldSpec("id", field.TypeInt)
	for _, name := range []string{"Rex", "Kitty"} {
		spec := sqlgraph.NewCreateSpec("pets", sqlgraph.NewFieldSpec("id", field.TypeInt))
		spec.SetField("name", field.TypeString, name)
		spec.SetField("tags", field.TypeJSON, []string{"good"})
		if err := sqlgraph.CreateNode(ctx, drv, spec); err != nil {
			t.Fatal(err)
		}
		pets.Nodes = append(pets.Nodes, spec.ID.Value)
	}
	spec := entUserSpec("ann")
	spec.SetField("age", field.TypeInt, 30)
	spec.Edges = []*sqlgraph.EdgeSpec{{Rel: sqlgraph.O2M, Table: "pets", Columns: []string{"user_pets"}, Target: &pets}}
	if err := sqlgraph.CreateNode(ctx, drv, spec); err != nil {
		t.Fatal(err)
	}
	if err := sqlgraph.BatchCreate(ctx, drv, &sqlgraph.BatchCreateSpec{Nodes: []*sqlgraph.CreateSpec{entUserSpec("bob"), entUserSpec("eve")}}); err != nil {
		t.Fatal(err)
	}

	got := entSelect(t, drv, func(s *entsql.Selector) { s.Where(entsql.In(s.C("name"), "ann", "bob")) })
	want := []entUser{{1, "ann", new(30), false, "admin", entCreated}, {2, "bob", nil, false, "admin", entCreated}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("users %+v, want %+v", got, want)
	}
	step := sqlgraph.NewStep(sqlgraph.From("users", "id"), sqlgraph.To("pets", "id"), sqlgraph.Edge(sqlgraph.O2M, false, "pets", "user_pets"))
	owners := entSelect(t, drv, func(s *entsql.Selector) {
		sqlgraph.HasNeighborsWith(s, step, func(s *entsql.Selector) { s.Where(entsql.EQ(s.C("name"), "Kitty")) })
	})
	if len(owners) != 1 || owners[0].Name != "ann" {
		t.Errorf("owners of Kitty: %+v", owners)
	}
}

func entTransactions(t *testing.T, drv *entsql.Driver) {
	ctx := context.Background()
	tx, err := drv.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	query, args := entsql.Dialect(dialect.SQLite).Delete("users").Where(entsql.EQ("name", "bob")).Query()
	var res entsql.Result
	if err := tx.Exec(ctx, query, args, &res); err != nil {
		t.Fatal(err)
	}
	if n, err := res.RowsAffected(); n != 1 || err != nil {
		t.Errorf("%d users deleted, %v", n, err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if users := entSelect(t, drv, nil); len(users) != 3 {
		t.Errorf("users after the rollback: %+v", users)
	}

	spec := entUserSpec("bob")
	spec.SetField("age", field.TypeInt, 41)
	spec.OnConflict = []entsql.ConflictOption{entsql.ConflictColumns("name"), entsql.ResolveWithNewValues()}
	if err := sqlgraph.CreateNode(ctx, drv, spec); err != nil {
		t.Fatal(err)
	}
	users := entSelect(t, drv, func(s *entsql.Selector) { s.Where(entsql.EQ(s.C("age"), 41)) })
	if len(users) != 1 || users[0].ID != 2 || spec.ID.Value != int64(2) {
		t.Errorf("after the upsert, which returned %v: %+v", spec.ID.Value, users)
	}
}

func entErrors(t *testing.T, drv dialect.Driver) {
	ctx := context.Background()
	if err := sqlgraph.CreateNode(ctx, drv, entUserSpec("ann")); !sqlgraph.IsUniqueConstraintError(err) {
		t.Errorf("the same name again: %v", err)
	}
	spec := sqlgraph.NewCreateSpec("pets", sqlgraph.NewFieldSpec("id", field.TypeInt))
	spec.SetField("name", field.TypeString, "stray")
	spec.SetField("user_pets", field.TypeInt, 99)
	if err := sqlgraph.CreateNode(ctx, drv, spec); !sqlgraph.IsForeignKeyConstraintError(err) {
		t.Errorf("a pet of nobody: %v", err)
	}
}

// entChange makes a column of pets obligatory and adds one, for which ent makes the table anew with its rows.
func entChange(t *testing.T, drv *entsql.Driver) {
	columns := append([]*schema.Column{}, entPetColumns...)
	columns[2] = &schema.Column{Name: "tags", Type: field.TypeJSON, Default: "[]"}
	columns = append(columns, &schema.Column{Name: "weight", Type: field.TypeFloat64, Default: 1.5})
	entMigrate(t, drv, entUsers, &schema.Table{Name: "pets", Columns: columns, PrimaryKey: columns[:1], ForeignKeys: entPets.ForeignKeys})
	var text, pets string
	if err := drv.DB().QueryRow("SELECT sql FROM sqlite_schema WHERE name = 'pets'").Scan(&text); err != nil || !strings.Contains(text, "`tags` json NOT NULL") || !strings.Contains(text, "ON DELETE CASCADE") {
		t.Errorf("the table is now %s, %v", text, err)
	}
	if err := drv.DB().QueryRow("SELECT group_concat(name || tags || weight || user_pets) FROM pets").Scan(&pets); err != nil || pets != `Rex["good"]1.51,Kitty["good"]1.51` {
		t.Errorf("pets %s, %v", pets, err)
	}
	if n, err := sqlgraph.DeleteNodes(context.Background(), drv, &sqlgraph.DeleteSpec{Node: &sqlgraph.NodeSpec{Table: "users"}}); n != 3 || err != nil {
		t.Errorf("%d users deleted, %v", n, err)
	}
	if err := drv.DB().QueryRow("SELECT count(*) FROM pets").Scan(&pets); err != nil || pets != "0" {
		t.Errorf("%s pets outlive their owner, %v", pets, err)
	}
}
