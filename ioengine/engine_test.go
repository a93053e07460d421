package ioengine_test

import (
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
