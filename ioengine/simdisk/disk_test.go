package simdisk_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"syscall"
	"testing"

	"github.com/turso-coop/turso-coop/completion"
	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/ioengine/simdisk"
)

func TestClosedDiskRefusesAndStillHoldsItsFiles(t *testing.T) {
	d := simdisk.New(simdisk.Options{})
	if err := d.WriteFile("/d/file", []byte("text")); err != nil {
		t.Fatal(err)
	}
	f, err := d.OpenFile("/d/file", os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for name, call := range map[string]func() error{
		"Close":     d.Close,
		"Open":      func() error { _, err := d.Open(f.Fd()); return err },
		"OpenFile":  func() error { _, err := d.OpenFile("/d/file", os.O_RDONLY); return err },
		"WriteFile": func() error { return d.WriteFile("/d/file", nil) },
		"Remove":    func() error { return d.Remove("/d/file") },
		"Rename":    func() error { return d.Rename("/d/file", "/d/other") },
		"Exists":    func() error { _, err := d.Exists("/d/file"); return err },
		"SyncDir":   func() error { return d.SyncDir("/d") },
		"Sync": func() error {
			var c completion.Completion
			f.Sync(&c, ioengine.SyncNormal)
			return c.Err()
		},
	} {
		if err := call(); err != ioengine.ErrClosed {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := f.Lock(simdisk.LockShared); err != syscall.EBADF {
		t.Errorf("Lock: %v", err)
	}
	if text, err := d.ReadFile("/d/file"); err != nil || string(text) != "text" {
		t.Errorf("ReadFile: %q, %v", text, err)
	}
	after, err := d.Cut().PowerLoss(nil)
	if err != nil || after.Hash() != d.Hash() {
		t.Errorf("the image of a closed disk differs: %v", err)
	}
}

func TestDescriptorsOutliveEngineFilesAndNotTheirOwn(t *testing.T) {
	d := simdisk.New(simdisk.Options{})
	own, err := d.OpenFile("/d/file", os.O_RDWR|os.O_CREATE)
	if err != nil {
		t.Fatal(err)
	}
	lent, err := d.Open(own.Fd())
	if err != nil {
		t.Fatal(err)
	}
	w := ioengine.NewWaiter(d)
	var c completion.Completion
	lent.WriteAt(&c, []byte("text"), 0)
	if err := lent.Close(); err != nil || c.Err() != nil {
		t.Fatal(err, c.Err())
	}
	if err := lent.Close(); err != ioengine.ErrClosed {
		t.Errorf("second Close: %v", err)
	}
	if size, err := own.Size(); size != 4 || err != nil {
		t.Errorf("Size: %d, %v", size, err)
	}
	lent, err = d.Open(own.Fd())
	if err != nil {
		t.Fatal(err)
	}
	if err := own.Close(); err != nil {
		t.Fatal(err)
	}
	lent.ReadAt(&c, make([]byte, 4), 0)
	w.Wait(&c)
	if c.Err() != syscall.EBADF {
		t.Errorf("read through a closed descriptor: %v", c.Err())
	}
	if _, err := d.Open(own.Fd()); err != syscall.EBADF {
		t.Errorf("Open of a closed descriptor: %v", err)
	}
}

func TestLimitsAreErrors(t *testing.T) {
	d := simdisk.New(simdisk.Options{})
	f, err := d.OpenFile("", os.O_RDWR|os.O_CREATE)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := func() (*simdisk.File, error) {
		if err := d.SyncDir("/d"); err != nil {
			return nil, err
		}
		return d.OpenFile("/d", os.O_RDONLY)
	}()
	if err != nil {
		t.Fatal(err)
	}
	w := ioengine.NewWaiter(d)
	for name, test := range map[string]struct {
		submit func(c *completion.Completion)
		want   error
	}{
		"far write":           {func(c *completion.Completion) { f.WriteAt(c, []byte("x"), 1<<60) }, syscall.EFBIG},
		"far truncation":      {func(c *completion.Completion) { f.Truncate(c, 1<<60) }, syscall.EFBIG},
		"far read":            {func(c *completion.Completion) { f.ReadAt(c, make([]byte, 1), 1<<63-1) }, io.EOF},
		"negative offset":     {func(c *completion.Completion) { f.ReadAt(c, make([]byte, 1), -1) }, syscall.EINVAL},
		"read of a directory": {func(c *completion.Completion) { dir.ReadAt(c, make([]byte, 1), 0) }, syscall.EISDIR},
	} {
		var c completion.Completion
		test.submit(&c)
		w.Wait(&c)
		if c.N() != 0 || c.Err() != test.want {
			t.Errorf("%s: %d, %v, want %v", name, c.N(), c.Err(), test.want)
		}
	}
	if _, err := d.OpenFile("/d/file", os.O_WRONLY|os.O_CREATE); err != syscall.EINVAL {
		t.Errorf("O_WRONLY: %v", err)
	}
	if _, err := d.ReadFile("/d/none"); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("ReadFile: %v", err)
	}
}

// A history that nobody syncs does not grow for ever: its older half becomes
// durable.
func TestLongHistoriesAreWrittenBack(t *testing.T) {
	d := simdisk.New(simdisk.Options{})
	if err := d.WriteFile("/d/file", []byte("old")); err != nil {
		t.Fatal(err)
	}
	f, err := d.OpenFile("/d/file", os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	w := ioengine.NewWaiter(d)
	var c completion.Completion
	for i := range 20_000 {
		f.WriteAt(&c, []byte{byte(i), byte(i >> 8), byte(i >> 16)}, 0)
		w.Wait(&c)
	}
	cut := d.Cut()
	after, err := cut.PowerLoss(nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := after.ReadFile("/d/file")
	if kept := int(got[0]) | int(got[1])<<8; err != nil || kept != 8192 {
		t.Errorf("write %d is durable, %v, want 8192", kept, err)
	}
	if choices := cut.PowerChoices(); len(choices) != 1 || choices[0].Newest != 20_000-1-8192 {
		t.Errorf("open: %v", choices)
	}
}

// Waiting for what another engine finishes sleeps until then.
func TestWaitForWhatIsNotTheDisks(t *testing.T) {
	d := simdisk.New(simdisk.Options{})
	var c completion.Completion
	c.Begin(nil)
	go c.Finish(0, nil)
	d.Wait(&c, completion.NewWaker())
	if !c.Finished() {
		t.Error("Wait returned before the completion finished")
	}
}

// What a cut has, nobody can change any more: not the disk it was taken of, not
// its images, and not who wrote the bytes.
func TestCutsAndImagesAreIndependent(t *testing.T) {
	d := simdisk.New(simdisk.Options{})
	if err := d.WriteFile("/d/file", bytes.Repeat([]byte("a"), 8192)); err != nil {
		t.Fatal(err)
	}
	var cut *simdisk.Cut
	d.Watch(func(e simdisk.Event, take func() *simdisk.Cut) {
		if e.Call == simdisk.CallWrite && e.Phase == simdisk.Started && cut == nil {
			cut = take()
		}
	})
	write := func(d *simdisk.Disk, p []byte) {
		t.Helper()
		f, err := d.OpenFile("/d/file", os.O_RDWR)
		if err != nil {
			t.Fatal(err)
		}
		var c completion.Completion
		f.WriteAt(&c, p, 0)
		ioengine.NewWaiter(d).Wait(&c)
		if c.Err() != nil {
			t.Fatal(c.Err())
		}
		f.Sync(&c, ioengine.SyncNormal)
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	p := bytes.Repeat([]byte("b"), 4096)
	write(d, p)
	copy(p, bytes.Repeat([]byte("c"), 4096)) // the buffer is the caller's again
	write(d, p)

	newest := simdisk.NewestOf(cut.PowerChoices())
	images := map[string]func() (*simdisk.Disk, error){
		"a": func() (*simdisk.Disk, error) { return cut.PowerLoss(nil) },
		"b": func() (*simdisk.Disk, error) { return cut.PowerLoss(newest) },
	}
	for range 2 { // what is done to the first images does not reach the second
		for want, image := range images {
			after, err := image()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := after.ReadFile("/d/file"); err != nil || string(got[:4096]) != string(bytes.Repeat([]byte(want), 4096)) {
				t.Errorf("the image holds %q…, %v, want %q…", got[:1], err, want)
			}
			write(after, []byte("other"))
		}
	}
	if got, err := d.ReadFile("/d/file"); err != nil || got[0] != 'c' || got[4095] != 'c' {
		t.Errorf("the disk itself holds %q…, %v", got[:1], err)
	}
}
