package hosts

import (
	"cmp"
	"fmt"

	"failback/providers/hyperv/scripts"
	"failback/providers/lab/world"
)

// labCores are a host's processors where its estate says nothing.
const labCores = 16

func threadValue(n int) scripts.ThreadValue {
	if n == 0 { // as the estate has it, a value of 0 is one that is not set
		return scripts.ThreadValue{}
	}
	return scripts.ThreadValue{Set: true, Value: n, Kind: scripts.KindDWord}
}

func (m Model) threads(host string) (any, error) {
	var answer any
	m.World.Read(func(s *world.State) {
		if h := s.Host(host); h != nil {
			t := h.Agent.Threads
			answer = scripts.ThreadsAnswer{
				Agent: h.Services["obengine"] != "absent", Download: threadValue(t.Download), Parent: threadValue(t.Parent),
				Cores: cmp.Or(h.Cores, labCores),
			}
		}
	})
	if answer == nil {
		return nil, scriptError(scripts.IDNotFound, "ObjectNotFound", "The lab has no host "+host+".")
	}
	return answer, nil
}

// setThreads does what the script of that name does to the registry.
func (m Model) setThreads(host string, p scripts.SetThreadsParams) (any, error) {
	var answer scripts.SetThreadsAnswer
	err := m.World.EditHost(host, func(h *world.Host) error {
		answer.Before = threadValue(h.Agent.Threads.Download)
		switch {
		case p.Want.Set && !p.Restore && (p.Want.Value < 1 || p.Want.Value > 32):
			return scriptError(scripts.IDPrecondition, "InvalidArgument", fmt.Sprintf("The agent takes 1 to 32 download threads, not %d.", p.Want.Value))
		case h.Services["obengine"] == "absent":
			return scriptError(scripts.IDNotFound, "ObjectNotFound", "The recovery services agent is not installed on this host.")
		case answer.Before.Set != p.Expect.Set || answer.Before.Value != p.Expect.Value:
			return scriptError(scripts.IDPrecondition, "InvalidOperation", "The download threads are not what they were when they were looked at.")
		}
		h.Agent.Threads.Download = 0
		if p.Want.Set {
			h.Agent.Threads.Download = p.Want.Value
		}
		answer.After = threadValue(h.Agent.Threads.Download)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}
