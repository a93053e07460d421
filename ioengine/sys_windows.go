package ioengine

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// The handles are synchronous: a call with an offset in its OVERLAPPED returns
// when it is over.

func overlapped(off int64) *windows.Overlapped {
	return &windows.Overlapped{Offset: uint32(off), OffsetHigh: uint32(off >> 32)}
}

// maxTransfer keeps a transfer's size within the uint32 of ReadFile and
// WriteFile; the caller comes back for the rest.
const maxTransfer = 1 << 30

func sysPread(fd uintptr, p []byte, off int64) (int, error) {
	var n uint32
	err := windows.ReadFile(windows.Handle(fd), p[:min(len(p), maxTransfer)], &n, overlapped(off))
	if err == windows.ERROR_HANDLE_EOF {
		return 0, nil
	}
	return int(n), err
}

func sysPwrite(fd uintptr, p []byte, off int64) (int, error) {
	var n uint32
	err := windows.WriteFile(windows.Handle(fd), p[:min(len(p), maxTransfer)], &n, overlapped(off))
	return int(n), err
}

func sysSync(fd uintptr, _ SyncMode) error {
	return windows.FlushFileBuffers(windows.Handle(fd))
}

func sysTruncate(fd uintptr, size int64) error {
	// FILE_END_OF_FILE_INFO is one LARGE_INTEGER. The call wants its address:
	// the kernel boundary is where unsafe is needed.
	return windows.SetFileInformationByHandle(windows.Handle(fd), windows.FileEndOfFileInfo,
		(*byte)(unsafe.Pointer(&size)), uint32(unsafe.Sizeof(size)))
}

func sysSize(fd uintptr) (int64, error) {
	var info windows.ByHandleFileInformation
	err := windows.GetFileInformationByHandle(windows.Handle(fd), &info)
	return int64(info.FileSizeHigh)<<32 | int64(info.FileSizeLow), err
}

func sysAllocate(fd uintptr, size int64) error {
	end, err := sysSize(fd)
	if err != nil || end >= size {
		return err
	}
	return sysTruncate(fd, size)
}
