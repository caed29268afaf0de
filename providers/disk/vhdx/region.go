package vhdx

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"failback/engine/transfer"
	"failback/providers/disk/image"
)

var (
	regionBAT      = image.MustGUID("2dc27766-f623-4200-9d64-115e9bfd4a08")
	regionMetadata = image.MustGUID("8b7ca206-4790-4b9a-b8fe-575f050f886e")
)

func isShort(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) }

// region is a part of the file with a purpose.
type region struct {
	transfer.Extent
	id       image.GUID
	required bool
}

func (r region) String() string {
	switch r.id {
	case regionBAT:
		return "the block table"
	case regionMetadata:
		return "the metadata"
	}
	return "region " + r.id.String()
}

const maxRegions = 2047

// parseRegions reads a region table; whether the regions fit the file and what
// they hold is looked at later.
func parseRegions(p []byte) ([]region, error) {
	if len(p) != tableSize || string(p[:4]) != "regi" {
		return nil, errors.New("it does not begin as a region table")
	}
	if got, want := le.Uint32(p[4:]), sumOf(p); got != want {
		return nil, fmt.Errorf("its checksum is %#x and should be %#x", got, want)
	}
	n := le.Uint32(p[8:])
	if n > maxRegions {
		return nil, fmt.Errorf("it has %d entries", n)
	}
	var out []region
	for i := range int(n) {
		e := p[16+32*i:]
		at, length := le.Uint64(e[16:]), int64(le.Uint32(e[24:]))
		r := region{id: image.GUID(e[:16]), required: le.Uint32(e[28:])&1 != 0}
		if at > maxEnd || at%mib != 0 || at < headersEnd || length%mib != 0 || length == 0 {
			return nil, fmt.Errorf("it places %v at %d with %d bytes", r, at, length)
		}
		r.Extent = transfer.Extent{Off: int64(at), Len: length}
		if slices.ContainsFunc(out, func(o region) bool { return o.id == r.id }) {
			return nil, fmt.Errorf("it names %v twice", r)
		}
		out = append(out, r)
	}
	return out, nil
}

func encodeRegions(regions []region) []byte {
	p := make([]byte, tableSize)
	copy(p, "regi")
	le.PutUint32(p[8:], uint32(len(regions)))
	for i, r := range regions {
		e := p[16+32*i:]
		copy(e, r.id[:])
		le.PutUint64(e[16:], uint64(r.Off))
		le.PutUint32(e[24:], uint32(r.Len))
		if r.required {
			le.PutUint32(e[28:], 1)
		}
	}
	seal(p)
	return p
}

// readRegions takes the first table that is valid.
func readRegions(f image.File) ([]region, error) {
	var why []error
	for _, at := range []int64{region1At, region2At} {
		p := make([]byte, tableSize)
		if err := image.ReadFull(f, p, at); err != nil {
			return nil, short("its region tables", err)
		}
		regions, err := parseRegions(p)
		if err == nil {
			return regions, nil
		}
		why = append(why, err)
	}
	return nil, image.Damage(fmt.Sprintf("neither region table is valid: %v; %v", why[0], why[1]))
}

// known finds the two regions this program understands, and refuses a file that
// requires another one.
func known(regions []region) (bat, metadata region, err error) {
	for _, r := range regions {
		switch {
		case r.id == regionBAT:
			bat = r
		case r.id == regionMetadata:
			metadata = r
		case r.required:
			return bat, metadata, &image.Refusal{
				Why: fmt.Sprintf("it requires %v, which this program does not know", r), Kind: image.ErrUnsupported,
				Remedy: "convert it with the program that wrote it",
			}
		}
	}
	if bat.Len == 0 || metadata.Len == 0 {
		return bat, metadata, image.Damage("it has no block table, or no metadata")
	}
	return bat, metadata, nil
}

// placed refuses regions and a log that lie on each other or outside a file of
// length bytes.
func placed(regions []region, h header, length int64) error {
	all := slices.Clone(regions)
	if h.logLength > 0 {
		all = append(all, region{Extent: transfer.Extent{Off: h.logAt, Len: h.logLength}})
	}
	slices.SortFunc(all, func(a, b region) int { return cmp.Compare(a.Off, b.Off) })
	for i, r := range all {
		if r.End() > length {
			return image.Damage(fmt.Sprintf("%s at %v is not in the file of %d bytes", nameOf(r), r.Extent, length))
		}
		if i > 0 && r.Off < all[i-1].End() {
			return image.Damage(fmt.Sprintf("%s and %s overlap at %d", nameOf(all[i-1]), nameOf(r), r.Off))
		}
	}
	return nil
}

func nameOf(r region) string {
	if r.id == noGUID {
		return "the log"
	}
	return r.String()
}
