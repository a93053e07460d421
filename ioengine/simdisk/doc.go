// Package simdisk is a disk for tests: an [ioengine.Engine] whose files live in
// memory, whose time is virtual, and whose every misfortune is reproducible.
// It exists to find out what a database does when the power fails, the process
// is killed, or a call goes wrong, at any instant.
//
//	d := simdisk.New(simdisk.Options{Seed: 7})
//	f, err := d.OpenFile("/data/app.db", os.O_RDWR|os.O_CREATE)
//	…                                       // run what is to be tested
//	after, err := d.Cut().PowerLoss(mask)   // a disk like any other; d goes on
//
// What follows is the fault model. A [Disk] without options is strict and
// without faults: a sync keeps what it promises and nothing more. Everything
// worse is asked for in [Options]. Each clause names the stories that show it,
// which are also its tests. The words "realistic" and "over-strict" say whether
// a failure found under a clause is one that users can meet.
//
// # What there is
//
// A file has a page cache, which is what reads see; a medium, which is what a
// power loss leaves; and between the two the history of its changes since the
// last sync. Sectors are of 512 bytes or, by an option, of 4096. A [Cut] is the
// disk at one instant, with what was under way. It lists what a crash decides,
// as [Choice] values that are independent of each other, and makes an image for
// each way to decide them: a [Mask], which prints and parses. The empty mask is
// the strictest crash; [NewestOf] is the mildest.
//
// # 1. Sectors
//
// Each sector that was written since the last sync is, after a power loss, at
// some point of its own history, from what was durable to what was written
// last. Sectors are independent, of one file and of several. That is what a
// page cache can leave behind that is written back in any order: realistic. An
// operation under way is the last part of the history.
//
// A sync covers the changes that had finished when it was submitted. Of one
// that finishes while the sync runs, nothing is known. Equal syncs that are
// submitted together are one.
//
// With [AnySubset] any subset of the writes to a sector survives, so that a
// later one can be there without an earlier one: over-strict.
//
// A history ends at 16384 changes of one file: then the older half reaches the
// medium, as a kernel's own write-back does.
//
// Stories: testdata/1-sectors.txt
//
// # 2. Torn sectors and garbage
//
// With [Torn] a sector may begin with one version and end with the one before:
// realistic. The bytes that a write did not touch keep their value all the
// same: the powersafe overwrite that SQLite counts on. With [GarbageWritten]
// the bytes that a write touched may be garbage: drives have done it, and
// checksums must find it. With [NoPowersafeOverwrite] the whole sector may be
// garbage that a write touched in part: realistic for flash without power
// protection; SQLite survives it with psow=0 only.
//
// Stories: testdata/2-torn.txt
//
// # 3. Size against data
//
// The size of a file has a history of its own and is independent of the data.
// A size without its data reads as zeros: realistic. Data without the size that
// covers it is not there. A truncation is one change: its zeros are not there
// before its size is. What is truncated and then written again may come back as
// zeros or as the old bytes; the latter, and old sizes with new data, are more
// than journalling file systems do. A sync, which is an fdatasync, also keeps
// the size. What is allocated reads as zeros. With [StaleTail] the sectors by
// which a file grew may be garbage: realistic only for ext4 with
// data=writeback.
//
// Stories: testdata/3-size.txt
//
// # 4. Directory entries
//
// The creation, removal and renaming of files are changes of their directory,
// durable once that is synced. Of the changes since, the oldest survive a power
// loss, any number of them, one directory independent of the others:
// realistic. The sync of a file does not keep its name: this is stricter than
// journalling file systems are, but SQLite is written for it; with
// [Options.Journalled] it does, and keeps all older changes of the directory
// too. With [DirSubset] any subset of the changes survives: over-strict, SQLite
// does not survive it.
//
// A file renamed over another is one change. Renaming to another directory
// fails with EXDEV. Directories themselves are not simulated: one is there,
// durably, as soon as it is named.
//
// Stories: testdata/4-directories.txt
//
// # 5. Syncs that fail
//
// When a kernel cannot write dirty pages back it reports that once, marks them
// clean, and no later sync writes them. A [Fault] on sync does that: with EIO,
// ENOSPC and EDQUOT the page cache keeps the bytes (F1, F4; ext4, XFS), with
// (pages reverted) it reverts to the medium (F2; Btrfs), with (pages part) some
// sectors reached the medium (F3). With (pages dirty), and with any other
// error, a later sync writes them: the mild case. What is written after the
// failed sync began is not affected. The size that a file grew to stays to be
// synced.
//
// An error belongs to the file and is told to each open file once, by its next
// sync; to a file opened later only if nobody was told yet (F5; errseq_t of
// Linux). A fault on writeback is an error that no sync has met yet. All of it
// is realistic, and the damage shows at the next power loss.
//
// Stories: testdata/5-sync-failures.txt
//
// # 6. Calls that fail
//
// Any call fails with any of the errors of [Fault], having moved nothing, a
// part, or everything. The engine does what engines do with the answers: it
// goes on after a short transfer with a call of its own, so that a crash finds
// the first part done; it makes a call again after EINTR and EAGAIN, eight times
// at most; it joins writes that touch end to end into one call, which fails as
// one. Everything in flight finishes in any order, by latencies that the seed
// draws. A completion queue that overflows is nothing but (delay …).
//
// A cancellation stops what the operating system has not got. Of what it has,
// the seed decides: stopped without effect, or done as if nothing had been
// asked; (late) always chooses the second. (ecanceled (applied)) is the one that
// no kernel admits to: canceled, and yet done.
//
// [File.ReadAt] first asks the page cache alone, as preadv2(2) with RWF_NOWAIT
// does; nothing but a whole answer is believed. Faults on nowait are EAGAIN, a
// short count, 0 that is not the end of the file, and EOPNOTSUPP, after which the
// open file is not asked again. The page cache holds what was read or written
// since the start.
//
// Stories: testdata/6-calls.txt
//
// # 7. Latent faults
//
// What is read can have a bit flipped or a sector of garbage, once or, with
// (sticky), until it is overwritten. A write can be lost or misdirected: the
// page cache shows it where it belongs, the medium never has it, and a sync
// says it does. All are realistic and rare. SQLite has no checksums over its
// pages: what can be expected of it is an error, or wrong data of that page
// only.
//
// Stories: testdata/7-latent.txt
//
// # 8. Power loss and kill
//
// [Cut.PowerLoss] is the model above: the page cache is lost but for what the
// mask keeps. [Cut.Kill] ends the process alone: the page cache is as it was,
// nothing of it is durable that was not, and a write that was under way has
// landed up to some page. Either way what was only queued in the engine is
// gone, and so are open files and locks. Files in memory, by
// [Options.VolatileSuffix], outlive the process and not the power. A crash image
// is a disk like any other, so recovery can crash too.
//
// Stories: testdata/8-crashes.txt
//
// # Locks
//
// A [File] has SQLite's lock, with the refusals of SQLite's unix VFS between any
// two open files of a disk. Shared memory is not simulated: a VFS over a disk
// gives each boot a new WAL-index.
//
// Stories: testdata/locks.txt
//
// # Determinism
//
// A run is a function of the options and of the order of calls. There is no
// goroutine, no clock but the virtual one, no map, no floating point, and no
// random number that does not come from the seed; a draw depends on the seed
// and on what it is for, so that one fault more does not move all others. Of
// goroutines that wait, one at a time lets time pass for all; a reproducible
// run has one goroutine at a time call the disk. [Disk.Trace] is a hash over all
// that happened. A [Repro] is the line to paste: options, faults, and the
// crashes with their masks.
package simdisk
