package simdisk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/turso-coop/turso-coop/ioengine/simdisk"
)

// What is printed is what was read, and reads as the same.
func TestFaultsPrintAsTheyParse(t *testing.T) {
	for _, text := range []string{
		``,
		`(eio)`,
		`(eio (on sync) (path "*-wal") (nth 3))`,
		`(enospc (on write) (path "/d/app \"1\".db") (range 0 4096) (from 2) (times 5) (rate 1 100) (after 0))`,
		`(eio (on sync writeback) (pages reverted)) (edquot (on allocate)) (ecanceled (on write) (applied))`,
		`(short) (short 17) (short 0 (on nowait)) (delay 1.5ms (on read))`,
		`(flip (range 100 28) (sticky)) (garbage (on read)) (lost) (misdirect -512) (late)`,
	} {
		faults, err := simdisk.ParseFaults(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := faults.String(); got != text {
			t.Errorf("%s\nis printed as\n%s", text, got)
		}
	}
}

// What cannot be meant is refused, and the error says what it is.
func TestBadFaultsAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		`(eio`:                                 `offset 0: ( without its )`,
		`eio)`:                                 `offset 3: ) without its (`,
		`eio`:                                  `eio: not in parentheses`,
		`)`:                                    `offset 0: ) without its (`,
		`()`:                                   `does not begin with a word`,
		`((eio))`:                              `does not begin with a word`,
		`(eio (path "x`:                        `offset 11: a string that does not end`,
		`(((((((eio)))))))`:                    `nest too deeply`,
		`(eoi)`:                                `unknown fault "eoi"`,
		`(eio 5)`:                              `eio takes no argument`,
		`(eio on sync)`:                        `takes no argument`,
		`(short (on read) 5)`:                  `5 is not a clause`,
		`(eio (om sync))`:                      `unknown clause om`,
		`(eio (on synk))`:                      `unknown word synk`,
		`(eio (on))`:                           `wants one of read write`,
		`(eio (on unlock))`:                    `cannot strike`,
		`(flip (on write))`:                    `cannot strike`,
		`(eio (nth 0))`:                        `0 is not a number from 1 on`,
		`(eio (nth 1 2))`:                      `wants 1 number`,
		`(eio (nth x))`:                        `x is not a number`,
		`(eio (nth 3000000000000000000))`:      `too large`,
		`(eio (nth 1) (nth 2))`:                `nth is said twice`,
		`(eio (nth 1) (from 2))`:               `nth excludes`,
		`(eio (rate 2 1))`:                     `a rate above 1`,
		`(eio (path x))`:                       `wants one string in quotes`,
		`(eio (path "["))`:                     `not a pattern`,
		`(eio (after 5))`:                      `after goes with`,
		`(eio (on write) (after 5) (applied))`: `applied goes with`,
		`(eio (on write) (pages clean))`:       `pages goes with`,
		`(eio (on sync) (pages ""))`:           `unknown word ""`,
		`(enomem (on writeback))`:              `a writeback fails only`,
		`(eio (sticky))`:                       `sticky goes with`,
		`(delay)`:                              `wants a time`,
		`(delay 5)`:                            `5 is not a time`,
		`(delay 100h)`:                         `not a time from 0 to 1h`,
		`(misdirect 100)`:                      `a multiple of 512`,
		`(misdirect)`:                          `a multiple of 512`,
		`(short 0)`:                            `only (on nowait)`,
		`(short -1)`:                           `-1 is not a number from 0 on`,
	} {
		faults, err := simdisk.ParseFaults(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v, want an error that says %q", text, faults, err, want)
		}
	}
}

func TestReproPrintsAsItParses(t *testing.T) {
	for _, line := range []string{
		`(seed 0)`,
		`(seed 18446744073709551615) (sector 4096) (allow torn garbage-written psow-off stale-tail any-subset dir-subset) (journalled) (latency 10µs 2ms) (volatile "-shm") (eio (on sync)) (short)`,
		`(seed 7) (power 120 0*3 1t17 2g x1f 4*2) (kill 15) (kill 16 1)`,
	} {
		r, err := simdisk.ParseRepro(line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
		} else if got := r.String(); got != line {
			t.Errorf("%s\nis printed as\n%s", line, got)
		}
	}
}

func TestBadReprosAreNamed(t *testing.T) {
	for line, want := range map[string]string{
		`(seed)`:                       `wants 1 number`,
		`(seed -1)`:                    `not a number of 64 bits`,
		`(sector 1024)`:                `unknown word 1024; there is 512 4096`,
		`(allow fire)`:                 `unknown word fire; there is torn`,
		`(latency 5ms)`:                `wants 2 times`,
		`(journalled 1)`:               `wants 0 numbers`,
		`(volatile -shm)`:              `wants one string in quotes`,
		`(power)`:                      `wants the number of an event`,
		`(kill x)`:                     `x is not a number`,
		`(power 1 2 q)`:                `"q" is not a pick`,
		`(power 1 0*99999999)`:         `does not repeat`,
		`(power 1 9999999999)`:         `is not a pick`,
		`(power 1 (2))`:                `is not a pick`,
		`(power 1 2tx)`:                `is not a pick`,
		`(power 1 xyz)`:                `is not a pick`,
		`(power 1 0*16777216 0*16777)`: `does not repeat`,
		`seed 7`:                       `seed: not in parentheses`,
	} {
		r, err := simdisk.ParseRepro(line)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v, want an error that says %q", line, r, err, want)
		}
	}
}

// Whatever is read prints as something that reads as the same.
func FuzzParseRepro(f *testing.F) {
	f.Add(`(seed 7) (sector 4096) (allow torn) (latency 10us 2ms) (eio (on sync) (nth 3)) (power 120 0*3 1t17)`)
	f.Add(`(flip (range 100 28) (sticky)) (misdirect -512 (rate 1 3)) (short 0 (on nowait)) (kill 2 1)`)
	f.Fuzz(func(t *testing.T, line string) {
		r, err := simdisk.ParseRepro(line)
		if err != nil {
			return
		}
		printed := r.String()
		again, err := simdisk.ParseRepro(printed)
		if err != nil || again.String() != printed {
			t.Fatalf("%q is printed as %q and read as %q, %v", line, printed, again, err)
		}
	})
}

func TestLatencies(t *testing.T) {
	for _, test := range []struct{ min, max, least, most time.Duration }{
		{0, 0, 50 * time.Microsecond, 150 * time.Microsecond},
		{time.Millisecond, 0, time.Millisecond, time.Millisecond},
		{0, time.Second, 0, time.Second},
		{time.Hour, time.Hour, time.Hour, time.Hour},
	} {
		d := simdisk.New(simdisk.Options{LatencyMin: test.min, LatencyMax: test.max})
		before := d.Now()
		if err := d.SyncDir("/d"); err != nil {
			t.Fatal(err)
		}
		if took := d.Now() - before; took < test.least || took > test.most {
			t.Errorf("from %v to %v: a call took %v", test.min, test.max, took)
		}
	}
}
