// Package orm runs small programs, each written as the documentation of one library proposes, on turso-coop: what is
// theirs is unchanged, except for the name of the driver. Every file stands for one library and needs none of the others.
//
// Some of the libraries import github.com/mattn/go-sqlite3 and modernc.org/sqlite, and so the names "sqlite3" and
// "sqlite" are taken in this binary. No file here is opened through them.
package orm

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"

	"github.com/turso-coop/turso-coop/driver"
	_ "github.com/turso-coop/turso-coop/vfs/oracle" // files are what SQLite asked for
)

type gormUser struct {
	gorm.Model
	Email    string `gorm:"uniqueIndex;size:120;not null"`
	Nickname *string
	Active   bool
	LoginAt  *time.Time
	Pets     []gormPet  `gorm:"foreignKey:OwnerID;constraint:OnDelete:CASCADE"`
	Clubs    []gormClub `gorm:"many2many:memberships"`
}

type gormPet struct {
	ID      uint
	Name    string `gorm:"not null;check:name <> ''"`
	OwnerID uint
	Weight  float64
	Photo   []byte
}

type gormClub struct {
	ID   uint
	Name string
}

func openGorm(t *testing.T) *gorm.DB {
	t.Helper()
	db, err := gorm.Open(sqlite.New(sqlite.Config{
		DriverName: driver.Name,
		DSN:        "file:" + filepath.ToSlash(filepath.Join(t.TempDir(), "gorm.db")) + "?_fk=1&_journal=WAL",
	}), &gorm.Config{TranslateError: true, Logger: logger.Discard})
	if err != nil {
		t.Fatal(err)
	}
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	if err := db.AutoMigrate(&gormUser{}, &gormPet{}, &gormClub{}); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestGormMigration(t *testing.T) {
	db := openGorm(t)
	m := db.Migrator()
	for _, table := range []string{"gorm_users", "gorm_pets", "gorm_clubs", "memberships"} {
		if !m.HasTable(table) {
			t.Errorf("no table %s", table)
		}
	}
	if !m.HasIndex(&gormUser{}, "idx_gorm_users_email") {
		t.Error("no index of the e-mail addresses")
	}
	if err := db.Create(&gormUser{Email: "a@example.org", Pets: []gormPet{{Name: "Rex", Weight: 3.5}}}).Error; err != nil {
		t.Fatal(err)
	}

	// A second program knows more columns. On SQLite, GORM changes a column by making the table anew.
	type gormPet struct {
		ID      uint
		Name    string `gorm:"size:50;not null;default:'nameless'"`
		OwnerID uint
		Weight  float64
		Kind    string `gorm:"default:'dog'"`
	}
	if err := db.AutoMigrate(&gormPet{}); err != nil {
		t.Fatal(err)
	}
	if err := m.AlterColumn(&gormPet{}, "Name"); err != nil {
		t.Fatal(err)
	}
	if err := m.DropColumn(&gormPet{}, "photo"); err != nil {
		t.Fatal(err)
	}
	var pet gormPet
	if err := db.First(&pet).Error; err != nil {
		t.Fatal(err)
	}
	if pet.Name != "Rex" || pet.Weight != 3.5 || pet.Kind != "dog" || m.HasColumn(&gormPet{}, "photo") {
		t.Errorf("after the migration: %+v", pet)
	}
	columns, err := m.ColumnTypes(&gormPet{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range columns {
		if c.Name() != "name" {
			continue
		}
		if preset, ok := c.DefaultValue(); !ok || preset != "nameless" {
			t.Errorf("default of name: %q, %v", preset, ok)
		}
		if null, ok := c.Nullable(); null || !ok {
			t.Errorf("name is nullable: %v, %v", null, ok)
		}
	}
}

func TestGormRows(t *testing.T) {
	db := openGorm(t)
	login := time.Date(2024, 2, 29, 13, 14, 15, 123456789, time.FixedZone("", 2*60*60))
	nick := "Ann"
	users := []gormUser{
		{Email: "ann@example.org", Nickname: &nick, Active: true, LoginAt: &login,
			Pets:  []gormPet{{Name: "Rex", Weight: 3.25, Photo: []byte{0, 1, 255}}, {Name: "Kitty"}},
			Clubs: []gormClub{{Name: "chess"}, {Name: "rowing"}}},
		{Email: "bob@example.org"},
	}
	if err := db.Create(&users).Error; err != nil {
		t.Fatal(err)
	}
	var ann, bob gormUser
	if err := db.Preload("Pets", func(db *gorm.DB) *gorm.DB { return db.Order("name") }).Preload("Clubs").
		First(&ann, "email = ?", "ann@example.org").Error; err != nil {
		t.Fatal(err)
	}
	if ann.Nickname == nil || *ann.Nickname != "Ann" || !ann.Active || ann.LoginAt == nil || !ann.LoginAt.Equal(login) {
		t.Errorf("ann: %+v", ann)
	}
	if len(ann.Pets) != 2 || ann.Pets[0].Name != "Kitty" || ann.Pets[1].Weight != 3.25 || string(ann.Pets[1].Photo) != "\x00\x01\xff" {
		t.Errorf("her pets: %+v", ann.Pets)
	}
	if len(ann.Clubs) != 2 {
		t.Errorf("her clubs: %+v", ann.Clubs)
	}
	if err := db.Where(&gormUser{Email: "bob@example.org"}).First(&bob).Error; err != nil {
		t.Fatal(err)
	}
	if bob.Nickname != nil || bob.LoginAt != nil || bob.Active || bob.CreatedAt.IsZero() {
		t.Errorf("bob: %+v", bob)
	}

	var count int64
	if err := db.Model(&gormUser{}).Where("login_at < ?", login.Add(time.Second)).Count(&count).Error; err != nil || count != 1 {
		t.Errorf("%d users have been here by then, %v", count, err)
	}
	var totals []struct {
		OwnerID uint
		Total   float64
	}
	if err := db.Model(&gormPet{}).Select("owner_id, sum(weight) AS total").Group("owner_id").Scan(&totals).Error; err != nil || len(totals) != 1 || totals[0].Total != 3.25 {
		t.Errorf("totals %+v, %v", totals, err)
	}

	if err := db.Delete(&bob).Error; err != nil { // marks the row
		t.Fatal(err)
	}
	if err := db.First(&gormUser{}, bob.ID).Error; !errors.Is(err, gorm.ErrRecordNotFound) {
		t.Errorf("reading a user who is marked as deleted: %v", err)
	}
	if err := db.Unscoped().First(&bob, bob.ID).Error; err != nil || !bob.DeletedAt.Valid {
		t.Errorf("reading him unscoped: %+v, %v", bob.DeletedAt, err)
	}
	if err := db.Unscoped().Select(clause.Associations).Delete(&ann).Error; err != nil {
		t.Fatal(err)
	}
	if err := db.Model(&gormPet{}).Count(&count).Error; err != nil || count != 0 {
		t.Errorf("%d pets outlive their owner, %v", count, err)
	}
}

func TestGormTransactionsAndUpserts(t *testing.T) {
	db := openGorm(t)
	stop := errors.New("stop")
	err := db.Transaction(func(tx *gorm.DB) error {
		if err := tx.Create(&gormUser{Email: "kept@example.org"}).Error; err != nil {
			return err
		}
		// A transaction within one is a savepoint.
		if err := tx.Transaction(func(tx *gorm.DB) error {
			tx.Create(&gormUser{Email: "inner@example.org"})
			return stop
		}); !errors.Is(err, stop) {
			t.Errorf("inner transaction: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Transaction(func(tx *gorm.DB) error {
		tx.Create(&gormUser{Email: "outer@example.org"})
		return stop
	}); !errors.Is(err, stop) {
		t.Errorf("outer transaction: %v", err)
	}
	u := gormUser{Email: "kept@example.org", Active: true}
	if err := db.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "email"}}, DoUpdates: clause.AssignmentColumns([]string{"active"}),
	}).Create(&u).Error; err != nil {
		t.Fatal(err)
	}
	var all []gormUser
	if err := db.Find(&all).Error; err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 || all[0].Email != "kept@example.org" || !all[0].Active || all[0].ID != u.ID {
		t.Errorf("users %+v, the upsert returned %d", all, u.ID)
	}
}

func TestGormErrors(t *testing.T) {
	db := openGorm(t)
	if err := db.Create(&gormUser{Email: "a@example.org"}).Error; err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct{ err, want error }{
		"same address": {db.Create(&gormUser{Email: "a@example.org"}).Error, gorm.ErrDuplicatedKey},
		"same key":     {db.Create(&gormUser{Model: gorm.Model{ID: 1}, Email: "b@example.org"}).Error, gorm.ErrDuplicatedKey},
		"no owner":     {db.Create(&gormPet{Name: "Rex", OwnerID: 99}).Error, gorm.ErrForeignKeyViolated},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", what, c.err, c.want)
		}
	}
	var e *driver.Error
	if err := db.Create(&gormPet{OwnerID: 1}).Error; !errors.As(err, &e) || e.Code() != 275 {
		t.Errorf("without a name: %v, want a CHECK constraint to fail", err)
	}
}
