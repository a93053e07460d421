// Package mustuse has every way to drop an unfinished operation, marked by
// "want", and ways to keep one.
package mustuse

import c "github.com/turso-coop/turso-coop/completion"

type reader struct{ done c.Completion }

func (r *reader) Step() (c.IOResult[int], error) { return c.IO[int](&r.done), nil }
func (r *reader) start() *c.Completion           { return &r.done }
func (r *reader) try() c.IOResult[string]        { return c.Done("") }
func (r *reader) close() error                   { return nil }

type (
	result    = c.IOResult[int]
	operation interface{ Step() (result, error) }
)

var _ = (&reader{}).start() // want

var _, errOf = (&reader{}).Step() // want

func drops(r *reader, s c.Stepper[[]byte], o operation, g *c.Group) error {
	r.Step()                                      // want
	(r.Step())                                    // want
	s.Step()                                      // want
	o.Step()                                      // want
	r.start()                                     // want
	g.Build()                                     // want
	go r.Step()                                   // want
	defer r.start()                               // want
	_ = r.try()                                   // want
	_, _ = s.Step()                               // want
	_, err := r.Step()                            // want
	func() c.IOResult[int] { return c.Done(1) }() // want
	kept, _ := r.close(), r.try()                 // want
	c.Map(r.try(), func(string) int { return 0 }) // want
	if _, err := o.Step(); err != nil {           // want
		return err
	}
	_ = kept
	return err
}

func keeps(r *reader, s c.Stepper[[]byte], g *c.Group) (c.IOResult[string], error) {
	got, err := s.Step()
	if err != nil || got.Pending() {
		return c.Again[string](got), err
	}
	if r, _ := r.Step(); r.Pending() {
		return c.Again[string](r), nil
	}
	g.Add(r.start())
	r.close()
	_ = r.close()
	_, ok := any(r).(operation)
	_ = ok
	var unused *c.Completion
	_ = unused // not a call: nothing was started here
	return r.try(), nil
}
