package hosts_test

import (
	"testing"

	"failback/providers/hyperv/scripts"
)

// S17: the lab's registry has the threads, changes them only from what was expected,
// and takes no number that the documents do not allow.
func TestS17ThreadsOfALabHost(t *testing.T) {
	run, _ := small(t)
	const host = "hv01.contoso.lab"
	set := func(p scripts.SetThreadsParams) error {
		_, err := run(host, scripts.SetThreads, p)
		return err
	}
	read := func() scripts.ThreadValue {
		answer, err := run(host, scripts.ReadThreads, scripts.NoParams{})
		if err != nil {
			t.Fatal(err)
		}
		return answer.(scripts.ThreadsAnswer).Download
	}
	sixteen := scripts.ThreadSetting{Set: true, Value: 16}
	if got := read(); got.Set {
		t.Fatalf("%+v", got)
	}
	if err := set(scripts.SetThreadsParams{Want: scripts.ThreadSetting{Set: true, Value: 40}}); !isID(err, scripts.IDPrecondition) {
		t.Errorf("40: %v", err)
	}
	if err := set(scripts.SetThreadsParams{Want: sixteen}); err != nil || read().Value != 16 {
		t.Errorf("%v, %+v", err, read())
	}
	if err := set(scripts.SetThreadsParams{Want: sixteen, Expect: scripts.ThreadSetting{}}); !isID(err, scripts.IDPrecondition) {
		t.Errorf("from what is not there: %v", err)
	}
	if err := set(scripts.SetThreadsParams{Expect: sixteen}); err != nil || read().Set {
		t.Errorf("%v, %+v", err, read())
	}
	if _, err := run("hv99", scripts.SetThreads, scripts.SetThreadsParams{Want: sixteen}); err == nil {
		t.Error("a host that is not there was changed")
	}
}

// S52: a switch that is created is there, for the facts too, and only once.
func TestS52SwitchOfALabHost(t *testing.T) {
	run, _ := small(t)
	const host = "hv02.contoso.lab"
	network := func() scripts.NetworkAnswer {
		answer, err := run(host, scripts.ReadNetwork, scripts.NoParams{})
		if err != nil {
			t.Fatal(err)
		}
		return answer.(scripts.NetworkAnswer)
	}
	before := network()
	free := ""
	for _, a := range before.Adapters {
		if a.Name == "Ethernet 2" && len(a.Addresses) == 0 {
			free = a.Name
		}
	}
	if free == "" {
		t.Fatalf("%+v", before)
	}
	want := scripts.NewSwitchParams{Name: "Prod", Type: scripts.SwitchExternal, Adapter: free}
	for i, made := range []bool{true, false} {
		answer, err := run(host, scripts.NewSwitch, want)
		if err != nil || answer.(scripts.NewSwitchAnswer).Made != made {
			t.Errorf("%d: %+v, %v", i, answer, err)
		}
	}
	if now := network(); len(now.Switches) != len(before.Switches)+1 {
		t.Errorf("%+v", now.Switches)
	}
	facts, err := run(host, scripts.HostFacts, scripts.NoParams{})
	if err != nil || len(facts.(scripts.HostFactsAnswer).Switches) != len(before.Switches)+1 {
		t.Errorf("%+v, %v", facts, err)
	}
	for name, bad := range map[string]struct {
		p  scripts.NewSwitchParams
		id string
	}{
		"another type":        {scripts.NewSwitchParams{Name: "Prod", Type: scripts.SwitchPrivate}, scripts.IDPrecondition},
		"an adapter in use":   {scripts.NewSwitchParams{Name: "More", Type: scripts.SwitchExternal, Adapter: free}, scripts.IDPrecondition},
		"no such adapter":     {scripts.NewSwitchParams{Name: "More", Type: scripts.SwitchExternal, Adapter: "eth0"}, scripts.IDNotFound},
		"no type of a switch": {scripts.NewSwitchParams{Name: "More", Type: "Bridge"}, scripts.IDPrecondition},
	} {
		if _, err := run(host, scripts.NewSwitch, bad.p); !isID(err, bad.id) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
