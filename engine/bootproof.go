package engine

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// BootProof is what a plan wants to see of a machine's boot beside a running VM, a
// good heartbeat, a growing uptime and an address. The zero value wants no more.
// What names no item is wanted of every item.
type BootProof struct {
	Addresses []ProofAddress `json:"addresses,omitempty"`
	Ports     []ProofPort    `json:"ports,omitempty"`
	Script    *ProofScript   `json:"script,omitempty"`
}

// ProofAddress is an address that the machine has to have.
type ProofAddress struct {
	Item    string `json:"item,omitempty"`
	Address string `json:"address"` // IPv4 or IPv6
}

// ProofPort is a TCP port that has to answer this machine, the jump box. Without an
// address it is tried at the addresses that the plan names for the item, else at
// those that the VM's host tells.
type ProofPort struct {
	Item    string `json:"item,omitempty"`
	Address string `json:"address,omitempty"` // a name or an address
	Port    int    `json:"port"`
}

// ProofScript is a program of the operator's own that looks at a machine, run once
// for each item on the jump box. Its exit status decides.
type ProofScript struct {
	Path string `json:"path"` // absolute
	// SHA256 is of the file as it was when the plan was made: another file is not run.
	SHA256  string        `json:"sha256"`
	Timeout time.Duration `json:"timeout_ns"`
}

// Bounds of what a plan may ask for.
const (
	DefaultScriptTimeout = 2 * time.Minute
	MaxScriptTimeout     = time.Hour
	maxProofs            = 64 // addresses and ports, in all
)

// IsZero reports whether the plan wants nothing beyond the usual.
func (b BootProof) IsZero() bool {
	return len(b.Addresses) == 0 && len(b.Ports) == 0 && b.Script == nil
}

func (p ProofPort) words() string {
	if p.Address == "" {
		return fmt.Sprintf("port %d", p.Port)
	}
	return fmt.Sprintf("port %d at %s", p.Port, p.Address)
}

// wrongBoot says what is wrong with what the plan wants of a boot; the field is empty
// where nothing is.
func (p Plan) wrongBoot() (field, why string) {
	b := p.Boot
	switch {
	case b.IsZero():
		return "", ""
	case p.Direction != ToOnPremises:
		return "prove", "it is about a machine that comes home; the direction is on-premises → Azure"
	case len(b.Addresses)+len(b.Ports) > maxProofs:
		return "prove", fmt.Sprintf("%d addresses and ports are named, and %d are the most", len(b.Addresses)+len(b.Ports), maxProofs)
	}
	known := func(item string) bool {
		return item == "" || slices.ContainsFunc(p.Items, func(it PlanItem) bool { return it.Name == item })
	}
	for i, a := range b.Addresses {
		ip, err := netip.ParseAddr(a.Address)
		switch {
		case err != nil:
			return fmt.Sprintf("prove.addresses[%d]", i), fmt.Sprintf("%q is no address", a.Address)
		case !telling(ip):
			return fmt.Sprintf("prove.addresses[%d]", i), a.Address + " is no address that other machines have"
		case !known(a.Item):
			return fmt.Sprintf("prove.addresses[%d]", i), fmt.Sprintf("the plan has no item %q", a.Item)
		case a.Item == "" && len(p.Items) > 1:
			return fmt.Sprintf("prove.addresses[%d]", i), "the plan has several items: name the one that " + a.Address + " belongs to"
		}
	}
	for i, port := range b.Ports {
		switch {
		case port.Port < 1 || port.Port > 65535:
			return fmt.Sprintf("prove.ports[%d]", i), fmt.Sprintf("%d is no port", port.Port)
		case strings.ContainsAny(port.Address, " \t\r\n/"):
			return fmt.Sprintf("prove.ports[%d]", i), fmt.Sprintf("%q is neither a name nor an address", port.Address)
		case !known(port.Item):
			return fmt.Sprintf("prove.ports[%d]", i), fmt.Sprintf("the plan has no item %q", port.Item)
		}
	}
	if s := b.Script; s != nil {
		switch {
		case s.Path == "" || s.SHA256 == "":
			return "prove.script", "a script is named by its path and its checksum"
		case s.Timeout <= 0 || s.Timeout > MaxScriptTimeout:
			return "prove.script_timeout", fmt.Sprintf("%s is not between 0 and %s", s.Timeout, MaxScriptTimeout)
		}
	}
	return "", ""
}

// For is what of it concerns these items.
func (b BootProof) For(items []PlanItem) BootProof {
	other := func(item string) bool {
		return item != "" && !slices.ContainsFunc(items, func(it PlanItem) bool { return it.Name == item })
	}
	b.Addresses = slices.DeleteFunc(slices.Clone(b.Addresses), func(a ProofAddress) bool { return other(a.Item) })
	b.Ports = slices.DeleteFunc(slices.Clone(b.Ports), func(p ProofPort) bool { return other(p.Item) })
	return b
}

// Words say what is wanted, beside the usual.
func (b BootProof) Words() string {
	var out []string
	with := func(item, what string) {
		if item != "" {
			what = item + " " + what
		}
		out = append(out, what)
	}
	for _, a := range b.Addresses {
		with(a.Item, "address "+a.Address)
	}
	for _, p := range b.Ports {
		with(p.Item, p.words())
	}
	if b.Script != nil {
		out = append(out, fmt.Sprintf("%s (sha256 %.12s…, at most %s)", b.Script.Path, b.Script.SHA256, SpanWords(b.Script.Timeout)))
	}
	return strings.Join(out, ", ")
}

// of is what is wanted of one item: its addresses and its ports.
func (b BootProof) of(item string) (addresses []netip.Addr, ports []ProofPort) {
	for _, a := range b.Addresses {
		if ip, err := netip.ParseAddr(a.Address); err == nil && (a.Item == "" || a.Item == item) {
			addresses = append(addresses, ip.Unmap())
		}
	}
	for _, p := range b.Ports {
		if p.Item == "" || p.Item == item {
			ports = append(ports, p)
		}
	}
	return addresses, ports
}

// telling reports whether an address says anything about where a machine is: one that
// every machine has, or gives itself where nobody answered, does not. It is the guest
// that tells its addresses, and this machine's own must not be tried in their place.
func telling(ip netip.Addr) bool {
	return ip.IsValid() && !ip.IsUnspecified() && !ip.IsLoopback() && !ip.IsMulticast() &&
		!ip.IsLinkLocalUnicast() && ip.Unmap() != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// tellingOf are the addresses of a machine that say something.
func tellingOf(addresses []string) []netip.Addr {
	var out []netip.Addr
	for _, a := range addresses {
		if ip, err := netip.ParseAddr(a); err == nil && telling(ip.Unmap()) {
			out = append(out, ip.Unmap().WithZone(""))
		}
	}
	return out
}
