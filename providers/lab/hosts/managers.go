package hosts

import (
	"strings"

	"failback/providers/hyperv/scripts"
	"failback/providers/lab/world"
)

// managers: the hosts of a fabric that has a clustered machine are one cluster, and
// the host that stands for a VMM server has VMM.
func (m Model) managers(host string, p scripts.ManagersParams) (any, error) {
	answer := scripts.ManagersAnswer{Nodes: []string{}, Clouds: []string{}, Hosts: []string{}, Unread: map[string]string{}}
	m.World.Read(func(s *world.State) {
		h := s.Host(host)
		if h == nil {
			return
		}
		var others []string
		fabric := &world.Fabric{}
		for _, f := range s.Fabrics {
			if f.Name == h.Fabric {
				fabric = f
			}
		}
		for _, o := range s.Hosts {
			if o.Fabric == h.Fabric {
				others = append(others, o.Name)
			}
		}
		for _, vm := range s.VMs {
			at := s.Host(vm.Host)
			if at == nil || !s.HomeOf(vm).Clustered || at.Fabric != h.Fabric {
				continue
			}
			answer.Cluster, answer.Nodes = fabric.Friendly+"-cluster", others
			if strings.EqualFold(vm.ID, p.VMID) {
				answer.Owner = vm.Host
			}
		}
		if fabric.VMM {
			answer.VMM, answer.Version = fabric.Friendly, "10.22.1287.0"
			answer.Clouds, answer.Hosts = []string{fabric.Container}, others
		}
	})
	return answer, nil
}
