package hyperv_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"failback/engine"
	"failback/providers/hyperv"
	"failback/providers/hyperv/scripts"
	"failback/providers/lab/winrm"
)

const (
	vmID     = "6e1b0c1a-55b2-4f8a-9a5e-0d9d6a1c7f01"
	otherID  = "00000000-0000-4000-8000-000000000000"
	user     = `LAB\operator`
	password = "pässword ✓"
)

// site is a small world behind the lab's service: one host with one VM.
type site struct {
	mu     sync.Mutex
	facts  scripts.HostFactsAnswer
	agent  scripts.HostAgentAnswer
	vm     scripts.VMAnswer
	sums   []scripts.DiskSum
	engine bool // the agent runs
	params []json.RawMessage
	runs   int
	busy   int // scripts running now
	peak   int // most at once
	delay  time.Duration

	managers scripts.ManagersAnswer
	threads  scripts.ThreadsAnswer
	network  scripts.NetworkAnswer
	events   scripts.EventsAnswer
	closed   map[string]string // why an address is not reached
	lies     bool              // what is set reads back as before
}

func newSite() *site {
	return &site{
		engine: true,
		events: scripts.EventsAnswer{Logs: []scripts.EventLog{
			{Log: "Admin", Events: []scripts.Event{{ID: 32315, Level: 2, At: time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC), Provider: "VMMS", Text: "Fehler bei „web01“."}}},
			{Log: "Agent", Problem: "UnauthorizedAccess", Events: []scripts.Event{}},
		}, LeftOut: 3},
		managers: scripts.ManagersAnswer{Nodes: []string{}, Clouds: []string{}, Hosts: []string{}, Unread: map[string]string{}},
		threads:  scripts.ThreadsAnswer{Agent: true, Cores: 8},
		network: scripts.NetworkAnswer{
			Switches: []scripts.NetworkSwitch{{Name: "LAN ", Type: scripts.SwitchExternal, Management: true, Cards: []string{"Intel #2", "Team"}}},
			Adapters: []scripts.Adapter{
				{Name: "NIC1", Description: "Intel", Status: "Up", Addresses: []string{"192.0.2.7"}},
				{Name: "NIC2", Description: "Intel #2", Status: "Up", Addresses: []string{}},
			},
		},
		facts: scripts.HostFactsAnswer{
			Name: "hv01.lab.example", Build: "17763", Caption: "Microsoft Windows Server 2019 Datacenter",
			EditionID: "ServerDatacenter", InstallationType: "Server",
			Services:   []scripts.Service{{Name: "vmms", State: "Running"}, {Name: "obengine", State: "Running"}},
			Switches:   []scripts.Switch{{Name: "LAN ", Type: "External"}},
			Volumes:    []scripts.Volume{{Path: `C:\`, Bytes: 1 << 40, Free: 1 << 39}},
			MemoryFree: 64 << 30, Clock: time.Date(2026, 11, 2, 3, 4, 5, 600_000_000, time.UTC),
		},
		vm: scripts.VMAnswer{
			VMRow:    scripts.VMRow{ID: vmID, Name: "web01", State: "Off", Generation: 2, CPUs: 4, Memory: 8 << 30, AutoStart: "StartIfRunning"},
			Switches: []string{"LAN ", ""}, Addresses: []string{},
			Disks: []scripts.VMDisk{{Path: `D:\vm\web01 [x].vhdx`, Format: "VHDX", Bytes: 1 << 35, File: 1 << 34}},
		},
	}
}

var errNoVM = &winrm.ScriptError{Msg: "Keine VM.", Type: "System.InvalidOperationException", ID: scripts.IDNotFound, Category: "ObjectNotFound"}

func (s *site) Run(ctx context.Context, _, script string, params json.RawMessage) (any, error) {
	s.enter(params)
	defer s.leave()
	if s.delay > 0 {
		select {
		case <-time.After(s.delay):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	var p struct {
		scripts.GuardParams
		scripts.NewSwitchParams
		scripts.SetThreadsParams
	}
	if err := json.Unmarshal(params, &p); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch script {
	case scripts.ReadThreads:
		return s.threads, nil
	case scripts.ReadNetwork:
		return s.network, nil
	case scripts.ReadManagers:
		return s.managers, nil
	case scripts.Reach:
		return s.reach(params)
	case scripts.ReadEvents:
		return s.events, nil
	case scripts.SetThreads:
		return s.setThreads(p.SetThreadsParams)
	case scripts.NewSwitch:
		return s.newSwitch(p.NewSwitchParams), nil
	case scripts.CreateVM:
		return s.createVM(params)
	}
	if p.VMID != "" && p.VMID != vmID {
		return nil, errNoVM
	}
	if script == scripts.SwapDisks {
		return s.swap(params)
	}
	return s.answer(script, p.Mark)
}

func (s *site) enter(params json.RawMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.params = append(s.params, params)
	s.runs++
	s.busy++
	s.peak = max(s.peak, s.busy)
}

// counts returns how many scripts ran, run now and ran at once at most.
func (s *site) counts() (runs, busy, peak int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.runs, s.busy, s.peak
}

func (s *site) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy--
}

func (s *site) answer(script, mark string) (any, error) {
	switch script {
	case scripts.HostFacts:
		return s.facts, nil
	case scripts.HostAgent:
		if s.agent.Role == "" {
			return nil, &winrm.ScriptError{Msg: "Zugriff verweigert.", ID: "AccessDenied", Category: "PermissionDenied"}
		}
		return s.agent, nil
	case scripts.ReadVM:
		return s.vm, nil
	case scripts.ListVMs:
		return scripts.VMsAnswer{VMs: []scripts.VMRow{s.vm.VMRow}}, nil
	case scripts.StartVM:
		return s.start()
	case scripts.Guard:
		return s.guard(mark), nil
	case scripts.Activity:
		if !s.engine {
			return scripts.ActivityAnswer{At: s.facts.Clock}, nil
		}
		return scripts.ActivityAnswer{At: s.facts.Clock, Processes: 1, Read: 1 << 40, Written: 7}, nil
	}
	if len(s.sums) == 0 {
		return nil, errNoVM
	}
	return scripts.DiskSumsAnswer{Sums: s.sums}, nil
}

func (s *site) setThreads(p scripts.SetThreadsParams) (any, error) {
	before := s.threads.Download
	if before.Set != p.Expect.Set || before.Value != p.Expect.Value {
		return nil, &winrm.ScriptError{Msg: "Der Wert ist ein anderer.", ID: scripts.IDPrecondition, Category: "InvalidOperation"}
	}
	if s.lies {
		return scripts.SetThreadsAnswer{Before: before, After: before}, nil
	}
	s.threads.Download = scripts.ThreadValue{Set: p.Want.Set, Value: p.Want.Value}
	if p.Want.Set {
		s.threads.Download.Kind = scripts.KindDWord
	}
	return scripts.SetThreadsAnswer{Before: before, After: s.threads.Download}, nil
}

func (s *site) reach(params json.RawMessage) (any, error) {
	var p scripts.ReachParams
	if err := json.Unmarshal(params, &p); err != nil {
		return nil, err
	}
	answer := scripts.ReachAnswer{TLS12: "Default"}
	for _, a := range p.Addresses {
		r := scripts.ReachedAddress(struct {
			Host string `json:"host"`
			Port int    `json:"port"`
			Why  string `json:"why"`
		}{a.Host, a.Port, s.closed[a.Host]})
		if s.lies {
			r.Host = "elsewhere.example"
		}
		answer.Addresses = append(answer.Addresses, r)
	}
	return answer, nil
}

func (s *site) newSwitch(p scripts.NewSwitchParams) any {
	before := slices.Clone(s.network.Switches)
	made := !s.lies && !slices.ContainsFunc(before, func(n scripts.NetworkSwitch) bool { return n.Name == p.Name })
	if made {
		s.network.Switches = append(s.network.Switches, scripts.NetworkSwitch{Name: p.Name, Type: p.Type, Cards: []string{}})
	}
	return scripts.NewSwitchAnswer{Made: made, Before: before, After: s.network.Switches}
}

func (s *site) start() (any, error) {
	before := s.vm.State
	if before != "Off" && before != "Saved" {
		return nil, &winrm.ScriptError{Msg: "The virtual machine is " + before, ID: scripts.IDPrecondition, Category: "InvalidOperation"}
	}
	s.vm.State = "Running"
	return scripts.StartVMAnswer{Before: before, After: "Running"}, nil
}

func (s *site) guard(mark string) any {
	before := scripts.GuardState{AutoStart: s.vm.AutoStart, Notes: s.vm.Notes}
	s.vm.AutoStart, s.vm.Notes = "StartIfRunning", ""
	if mark != "" {
		s.vm.AutoStart, s.vm.Notes = scripts.AutoStartNothing, scripts.GuardPrefix+"StartIfRunning] "+mark
	}
	return scripts.GuardAnswer{Before: before, After: scripts.GuardState{AutoStart: s.vm.AutoStart, Notes: s.vm.Notes}}
}

// lab is a site with its service.
type lab struct {
	site   *site
	server *winrm.Server
}

func newLab() *lab {
	s := newSite()
	return &lab{site: s, server: winrm.New(s, winrm.Options{User: user, Password: password, Chunk: 300})}
}

func secret(text string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return text, nil }
}

// memory is the way to the host without sockets.
func (l *lab) memory() hyperv.Endpoint {
	return hyperv.Endpoint{URL: "http://hv01:5985/wsman", User: user, Password: secret(password), Connect: l.server.Connect("HV01")}
}

// socket is the way to the host over loopback.
func (l *lab) socket(t *testing.T) hyperv.Endpoint {
	t.Helper()
	s := httptest.NewUnstartedServer(l.server.Host("HV01"))
	s.Config.ConnContext = l.server.ConnContext
	s.Start()
	t.Cleanup(s.Close)
	return hyperv.Endpoint{URL: s.URL, User: user, Password: secret(password)}
}

func access(t *testing.T, e hyperv.Endpoint) *hyperv.Access {
	t.Helper()
	a, err := hyperv.New(hyperv.Options{Hosts: map[string]hyperv.Endpoint{"HV01": e}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// noShells checks that nothing was left on the host.
func (l *lab) noShells(t *testing.T, a *hyperv.Access) {
	t.Helper()
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if n := l.server.Shells("HV01"); n != 0 {
		t.Errorf("%d shells are left on the host", n)
	}
}

func wantKind(t *testing.T, err error, kind engine.FailureKind) {
	t.Helper()
	if err == nil {
		t.Fatalf("no failure, want one of kind %s", kind)
	}
	if got := engine.KindOf(err); got != kind {
		t.Fatalf("kind %s, want %s: %v", got, kind, err)
	}
}

// roundTripper is a function as a connection.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
