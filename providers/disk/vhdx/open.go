package vhdx

import (
	"fmt"
	"sync"

	"failback/providers/disk/image"
)

// Disk is an open VHDX.
type Disk struct {
	file image.File
	info image.Info
	meta metadata
	bat  region
	// regionsEnd is where the last region ends.
	regionsEnd int64

	mu    sync.RWMutex // the table and what it means
	table *table
	write *writer // nil for a disk that is only read

	once   sync.Once
	closed error
}

// Open opens the VHDX in f, which belongs to the disk from then on when it
// succeeds. A log that has something to replay is replayed into the file when
// the disk is to be written, and only taken into account when it is read.
func Open(f image.File, write bool) (*Disk, error) {
	if err := identify(f); err != nil {
		return nil, err
	}
	length, err := f.Size()
	if err != nil {
		return nil, err
	}
	if length > maxEnd {
		return nil, image.Damage(fmt.Sprintf("the file has %d bytes, more than any VHDX", length))
	}
	h, err := currentHeader(f)
	if err != nil {
		return nil, err
	}
	log, err := pending(f, h.header, length)
	if err != nil {
		return nil, err
	}
	seen := f
	switch {
	case log != nil && write:
		// What the log leads to is looked at before the file is touched.
		if _, err := openSeen(newView(f, log), h); err != nil {
			return nil, err
		}
		if err := log.replay(f, &h); err != nil {
			return nil, fmt.Errorf("replay the log: %w", err)
		}
	case log != nil:
		seen = newView(f, log)
	}
	d, err := openSeen(seen, h)
	if err != nil {
		return nil, err
	}
	if write {
		if d.write, err = newWriter(d, h); err != nil {
			return nil, err
		}
		d.info.Writable = true
	}
	return d, nil
}

// identify looks for the words that a VHDX begins with.
func identify(f image.File) error {
	p := make([]byte, len(signature))
	if err := image.ReadFull(f, p, identifierAt); err != nil {
		return short("its identifier", err)
	}
	if string(p) != signature {
		return image.Damage("it does not begin as a VHDX")
	}
	return nil
}

// openSeen reads everything behind the headers, from a file whose log has been
// replayed or is taken into account.
func openSeen(f image.File, h headers) (*Disk, error) {
	length, err := f.Size()
	if err != nil {
		return nil, err
	}
	regions, err := readRegions(f)
	if err != nil {
		return nil, err
	}
	bat, meta, err := known(regions)
	if err != nil {
		return nil, err
	}
	if err := placed(regions, h.header, length); err != nil {
		return nil, err
	}
	d := &Disk{file: f, bat: bat}
	for _, r := range regions {
		d.regionsEnd = max(d.regionsEnd, r.End())
	}
	if d.meta, err = readMetadata(f, meta); err != nil {
		return nil, err
	}
	if d.table, err = readTable(f, bat, d.meta.geometry); err != nil {
		return nil, err
	}
	u := takenBy(regions, h.header, length)
	if err := d.table.inspect(u, length, func(why string) error { return image.Damage(why) }); err != nil {
		return nil, err
	}
	d.info = describe(d.meta)
	return d, nil
}

// takenBy is what regions, headers and log take of a file.
func takenBy(regions []region, h header, length int64) *usage {
	u := newUsage(length)
	all := append([]region{{Extent: extent(0, headersEnd)}, {Extent: extent(h.logAt, h.logLength)}}, regions...)
	for _, r := range all {
		u.take(r.Extent)
	}
	return u
}

func describe(m metadata) image.Info {
	format := image.VHDX
	if m.fixed {
		format = image.FixedVHDX
	}
	return image.Info{
		Format: format, Size: m.size, SectorSize: m.sector, PhysicalSector: m.physical, BlockSize: m.block, ID: m.id,
	}
}

// Info describes the disk.
func (d *Disk) Info() image.Info { return d.info }

// Size is the virtual size in bytes.
func (d *Disk) Size() int64 { return d.info.Size }

// SectorSize is the logical sector size, 512 or 4096.
func (d *Disk) SectorSize() int { return d.info.SectorSize }

// Format is VHDX or FixedVHDX.
func (d *Disk) Format() image.Format { return d.info.Format }
