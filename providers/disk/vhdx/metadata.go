package vhdx

import (
	"fmt"
	"math/bits"

	"failback/providers/disk/image"
)

var (
	itemParameters = image.MustGUID("caa16737-fa36-4d43-b3b6-33f0aa44e76b")
	itemSize       = image.MustGUID("2fa54224-cd1b-4876-b211-5dbed83bf4b8")
	itemPage83     = image.MustGUID("beca12ab-b2e6-4523-93ef-c309e000c746")
	itemLogical    = image.MustGUID("8141bf1d-a96f-4709-ba47-f233a8faab5f")
	itemPhysical   = image.MustGUID("cda348c7-445d-4471-9cc9-e9885251c556")
	itemParent     = image.MustGUID("a8d35f2d-b30b-454d-abf7-d3d84834ab0c")
)

const (
	flagUser     = 1
	flagDisk     = 2
	flagRequired = 4

	keepsBlocks = 1 // file parameters: a fixed disk
	hasParent   = 2 // file parameters: a differencing disk
)

// item is an entry of the metadata table.
type item struct {
	id             image.GUID
	offset, length int64
	flags          uint32
}

const maxItems = 2047

// parseItems reads a metadata table of a region of length bytes.
func parseItems(p []byte, length int64) ([]item, error) {
	if len(p) != tableSize || string(p[:8]) != "metadata" {
		return nil, image.Damage("the metadata table does not begin as one")
	}
	n := int(le.Uint16(p[10:]))
	if n > maxItems {
		return nil, image.Damage(fmt.Sprintf("the metadata table has %d entries", n))
	}
	type key struct {
		id   image.GUID
		user bool
	}
	seen := map[key]bool{}
	var out []item
	for i := range n {
		e := p[32+32*i:]
		it := item{id: image.GUID(e[:16]), offset: int64(le.Uint32(e[16:])), length: int64(le.Uint32(e[20:])), flags: le.Uint32(e[24:])}
		k := key{it.id, it.flags&flagUser != 0}
		if seen[k] {
			return nil, image.Damage(fmt.Sprintf("the metadata table names %v twice", it.id))
		}
		seen[k] = true
		if it.length > mib || it.length > 0 && (it.offset < tableSize || it.offset+it.length > length) || it.length == 0 && it.offset != 0 {
			return nil, image.Damage(fmt.Sprintf("metadata %v has %d bytes at %d", it.id, it.length, it.offset))
		}
		out = append(out, it)
	}
	return out, nil
}

// metadata is what the disk is.
type metadata struct {
	geometry
	physical int
	fixed    bool
	id       image.GUID
}

// readMetadata reads the items that every disk has, and refuses one that
// requires another.
func readMetadata(f image.File, r region) (metadata, error) {
	p := make([]byte, tableSize)
	if err := image.ReadFull(f, p, r.Off); err != nil {
		return metadata{}, short("the metadata", err)
	}
	items, err := parseItems(p, r.Len)
	if err != nil {
		return metadata{}, err
	}
	want := map[image.GUID]int64{itemParameters: 8, itemSize: 8, itemPage83: 16, itemLogical: 4, itemPhysical: 4}
	values := map[image.GUID][]byte{}
	var parent *item
	for _, it := range items {
		n, ok := want[it.id]
		switch {
		case it.id == itemParent && it.flags&flagUser == 0:
			parent = &it
		case ok && it.flags&flagUser == 0:
			if it.length != n {
				return metadata{}, image.Damage(fmt.Sprintf("metadata %v has %d bytes instead of %d", it.id, it.length, n))
			}
			v := make([]byte, n)
			if err := image.ReadFull(f, v, r.Off+it.offset); err != nil {
				return metadata{}, short("the metadata", err)
			}
			values[it.id] = v
		case it.flags&flagRequired != 0:
			return metadata{}, &image.Refusal{
				Why: fmt.Sprintf("it requires metadata %v, which this program does not know", it.id), Kind: image.ErrUnsupported,
				Remedy: "convert it with the program that wrote it",
			}
		}
	}
	for id := range want {
		if values[id] == nil {
			return metadata{}, image.Damage(fmt.Sprintf("metadata %v is missing", id))
		}
	}
	if parent != nil || le.Uint32(values[itemParameters][4:])&hasParent != 0 {
		return metadata{}, differencing(f, r, parent)
	}
	return disk(values)
}

// disk puts the values together and refuses what no disk has.
func disk(v map[image.GUID][]byte) (metadata, error) {
	size, block, logical, physical := le.Uint64(v[itemSize]), le.Uint32(v[itemParameters]), le.Uint32(v[itemLogical]), le.Uint32(v[itemPhysical])
	m := metadata{
		geometry: geometry{size: int64(size), block: int64(block), sector: int(logical)},
		physical: int(physical), fixed: le.Uint32(v[itemParameters][4:])&keepsBlocks != 0, id: image.GUID(v[itemPage83]),
	}
	switch {
	case block < minBlock || block > maxBlock || bits.OnesCount32(block) != 1:
		return m, image.Damage(fmt.Sprintf("the block size is %d", block))
	case logical != 512 && logical != 4096:
		return m, image.Damage(fmt.Sprintf("the logical sector has %d bytes", logical))
	case physical != 512 && physical != 4096:
		return m, image.Damage(fmt.Sprintf("the physical sector has %d bytes", physical))
	case size == 0 || size > maxSize || size%uint64(logical) != 0:
		return m, image.Damage(fmt.Sprintf("the disk has %d bytes", size))
	}
	return m, nil
}

// encodeMetadata is the start of the metadata region of a new disk.
func encodeMetadata(m metadata) []byte {
	p := make([]byte, tableSize+page)
	copy(p, "metadata")
	parameters := le.AppendUint32(nil, uint32(m.block))
	parameters = le.AppendUint32(parameters, map[bool]uint32{true: keepsBlocks}[m.fixed])
	values := []struct {
		id    image.GUID
		value []byte
		flags uint32
	}{
		{itemParameters, parameters, flagRequired},
		{itemSize, le.AppendUint64(nil, uint64(m.size)), flagRequired | flagDisk},
		{itemPage83, m.id[:], flagRequired | flagDisk},
		{itemLogical, le.AppendUint32(nil, uint32(m.sector)), flagRequired | flagDisk},
		{itemPhysical, le.AppendUint32(nil, uint32(m.physical)), flagRequired | flagDisk},
	}
	le.PutUint16(p[10:], uint16(len(values)))
	at := tableSize
	for i, v := range values {
		e := p[32+32*i:]
		copy(e, v.id[:])
		le.PutUint32(e[16:], uint32(at))
		le.PutUint32(e[20:], uint32(len(v.value)))
		le.PutUint32(e[24:], v.flags)
		at += copy(p[at:], v.value)
	}
	return p
}
