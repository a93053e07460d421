package main

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"
)

// A progress tells somebody at a terminal how far something has come that takes
// long: on one line that is written over again and again and vanishes at the
// end. A nil one does nothing; that is what there is without a terminal.
type progress struct {
	w     io.Writer
	what  string
	done  atomic.Int64 // bytes
	total atomic.Int64 // 0 if nobody knows
	stop  chan struct{}
	ended chan struct{}
}

// Nothing is told of what takes less than the first, then something each time.
const (
	progressAfter = time.Second
	progressEvery = 200 * time.Millisecond
)

// startProgress begins to tell of something.
func (sh *shell) startProgress(what string) *progress {
	if !sh.interactive || !isTerminal(sh.stderr) || sh.redirect.capture != nil {
		return nil
	}
	p := &progress{w: sh.stderr, what: what, stop: make(chan struct{}), ended: make(chan struct{})}
	go p.run(time.Now(), sh.screenWidth())
	return p
}

func (p *progress) run(start time.Time, width int) {
	defer close(p.ended)
	timer := time.NewTimer(progressAfter)
	defer timer.Stop()
	for shown := false; ; shown = true {
		select {
		case <-p.stop:
			if shown {
				fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", width-1))
			}
			return
		case <-timer.C:
			line := progressLine(p.what, p.done.Load(), p.total.Load(), time.Since(start))
			fmt.Fprintf(p.w, "\r%-*s", width-1, line[:min(len(line), width-1)])
			timer.Reset(progressEvery)
		}
	}
}

// set says how much is done, of how much if that is known.
func (p *progress) set(done, total int64) {
	if p != nil {
		p.done.Store(done)
		p.total.Store(total)
	}
}

// end takes the line away.
func (p *progress) end() {
	if p != nil {
		close(p.stop)
		<-p.ended
	}
}

// progressLine returns what is told: how much is done, how fast, and how long
// the rest will take at that rate. Done and total are in bytes.
func progressLine(what string, done, total int64, elapsed time.Duration) string {
	line := fmt.Sprintf("%s: %s", what, elapsed.Round(time.Second))
	if done == 0 {
		return line
	}
	rate := float64(done) / elapsed.Seconds()
	line += fmt.Sprintf(", %s, %s/s", inBytes(done), inBytes(int64(rate)))
	if total > 0 {
		left := time.Duration(float64(max(total-done, 0)) / rate * float64(time.Second))
		line += fmt.Sprintf(", %d %%, %s left", 100*min(done, total)/total, left.Round(time.Second))
	}
	return line
}

// inBytes returns a number of bytes in the unit that suits it.
func inBytes(n int64) string {
	const step = 1000
	if n < step {
		return fmt.Sprint(n, " B")
	}
	value, unit := float64(n)/step, 0
	for value >= step && unit+1 < len(byteUnits) {
		value /= step
		unit++
	}
	return fmt.Sprintf("%.1f %s", value, byteUnits[unit])
}

var byteUnits = []string{"kB", "MB", "GB", "TB", "PB"}
