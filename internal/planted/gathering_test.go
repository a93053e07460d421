package planted

// gathering are mistakes that statements which share a commit invite.
var gathering = []bug{
	{
		name:  "G5: answered before the commit",
		edits: []edit{{"internal/conn/gather.go", "		failed = c.commitGroup(own)\n", "		c.answer(own)\n		g.members = append(g.members, own)\n		failed = c.commitGroup(own)\n"}},
		pkg:   "internal/conn", test: "TestG5AnsweredAfterTheCommit",
	},
	{
		name:  "G5: a failed commit is a success",
		edits: []edit{{"internal/conn/gather.go", "		return c.withFailure(err)\n	}\n	took", "		return c.control(context.Background(), own.deadline, g.rollback)\n	}\n	took"}},
		pkg:   "internal/conn", test: "TestG5FailedCommit",
	},
	{
		name:  "G3: deferred foreign keys are not counted",
		edits: []edit{{"internal/conn/gather.go", "	case c.keysViolated():", "	case false:"}},
		pkg:   "internal/conn", test: "TestG3DeferredForeignKeys",
	},
	{
		name:  "G4: the survivors of a rollback are not run again",
		edits: []edit{{"internal/conn/gather.go", "			r.again = true\n			c.runOn(r)\n", ""}},
		pkg:   "internal/conn", test: "TestG4RollbackOfAll",
	},
	{
		name:  "G4: the survivors of a rollback are run twice",
		edits: []edit{{"internal/conn/gather.go", "			r.again = true\n			c.runOn(r)\n", "			c.runOn(r)\n			c.runOn(r)\n"}},
		pkg:   "internal/conn", test: "TestG4RollbackOfAll",
	},
	{
		name:  "G2: one caller's error is given to another",
		edits: []edit{{"internal/conn/member.go", "		r.err = c.withFailure(withContext(r.ctx, err))\n", "		g.members[0].err = c.withFailure(withContext(r.ctx, err))\n"}},
		pkg:   "internal/conn", test: "TestG2ConflictsInsideAGroup",
	},
	{
		name:  "G8: the rows of one caller are given to another",
		edits: []edit{{"internal/conn/member.go", "	r.rows = rows\n", "	s.c.gather.members[0].rows, r.rows = rows, &Rows{Description: rows.Description}\n"}},
		pkg:   "internal/conn", test: "TestG8Returning",
	},
	{
		name:  "G7: the last rowid of another",
		edits: []edit{{"internal/conn/member.go", "	c.db.SetLastInsertRowID(r.before.RowID)\n", ""}},
		pkg:   "internal/conn", test: "TestG7Counters",
	},
	{
		name:  "G6: one caller's context cancels a neighbour",
		edits: []edit{{"internal/conn/member.go", "		c.db.SetInterrupt(&r.patience)\n", "		c.db.SetInterrupt(g.members[0].ctx)\n"}},
		pkg:   "internal/conn", test: "TestG6DoneBeforeTheContextEnds",
	},
	{
		name:  "G1: gathered across families",
		edits: []edit{{"internal/conn/gather.go", "	return offer.(*request).c.gather.family == c.gather.family\n", "	return offer != nil\n"}},
		pkg:   "internal/conn", test: "TestG1OnlyWhatMeansTheSameIsGathered/another_family",
	},
	{
		name:  "G1: a temporary table that hides another is not seen",
		edits: []edit{{"internal/conn/sameness.go", "	c.gather.changed = s.Close() != nil || found\n", "	c.gather.changed = s.Close() != nil || found && false\n"}},
		pkg:   "internal/conn", test: "TestG1OnlyWhatMeansTheSameIsGathered/temporary_table",
	},
	{
		name:  "G6: a group ends under the context of who was run last",
		edits: []edit{{"internal/conn/gather.go", "	c.db.SetInterrupt(ctx)\n	return s.Exec()\n", "	return s.Exec()\n"}},
		pkg:   "internal/conn", test: "TestG6ContextEndsAtAnyMoment",
	},
	{
		name:  "G6: rows are read under a context that may end between two of them",
		edits: []edit{{"internal/conn/member.go", "			s.c.db.SetInterrupt(context.Background())\n", ""}},
		pkg:   "internal/conn", test: "TestG6RowsAreWhole",
	},
	{
		name:  "G6: who was given back does not look whether its time is over",
		edits: []edit{{"vfs/queue.go", "	t.woken() // its time may", "	// its time may"}},
		pkg:   "vfs", test: "TestQueueGivingUpAfterItWasTaken",
	},
	{
		name:  "G4: too little memory for one is the error of who ran it",
		edits: []edit{{"internal/conn/member.go", "	defer s.withoutMemory(r, &err)\n", ""}},
		pkg:   "internal/conn", test: "TestOutOfMemoryInAGroup",
	},
	{
		name:  "G6: what is interrupted after its last instruction was not done",
		edits: []edit{{"internal/conn/member.go", "	if s.afterItsEnd(err, total) {", "	if false {"}},
		pkg:   "internal/conn", test: "TestInterruptedIsNotDone",
	},
	{
		name:  "G4: an error due to a statement that is not done in the end",
		edits: []edit{{"internal/conn/gather.go", "		case !r.home:\n			c.counts", "		case !r.home && (r.err == nil || !ended):\n			c.counts"}},
		pkg:   "internal/conn", test: "TestG4ErrorBecauseOfAnotherThatIsCanceled",
	},
}
