package orm

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/turso-coop/turso-coop/driver"
)

// riverMail is a job: a letter to send, unless the same one waits already.
type riverMail struct {
	To string `json:"to"`
}

func (riverMail) Kind() string { return "mail" }

func (riverMail) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true}, Tags: []string{"outbound"}}
}

// riverSender "sends" by writing into the table sent, in the transaction that completes the job.
type riverSender struct {
	river.WorkerDefaults[riverMail]
	db *sql.DB
}

func (w *riverSender) Work(ctx context.Context, job *river.Job[riverMail]) error {
	if job.Args.To == "shy" && job.Attempt == 1 {
		return errors.New("nobody at home")
	}
	if job.Args.To == "nobody" {
		return river.JobCancel(errors.New("no such address"))
	}
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "INSERT INTO sent VALUES (?, ?)", job.Args.To, job.CreatedAt); err != nil {
		return err
	}
	if _, err := river.JobCompleteTx[*riversqlite.Driver](ctx, tx, job); err != nil {
		return err
	}
	return tx.Commit()
}

// riverAtOnce tries a job that failed again without delay.
type riverAtOnce struct{}

func (riverAtOnce) NextRetry(*rivertype.JobRow) time.Time { return time.Now() }

func openRiver(t *testing.T, ctx context.Context, conns int) (*sql.DB, *river.Client[*sql.Tx]) {
	t.Helper()
	// However busy the machine is, no job may fail because it waited in vain for another one's transaction.
	db, err := sql.Open(driver.Name, filepath.Join(t.TempDir(), "river.db")+"?_journal=WAL&_txlock=immediate&_timeout=3600000")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(conns)
	quiet := slog.New(slog.DiscardHandler)
	m, err := rivermigrate.New(riversqlite.New(db), &rivermigrate.Config{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		t.Fatal(err)
	}
	if res, err := m.Validate(ctx, nil); err != nil || !res.OK {
		t.Fatalf("after the migration: %+v, %v", res, err)
	}
	if _, err := db.ExecContext(ctx, "CREATE TABLE sent (recipient TEXT NOT NULL, asked_at TIMESTAMP NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &riverSender{db: db})
	client, err := river.NewClient(riversqlite.New(db), &river.Config{
		Queues:            map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 4}},
		Workers:           workers,
		FetchCooldown:     time.Millisecond,
		FetchPollInterval: 5 * time.Millisecond,
		JobTimeout:        -1,
		RetryPolicy:       riverAtOnce{},
		Logger:            quiet,
		TestOnly:          true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return db, client
}

// TestRiver inserts jobs, works them and looks at what is left, with the one connection that River recommends for
// SQLite and with some, whose transactions then have to wait for each other.
func TestRiver(t *testing.T) {
	for name, conns := range map[string]int{"one connection": 1, "pool": 6} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			db, client := openRiver(t, ctx, conns)
			riverInsert(t, ctx, db, client)

			events, unsubscribe := client.Subscribe(river.EventKindJobCompleted, river.EventKindJobCancelled, river.EventKindJobFailed)
			defer unsubscribe()
			if err := client.Start(ctx); err != nil {
				t.Fatal(err)
			}
			for range 6 { // five jobs, one of which fails once
				e := <-events
				if e.Kind == river.EventKindJobFailed && (e.Job.Attempt > 1 || string(e.Job.EncodedArgs) != `{"to":"shy"}`) {
					t.Fatalf("job %s failed: %+v", e.Job.EncodedArgs, e.Job.Errors)
				}
			}
			if err := client.Stop(ctx); err != nil {
				t.Fatal(err)
			}
			riverCheck(t, ctx, db, client)
		})
	}
}

// riverInsert leaves five jobs to work and one for tomorrow.
func riverInsert(t *testing.T, ctx context.Context, db *sql.DB, client *river.Client[*sql.Tx]) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.InsertTx(ctx, tx, riverMail{"lost"}, nil); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	res, err := client.InsertMany(ctx, []river.InsertManyParams{{Args: riverMail{"ann"}}, {Args: riverMail{"bob"}}, {Args: riverMail{"shy"}}, {Args: riverMail{"nobody"}}})
	if err != nil || len(res) != 4 {
		t.Fatalf("inserted %d jobs, %v", len(res), err)
	}
	if tx, err = db.BeginTx(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if one, err := client.InsertTx(ctx, tx, riverMail{"eve"}, nil); err != nil || one.UniqueSkippedAsDuplicate {
		t.Errorf("a new job: %+v, %v", one, err)
	}
	if one, err := client.InsertTx(ctx, tx, riverMail{"ann"}, nil); err != nil || !one.UniqueSkippedAsDuplicate || one.Job.ID != res[0].Job.ID {
		t.Errorf("the same job again: %+v, %v", one, err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if one, err := client.Insert(ctx, riverMail{"late"}, &river.InsertOpts{ScheduledAt: time.Now().Add(24 * time.Hour)}); err != nil || one.Job.State != rivertype.JobStateScheduled {
		t.Errorf("a job for tomorrow: %+v, %v", one, err)
	}
}

func riverCheck(t *testing.T, ctx context.Context, db *sql.DB, client *river.Client[*sql.Tx]) {
	rows, err := db.QueryContext(ctx, "SELECT recipient, asked_at FROM sent ORDER BY recipient")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var sent []string
	for rows.Next() {
		var to string
		var asked time.Time
		if err := rows.Scan(&to, &asked); err != nil {
			t.Fatal(err)
		}
		if asked.IsZero() {
			t.Errorf("%s was asked for at no time", to)
		}
		sent = append(sent, to)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if want := []string{"ann", "bob", "eve", "shy"}; !slices.Equal(sent, want) {
		t.Errorf("sent to %v, want %v", sent, want)
	}

	list, err := client.JobList(ctx, river.NewJobListParams().Kinds("mail").OrderBy(river.JobListOrderByID, river.SortOrderAsc))
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		args    string
		state   rivertype.JobState
		attempt int
		errors  int
	}{
		{`{"to":"ann"}`, rivertype.JobStateCompleted, 1, 0},
		{`{"to":"bob"}`, rivertype.JobStateCompleted, 1, 0},
		{`{"to":"shy"}`, rivertype.JobStateCompleted, 2, 1},
		{`{"to":"nobody"}`, rivertype.JobStateCancelled, 1, 1},
		{`{"to":"eve"}`, rivertype.JobStateCompleted, 1, 0},
		{`{"to":"late"}`, rivertype.JobStateScheduled, 0, 0},
	}
	if len(list.Jobs) != len(want) {
		t.Fatalf("%d jobs, want %d", len(list.Jobs), len(want))
	}
	for i, w := range want {
		j := list.Jobs[i]
		if string(j.EncodedArgs) != w.args || j.State != w.state || j.Attempt != w.attempt || len(j.Errors) != w.errors || !slices.Equal(j.Tags, []string{"outbound"}) {
			t.Errorf("job %s is %s after %d attempts with %+v, want %+v", j.EncodedArgs, j.State, j.Attempt, j.Errors, w)
		}
		if (j.FinalizedAt == nil) != (w.state == rivertype.JobStateScheduled) {
			t.Errorf("job %s ended at %v", j.EncodedArgs, j.FinalizedAt)
		}
	}
}
