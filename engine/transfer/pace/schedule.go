package pace

import (
	"fmt"
	"time"
)

// Rate is how much may pass in a second. Zero of either is no limit of it.
type Rate struct{ Bytes, Requests float64 }

// Window is a part of every day with a rate of its own. From and To are wall
// clock times since midnight; a window whose To is before its From goes over
// midnight.
type Window struct {
	From, To time.Duration
	Rate     Rate
}

func (w Window) covers(t time.Duration) bool {
	if w.From <= w.To {
		return w.From <= t && t < w.To
	}
	return t >= w.From || t < w.To
}

// Schedule is a rate for every time of the day: the first window that covers it,
// and Otherwise where none does. The zero value is no limit.
type Schedule struct {
	Windows   []Window
	Otherwise Rate
}

// At is the rate at a time, read as a wall clock of that time's location.
func (s Schedule) At(t time.Time) Rate {
	h, m, sec := t.Clock()
	day := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(sec)*time.Second
	for _, w := range s.Windows {
		if w.covers(day) {
			return w.Rate
		}
	}
	return s.Otherwise
}

// Validate refuses times outside a day and rates below zero.
func (s Schedule) Validate() error {
	for i, w := range s.Windows {
		if w.From < 0 || w.From >= 24*time.Hour || w.To < 0 || w.To > 24*time.Hour || w.From == w.To {
			return fmt.Errorf("window %d: %v to %v is no part of a day", i+1, w.From, w.To)
		}
		if w.Rate.Bytes < 0 || w.Rate.Requests < 0 {
			return fmt.Errorf("window %d: a rate below zero", i+1)
		}
	}
	if s.Otherwise.Bytes < 0 || s.Otherwise.Requests < 0 {
		return fmt.Errorf("a rate below zero")
	}
	return nil
}
