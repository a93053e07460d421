package planted

// lastWaits has the last run of a checkpoint wait for a write that does not come.
var lastWaits = edit{"vfs/checkpoint.go", "neighbour || r.long, off >= r.certain\n", "neighbour || r.long, false\n"}

// checkpointing are mistakes that writing the pages of a checkpoint together invites.
var checkpointing = []bug{
	{
		name: "W8: the error of a run is swallowed",
		edits: []edit{{"vfs/checkpoint.go",
			"		if err := f.flush(); err != nil {\n			return false, err\n		}\n", "		_ = f.flush()\n"}},
		pkg: "vfs", test: "TestW8FaultsOfACheckpoint/reader/OFF/EIO",
	},
	{
		name:  "W8: the last run is written where no error can be returned",
		edits: []edit{lastWaits},
		pkg:   "vfs", test: "TestW8FaultsOfACheckpoint/reader/OFF/EIO",
	},
	{
		name:  "W8: the last run waits beyond the checkpoint",
		edits: []edit{lastWaits, {"vfs/checkpoint.go", "		_ = f.flush()\n", ""}},
		pkg:   "vfs", test: "TestW8RunsAreOneWrite",
	},
	{
		name:  "W8: a page with a newer frame is counted on",
		edits: []edit{{"vfs/walindex.go", "; !found {\n", "; true || found {\n"}},
		pkg:   "vfs", test: "TestW8FaultsOfACheckpoint/reader/OFF/EIO",
	},
	{
		name:  "W8: a page that the database has lost is counted on",
		edits: []edit{{"vfs/walindex.go", "page > certain && page <= x.pages", "page > certain"}},
		pkg:   "vfs", test: "TestW8CertainPage",
	},
	{
		name:  "W8: what waits survives a panic",
		edits: []edit{{"vfs/writebehind.go", "	f.CheckpointDone() // if a panic has kept SQLite from saying so\n", ""}},
		pkg:   "vfs", test: "TestW8PanicInACheckpoint",
	},
}
