package hyperv

import (
	"context"
	"time"

	"failback/engine"
	"failback/providers/hyperv/scripts"
)

// Events implements [engine.HostDesk].
func (a *Access) Events(ctx context.Context, host string, since time.Time) (engine.HostEvents, error) {
	var answer scripts.EventsAnswer
	if err := a.on(ctx, host, scripts.ReadEvents, "", scripts.EventsParams{Since: since.UTC()}, &answer); err != nil {
		return engine.HostEvents{}, err
	}
	out := engine.HostEvents{Since: since.UTC(), Logs: []engine.HostLog{}, LeftOut: answer.LeftOut}
	for _, l := range answer.Logs {
		log := engine.HostLog{Log: l.Log, Problem: l.Problem, Events: []engine.LogEntry{}}
		for _, e := range l.Events {
			log.Events = append(log.Events, engine.LogEntry(e))
		}
		out.Logs = append(out.Logs, log)
	}
	return out, nil
}
