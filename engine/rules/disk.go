package rules

import (
	"fmt"
	"slices"
	"strings"

	"failback/engine"
)

// diskRules look at the on-premises VM's disks, its firmware and its adapters.
var diskRules = []Rule{
	{
		ID: "disk-files", Title: "The host can read every disk of the VM",
		Source: inferred, Severity: engine.VerdictWarn, Override: ByReason,
		needs: theItem | theVM, handles: theVM, applies: failback,
		evaluate: ofDisks("all of them", func(d engine.VMDisk) string {
			if d.Problem == "" {
				return ""
			}
			return d.Path + ": " + d.Problem
		}, warn, "look at the file on the host; on a file share the sign-in may not reach it"),
	},
	{
		ID: "disk-count", Title: "The VM has the disks that are replicated, in their sizes",
		Source: docMatrix, Dated: datedMatrix, Severity: engine.VerdictWarn, Override: ByReason,
		needs: theItem | theVM, handles: theVM, applies: failback, evaluate: diskCount,
	},
	{
		ID: "differencing", Title: "No disk depends on a parent",
		Source: docTutorial, Dated: datedTutorial, Severity: engine.VerdictBlock, Override: ByNobody,
		needs: theItem | theVM, handles: theVM, applies: failback,
		evaluate: ofDisks("none does", func(d engine.VMDisk) string {
			if d.Type != "Differencing" && d.Parent == "" {
				return ""
			}
			return d.Path + " depends on " + firstOf(d.Parent, "another file")
		}, block, "merge it: a chain of differences is a checkpoint by another name"),
	},
	{
		ID: "shared-disks", Title: "No disk is shared with another VM",
		Source: docMatrix, Dated: datedMatrix, Severity: engine.VerdictBlock, Override: ByDocument,
		needs: theItem | theVM, handles: theVM, applies: failback,
		evaluate: ofDisks("none is", func(d engine.VMDisk) string {
			if !d.Shared {
				return ""
			}
			return d.Path + " is a shared virtual disk"
		}, block, "take the disk off the VM, or bring the cluster home by other means"),
	},
	{
		ID: "pass-through", Title: "No disk is passed through from the host",
		Source: inferred, Severity: engine.VerdictWarn, Override: ByReason,
		needs: theItem | theVM, handles: theVM, applies: failback,
		evaluate: ofDisks("none is", func(d engine.VMDisk) string {
			if !d.PassThrough {
				return ""
			}
			return d.Path
		}, warn, "see that the disk is not among the replicated ones, and what it holds"),
	},
	{
		ID: "sectors", Title: "No disk has sectors of 4096 bytes",
		Source: docMatrix, Dated: datedMatrix, Severity: engine.VerdictWarn, Override: ByDocument,
		needs: theItem | theVM, handles: theVM, applies: failback,
		evaluate: ofDisks("none has", func(d engine.VMDisk) string {
			if d.Sector <= 512 {
				return ""
			}
			return fmt.Sprintf("%s has sectors of %d bytes", d.Path, d.Sector)
		}, warn, "4K native disks are not supported; a drill of this VM first shows whether it works"),
	},
	{
		ID: "generation", Title: "The VM's generation fits its disks",
		Source: docMatrix, Dated: datedMatrix, Severity: engine.VerdictBlock, Override: ByNobody,
		needs: theItem | theVM, handles: theVM, applies: failback, evaluate: generation,
	},
	{
		ID: "vm-security", Title: "Neither secure boot, BitLocker nor shielding is in the way",
		Source: docMatrix, Dated: datedMatrix, Severity: engine.VerdictWarn, Override: ByDocument,
		needs: theItem | theVM, handles: theVM, applies: failback, evaluate: security,
	},
	{
		ID: "auto-start", Title: "The VM does not start by itself while its disks are overwritten",
		Source: docTutorial, Dated: datedTutorial, Severity: engine.VerdictWarn, Override: ByReason, Recheck: atComplete,
		needs: theItem | theVM, handles: theVM, applies: failback, evaluate: autoStart,
	},
	{
		ID: "switch-type", Title: "The VM's adapters lead to a network outside the host", Direct: true,
		Source: docFailback, Dated: datedFailback, Severity: engine.VerdictWarn, Override: ByReason,
		needs: theItem | theFacts | theVM | theOriginal, handles: theVM | theOriginal, applies: withAdapters, evaluate: switchType,
	},
}

// ofDisks asks one question of every disk of the VM.
func ofDisks(fine string, wrong func(engine.VMDisk) string, verdict func(observed, remedy string) answer, remedy string) func(*observation) answer {
	return func(o *observation) answer {
		if a, done := notThere(o); done {
			return a
		}
		if len(o.vm.Disks) == 0 {
			return unknown("the host named no disks of the VM", "look at the VM's disks on the host")
		}
		var found []string
		for _, d := range o.vm.Disks {
			if w := wrong(d); w != "" {
				found = append(found, w)
			}
		}
		if len(found) > 0 {
			return verdict(strings.Join(found, "; "), remedy)
		}
		return ok(fine)
	}
}

// diskCount compares the host's disks with the vault's: resizing or adding a disk
// while an item replicates is not supported. A disk may have been left out on purpose.
func diskCount(o *observation) answer {
	if a, done := notThere(o); done {
		return a
	}
	if len(o.vm.Disks) == 0 {
		return unknown("the host named no disks of the VM", "look at the VM's disks on the host")
	}
	remedy := "disks that are resized or added while the item replicates are not supported; where a disk was left out on purpose, go on"
	if len(o.vm.Disks) != len(o.item.Disks) {
		return warn(fmt.Sprintf("%s on the host, %s in the vault", engine.DiskWords(len(o.vm.Disks)), engine.DiskWords(len(o.item.Disks))), remedy)
	}
	var here, there []int64
	for i, d := range o.vm.Disks {
		if d.Bytes == 0 {
			return unknown("the size of "+d.Path+" is not known", "compare the sizes by hand")
		}
		here, there = append(here, d.Bytes), append(there, o.item.Disks[i].Bytes)
	}
	slices.Sort(here)
	slices.Sort(there)
	if !slices.Equal(here, there) {
		return warn("sizes on the host: "+sizes(here)+"; in the vault: "+sizes(there), remedy)
	}
	return ok(engine.DiskWords(len(here)) + ": " + sizes(here))
}

func sizes(list []int64) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = engine.SizeWords(n)
	}
	return strings.Join(words, ", ")
}

// systemLimits are how large a disk a VM of a generation may start from, by the newest
// document.
var systemLimits = map[int]int64{1: 2048 << 30, 2: 4095 << 30}

// generation never lets a disk into a shell that can't start it.
func generation(o *observation) answer {
	if a, done := notThere(o); done {
		return a
	}
	g := o.vm.Generation
	limit, known := systemLimits[g]
	if !known {
		return unknown("the host does not say which generation the VM is of", "look at the VM's firmware on the host")
	}
	for _, d := range o.vm.Disks {
		if g == 2 && strings.EqualFold(d.Format, "VHD") {
			return block("a generation 2 VM with a VHD: "+d.Path, "convert the disk to VHDX, or make a VM of generation 1: this one can't start from it")
		}
	}
	for _, d := range o.item.Disks {
		if d.OS && d.Bytes > limit {
			return warn(fmt.Sprintf("generation %d, and %s has %s", g, d.Name, engine.SizeWords(d.Bytes)),
				fmt.Sprintf("a VM of generation %d starts from at most %s", g, engine.SizeWords(limit)))
		}
	}
	if g == 1 {
		return ok("generation 1, BIOS in Azure, too")
	}
	return ok("generation 2: the documents up to 2023 turn it into generation 1 in Azure and back, the matrix of " + datedMatrix + " keeps it")
}

func security(o *observation) answer {
	if a, done := notThere(o); done {
		return a
	}
	if why, failed := o.vm.Unread["firmware"]; failed {
		return unknown("the firmware could not be read: "+why, "look at the VM's firmware on the host")
	}
	if why, failed := o.vm.Unread["security"]; failed {
		return unknown("the VM's security settings could not be read: "+why, "look at them on the host")
	}
	var found []string
	if o.vm.Shielded {
		found = append(found, "it is shielded")
	}
	if o.vm.TPM {
		found = append(found, "it has a virtual TPM: BitLocker inside can't be seen from here, and is not supported")
	}
	if o.vm.SecureBoot == "On" {
		found = append(found, "UEFI secure boot is on, which is not supported")
	}
	if len(found) > 0 {
		return warn(strings.Join(found, "; "), "have the recovery key at hand and watch the first start")
	}
	return ok("no secure boot, no TPM, not shielded")
}

// autoStart knows that a host which restarts would start the VM.
func autoStart(o *observation) answer {
	if a, done := notThere(o); done {
		return a
	}
	switch o.vm.AutoStart {
	case "":
		return unknown("the host does not say", "look at the VM's automatic start action")
	case "Start":
		return warn("automatic start action: always start", "set it to nothing until the failback is through: a restart of the host would start the VM in the middle")
	}
	return ok("automatic start action: " + o.vm.AutoStart)
}

// switchType looks at the switches by which the VM will be reached.
func switchType(o *observation) answer {
	vm := o.vm
	if o.failure(theVM) != nil {
		vm = o.original
		if !toAlternate(o.plan, o.item) || o.failure(theOriginal) != nil {
			return unknown("which switches the VM uses is not known", "look at its adapters on the host")
		}
	}
	if vm.Loose > 0 {
		return warn(fmt.Sprintf("%d adapters without a switch", vm.Loose), "connect them after the start, or now: the VM will not be reached over them")
	}
	var inner []string
	for _, s := range o.facts.Switches {
		if slices.Contains(vm.Switches, s.Name) && (s.Type == "Private" || s.Type == "Internal") {
			inner = append(inner, fmt.Sprintf("%q is %s", s.Name, strings.ToLower(s.Type)))
		}
	}
	if len(inner) > 0 {
		return warn(strings.Join(inner, ", "), "nothing beyond the host reaches the VM over it; connect it to an external switch")
	}
	if len(vm.Switches) == 0 {
		return unknown("the VM has no adapter that is connected", "look at its adapters on the host")
	}
	return ok(quoted(vm.Switches))
}
