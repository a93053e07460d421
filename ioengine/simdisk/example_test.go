package simdisk_test

import (
	"fmt"
	"os"

	"github.com/turso-coop/turso-coop/completion"
	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/ioengine/simdisk"
)

// A file is written and synced, its directory is not: a power loss can take the
// file, and a kill of the process cannot.
func Example() {
	d := simdisk.New(simdisk.Options{Seed: 7})
	f, err := d.OpenFile("/data/log", os.O_RDWR|os.O_CREATE)
	if err != nil {
		panic(err)
	}
	w := ioengine.NewWaiter(d)
	var c completion.Completion
	f.WriteAt(&c, []byte("hello"), 0)
	w.Wait(&c)
	f.Sync(&c, ioengine.SyncFull)
	w.Wait(&c)

	cut := d.Cut() // the disk at this instant; d goes on
	fmt.Println("open:", cut.PowerChoices())
	for _, text := range []string{"0", "1"} {
		mask, err := simdisk.ParseMask(text)
		if err != nil {
			panic(err)
		}
		after, err := cut.PowerLoss(mask)
		if err != nil {
			panic(err)
		}
		fmt.Printf("power loss %s: %q\n", text, after.Files())
	}
	after, err := cut.Kill(nil)
	if err != nil {
		panic(err)
	}
	content, err := after.ReadFile("/data/log")
	fmt.Printf("kill: %q %v\n", content, err)
	// Output:
	// open: [entries /data 0..1]
	// power loss 0: []
	// power loss 1: ["/data/log"]
	// kill: "hello" <nil>
}
