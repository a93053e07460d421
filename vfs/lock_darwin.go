package vfs

// F_OFD_SETLK and F_OFD_GETLK of bsd/sys/fcntl.h, which x/sys does not have.
const (
	ofdSetLock = 90
	ofdGetLock = 92
)
