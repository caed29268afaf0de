package direct

import (
	"errors"

	"failback/engine"
	"failback/engine/transfer/pace"
)

// held is what the jobs of one run read with, all together.
type held struct {
	*pace.Limiter
	text string
}

// shared is whose limit a job reads with: its run's, or its own where it is of none.
func (r *record) shared() string {
	if r.Run != "" {
		return string(r.Run)
	}
	return r.Name
}

// limiterOf is what a job reads with. What was said of the run since counts more than
// what the job's file says.
func (d *Desk) limiterOf(r *record) *pace.Limiter {
	d.mu.Lock()
	defer d.mu.Unlock()
	h, known := d.limits[r.shared()]
	if !known {
		schedule, err := engine.ReadLimit(r.Direct.Limit)
		if err != nil { // no plan is begun with one that can't be read
			schedule = pace.Schedule{}
		}
		h = held{pace.NewLimiter(schedule), r.Direct.Limit}
		d.limits[r.shared()] = h
	}
	return h.Limiter
}

// Limit implements [engine.DirectDesk]. Jobs that this process drives note it in their
// files; the run's journal has it for the others.
func (d *Desk) Limit(run engine.RunID, text string) error {
	schedule, err := engine.ReadLimit(text)
	if err != nil {
		return engine.Usagef(engine.WriteLimit, "the limit: %v", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock() // no driver lets go of its job meanwhile
	h, known := d.limits[string(run)]
	if known {
		h.Set(schedule)
	} else {
		h.Limiter = pace.NewLimiter(schedule)
	}
	h.text = text
	d.limits[string(run)] = h
	var errs []error
	for _, v := range d.drivers {
		if r := v.look(); r.Run == run && r.Direct.Limit != text {
			errs = append(errs, v.change(func(r *record) { r.Direct.Limit = text }))
		}
	}
	return errors.Join(errs...)
}

// limited is what a plan says of a direct failback, with the limit that was said last of
// its run.
func (w planned) limited(run engine.RunID) engine.Direct {
	w.mu.Lock()
	defer w.mu.Unlock()
	direct := w.direct
	if h, known := w.limits[string(run)]; known {
		direct.Limit = h.text
	}
	return direct
}
