package connect_test

import (
	"bytes"
	"encoding/json"
	"path"
	"strings"
	"testing"

	"failback/providers/lab/management"
)

// one has one machine with two disks; %FAULTS% and %RATES% are filled in.
const one = `
name: bed
speed: 1
guest_every: 2s
%RATES%
fabrics: [{name: site, kind: hyperv-site}]
hosts:
  - {name: hv01, fabric: site, switches: [{name: LAN, type: External}]}
  - {name: hv02, fabric: site, switches: [{name: LAN, type: External}]}
items:
  - name: app01
    host: hv01
    state: failed-over
    in_azure: 3d
    disks: [{size: 64MiB, content: 4MiB}, {size: 32MiB, content: 1MiB}]
recovery_plans: [{name: solo, groups: [[app01]]}]
%FAULTS%
`

// slow makes synchronisations last minutes, so that something can happen in them.
const slow = "rates: {compare: 100KiB, link: 50KiB}"

func estateWith(rates string, faults ...string) string {
	s := ""
	if len(faults) > 0 {
		s = "faults:\n  - " + strings.Join(faults, "\n  - ")
	}
	return strings.NewReplacer("%RATES%", rates, "%FAULTS%", s).Replace(one)
}

// many has one item in each state that a failback has to tell apart.
const many = `
name: many
speed: 1
fabrics:
  - {name: site, kind: hyperv-site}
  - {name: vmm01, kind: vmm}
hosts:
  - {name: hv01, fabric: site, switches: [{name: LAN, type: External}]}
  - {name: hv02, fabric: site, switches: [{name: LAN, type: External}]}
  - {name: vmm01, fabric: vmm01, switches: [{name: LAN, type: External}]}
items:
  - {name: ready01, host: hv01, state: failed-over, in_azure: 3d, disks: [{size: 16MiB, content: 1MiB}]}
  - {name: pending01, host: hv01, state: failover-pending, in_azure: 2h, disks: [{size: 16MiB, content: 1MiB}]}
  - {name: home01, host: hv01, state: protected, disks: [{size: 16MiB, content: 1MiB}]}
  - {name: gone01, host: hv01, state: home-deleted, in_azure: 33d, disks: [{size: 16MiB, content: 1MiB}]}
  - {name: broken01, host: hv02, state: damaged, in_azure: 9d, change: 0.5, disks: [{size: 64MiB, content: 8MiB}]}
  - {name: vmm-vm01, host: vmm01, state: failed-over, in_azure: 3d, disks: [{size: 16MiB, content: 1MiB}]}
  - {name: vmware01, host: hv01, state: foreign, disks: [{size: 16MiB, content: 0}]}
recovery_plans:
  - {name: shop, groups: [[ready01], [broken01]]}
`

func countPosts(t *testing.T, raw []byte) map[string]int {
	t.Helper()
	out := map[string]int{}
	for line := range bytes.Lines(raw) {
		var r management.Request
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		if r.Method == "POST" && r.Accepted {
			out[path.Base(r.Path)]++
		}
	}
	return out
}
