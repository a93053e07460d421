package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
)

// interrupts passes Ctrl-C on to what is running. The zero value is ready.
type interrupts struct {
	mu      sync.Mutex
	cancel  context.CancelFunc // ends what is running, nil if nothing is
	pending bool               // one came, and nothing has taken notice yet
	held    bool               // they are not meant for us alone, so that two do not end the program
	atExit  func() error       // what is to be done before the program ends, nil for nothing
}

// begin returns the context for something that an interrupt ends. done must be
// called when it has ended.
func (in *interrupts) begin() (ctx context.Context, done func()) {
	ctx, cancel := context.WithCancel(context.Background())
	in.mu.Lock()
	defer in.mu.Unlock()
	in.cancel = cancel
	if in.pending {
		cancel() // it came just before
	}
	return ctx, func() {
		in.mu.Lock()
		defer in.mu.Unlock()
		in.cancel = nil
		cancel()
	}
}

// interrupt is called for every Ctrl-C. It reports whether the one before has
// not been noticed yet: then what is running does not heed it.
func (in *interrupts) interrupt() (again bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	again = in.pending && !in.held
	in.pending = true
	if in.cancel != nil {
		in.cancel()
	}
	return again
}

// hold says whether there is another program at the terminal, which takes
// interrupts too.
func (in *interrupts) hold(on bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.held = on
}

// onExit sets what is to be done before an interrupt ends the program.
func (in *interrupts) onExit(f func() error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.atExit = f
}

// exit ends the program.
func (in *interrupts) exit() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.atExit != nil {
		_ = in.atExit()
	}
	os.Exit(1)
}

// take reports whether there has been an interrupt, and forgets it.
func (in *interrupts) take() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	was := in.pending
	in.pending = false
	return was
}

// seen reports whether there has been an interrupt.
func (in *interrupts) seen() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.pending
}

// listen makes Ctrl-C an interrupt until stop is called. The second one that
// finds the first unheeded ends the program.
func (in *interrupts) listen() (stop func()) {
	signals, stopped := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, os.Interrupt)
	go func() {
		for {
			select {
			case <-stopped:
				return
			case <-signals:
				if in.interrupt() {
					in.exit()
				}
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(stopped)
	}
}
