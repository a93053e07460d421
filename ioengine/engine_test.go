package ioengine_test

import (
	"flag"
	"strings"
	"testing"

	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/ioengine/enginetest"
)

func TestPool(t *testing.T) {
	enginetest.Run(t, func() (ioengine.Engine, error) {
		return ioengine.Open(ioengine.Options{Kind: ioengine.Pool})
	})
}

// One worker is enough for everything to finish.
func TestPoolOfOne(t *testing.T) {
	enginetest.Run(t, func() (ioengine.Engine, error) {
		return ioengine.Open(ioengine.Options{Kind: ioengine.Pool, Workers: 1})
	})
}

func TestUring(t *testing.T) {
	e, err := ioengine.Open(ioengine.Options{Kind: ioengine.Uring})
	if err != nil {
		t.Skipf("io_uring is not to be had here: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	enginetest.Run(t, func() (ioengine.Engine, error) {
		return ioengine.Open(ioengine.Options{Kind: ioengine.Uring})
	})
}

func TestAutoNeverFails(t *testing.T) {
	e, err := ioengine.Open(ioengine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if s := e.Stats(); s.Engine == ioengine.Auto || s.Reason == "" {
		t.Errorf("engine %q, reason %q", s.Engine, s.Reason)
	}
}

func TestUnknownKindIsNamed(t *testing.T) {
	for _, open := range []func() error{
		func() error { _, err := ioengine.ParseKind("aio"); return err },
		func() error { _, err := ioengine.Open(ioengine.Options{Kind: "aio"}); return err },
	} {
		if err := open(); err == nil || !strings.Contains(err.Error(), `"aio"`) {
			t.Errorf("error %v", err)
		}
	}
}

var (
	fuzzOperations = flag.Int("ops", 30_000, "random operations of each engine's fuzzer")
	fuzzSeed       = flag.Uint64("seed", 1, "seed of the fuzzer")
)

func TestFuzz(t *testing.T) {
	for _, kind := range []ioengine.Kind{ioengine.Pool, ioengine.Uring} {
		t.Run(string(kind), func(t *testing.T) {
			open := func() (ioengine.Engine, error) { return ioengine.Open(ioengine.Options{Kind: kind}) }
			e, err := open()
			if err != nil {
				t.Skipf("not to be had here: %v", err)
			}
			e.Close()
			enginetest.Fuzz(t, open, *fuzzSeed, *fuzzOperations)
		})
	}
}
