package readahead

import "testing"

// sleeper is a detector of a file of 100 pages whose page 2 is the parent of the
// leaves from 10 on, which it has seen.
func sleeper(t *testing.T) (d *Detector, miss func(page uint32)) {
	w, _ := newTestWatch(100)
	d = w.Detector
	leaf, parent := make([]byte, 512), make([]byte, 512)
	leaf[0] = tableLeaf
	children := make([]uint32, 40)
	for i := range children {
		children[i] = uint32(10 + i)
	}
	d.Saw(leaf, 99*512, true) // from here on it is watched
	putInterior(parent, children)
	d.Saw(parent, 512, true)
	if d.watch == nil || d.watch.nodes.byPage[2] == nil {
		t.Fatal("the interior page is not known")
	}
	d.Saw(make([]byte, 16), 24, false)
	return d, func(page uint32) { d.Saw(leaf, int64(page-1)*512, true) }
}

// putInterior makes p an interior page of a table.
func putInterior(p []byte, children []uint32) {
	p[0], p[4] = tableInterior, byte(len(children)-1)
	at := len(p)
	for i, child := range children[:len(children)-1] {
		at -= 5
		copy(p[at:], []byte{0, 0, 0, byte(child), byte(i)})
		p[12+2*i], p[13+2*i] = byte(at>>8), byte(at)
	}
	p[11] = byte(children[len(children)-1])
}

// Two leaves in a transaction, even neighbours, wake nobody, and nothing is made of
// what is known.
func TestLookupsLetItSleep(t *testing.T) {
	d, miss := sleeper(t)
	for i := range 100 {
		d.Saw(make([]byte, 16), 24, false)
		miss(uint32(10 + i%30))
		miss(uint32(11 + i%30))
	}
	if w := d.watch; !w.sleep.asleep || len(w.scans) > 0 || w.nodes.hashed > 0 {
		t.Errorf("asleep: %v, %d scans, %d nodes", w.sleep.asleep, len(w.scans), w.nodes.hashed)
	}
}

// The third wakes it, and the first two are not forgotten, nor that the first of the
// tree was in the page cache.
func TestScanWakesIt(t *testing.T) {
	d, miss := sleeper(t)
	leaf := make([]byte, 512)
	leaf[0] = tableLeaf
	d.Saw(leaf, 9*512, false)
	for page := uint32(11); page < 14; page++ {
		miss(page)
	}
	if w := d.watch; w.sleep.asleep || len(w.scans) != 1 || !w.scans[0].edge || w.scans[0].issued == 0 || w.scans[0].gap == 0 {
		t.Errorf("asleep: %v, %d scans", w.sleep.asleep, len(w.scans))
	}
}

// It goes to sleep again when only lookups are left.
func TestItSleepsAgain(t *testing.T) {
	d, miss := sleeper(t)
	for _, page := range []uint32{10, 20, 30} {
		miss(page)
	}
	for i := range 2 * sleepAfter {
		if asleep := d.watch.sleep.asleep; asleep != (i > sleepAfter+1) {
			t.Fatalf("asleep after %d transactions: %v", i, asleep)
		}
		d.Saw(make([]byte, 16), 24, false)
		miss(uint32(10 + 7*i%30))
	}
	d.watch.scans, d.watch.sleep = []*scan{{}}, sleep{}
	for range 2 * sleepAfter {
		d.Saw(make([]byte, 16), 24, false)
	}
	if d.watch.sleep.asleep {
		t.Error("asleep while there is a scan")
	}
}
