package direct

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"failback/engine"
	"failback/providers/disk"
)

// style is how a disk can be started from, as far as its partitions tell.
type style int

const (
	styleUnknown style = iota // no table of partitions that is known here
	styleBIOS                 // an MBR: nothing but a BIOS starts it
	styleEFI                  // a GPT with an EFI system partition
	styleBoth                 // that, and a partition that a BIOS starts from
	styleGPT                  // a GPT with neither
)

// Types of partitions, as a GPT spells them.
var (
	typeEFI  = []byte{0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b}
	typeBIOS = []byte{0x48, 0x61, 0x68, 0x21, 0x49, 0x64, 0x6f, 0x6e, 0x74, 0x4e, 0x65, 0x65, 0x64, 0x45, 0x46, 0x49}
)

// sector is the only size of sectors that is brought.
const sector = 512

// mostEntries bounds a table of partitions that foreign bytes describe.
const mostEntries = 1024

// styleOf reads the table of partitions of a disk.
func styleOf(d io.ReaderAt) (style, error) {
	first := make([]byte, 2*sector)
	if _, err := d.ReadAt(first, 0); err != nil && !errors.Is(err, io.EOF) {
		return styleUnknown, err
	}
	mbr, gpt := first[:sector], first[sector:]
	if mbr[510] != 0x55 || mbr[511] != 0xaa {
		return styleUnknown, nil
	}
	protective, partitions := false, 0
	for i := range 4 {
		switch kind := mbr[446+16*i+4]; kind {
		case 0:
		case 0xee:
			protective = true
		default:
			partitions++
		}
	}
	switch {
	case protective && bytes.HasPrefix(gpt, []byte("EFI PART")):
		return gptStyle(d, gpt)
	case partitions > 0:
		return styleBIOS, nil
	}
	return styleUnknown, nil
}

func gptStyle(d io.ReaderAt, header []byte) (style, error) {
	at, n, size := binary.LittleEndian.Uint64(header[72:]), binary.LittleEndian.Uint32(header[80:]), binary.LittleEndian.Uint32(header[84:])
	if at > 1<<40 || n > mostEntries || size < 128 || size > 4096 {
		return styleUnknown, nil
	}
	efi, bios := false, false
	entry := make([]byte, 16)
	for i := range int64(n) {
		if _, err := d.ReadAt(entry, int64(at)*sector+i*int64(size)); err != nil {
			if errors.Is(err, io.EOF) {
				return styleUnknown, nil
			}
			return styleUnknown, err
		}
		efi, bios = efi || bytes.Equal(entry, typeEFI), bios || bytes.Equal(entry, typeBIOS)
	}
	switch {
	case efi && bios:
		return styleBoth, nil
	case efi:
		return styleEFI, nil
	}
	return styleGPT, nil
}

// starts says whether firmware of a generation can start a disk of that style.
// Unknown styles are taken for what Azure says.
func (s style) starts(generation int) bool {
	switch s {
	case styleBIOS:
		return generation == 1
	case styleEFI:
		return generation == 2
	case styleUnknown, styleBoth, styleGPT:
	}
	return true
}

// generation is the one that the machine can be started with: what the disk of the
// system says, and Azure's own where that leaves a choice.
func (v *driver) generation() (int, error) {
	r := v.look()
	s, err := v.style()
	if err != nil {
		return 0, err
	}
	switch {
	case s == styleBIOS:
		return 1, nil
	case s == styleEFI:
		return 2, nil
	}
	return max(1, r.Failback.Machine.Generation), nil
}

func (v *driver) style() (s style, err error) {
	path := v.look().Failback.Disks[0].File
	img, err := disk.Open(path)
	if err == nil {
		s, err = styleOf(img)
		err = errors.Join(err, img.Close())
	}
	if err != nil {
		return s, &engine.Failure{Kind: engine.FailureOther, What: "read the partitions of the system disk", Where: path, Why: err.Error(), Err: err, Remedy: "see that nothing else has the file open"}
	}
	return s, nil
}

// bootable refuses, before any machine is stopped for it and again before the host is
// asked, to put a disk into a shell that can't start it.
func (v *driver) bootable() error {
	r := v.look()
	s, err := v.style()
	if err != nil {
		return err
	}
	want, where := r.Failback.Machine.Generation, "the Azure VM "+r.Item.AzureVM.Name
	if r.Failback.VM == "" || r.Target.Alternate {
		if s == styleBIOS && want == 2 {
			return unbootable(r, s, want, where)
		}
		made, err := v.generation() // the one that fits
		if err != nil {
			return err
		}
		return takesFormat(r, made)
	}
	vm, err := v.d.o.Vault.Hosts.VM(v.ctx, r.Host, r.Failback.VM)
	if err != nil {
		return err
	}
	known := s != styleUnknown
	if known && !s.starts(vm.Generation) || !known && want != 0 && vm.Generation != 0 && want != vm.Generation {
		return unbootable(r, s, vm.Generation, vm.Name+" on "+r.Host)
	}
	return takesFormat(r, vm.Generation)
}

// takesFormat refuses a VHD for a machine of generation 2, which takes none.
func takesFormat(r *record, generation int) error {
	if generation != 2 || !strings.EqualFold(r.Direct.Format, "vhd") {
		return nil
	}
	return engine.Refuse("see that the machine will start", r.Item.Name, "its VM is of generation 2, which takes no VHD", "write VHDX")
}

func unbootable(r *record, s style, generation int, where string) error {
	has := map[style]string{
		styleBIOS: "an MBR, which only a BIOS starts", styleEFI: "an EFI system partition and nothing for a BIOS",
		styleUnknown: fmt.Sprintf("no table of partitions that is known here, and its machine is of generation %d in Azure", r.Failback.Machine.Generation),
	}[s]
	return &engine.Failure{Kind: engine.FailureUnsafe, What: "see that the machine will start", Where: r.Item.Name,
		Why:    fmt.Sprintf("%s is of generation %d, and the system disk has %s", where, generation, has),
		Remedy: "bring it to an alternate host, where the VM is made with the generation that fits, or convert the disk in Azure first"}
}
