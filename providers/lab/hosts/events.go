package hosts

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"failback/providers/hyperv/scripts"
	"failback/providers/lab/world"
)

// The logs that a host of the lab has. Their names are those that documents give.
const (
	labVMMSLog  = "Microsoft-Windows-Hyper-V-VMMS-Admin"
	labAgentLog = "MicrosoftAzureRecoveryServices-Replication"
)

// mostEvents and longestText are the bounds of the script.
const (
	mostEvents  = 50
	longestText = 2048
)

// events are what the estate says that a host has logged, and the jobs of its machines.
func (m Model) events(host string, p scripts.EventsParams) (any, error) {
	answer := scripts.EventsAnswer{Logs: []scripts.EventLog{}}
	known := false
	m.World.Read(func(s *world.State) {
		h := s.Host(host)
		if known = h != nil; !known {
			return
		}
		logs := map[string][]scripts.Event{labVMMSLog: {}, labAgentLog: jobEvents(s, h)}
		for _, e := range h.Events {
			log := cmp.Or(e.Log, labVMMSLog)
			logs[log] = append(logs[log], scripts.Event{
				ID: e.ID, Level: cmp.Or(e.Level, 4), At: s.Created.Add(-e.Ago).UTC(), Provider: cmp.Or(e.Provider, log), Text: e.Text,
			})
		}
		for log, events := range logs {
			answer.Logs = append(answer.Logs, scripts.EventLog{Log: log, Events: newest(events, p.Since)})
		}
	})
	if !known {
		return nil, scriptError(scripts.IDNotFound, "ObjectNotFound", "The lab has no host "+host+".")
	}
	slices.SortFunc(answer.Logs, func(a, b scripts.EventLog) int { return cmp.Compare(a.Log, b.Log) })
	return answer, nil
}

// newest are the events since a moment as the script gives them.
func newest(events []scripts.Event, since time.Time) []scripts.Event {
	out := []scripts.Event{}
	for _, e := range events {
		if !e.At.Before(since) {
			e.Text = e.Text[:min(len(e.Text), longestText)]
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b scripts.Event) int { return b.At.Compare(a.At) })
	return out[:min(len(out), mostEvents)]
}

// jobEvents tell of the jobs of a host's machines; the texts are the lab's own.
func jobEvents(s *world.State, h *world.Host) []scripts.Event {
	out := []scripts.Event{}
	for _, j := range s.Jobs {
		if it := s.Item(j.Item); it == nil || it.Host != h.Name {
			continue
		}
		out = append(out, scripts.Event{
			ID: 1, Level: 4, At: j.Started.UTC(), Provider: labAgentLog, Text: fmt.Sprintf("The job %s of '%s' has begun.", j.Scenario, j.Item),
		})
	}
	return out
}
