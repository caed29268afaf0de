package hosts

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"failback/providers/hyperv/scripts"
	"failback/providers/lab/estate"
	"failback/providers/lab/world"
)

// facts are what a host says about itself.
func (m Model) facts(host string) (any, error) {
	var answer scripts.HostFactsAnswer
	var err error
	m.World.Read(func(s *world.State) {
		h := s.Host(host)
		if h == nil {
			err = scriptError(scripts.IDNotFound, "ObjectNotFound", "The lab has no host "+host+".")
			return
		}
		answer = scripts.HostFactsAnswer{
			Name: h.Name, Build: h.Build, Caption: "Microsoft " + h.Edition, EditionID: editionID(h.Edition),
			InstallationType: "Server", Services: services(h, s.Fabric(h.Fabric).VMM), Switches: switches(s, h),
			Volumes: volumes(s, h), MemoryFree: int64(h.Free), Clock: time.Now().Add(h.ClockOff).UTC(),
		}
		if h.Core {
			answer.InstallationType = scripts.InstallationCore
		}
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

func editionID(caption string) string {
	if strings.Contains(caption, "Standard") {
		return "ServerStandard"
	}
	return "ServerDatacenter"
}

// services are those that the script asks for; a VMM server has two more.
func services(h *world.Host, vmm bool) []scripts.Service {
	names := []string{"vmms", "obengine", "dra", "Winmgmt"}
	if vmm {
		names = append(names, "SCVMMService", "SCVMMAgent")
	}
	var list []scripts.Service
	for _, n := range slices.Sorted(maps.Keys(h.Services)) {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	for _, n := range names {
		if state := cmp.Or(h.Services[n], "Running"); state != estate.Absent {
			list = append(list, scripts.Service{Name: n, State: state})
		}
	}
	return list
}

func switches(s *world.State, h *world.Host) []scripts.Switch {
	list := []scripts.Switch{}
	stopped := h.Services["vmms"] != "" && h.Services["vmms"] != "Running"
	if _, missing := s.Holds(estate.SwitchMissing, h.Name); missing || stopped {
		return list
	}
	for _, sw := range h.Switches {
		list = append(list, scripts.Switch{Name: sw.Name, Type: sw.Type})
	}
	return list
}

func volumes(s *world.State, h *world.Host) []scripts.Volume {
	list := []scripts.Volume{}
	_, full := s.Holds(estate.VolumeFull, h.Name)
	for _, v := range h.Volumes {
		free := int64(v.Free)
		if full {
			free = 0
		}
		list = append(list, scripts.Volume{Path: v.Path, Bytes: int64(v.Size), Free: free})
	}
	slices.SortFunc(list, func(a, b scripts.Volume) int { return strings.Compare(a.Path, b.Path) })
	return list
}

// activity are the counters of the host's agent.
func (m Model) activity(host string) (any, error) {
	answer := scripts.ActivityAnswer{At: time.Now().UTC()}
	m.World.Read(func(s *world.State) {
		if h := s.Host(host); h != nil {
			answer.Read, answer.Written = h.Read, h.Written
			if state := h.Services["obengine"]; state == "" || state == "Running" {
				answer.Processes = 1
			}
		}
	})
	return answer, nil
}
