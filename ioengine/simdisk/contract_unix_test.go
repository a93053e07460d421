//go:build unix

package simdisk_test

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/ioengine/enginetest"
	"github.com/turso-coop/turso-coop/ioengine/simdisk"
)

// adopting is a disk that takes over the operating system's files: the suite
// makes those, and knows nothing of an engine's own.
type adopting struct {
	*simdisk.Disk
}

func (a adopting) Open(fd uintptr) (ioengine.File, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(fd), &st); err != nil {
		return nil, err
	}
	content := make([]byte, st.Size)
	if _, err := unix.Pread(int(fd), content, 0); err != nil {
		return nil, err
	}
	flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("/adopted/%d", st.Ino)
	if err := a.WriteFile(name, content); err != nil {
		return nil, err
	}
	f, err := a.OpenFile(name, flags&(os.O_RDONLY|os.O_RDWR))
	if err != nil {
		return nil, err
	}
	return a.Disk.Open(f.Fd())
}

func openAdopting() (ioengine.Engine, error) {
	return adopting{simdisk.New(simdisk.Options{Seed: 1})}, nil
}

func TestContract(t *testing.T) { enginetest.Run(t, openAdopting) }

func TestContractFuzz(t *testing.T) { enginetest.Fuzz(t, openAdopting, 1, 100_000) }
