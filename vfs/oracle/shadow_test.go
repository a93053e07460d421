//go:build unix

package oracle

import (
	"math/rand/v2"
	"os"
	"testing"
)

// A shadow that is told everything agrees with the file, and finds any byte and
// any size that is not as it was told.
func TestShadowKnowsWhatItWasTold(t *testing.T) {
	const seed, rounds, span = 1, 300, 5 * blockBytes
	random := rand.New(rand.NewPCG(seed, 0))
	file, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := reader{int(file.Fd())}
	s := newShadow()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	buf := make([]byte, 2*blockBytes)
	for i := range rounds {
		size := random.Int64N(span)
		if random.IntN(4) == 0 {
			s.truncate(size)
			must(file.Truncate(size))
		}
		p := buf[:1+random.IntN(len(buf)-1)]
		for i := range p {
			p[i] = byte(random.Uint32())
		}
		off := random.Int64N(span)
		s.write(p, off)
		_, err := file.WriteAt(p, off)
		must(err)
		if what := s.compareFresh(r); what != "" {
			t.Fatalf("seed %d, round %d: %s", seed, i, what)
		}
		wrong := []byte{p[len(p)-1] + 1}
		_, err = file.WriteAt(wrong, off+int64(len(p))-1)
		must(err)
		if s.compareAll(r) == "" {
			t.Fatalf("seed %d, round %d: a wrong byte at %d is not found", seed, i, off+int64(len(p))-1)
		}
		n := s.overlay(wrong, 1, off+int64(len(p))-1)
		if n != 1 || wrong[0] != p[len(p)-1] {
			t.Fatalf("seed %d, round %d: the last byte written reads as %d, %d", seed, i, wrong[0], n)
		}
		_, err = file.WriteAt(wrong, off+int64(len(p))-1)
		must(err)
		if end := max(s.end(), s.size); end != r.size() {
			t.Fatalf("seed %d, round %d: it ends at %d, the file at %d", seed, i, end, r.size())
		}
	}
	s.truncate(span)
	must(file.Truncate(span - 1))
	if s.compareFresh(r) == "" {
		t.Fatal("a wrong size is not found")
	}
}

// What was written last wins, also where it is not in the file yet, and memory
// stays bounded by what is not.
func TestShadowForgetsWhatTheFileHolds(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := reader{int(file.Fd())}
	s := newShadow()
	p := make([]byte, blockBytes)
	p[0] = 1
	for i := range int64(boundBlocks) {
		s.write(p, i*blockBytes)
	}
	if s.shrink(r) {
		t.Error("nothing is in the file, and that is fine")
	}
	for i := range int64(boundBlocks) - 10 {
		if _, err := file.WriteAt(p, i*blockBytes); err != nil {
			t.Fatal(err)
		}
	}
	if !s.shrink(r) || len(s.blocks) != 10 {
		t.Errorf("%d blocks are left of 10 that are not in the file", len(s.blocks))
	}
}
