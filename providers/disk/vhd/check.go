package vhd

import (
	"bytes"
	"errors"

	"failback/providers/disk/image"
)

// Check looks at everything that makes f a VHD: the footer and its copy,
// checksums, sizes, and for a dynamic image that every block lies in the file
// and on nothing else. What is found is in the report; an error says that the
// file could not be read.
func Check(f image.File) (*image.Report, error) {
	r := &image.Report{}
	length, err := f.Size()
	if err != nil {
		return r, err
	}
	ft, err := readFooter(f, length)
	if err != nil {
		return r, note(r, "footer", err)
	}
	if ft.kind == typeFixed {
		d, err := openFixed(f, ft, length, false)
		if err != nil {
			return r, note(r, "footer", err)
		}
		r.Info = d.Info()
		return r, nil
	}
	if ft.kind != typeDynamic {
		_, err := Open(f, false)
		return r, note(r, "footer", err)
	}
	return r, checkDynamic(r, f, ft, length)
}

func checkDynamic(r *image.Report, f image.File, ft footer, length int64) error {
	first, last := make([]byte, FooterSize), make([]byte, FooterSize)
	if err := errors.Join(image.ReadFull(f, first, 0), image.ReadFull(f, last, length-FooterSize)); err != nil {
		return err
	}
	if !bytes.Equal(first, last) {
		r.Note("footer", "its copy at the start of the file differs")
	}
	h, err := readHeader(f, ft)
	if err != nil {
		return note(r, "dynamic header", err)
	}
	d := &dynamic{file: f, head: h, info: image.Info{
		Format: image.DynamicVHD, Size: int64(ft.current), SectorSize: sector, PhysicalSector: sector, BlockSize: h.block, ID: ft.id,
	}}
	r.Info = d.info
	if d.table, err = readTable(f, h, (d.info.Size+h.block-1)/h.block); err != nil {
		return err
	}
	for _, p := range d.problems(length) {
		r.Damage(p.where, "%s", p.what)
	}
	r.Unused = length - FooterSize
	for _, at := range d.table {
		if at != unallocated {
			r.Unused -= h.bitmapSize() + h.block
		}
	}
	r.Unused = max(0, r.Unused-FooterSize-headerSize-(h.entries*4+sector-1)/sector*sector)
	return nil
}

// note turns a refusal into a finding; other errors stay errors.
func note(r *image.Report, where string, err error) error {
	var refusal *image.Refusal
	if errors.As(err, &refusal) {
		r.Damage(where, "%s", refusal.Why)
		return nil
	}
	return err
}
