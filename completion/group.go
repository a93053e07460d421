package completion

import "sync/atomic"

// A Group waits for several completions as for one. Members are added, then
// Build returns the completion that stands for all of them; it may be a member
// of another group.
//
// The group finishes when all members have finished, also when one failed or
// was canceled: until then the kernel owns their buffers. Its error is that of
// the first failed member in the order of Add, whatever the order in which
// they finished, and its N is the sum of theirs. A group without members is
// finished when it is built.
//
// One goroutine adds and builds. Members may finish at any time, before Add,
// between Add and Build, or later; they must not be begun again before the
// group has finished. The zero Group is ready to use.
type Group struct {
	done    Completion
	members []*Completion
	inline  [8]*Completion // room for the usual group, without allocation
	onDone  func(err error)

	// holds counts the unfinished members, and one for the group itself until
	// Build: members that finish early cannot finish the group.
	holds atomic.Int64
	phase groupPhase
}

type groupPhase uint8

const (
	groupIdle  groupPhase = iota // no member yet, done is not begun
	groupOpen                    // done is pending, the group holds itself
	groupBuilt                   // no member can be added
)

// NewGroup makes a group whose onDone, if not nil, runs exactly once: when all
// members have finished, before the group can be seen finished. Like a
// completion's callback it must not block, submit, or finish completions.
func NewGroup(onDone func(err error)) *Group {
	return &Group{onDone: onDone}
}

// Reset makes a group that has finished, or was never used, ready for use
// again, with the same callback.
func (g *Group) Reset() {
	if g.phase != groupIdle && !g.done.Finished() {
		panic("completion: Reset of a group with unfinished members; wait for it first")
	}
	clear(g.members)
	g.members = g.members[:0]
	g.phase = groupIdle
}

func (g *Group) open() {
	switch g.phase {
	case groupIdle:
		g.done.Begin((*groupCanceler)(g))
		g.holds.Store(1)
		if g.members == nil {
			g.members = g.inline[:0]
		}
		g.phase = groupOpen
	case groupBuilt:
		panic("completion: Add or Build of a group that is built; Reset it when it has finished, or make a new one")
	}
}

// Add makes c a member. c has been begun and is in no other group.
func (g *Group) Add(c *Completion) {
	g.open()
	if c == &g.done {
		panic("completion: a group added to itself")
	}
	// Count first, link second: a member that finishes in between finds either
	// the group, which counts it, or no group, and then the link fails here.
	g.holds.Add(1)
	g.members = append(g.members, c)
	for {
		switch link := c.link.Load(); link {
		case &pendingMark:
			if c.link.CompareAndSwap(link, g) {
				return
			}
		case &finishedMark:
			g.holds.Add(-1) // never the last: the group still holds itself
			return
		case nil:
			panic("completion: Add of a completion that was not begun; submit its operation first")
		default:
			panic("completion: Add of a completion that is in a group already; add that group's completion instead")
		}
	}
}

// Build closes the group and returns the completion that finishes with it.
func (g *Group) Build() *Completion {
	g.open()
	g.phase = groupBuilt
	g.release()
	return &g.done
}

// release drops one hold; the last one finishes the group.
func (g *Group) release() {
	if g.holds.Add(-1) != 0 {
		return
	}
	n, err := 0, error(nil)
	for _, c := range g.members {
		n += c.n
		if err == nil {
			err = c.err
		}
	}
	if g.onDone != nil {
		g.onDone(err)
	}
	g.done.Finish(n, err)
}

// Cancel asks every unfinished member to stop, through nested groups. It is a
// request: the group still finishes only when all of them have.
func (g *Group) Cancel() {
	for _, c := range g.members {
		c.Cancel()
	}
}

// groupCanceler lets Cancel of a group's completion reach its members.
type groupCanceler Group

func (g *groupCanceler) Cancel(*Completion) { (*Group)(g).Cancel() }
