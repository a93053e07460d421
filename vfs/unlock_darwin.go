package vfs

// ofdSetLock is F_OFD_SETLK of bsd/sys/fcntl.h, which x/sys does not have.
const ofdSetLock = 90
