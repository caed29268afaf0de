package engine

import (
	"slices"
	"strings"
	"testing"
)

func TestNamesOfHostsAreLookedAt(t *testing.T) {
	for _, good := range []string{"hv02", "hv02.example.com", "HV_02", "värd-2"} {
		if why := WrongHostName(good); why != "" {
			t.Errorf("%q: %s", good, why)
		}
	}
	for typed, want := range map[string]string{
		"": "name the host", "Original": "came from", "hv 02": "blank", "hv\x1b02": "control character", "hv\u200b02": "control character",
		"https://hv02": "the name alone", `\\hv02\vms`: "the name alone", "kim@hv02": "the name alone", strings.Repeat("h", 254): "253 are the most",
	} {
		if why := WrongHostName(typed); !strings.Contains(why, want) {
			t.Errorf("%q: %q", typed, why)
		}
	}
	p := directPlan()
	p.Target = Target{Alternate: true, HostName: "hv 02", CreateVM: true}
	if f := AsFailure(p.Validate(), "", ""); f == nil || f.Where != "target" || f.Kind != FailureUsage {
		t.Errorf("a plan takes it: %v", p.Validate())
	}
	p.Target.HostID = "/hosts/1" // the vault's own name for it is the vault's business
	if err := p.Validate(); err != nil {
		t.Error(err)
	}
}

func TestAHostIsTheVaultsOrTheConfigurationsOrAsTyped(t *testing.T) {
	hosts := []Host{{ID: "/hosts/1", Name: "hv01"}, {ID: "/hosts/2", Name: "HV02"}, {ID: "/hosts/3", Name: "Hv02"}}
	c := Connection{Reaches: []string{"hv01", "hv07"}}
	for typed, want := range map[string]Target{
		"hv01": {HostID: "/hosts/1", HostName: "hv01"}, "HV01": {HostID: "/hosts/1", HostName: "hv01"}, "/HOSTS/1": {HostID: "/hosts/1", HostName: "hv01"},
		"Hv02": {HostID: "/hosts/3", HostName: "Hv02"}, "hv02": {HostName: "hv02"}, "HV07": {HostName: "hv07"}, "hv09": {HostName: "hv09"},
	} {
		want.Alternate, want.CreateVM = true, true
		if got := c.HostTarget(typed, hosts); got != want {
			t.Errorf("%s: %+v", typed, got)
		}
	}
	if got := c.HostsBeside(hosts); !slices.Equal(got, []string{"hv07"}) {
		t.Errorf("beside the vault's: %v", got)
	}
}

func TestAMachineIsNamedByItsResourceID(t *testing.T) {
	const id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/web"
	for typed, good := range map[string]bool{id: true, strings.ToLower(id): true, "web": false, "": false, id + "/extensions/x": false, id + " 2": false, id + "\x1b": false} {
		if (WrongMachineID(typed) == "") != good {
			t.Errorf("%q: %q", typed, WrongMachineID(typed))
		}
	}
	items := []Item{{Name: "other", AzureVM: AzureVMRef{Subscription: "s2", ResourceGroup: "rg", Name: "web"}}, {Name: "web01", AzureVM: AzureVMRef{ResourceGroup: "RG", Name: "WEB"}}}
	if it, ok := Replicated(id, items); !ok || it.Name != "web01" {
		t.Errorf("%v, %s", ok, it.Name)
	}
	for _, none := range []string{"web", strings.Replace(id, "/rg/", "/rg2/", 1)} {
		if it, ok := Replicated(none, items); ok {
			t.Errorf("%s is %s", none, it.Name)
		}
	}
}
