package main

import (
	"syscall"
	"time"
)

// cpuTime returns the processor time that the process has used.
func cpuTime() (user, system time.Duration) {
	var created, exited, kernel, inUser syscall.Filetime
	process, err := syscall.GetCurrentProcess()
	if err != nil || syscall.GetProcessTimes(process, &created, &exited, &kernel, &inUser) != nil {
		return 0, 0
	}
	span := func(t syscall.Filetime) time.Duration { // units of 100 ns
		return time.Duration(int64(t.HighDateTime)<<32|int64(t.LowDateTime)) * 100
	}
	return span(inUser), span(kernel)
}
