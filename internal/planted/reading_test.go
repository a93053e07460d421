package planted

// reading are mistakes that reading ahead, and asking the page cache first, invite.
var reading = []bug{
	{
		name: "P1: a hint that failed fails a read",
		edits: []edit{
			{"vfs/prefetch.go", "func (w *warmer) ReadAhead(ranges []ioengine.Range) {\n", `var failed error

func (w *warmer) ReadAhead(ranges []ioengine.Range) {
	defer func() { failed = w.c.Err() }()
`},
			{"vfs/file.go", "	if !f.trust.asks() {\n", "	if failed != nil {\n		return 0, f.fail(opRead, failed)\n	}\n	if !f.trust.asks() {\n"},
		},
		pkg: "vfs", test: "TestP1FailedReadAheadIsHarmless",
	},
	{
		name: "P2: a page is served as it was when it was read ahead",
		edits: []edit{
			{"vfs/file.go", "	f.read.start(p, off)\n", `	if early, ok := kept[place{f, off}]; ok && f.flags&sqlitevfs.OPEN_MAIN_DB != 0 && off > 0 && len(early) == len(p) {
		return copy(p, early), nil
	}
	if f.flags&sqlitevfs.OPEN_MAIN_DB != 0 {
		defer func() { kept[place{f, off}] = append([]byte(nil), p...) }()
	}
	f.read.start(p, off)
`},
			{"vfs/file.go", "func (f *file) Size() ", "type place struct {\n	f   *file\n	off int64\n}\n\nvar kept = map[place][]byte{}\n\nfunc (f *file) Size() "},
		},
		pkg: "vfs", test: "TestP2ReadsAreOfTheFileAsItIs",
	},
	{
		name: "P3: children beyond the file are believed",
		edits: []edit{
			{"vfs/readahead/page.go", "page >= 2 && page <= f.pages && page", "page >= 2 && page"},
			{"vfs/readahead/request.go", "w.batch = w.batch[:end]; end", "end"},
		},
		pkg: "vfs", test: "TestP3CorruptTreesAreReadInBounds",
	},
	{
		name:  "P3: what was within the file is asked for when it no longer is",
		edits: []edit{{"vfs/readahead/request.go", "w.batch = w.batch[:end]; end", "end"}},
		pkg:   "vfs/readahead", test: "TestP3FileBecomesShorter",
	},
	{
		name:  "P3: a chain that goes round is followed as long as it claims to be",
		edits: []edit{{"vfs/readahead/chain.go", "links > linksPerRead", "links > 1<<30"}},
		pkg:   "vfs/readahead", test: "TestP3ChainsHaveNoEnd",
	},
	{
		name:  "P3: a tree that leads back to itself has no end",
		edits: []edit{{"vfs/readahead/scan.go", "	s.left--\n", ""}},
		pkg:   "vfs/readahead", test: "TestP3FrontierEnds",
	},
	{
		name:  "N1: a part of what was asked for is taken for the whole",
		edits: []edit{{"ioengine/file.go", "	if n < len(p) {\n", "	if n == 0 {\n"}},
		pkg:   "ioengine", test: "TestN1ShortCachedReadIsNotTheEnd",
	},
	{
		name:  "N1: the end of the file goes without saying when a read is alone",
		edits: []edit{{"ioengine/file.go", "	if !alone || err != nil || n == len(p) {\n", "	if !alone || err != nil || n >= 0 {\n"}},
		pkg:   "ioengine", test: "TestPool/ReadsWithoutACompletion",
	},
	{
		name:  "N1: who trusts the page cache never asks it again",
		edits: []edit{{"vfs/read.go", "t < trustAfter || t%askEvery == 0", "t < trustAfter"}},
		pkg:   "vfs", test: "TestScansAfterManyHitsAreReadAhead",
	},
	{
		name:  "what a scan has passed is waited for",
		edits: []edit{{"vfs/readahead/follow.go", "	s.pages.pass(at)\n", ""}},
		pkg:   "vfs/readahead", test: "TestPagesThatWerePassedAreForgotten",
	},
	{
		name:  "overflow pages are always taken for neighbours",
		edits: []edit{{"vfs/readahead/follow.go", "s.bent > s.straight", "s.bent > 1<<30"}},
		pkg:   "vfs", test: "TestScansAreReadAhead/chains",
	},
	{
		name:  "a table is read as a whole though its rows are in order",
		edits: []edit{{"vfs/readahead/request.go", "s.scattered = scattered(w.batch)", "s.scattered = true"}},
		pkg:   "vfs", test: "TestScatteredTableIsAskedForAsAWhole/in_order",
	},
	{
		name:  "a table waits for an interior page that does not come",
		edits: []edit{{"vfs/readahead/sweep.go", "s.swept < sweepTries && ", ""}},
		pkg:   "vfs/readahead", test: "TestSweepWaitsForNodes",
	},
	{
		name:  "the rows of one key are taken for a range",
		edits: []edit{{"vfs/readahead/entries.go", "if all[from].key.equal(all[to].key) {", "if false {"}},
		pkg:   "vfs", test: "TestRowsOfOneIndexLeafAreReadAhead/one_key",
	},
	{
		name:  "a scan of the usual length is taken for a longer one",
		edits: []edit{{"vfs/readahead/habit.go", "return max(min(usual-read, most), 1)", "return window"}},
		pkg:   "vfs", test: "TestScansOfOneLengthAreReadAheadToTheirEnd",
	},
	{
		name:  "a scan that is read in turn with others is taken for one that was left",
		edits: []edit{{"vfs/readahead/watch.go", "o.quiet >= 2*o.gap", "o.quiet >= 2"}},
		pkg:   "vfs", test: "TestCursorsThatTakeTurns",
	},
	{
		name:  "what woke a watch is forgotten",
		edits: []edit{{"vfs/readahead/sleep.go", "		w.leafRead(l.page, l.missed, false, true)\n", ""}},
		pkg:   "vfs/readahead", test: "TestScanWakesIt",
	},
	{
		name: "N2: the descriptor is closed before the engine has let go of it",
		edits: []edit{{"vfs/file.go",
			"	drained := f.io.Close()\n	closed := f.lent.Close() // releases the locks first\n",
			"	closed := f.lent.Close()\n	drained := f.io.Close()\n"}},
		pkg: "vfs", test: "TestN2CloseDrainsBeforeItCloses",
	},
}
