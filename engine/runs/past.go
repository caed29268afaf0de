package runs

import (
	"context"
	"fmt"
	"time"

	"failback/engine"
	"failback/engine/estimate"
)

// mostPast bounds how many journals are read for a forecast.
const mostPast = 120

// Past is what the newest runs of the store have measured, newest first. A journal
// that can't be read whole teaches what was read of it.
func (s *Store) Past() []estimate.Past {
	ids, err := s.ids()
	if err != nil {
		return nil
	}
	var out []estimate.Past
	for _, id := range ids[:min(len(ids), mostPast)] {
		if p, ok := estimate.Observe(s.readable(id)); ok {
			out = append(out, p)
		}
	}
	return out
}

// forecastWithin is how long the start of a run waits for its forecast.
const forecastWithin = 20 * time.Second

// forecast records what is forecast of a run before anything of it is done. A forecast
// that can't be made costs the run nothing but the number.
func (r *run) forecast(ctx context.Context) error {
	p := r.stream.State().Plan
	if r.m.set.Forecast == nil || p.Direction != engine.ToOnPremises {
		return nil
	}
	ctx, done := context.WithTimeout(ctx, forecastWithin)
	defer done()
	f, err := r.predict(ctx, p)
	if err != nil {
		return r.stream.Emit("", engine.PhaseNone, engine.Noted{Level: "info", Text: "no forecast could be made: " + err.Error()})
	}
	return r.stream.Emit("", engine.PhaseNone, f)
}

// predict makes the forecast; a panic becomes an error, since no number is worth a run.
func (r *run) predict(ctx context.Context, p engine.Plan) (f engine.ForecastMade, err error) {
	defer func() {
		if bug := recover(); bug != nil {
			err = fmt.Errorf("internal error: %v", bug)
		}
	}()
	return r.m.set.Forecast(ctx, p)
}
