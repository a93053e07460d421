package planted

// late holds writes of a kind of file back until its next sync.
func late(condition string) []edit {
	return []edit{
		{"vfs/file.go", "	f.write.start(p, off)\n", `	if ` + condition + ` {
		held := append([]byte(nil), p...)
		late = append(late, func() {
			f.write.start(held, off)
			completion.Drive(&f.write, f.wait)
		})
		return len(p), nil
	}
	f.write.start(p, off)
`},
		{"vfs/file.go", "	f.sync.start(flags)\n", `	for _, write := range late {
		write()
	}
	late = nil
	f.sync.start(flags)
`},
		{"vfs/file.go", "func (f *file) Size() ", "var late []func()\n\nfunc (f *file) Size() "},
	}
}

// lastGuard is what writes the rest before anything happens to the WAL-index.
// Without it the bugs before it show.
var lastGuard = edit{"vfs/writebehind.go", "		f.wal.flushUnheard()\n", ""}

// bugs are the mistakes that a write path like this one has been seen to have,
// in this project's prototypes or in others.
var bugs = []bug{
	{
		name: "headers that are rewritten after the commit frame wait",
		edits: []edit{lastGuard, {"vfs/writebehind.go",
			"		b.left = f.session.window.commits\n		return true, f.flush()\n", "		return true, f.flush()\n"}},
		pkg: "vfs", test: "TestRewrittenHeadersAreNotHeldBack",
	},
	{
		name: "a spill waits beyond its rollback",
		edits: []edit{lastGuard, {"vfs/writebehind.go",
			"s != nil && s.window.open && b.left != s.window.commits", "s != nil"}},
		pkg: "vfs", test: "TestRollbackAfterASpillLeavesNothingToWrite",
	},
	{
		name:  "a short read from the cache is taken for the end",
		edits: []edit{{"ioengine/file.go", "	if n < len(p) {\n", "	if n <= 0 {\n"}},
		pkg:   "vfs", test: "TestPartlyCachedPageIsReadWhole",
	},
	{
		name:  "a short count comes without an error",
		edits: []edit{{"vfs/file.go", "	if err == io.EOF {\n		return n, err\n", "	if err == io.EOF {\n		return n, nil\n"}},
		pkg:   "vfs", test: "TestSizeHintAllocates",
	},
	{
		name:  "pages of a checkpoint are written after it is announced",
		edits: late("f.wal != nil"),
		pkg:   "vfs", test: "TestPartialCheckpointIsInTheDatabase",
	},
	{
		name: "frames are written where no error can be returned",
		edits: []edit{{"vfs/writebehind.go",
			"	if b.complete(h) || len(h.buf) >= heldBytes {\n", "	if len(h.buf) >= heldBytes {\n"}},
		pkg: "vfs", test: "TestFailedFlushIsGivenUp",
	},
	{
		name: "the header of a WAL is written with its frames",
		edits: []edit{
			{"vfs/writebehind.go", "		b.learn(p[8:12])\n", `		b.learn(p[8:12])
		if f.session.windowOpen(b) {
			h.put(p, off)
			f.session.window.holding++
			return true, nil
		}
`},
			{"vfs/file.go", "	f.calls.syncs.Add(1)\n	if err := f.leaveWindow(); err != nil {\n		return err\n	}\n", "	f.calls.syncs.Add(1)\n"},
		},
		pkg: "vfs", test: "TestHeaderIsDurableBeforeTheFirstFrame",
	},
	{
		name: "a write is not waited for",
		edits: []edit{{"vfs/writebehind.go",
			"	_, err := completion.Drive(&f.write, f.wait)\n", "	_, err := f.write.Step()\n"}},
		pkg: "vfs", test: "TestFailedFlushIsGivenUp",
	},
	{
		name:  "the journal waits while the database changes",
		edits: late("f.flags&sqlitevfs.OPEN_MAIN_JOURNAL != 0"),
		pkg:   "vfs", test: "TestKilledAtEveryOperation/DELETE/OFF",
	},
	{
		name: "the pool is told to try a failed statement again",
		edits: []edit{{"driver/session.go",
			"		c.broken = true\n", "		c.broken = true\n		return sqldriver.ErrBadConn\n"}},
		pkg: "driver", test: "TestBadFiles",
	},
	{
		name: "a descriptor, and so its locks, outlives its file",
		edits: []edit{{"vfs/file.go",
			"	closed := f.lent.Close() // releases the locks first\n", "	var closed error\n"}},
		pkg: "vfs", test: "TestAbandonReleasesTheLocks",
	},
	{
		name: "the first sync forgets the directory",
		edits: []edit{{"vfs/sync.go",
			"	m.state, m.mode = syncStart, ioengine.SyncNormal\n", "	m.state, m.mode = syncStart, ioengine.SyncNormal\n	m.f.unsyncedDir = false\n"}},
		pkg: "vfs", test: "TestFirstSyncOfAJournalSyncsItsDirectory",
	},
}
