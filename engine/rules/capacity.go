package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"failback/engine"
)

// MarginBytes and MarginShare are the room a check wants to see beside the
// disks, whichever is more; inferred.
const (
	MarginBytes = int64(20) << 30
	MarginShare = 10 // percent of what is needed
)

// capacityRules ask whether the VM fits.
var capacityRules = []Rule{
	{
		ID: "space", Title: "The host's volumes have room for the disks",
		Source: inferred, Severity: engine.VerdictBlock, Override: ByReason, Recheck: atComplete,
		needs: theItem | theFacts | theVM, handles: theVM, applies: failback, evaluate: space,
	},
	{
		ID: "memory", Title: "The host has memory for the VM", Direct: true,
		Source: inferred, Severity: engine.VerdictBlock, Override: ByReason, Recheck: atComplete,
		needs: theItem | theFacts | theVM, handles: theVM, applies: toOriginal,
		evaluate: func(o *observation) answer { return memory(o, o.vm, theVM) },
	},
	{
		ID: "alternate-memory", Title: "The alternate host has memory for the VM",
		Source: inferred, Severity: engine.VerdictBlock, Override: ByReason, Recheck: atComplete,
		needs: theItem | theFacts | theOriginal, handles: theOriginal, applies: toAlternate,
		evaluate: func(o *observation) answer { return memory(o, o.original, theOriginal) },
	},
}

func margin(need int64) int64 { return max(MarginBytes, need/100*MarginShare) }

func space(o *observation) answer {
	switch {
	case o.failure(theVM) == nil:
		return spaceToGrow(o)
	case o.absent(theVM) && (o.plan.Target.Alternate || o.creates()) && o.gate != engine.GateNone:
		return ok("looked at before the VM was created")
	case o.absent(theVM) && (o.plan.Target.Alternate || o.creates()):
		return spaceToCreate(o)
	}
	a, _ := notThere(o)
	return a
}

// spaceToCreate wants the full size of every disk on one volume: where Site
// Recovery puts a VM that it creates is not documented.
func spaceToCreate(o *observation) answer {
	if len(o.facts.Volumes) == 0 {
		return unknown("the host named no volumes", "compare the free space by hand: "+engine.SizeWords(o.item.Bytes())+" are needed")
	}
	roomiest := slices.MaxFunc(o.facts.Volumes, func(a, b engine.Volume) int { return cmp.Compare(a.Free, b.Free) })
	need := o.item.Bytes()
	seen := fmt.Sprintf("%s free on %s, %s needed and %s wanted as a margin",
		engine.SizeWords(roomiest.Free), roomiest.Path, engine.SizeWords(need), engine.SizeWords(margin(need)))
	if roomiest.Free < need+margin(need) {
		return block(seen, "make room on the host, or choose another one")
	}
	return ok(seen)
}

// spaceToGrow adds up, by volume, how far the existing disks could still grow.
// It warns only: they grow by the data they receive, which is mostly less.
func spaceToGrow(o *observation) answer {
	if len(o.vm.Disks) == 0 {
		return unknown("the host named no disks of the VM", "compare the free space by hand")
	}
	need := map[string]int64{}
	for _, d := range o.vm.Disks {
		v, found := volumeOf(o.facts.Volumes, d.Path)
		if !found {
			return unknown("the host does not name the volume of "+d.Path, "compare the free space by hand")
		}
		need[v.Path] += max(0, d.Bytes-d.File)
	}
	var seen []string
	short := false
	for _, v := range o.facts.Volumes {
		n, used := need[v.Path]
		if !used {
			continue
		}
		seen = append(seen, fmt.Sprintf("%s free on %s, the disks may grow by %s and %s are wanted as a margin",
			engine.SizeWords(v.Free), v.Path, engine.SizeWords(n), engine.SizeWords(margin(n))))
		short = short || v.Free < n+margin(n)
	}
	if short {
		return warn(strings.Join(seen, "; "), "make room before the data arrives: a full volume stops the synchronisation half-way")
	}
	return ok(strings.Join(seen, "; "))
}

// memory wants what the VM takes at its start to be free on the host.
func memory(o *observation, vm engine.VM, from source) answer {
	switch {
	case o.facts.MemoryFree <= 0:
		return unknown("the host does not say how much is free", "compare by hand")
	case o.failure(from) != nil || vm.Memory <= 0:
		return unknown(engine.SizeWords(o.facts.MemoryFree)+" free; what the VM takes at its start is not known", "compare by hand")
	}
	seen := fmt.Sprintf("%s free, the VM takes %s at its start", engine.SizeWords(o.facts.MemoryFree), engine.SizeWords(vm.Memory))
	if o.facts.MemoryFree < vm.Memory {
		return block(seen, "free memory on the host, or choose another one: the VM could not start, with Azure stopped")
	}
	return ok(seen)
}
