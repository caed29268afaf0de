package rules

import (
	"fmt"
	"strings"

	"failback/engine"
)

const (
	docIncremental = "Azure docs: disks-incremental-snapshots"
	docVHD         = "Microsoft: virtual hard disk image format; MS-VHDX"
	docGeneration  = "Windows Server docs: should I create a generation 1 or 2 virtual machine"
)

// directRules look at what only a failback without Site Recovery works with.
var directRules = []Rule{
	{
		ID: "direct-open", Title: "No failback without Site Recovery has begun with the machine", Direct: true,
		Source: inferred, Severity: engine.VerdictBlock, Override: ByNobody,
		needs: theItem, applies: direct, evaluate: directOpen,
	},
	{
		ID: "direct-machine", Title: "Azure tells what the VM is made of", Direct: true,
		Source: inferred, Severity: engine.VerdictBlock, Override: ByNobody,
		needs: theItem | theVM | theDirect, handles: theVM, unread: engine.VerdictBlock, applies: direct, evaluate: directMachine,
	},
	{
		ID: "direct-disks", Title: "Snapshots of every disk can be taken and read", Direct: true,
		Source: docIncremental, Severity: engine.VerdictBlock, Override: ByNobody, Recheck: atComplete,
		needs: theItem | theDirect, unread: engine.VerdictBlock, applies: direct, evaluate: directDisks,
	},
	{
		ID: "direct-limits", Title: "Every disk fits the format that it is written in", Direct: true,
		Source: docVHD, Severity: engine.VerdictBlock, Override: ByNobody,
		needs: theItem | theDirect, unread: engine.VerdictBlock, applies: direct, evaluate: directLimits,
	},
	{
		ID: "direct-folder", Title: "The folder of the disks takes files", Direct: true,
		Source: inferred, Severity: engine.VerdictBlock, Override: ByNobody,
		needs: theItem | theDirect, unread: engine.VerdictBlock, applies: direct, evaluate: directFolder,
	},
	{
		ID: "direct-space", Title: "The folder has room for the disks", Direct: true,
		Source: inferred, Severity: engine.VerdictBlock, Override: ByReason,
		needs: theItem | theDirect, unread: engine.VerdictBlock, applies: direct, evaluate: directSpace,
	},
	{
		ID: "direct-place", Title: "The host has the volume that it is told to find the disks on", Direct: true,
		Source: inferred, Severity: engine.VerdictWarn, Override: ByReason,
		needs: theItem | theFacts, applies: direct, evaluate: directPlace,
	},
	{
		ID: "direct-count", Title: "The VM has as many disks as the Azure VM", Direct: true,
		Source: docMatrix, Dated: datedMatrix, Severity: engine.VerdictBlock, Override: ByNobody,
		needs: theItem | theVM | theDirect, handles: theVM, unread: engine.VerdictBlock, applies: swapping, evaluate: directCount,
	},
	{
		ID: "direct-generation", Title: "The VM that gets the disks can start from them", Direct: true,
		Source: docGeneration, Severity: engine.VerdictBlock, Override: ByNobody,
		needs: theItem | theVM | theDirect, handles: theVM, unread: engine.VerdictBlock, applies: direct, evaluate: directGeneration,
	},
	{
		ID: "direct-name", Title: "No VM of that name stands in the way of a new one", Direct: true,
		Source: inferred, Severity: engine.VerdictBlock, Override: ByNobody,
		needs: theItem | theVM | theNames, handles: theVM, unread: engine.VerdictBlock, applies: creating, evaluate: directName,
	},
	{
		ID: "direct-switch", Title: "A VM that is created gets a switch that the host has", Direct: true,
		Source: inferred, Severity: engine.VerdictBlock, Override: ByReason, Recheck: atComplete,
		needs: theItem | theFacts | theVM | theOriginal, handles: theVM | theOriginal, applies: creating, evaluate: directSwitch,
	},
	{
		ID: "direct-memory", Title: "The host has memory for a VM that is created", Direct: true,
		Source: inferred, Severity: engine.VerdictBlock, Override: ByReason, Recheck: atComplete,
		needs: theItem | theFacts | theVM | theDirect, handles: theVM, applies: creating, evaluate: directMemory,
	},
	{
		ID: "direct-protection", Title: "A vault is there to protect the machine afterwards", Direct: true,
		Source: inferred, Severity: engine.VerdictWarn, Override: ByReason,
		needs: theItem, applies: direct, evaluate: directProtection,
	},
}

// ofDirect answers for a part of the look that could not be made.
func ofDirect(o *observation, part, remedy string) (answer, bool) {
	why, failed := o.direct.Unread[part]
	if !failed {
		return answer{}, false
	}
	return block("could not be read: "+firstOf(why, "no reason given"), remedy), true
}

// made reports whether the VM does not exist yet and is to be created.
func made(o *observation) bool { return o.absent(theVM) && o.plan.Target.CreateVM }

func directOpen(o *observation) answer {
	if ready := o.item.Ready(o.plan.Direction); !ready.Ready {
		return block(firstOf(ready.Reason, "it can't begin now"), firstOf(ready.Remedy, "resume or cancel the run that has begun: failback runs lists it"))
	}
	return ok("none has")
}

func directMachine(o *observation) answer {
	if a, failed := ofDirect(o, engine.DirectMachine, "see that the sign-in may read the Azure VM: failback role lists the rights"); failed {
		return a
	}
	m := o.direct.Machine
	if m.CPUs < 1 || m.Memory < 1 || m.Generation != 1 && m.Generation != 2 {
		seen := fmt.Sprintf("size %q: %d processors, %s, generation %d", m.Size, m.CPUs, engine.SizeWords(m.Memory), m.Generation)
		if !made(o) && (m.Generation == 1 || m.Generation == 2) {
			return warn(seen, "the VM on the host keeps its own processors and memory")
		}
		return block(seen, "the host has to be told how large the VM is; look at the size in the portal")
	}
	return ok(fmt.Sprintf("%s: %d processors, %s, generation %d", m.Size, m.CPUs, engine.SizeWords(m.Memory), m.Generation))
}

// mostSnapshots is how many incremental snapshots Azure keeps of a disk; fewSnapshots
// is what a failback leaves room for.
const (
	mostSnapshots = 500
	fewSnapshots  = 20
)

func directDisks(o *observation) answer {
	if a, failed := ofDirect(o, engine.DirectDisks, "see that the sign-in may read the disks and take snapshots: failback role lists the rights"); failed {
		return a
	}
	var bad, many []string
	for _, d := range o.direct.Disks {
		switch {
		case d.Problem != "":
			bad = append(bad, d.Name+": "+d.Problem)
		case d.Snapshots >= mostSnapshots:
			bad = append(bad, fmt.Sprintf("%s: it has %d incremental snapshots, and Azure keeps no more", d.Name, d.Snapshots))
		case d.Snapshots > mostSnapshots-fewSnapshots:
			many = append(many, fmt.Sprintf("%s: it has %d of %d incremental snapshots", d.Name, d.Snapshots, mostSnapshots))
		}
	}
	switch {
	case len(o.direct.Disks) == 0:
		return block("Azure names no disk of the VM", "look at the VM in the portal")
	case len(bad) > 0:
		return block(strings.Join(bad, "; "), "mend what is named in Azure; a disk that can't be read can't come home this way")
	case len(many) > 0:
		return warn(strings.Join(many, "; "), "delete snapshots that nobody needs")
	}
	return ok(engine.DiskWords(len(o.direct.Disks)) + "; whether Azure lets the sign-in take snapshots is seen at the first one")
}

// formatLimits are the largest disks of a format, in bytes.
var formatLimits = map[string]int64{"vhd": 2040 << 30, "vhdx": 64 << 40}

func directLimits(o *observation) answer {
	format := o.plan.Direct.DiskFormat()
	limit := formatLimits[format]
	var over []string
	for _, d := range o.direct.Disks {
		if d.Bytes > limit {
			over = append(over, d.Name+" with "+engine.SizeWords(d.Bytes))
		}
	}
	if len(over) > 0 {
		remedy := "no format of Hyper-V takes it"
		if format == "vhd" {
			remedy = "write VHDX (--format vhdx)"
		}
		return block(fmt.Sprintf("%s; a %s holds at most %s", strings.Join(over, ", "), strings.ToUpper(format), engine.SizeWords(limit)), remedy)
	}
	return ok(fmt.Sprintf("%s, at most %s each", strings.ToUpper(format), engine.SizeWords(limit)))
}

func directFolder(o *observation) answer {
	folder := o.plan.Direct.Folder
	if a, failed := ofDirect(o, engine.DirectFolder, "name a folder of this machine, or a share of the host, with --folder"); failed {
		return a
	}
	f := o.direct.Folder
	switch {
	case f.Closed != "":
		return block(folder+": "+f.Closed, "make the folder, or let this program's user write there; or name another one")
	case len(f.Taken) > 0:
		return block("there already, and not of this plan: "+strings.Join(f.Taken, ", "), "move them away, or name another folder: nothing that was there before is written to")
	}
	return ok(folder + ": a file was made there and removed")
}

// directSpace wants room for the disks as if they were full: how much of a disk is in
// use is known when it has been read.
func directSpace(o *observation) answer {
	if _, failed := o.direct.Unread[engine.DirectFolder]; failed || o.direct.Folder.Total <= 0 {
		return unknown("how much room "+o.plan.Direct.Folder+" has is not known", "compare by hand: "+engine.SizeWords(o.item.Bytes())+" are needed at most")
	}
	var need int64
	for _, d := range o.direct.Disks {
		need += d.Bytes
	}
	seen := fmt.Sprintf("%s free in %s, the disks may grow to %s and %s are wanted as a margin",
		engine.SizeWords(o.direct.Folder.Free), o.plan.Direct.Folder, engine.SizeWords(need), engine.SizeWords(margin(need)))
	switch free := o.direct.Folder.Free; {
	case free < need:
		return block(seen, "make room, or name another folder; with a reason, where the disks are known to be far from full")
	case free < need+margin(need):
		return warn(seen, "make room before the data arrives: a full volume stops the copy half-way")
	}
	return ok(seen)
}

// directPlace looks for the volume of the folder by the host's own name. That the host
// sees the very files is shown when it is given them.
func directPlace(o *observation) answer {
	place := o.plan.Direct.OnHost()
	switch {
	case o.plan.Rehearsal:
		return ok(place + "; a rehearsal's host reads this machine's files")
	case strings.HasPrefix(place, `\\`):
		return unknown(place+" is a share: whether the host may read it is seen when it is given the disks", "see that the host's own computer account may read and write the share")
	}
	v, found := volumeOf(o.facts.Volumes, strings.TrimRight(place, `\`)+`\`)
	if !found {
		return warn("the host names no volume for "+place, "see that "+o.plan.Direct.Folder+" is what the host calls "+place)
	}
	return ok(place + " on " + v.Path)
}

func directCount(o *observation) answer {
	if made(o) {
		return ok("the VM does not exist yet")
	}
	if a, done := notThere(o); done {
		return a
	}
	here, there := len(o.vm.Disks), len(o.direct.Disks)
	if here != there {
		return block(fmt.Sprintf("%s on the host, %s in Azure", engine.DiskWords(here), engine.DiskWords(there)),
			"new disks take the places of old ones, one for one: add or remove disks on the host until both have as many, or have the VM created at another host")
	}
	return ok(engine.DiskWords(there))
}

// directGeneration never puts a disk under firmware that can't start it: Azure's
// generation is how the disk starts now.
func directGeneration(o *observation) answer {
	g := o.direct.Machine.Generation
	if g != 1 && g != 2 {
		return block("Azure does not say which generation the VM is of", "look at the Azure VM in the portal")
	}
	if g == 2 && o.plan.Direct.DiskFormat() == "vhd" {
		return block("generation 2 in Azure, and a VM of generation 2 takes no VHD", "write VHDX (--format vhdx)")
	}
	if made(o) {
		return ok(fmt.Sprintf("it will be created with generation %d, as in Azure", g))
	}
	if a, done := notThere(o); done {
		return a
	}
	if o.vm.Generation != g {
		return block(fmt.Sprintf("generation %d on the host, generation %d in Azure: a disk that starts by one firmware does not start by the other", o.vm.Generation, g),
			"have the VM created at another host, or rename it on this one and let the plan create it: it gets Azure's generation")
	}
	return ok(fmt.Sprintf("generation %d on both sides", g))
}

func directName(o *observation) answer {
	if o.failure(theVM) == nil {
		return ok(fmt.Sprintf("%q exists by its id: it gets the disks", o.vm.Name))
	}
	if !o.absent(theVM) {
		return o.unreadable()
	}
	for _, vm := range o.names {
		if strings.EqualFold(vm.Name, o.item.Name) {
			return block(fmt.Sprintf("%s has a VM named %q (%s)", targetHost(o.plan, o.item), vm.Name, vm.ID), "rename that VM, or choose another host")
		}
	}
	return ok(o.item.Name + " will be created")
}

// directSwitch looks for the switch that the plan names, or for that of the VM at its
// original location.
func directSwitch(o *observation) answer {
	if o.failure(theVM) == nil {
		return ok("the VM exists and keeps its adapters")
	}
	have := switchNames(o.facts)
	want := o.plan.Direct.Switch
	if want == "" && o.plan.Target.Alternate && o.failure(theOriginal) == nil {
		for _, s := range o.original.Switches {
			want = firstOf(want, s)
		}
	}
	if want == "" {
		return warn("none is named: the VM comes up without a network", "name one with --switch; the host has "+quoted(have))
	}
	for _, s := range have {
		if s == want {
			return ok(fmt.Sprintf("%q", want))
		}
	}
	a := block(fmt.Sprintf("the host has no switch %q%s; it has %s", want, nearly(want, have), quoted(have)),
		fmt.Sprintf("name another one with --switch, or create it: failback hosts switch %s --create %q", targetHost(o.plan, o.item), want))
	a.missing = want
	return a
}

func directMemory(o *observation) answer {
	if o.failure(theVM) == nil {
		return ok("the VM exists and keeps its memory")
	}
	return memory(o, engine.VM{Memory: o.direct.Machine.Memory}, theDirect)
}

func directProtection(o *observation) answer {
	if !inVault(o.plan, o.item) {
		return warn("no vault knows the machine: nothing will protect it", "enable its protection in the portal once it is home")
	}
	return ok("protection is enabled afresh once the machine is home; everything is sent to Azure again")
}
