// Package ioengine moves the bytes: it takes operations on files, hands
// everything that is outstanding to the operating system in few system calls,
// and finishes each operation's [completion.Completion].
//
// # Two mechanisms, one contract
//
// The io_uring engine (Linux) submits what is queued with one io_uring_enter
// and learns of completions through Go's netpoller. The pool engine runs system
// calls on a bounded number of goroutines; it works everywhere, and serves
// wherever io_uring is missing or forbidden, as in many containers. [Open]
// chooses, and [Stats] says what was chosen and why.
//
// # The life of an operation
//
// A [File] method takes the operation: it begins the caller's completion and
// either finishes it at once (a read that the page cache answers) or queues it.
// What is queued goes to the operating system together, when somebody next
// calls [Engine.Wait] or [Engine.Step], or when the queue is full. A caller that
// waits for the only thing there is to do does it itself, without a detour
// through a ring or another goroutine.
//
// # The contract
//
// Package enginetest holds it as tests that every engine passes:
//
//   - An operation finishes exactly once, never inside another one's Finish.
//   - Transfers are whole: fewer bytes than asked for come with an error, at
//     the end of the file io.EOF, exactly that value.
//   - Operations in flight together have no order. A sync covers every write
//     that had finished before the sync was taken; syncs of one File that have
//     not started are answered by one.
//   - A buffer is the engine's from the call until the completion has finished,
//     canceled or not.
//   - File.Close and Engine.Close return when everything they took has finished.
//     Afterwards operations finish with [ErrClosed].
//
// All methods may be called concurrently. Errors are those of the operating
// system, unwrapped; the caller knows the file's name and the purpose.
package ioengine
