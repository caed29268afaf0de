package estate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	minDisk  = 16 << 20
	pageSize = 512
	dayShape = "2006-01-02"
)

var states = []string{StateProtected, StatePending, StateFailedOver, StateDeletedHome, StateDamaged, StateForeign}

// check refuses an estate that names things that are not there.
func (e *Estate) check() error {
	if e.Name == "" {
		return errors.New("name: missing")
	}
	if e.Speed <= 0 || e.GuestEvery < 0 {
		return errors.New("speed: must be above 0")
	}
	if len(e.Items) == 0 {
		return errors.New("items: missing")
	}
	kinds, err := e.checkFabrics()
	if err != nil {
		return err
	}
	hosts, err := e.checkHosts(kinds)
	if err != nil {
		return err
	}
	items, err := e.checkItems(hosts, kinds)
	if err != nil {
		return err
	}
	if err := e.checkRecoveryPlans(items); err != nil {
		return err
	}
	for i, f := range e.Faults {
		if err := f.check(items, keysOf(hosts)); err != nil {
			return fmt.Errorf("faults[%d].%w", i, err)
		}
	}
	return nil
}

func (e *Estate) checkFabrics() (map[string]string, error) {
	kinds := map[string]string{}
	for i, f := range e.Fabrics {
		switch {
		case f.Name == "" || kinds[f.Name] != "":
			return nil, fmt.Errorf("fabrics[%d].name: missing or used twice", i)
		case f.Kind != KindSite && f.Kind != KindVMM:
			return nil, fmt.Errorf("fabrics[%d].kind: %q is neither %s nor %s", i, f.Kind, KindSite, KindVMM)
		}
		if _, err := time.Parse(dayShape, f.KeyExpires); f.KeyExpires != "" && err != nil {
			return nil, fmt.Errorf("fabrics[%d].key_expires: %q is not a date such as 2026-12-31", i, f.KeyExpires)
		}
		kinds[f.Name] = f.Kind
	}
	return kinds, nil
}

// checkHosts returns the fabric of each host.
func (e *Estate) checkHosts(kinds map[string]string) (map[string]string, error) {
	fabricOf := map[string]string{}
	for i, h := range e.Hosts {
		switch {
		case h.Name == "" || fabricOf[h.Name] != "":
			return nil, fmt.Errorf("hosts[%d].name: missing or used twice", i)
		case strings.ContainsAny(h.Name, "/\\: "):
			return nil, fmt.Errorf("hosts[%d].name: %q is not a host name", i, h.Name)
		case kinds[h.Fabric] == "":
			return nil, fmt.Errorf("hosts[%d].fabric: there is no fabric %q", i, h.Fabric)
		}
		if why := h.odd(); why != "" {
			return nil, fmt.Errorf("hosts[%d] (%s).%s", i, h.Name, why)
		}
		fabricOf[h.Name] = h.Fabric
	}
	return fabricOf, nil
}

// odd says what is wrong with the parts of a host that are words.
func (h Host) odd() string {
	if !slices.Contains([]string{"", "Enabled", "Disabled", "Absent"}, h.Role) {
		return fmt.Sprintf("role: %q is none of Enabled, Disabled, Absent", h.Role)
	}
	if _, err := time.Parse(dayShape, h.CertificateExpires); h.CertificateExpires != "" && err != nil {
		return fmt.Sprintf("certificate_expires: %q is not a date such as 2026-12-31", h.CertificateExpires)
	}
	if t := h.Agent.Throttle; t != nil && (t.From < 0 || t.To > 24*time.Hour || t.From > t.To) {
		return "agent.throttle: from and to are hours of one day, such as 8h and 18h"
	}
	if !slices.Contains([]string{"", "Default", "Enabled", "Disabled", "DisabledByDefault"}, h.TLS12) {
		return fmt.Sprintf("tls12: %q is none of Default, Enabled, Disabled, DisabledByDefault", h.TLS12)
	}
	return h.WinRM.odd()
}

func (e *Estate) checkItems(hosts, kinds map[string]string) (map[string]bool, error) {
	seen := map[string]bool{}
	for i, it := range e.Items {
		if it.Name == "" || seen[it.Name] {
			return nil, fmt.Errorf("items[%d].name: missing or used twice", i)
		}
		if err := it.check(hosts, kinds); err != nil {
			return nil, fmt.Errorf("items[%d] (%s).%w", i, it.Name, err)
		}
		seen[it.Name] = true
	}
	return seen, nil
}

func (it Item) check(hosts, kinds map[string]string) error {
	switch {
	case strings.ContainsAny(it.Name, "/\\?#%"):
		return errors.New("name: holds a character that cannot stand in a resource id")
	case hosts[it.Host] == "":
		return fmt.Errorf("host: there is no host %q", it.Host)
	case !slices.Contains(states, it.State):
		return fmt.Errorf("state: %q is none of %s", it.State, strings.Join(states, ", "))
	case len(it.Disks) == 0 || len(it.Disks) > 64:
		return fmt.Errorf("disks: %d, must be 1 to 64", len(it.Disks))
	case it.AzureGeneration < 0 || it.AzureGeneration > 2:
		return fmt.Errorf("azure_generation: %d is neither 1 nor 2", it.AzureGeneration)
	case it.Generation != 1 && it.Generation != 2:
		return fmt.Errorf("generation: %d is neither 1 nor 2", it.Generation)
	case it.Encryption && kinds[hosts[it.Host]] != KindVMM:
		return errors.New("encryption: only an item of a VMM fabric had it")
	case it.Change < 0 || it.Change > 1:
		return fmt.Errorf("change: %v is not between 0 and 1", it.Change)
	}
	for i, port := range it.Home.Ports {
		if port < 1 || port > 65535 {
			return fmt.Errorf("home.ports[%d]: %d is no port", i, port)
		}
	}
	for d, disk := range it.Disks {
		if disk.Size < minDisk || disk.Size%pageSize != 0 || disk.Content < 0 || disk.Content > disk.Size {
			return fmt.Errorf("disks[%d].size: must be at least 16MiB, whole pages, and not smaller than its content", d)
		}
	}
	if _, err := it.Ago(); err != nil {
		return fmt.Errorf("in_azure: %w", err)
	}
	return nil
}

func keysOf(m map[string]string) map[string]bool {
	set := make(map[string]bool, len(m))
	for k := range m {
		set[k] = true
	}
	return set
}
