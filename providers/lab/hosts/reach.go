package hosts

import (
	"cmp"
	"slices"

	"failback/providers/hyperv/scripts"
	"failback/providers/lab/world"
)

// reach answers from the estate alone: the lab's hosts connect to nobody.
func (m Model) reach(host string, p scripts.ReachParams) (any, error) {
	answer := scripts.ReachAnswer{Addresses: []scripts.ReachedAddress{}}
	m.World.Read(func(s *world.State) {
		h := s.Host(host)
		if answer.TLS12 = "Default"; h != nil {
			answer.TLS12 = cmp.Or(h.TLS12, answer.TLS12)
		}
		for _, a := range p.Addresses {
			r := scripts.ReachedAddress{Host: a.Host, Port: a.Port}
			if h != nil && (slices.Contains(h.Unreachable, a.Host) || slices.Contains(h.Unreachable, "*")) {
				r.Why = "TimedOut"
			}
			answer.Addresses = append(answer.Addresses, r)
		}
	})
	return answer, nil
}
