package simdisk_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/turso-coop/turso-coop/completion"
	"github.com/turso-coop/turso-coop/ioengine"
	"github.com/turso-coop/turso-coop/ioengine/simdisk"
)

// A player carries out the commands of a story.
type player struct {
	out strings.Builder
	scene
	before []scene // the last crash, and those before it
}

// A scene is a disk and what goes on there.
type scene struct {
	disk   *simdisk.Disk
	files  map[string]*simdisk.File
	ops    map[string]*pending
	cut    *simdisk.Cut // of the command before, if that was during
	events []string
}

// pending is an operation that a start command began.
type pending struct {
	c    completion.Completion
	read []byte
}

func newPlayer() *player {
	p := &player{}
	p.use(simdisk.New(simdisk.Options{}))
	return p
}

func (p *player) use(d *simdisk.Disk) {
	p.scene = scene{disk: d, files: map[string]*simdisk.File{}, ops: map[string]*pending{}}
	p.watch(nil)
}

// watch collects the events, and shows them to f.
func (p *player) watch(f func(simdisk.Event, func() *simdisk.Cut)) {
	p.disk.Watch(func(e simdisk.Event, cut func() *simdisk.Cut) {
		p.events = append(p.events, e.String())
		if f != nil {
			f(e, cut)
		}
	})
}

func (p *player) printf(format string, args ...any) {
	fmt.Fprintf(&p.out, format+"\n", args...)
}

// result prints how a command ended, if not simply well.
func (p *player) result(line string, err error) {
	if err != nil {
		p.printf("%s: %s", line, errorName(err))
	}
}

// errorName is alike on every operating system.
func errorName(err error) string {
	for _, e := range []struct {
		name string
		err  error
	}{
		{"eio", syscall.EIO}, {"enospc", syscall.ENOSPC}, {"edquot", syscall.EDQUOT}, {"enomem", syscall.ENOMEM},
		{"eintr", syscall.EINTR}, {"eagain", syscall.EAGAIN}, {"enoent", syscall.ENOENT}, {"eexist", syscall.EEXIST},
		{"eisdir", syscall.EISDIR}, {"enotdir", syscall.ENOTDIR}, {"exdev", syscall.EXDEV}, {"ebadf", syscall.EBADF},
		{"emfile", syscall.EMFILE}, {"eacces", syscall.EACCES}, {"eof", io.EOF}, {"canceled", completion.ErrCanceled},
		{"busy", simdisk.ErrBusy}, {"closed", ioengine.ErrClosed},
	} {
		if errors.Is(err, e.err) {
			return e.name
		}
	}
	return err.Error()
}

// command carries out one line.
func (p *player) command(line string) error {
	words := strings.Fields(line)
	name, args := words[0], words[1:]
	rest := strings.TrimSpace(strings.TrimPrefix(line, name))
	switch name {
	case "power", "kill", "back", "choices":
		return p.crash(name, rest)
	}
	p.cut = nil
	switch name {
	case "disk": // OPTIONS: a new disk
		r, err := simdisk.ParseRepro(rest)
		if err != nil {
			return err
		}
		p.use(simdisk.New(r.Options))
	case "faults": // FAULTS
		faults, err := simdisk.ParseFaults(rest)
		if err != nil {
			return err
		}
		p.disk.SetFaults(faults)
	case "during": // COMMAND: a crash that follows happens while its first call is under way
		p.watch(func(e simdisk.Event, cut func() *simdisk.Cut) {
			if e.Phase == simdisk.Started && p.cut == nil {
				p.cut = cut()
			}
		})
		defer p.watch(nil)
		words := strings.Fields(rest)
		return p.onFile(rest, words[0], words[1:])
	case "start", "wait", "cancel", "step":
		return p.asynchronous(name, args)
	case "open", "file", "syncdir", "remove", "rename", "exists", "cat", "files", "hash":
		return p.nameSpace(line, name, args)
	case "injected", "events":
		p.report(name)
	default:
		return p.onFile(line, name, args)
	}
	return nil
}

// report prints what the disk tells of itself, since the last time.
func (p *player) report(what string) {
	if what == "events" {
		for _, e := range p.events {
			_, e, _ = strings.Cut(e, " ") // the number
			_, e, _ = strings.Cut(e, " ") // the time
			p.printf("%s", e)
		}
		p.events = nil
		return
	}
	for _, i := range p.disk.Injected() {
		p.printf("%v %s %v", i.Call, i.Path, i.Fault)
	}
}

// crash is power MASK, kill MASK, choices, and back to the disk before the
// last crash.
func (p *player) crash(what, rest string) error {
	cut := p.cut
	if cut == nil {
		cut = p.disk.Cut()
	}
	var choices []simdisk.Choice
	switch what {
	case "back":
		last := len(p.before) - 1
		p.scene, p.before = p.before[last], p.before[:last]
		return nil
	case "choices": // [kill]
		choices = cut.PowerChoices()
		if rest == "kill" {
			choices = cut.KillChoices()
		}
		for _, c := range choices {
			p.printf("%v", c)
		}
		return nil
	case "kill":
		choices = cut.KillChoices()
	case "power":
		choices = cut.PowerChoices()
	}
	mask, err := simdisk.ParseMask(rest)
	if rest == "newest" {
		mask, err = simdisk.NewestOf(choices), nil
	}
	if err != nil {
		return err
	}
	after, err := cut.PowerLoss(mask)
	if what == "kill" {
		after, err = cut.Kill(mask)
	}
	if err != nil {
		p.printf("%v", err)
		return nil
	}
	p.before = append(p.before, p.scene)
	p.use(after)
	return nil
}

// nameSpace is open FILE PATH [create] [exclusive] [readonly], and the commands
// that take paths.
func (p *player) nameSpace(line, name string, args []string) error {
	switch name {
	case "open":
		flag := os.O_RDWR
		for _, word := range args[2:] {
			switch word {
			case "create":
				flag |= os.O_CREATE
			case "exclusive":
				flag |= os.O_EXCL
			case "truncate":
				flag |= os.O_TRUNC
			case "readonly":
				flag &^= os.O_RDWR
			}
		}
		f, err := p.disk.OpenFile(args[1], flag)
		p.files[args[0]] = f
		p.result(line, err)
	case "file": // PATH DATA: was there before
		return p.disk.WriteFile(args[0], data(args[1:]))
	case "syncdir":
		p.result(line, p.disk.SyncDir(args[0]))
	case "remove":
		p.result(line, p.disk.Remove(args[0]))
	case "rename":
		p.result(line, p.disk.Rename(args[0], args[1]))
	case "exists":
		exists, err := p.disk.Exists(args[0])
		p.printf("%s: %v", args[0], exists)
		p.result(line, err)
	case "cat":
		content, err := p.disk.ReadFile(args[0])
		if err != nil {
			p.printf("%v", err)
			return nil
		}
		p.printf("%s: %s", args[0], render(content))
	case "files":
		names := p.disk.Files()
		if len(names) == 0 {
			names = []string{"no files"}
		}
		p.printf("%s", strings.Join(names, " "))
	case "hash":
		p.printf("%016x", p.disk.Hash())
	}
	return nil
}

// onFile is the commands on an open file: COMMAND FILE ARGS.
func (p *player) onFile(line, name string, args []string) error {
	f := p.files[args[0]]
	if f == nil {
		return fmt.Errorf("no open file or no such command")
	}
	switch name {
	case "close":
		p.result(line, f.Close())
	case "size":
		size, err := f.Size()
		p.printf("%s: %d", args[0], size)
		p.result(line, err)
	case "lock", "unlock":
		levels := []string{"none", "shared", "reserved", "pending", "exclusive"}
		level := simdisk.LockLevel(slices.Index(levels, args[1]))
		err := f.Lock
		if name == "unlock" {
			err = f.Unlock
		}
		p.result(line, err(level))
	case "locks":
		p.printf("%s: %v, somebody reserved: %v", args[0], f.LockState(), f.Reserved())
	default:
		op := &pending{}
		if err := p.submit(op, name, args); err != nil {
			return err
		}
		p.disk.Wait(&op.c, completion.NewWaker())
		p.done(line, op)
	}
	return nil
}

// submit takes read FILE OFF LEN, write FILE OFF DATA, sync FILE, truncate FILE
// SIZE and allocate FILE SIZE; with v in front, in two buffers.
func (p *player) submit(op *pending, name string, args []string) error {
	f, number := p.files[args[0]], int64(0)
	if f == nil {
		return fmt.Errorf("no such open file")
	}
	if len(args) > 1 {
		n, err := strconv.ParseInt(args[1], 10, 64)
		if err != nil {
			return err
		}
		number = n
	}
	switch name {
	case "read":
		n, err := strconv.Atoi(args[2])
		if err != nil {
			return err
		}
		op.read = make([]byte, n)
		f.ReadAt(&op.c, op.read, number)
	case "write":
		f.WriteAt(&op.c, data(args[2:]), number)
	case "sync":
		f.Sync(&op.c, ioengine.SyncNormal)
	case "truncate":
		f.Truncate(&op.c, number)
	case "allocate":
		f.Allocate(&op.c, number)
	default:
		return fmt.Errorf("no such command")
	}
	return nil
}

func (p *player) done(line string, op *pending) {
	if op.read != nil {
		line += " = " + render(op.read[:op.c.N()])
		if op.c.Err() == nil {
			p.printf("%s", line)
		}
	} else if n := op.c.N(); n > 0 && op.c.Err() != nil {
		line += fmt.Sprintf(" = %d", n)
	}
	p.result(line, op.c.Err())
}

// asynchronous is start OP COMMAND, wait OP, cancel OP and step.
func (p *player) asynchronous(name string, args []string) error {
	switch name {
	case "step":
		p.disk.Step()
		return nil
	case "start":
		op := &pending{}
		p.ops[args[0]] = op
		return p.submit(op, args[1], args[2:])
	}
	op := p.ops[args[0]]
	if op == nil {
		return fmt.Errorf("no such operation")
	}
	if name == "cancel" {
		op.c.Cancel()
		return nil
	}
	p.disk.Wait(&op.c, completion.NewWaker())
	if op.read == nil && op.c.Err() == nil {
		p.printf("%s: ok", args[0])
	}
	p.done(args[0], op)
	return nil
}

// data is what words such as hello, x*512 and .*512 (zeros) stand for.
func data(words []string) []byte {
	var p []byte
	for _, w := range words {
		text, times, _ := strings.Cut(w, "*")
		n, err := strconv.Atoi(times)
		if err != nil {
			n = 1
		}
		p = append(p, strings.Repeat(strings.ReplaceAll(text, ".", "\x00"), n)...)
	}
	return p
}

// render is the reverse of data; what is not text is shown as ?*N.
func render(p []byte) string {
	var words []string
	for len(p) > 0 {
		n := run(p)
		if n >= 8 {
			words = append(words, fmt.Sprintf("%s*%d", strings.ReplaceAll(string(p[:1]), "\x00", "."), n))
		} else {
			for n = 1; n < len(p) && run(p[n:]) < 8; n++ {
			}
			if text := strings.ReplaceAll(string(p[:n]), "\x00", "."); isText(text) {
				words = append(words, text)
			} else {
				words = append(words, fmt.Sprintf("?*%d", n))
			}
		}
		p = p[n:]
	}
	if len(words) == 0 {
		return "empty"
	}
	return strings.Join(words, " ")
}

// run is how often the first byte repeats.
func run(p []byte) int {
	n := 1
	for n < len(p) && p[n] == p[0] {
		n++
	}
	return n
}

func isText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '!' || r > '~' })
}
