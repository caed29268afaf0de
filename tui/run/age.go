package run

import (
	"time"

	"failback/engine"
)

// old is from when on a job's data is too old to be taken for the present.
const old = 2 * time.Minute

// seenAge is how long ago the leg's job was read; not known for a run that another
// process drives, since looking is no fact of its journal.
func (r *Live) seenAge(leg *engine.Leg) (time.Duration, bool) {
	if leg.Seen.IsZero() || r.state.Ended() || leg.Mode == engine.ModeEnded {
		return 0, false
	}
	return max(0, r.tick.Now.Sub(leg.Seen)).Truncate(time.Second), true
}

// tasksTitle is a heading of tasks with the age of what is below it.
func (r *Live) tasksTitle(title string, leg *engine.Leg) string {
	age, known := r.seenAge(leg)
	switch {
	case !known:
		return title
	case age > old:
		return title + ", OLD: as of " + engine.SpanWords(age) + " ago"
	}
	return title + ", as of " + engine.SpanWords(age) + " ago"
}

// logTitle is the log's heading with what this program asks of Azure.
func (r *Live) logTitle() string {
	if r.traffic == nil || r.state.Ended() {
		return "Log"
	}
	return "Log, " + r.asked.Words(r.tick.Now)
}

// Watch has the screen tell how many requests are sent. f may be nil.
func (r *Live) Watch(f func() engine.Traffic) { r.traffic = f }

// attention is what the state line says of requests and ages: only what is not as it
// should be.
func (r *Live) attention() []string {
	var words []string
	if !r.state.Ended() && r.asked.Throttled(r.tick.Now) {
		words = append(words, "Azure asks for fewer requests: reads wait until "+r.clock(r.asked.Until))
	}
	for _, l := range r.state.Legs {
		if age, known := r.seenAge(l); known && age > old {
			return append(words, l.Item.Name+": job as of "+engine.SpanWords(age)+" ago")
		}
	}
	return words
}
