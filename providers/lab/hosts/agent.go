package hosts

import (
	"cmp"
	"maps"

	"failback/providers/hyperv/scripts"
	"failback/providers/lab/world"
)

// What a host says where its estate says nothing.
const (
	labDotNet       = 528449 // 4.8
	labAgent        = "2.0.9263.0"
	labRole         = "Enabled"
	labCertificates = "2099-12-31"
)

// agent is what a host says about its role, its framework and its agent.
func (m Model) agent(host string) (any, error) {
	var answer scripts.HostAgentAnswer
	found := false
	m.World.Read(func(s *world.State) {
		if h := s.Host(host); h != nil {
			answer, found = agentOf(h), true
		}
	})
	if !found {
		return nil, scriptError(scripts.IDNotFound, "ObjectNotFound", "The lab has no host "+host+".")
	}
	return answer, nil
}

func agentOf(h *world.Host) scripts.HostAgentAnswer {
	a := scripts.HostAgentAnswer{
		Role: cmp.Or(h.Role, labRole), DotNet: cmp.Or(h.DotNet, labDotNet),
		Agent: cmp.Or(h.Agent.Version, labAgent), Provider: cmp.Or(h.ProviderInstalled, h.Provider), Proxy: h.Agent.Proxy,
		Threads: scripts.Threads{Download: h.Agent.Threads.Download, Upload: h.Agent.Threads.Upload, Parent: h.Agent.Threads.Parent},
		Backup:  h.Agent.Backup, Pools: h.Pools,
		CertificateExpires: cmp.Or(h.CertificateExpires, labCertificates) + "T00:00:00Z",
		Unread:             map[string]string{},
	}
	if t := h.Agent.Throttle; t != nil {
		a.Throttle = &scripts.Throttle{
			Work: int64(t.Work), NonWork: int64(t.NonWork), From: int64(t.From.Seconds()), To: int64(t.To.Seconds()), Days: t.Days,
		}
	}
	maps.Copy(a.Unread, h.Unread)
	return a
}
