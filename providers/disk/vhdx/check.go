package vhdx

import (
	"bytes"
	"errors"

	"failback/providers/disk/image"
)

// Check looks at everything that makes f a VHDX: both headers, both region
// tables, the log, metadata, and that every block lies in the file and on
// nothing else. With a log to be replayed it looks at the disk as it will be
// then. What is found is in the report; an error says that the file could not
// be read.
func Check(f image.File) (*image.Report, error) {
	r := &image.Report{}
	return r, check(r, f)
}

func check(r *image.Report, f image.File) error {
	length, err := f.Size()
	if err != nil {
		return err
	}
	if err := identify(f); err != nil {
		return found(r, "identifier", err)
	}
	if length > maxEnd {
		r.Damage("file", "it has %d bytes, more than any VHDX", length)
		return nil
	}
	if err := spareHeader(r, f); err != nil {
		return err
	}
	h, err := currentHeader(f)
	if err != nil {
		return found(r, "headers", err)
	}
	log, err := pending(f, h.header, length)
	switch {
	case err != nil:
		return found(r, "log", err)
	case log != nil:
		r.Note("log", "%d entries are to be replayed before the disk is used", len(log.entries))
		f, length = newView(f, log), log.length
	case h.log != noGUID:
		r.Note("log", "the headers name one that has no whole entry")
	}
	if length%mib != 0 {
		r.Note("file", "its %d bytes are no whole number of MiB", length)
	}
	return checkContent(r, f, h, length)
}

// spareHeader notes which of the two headers would not do.
func spareHeader(r *image.Report, f image.File) error {
	for i, at := range []int64{header1At, header2At} {
		p := make([]byte, page)
		if err := image.ReadFull(f, p, at); err != nil {
			if isShort(err) {
				continue // said when the current one is looked for
			}
			return err
		}
		if _, err := parseHeader(p); err != nil {
			r.Note("headers", "header %d is not valid: %v", i+1, err)
		}
	}
	return nil
}

func spareRegions(r *image.Report, f image.File) error {
	first, second := make([]byte, tableSize), make([]byte, tableSize)
	if err := errors.Join(image.ReadFull(f, first, region1At), image.ReadFull(f, second, region2At)); err != nil {
		return err
	}
	for i, p := range [][]byte{first, second} {
		if _, err := parseRegions(p); err != nil {
			r.Note("region tables", "table %d is not valid: %v", i+1, err)
			return nil
		}
	}
	if !bytes.Equal(first, second) {
		r.Damage("region tables", "both are valid and differ")
	}
	return nil
}

func checkContent(r *image.Report, f image.File, h headers, length int64) error {
	regions, err := readRegions(f)
	if err != nil {
		return found(r, "region tables", err)
	}
	if err := spareRegions(r, f); err != nil {
		return err
	}
	bat, meta, err := known(regions)
	if err != nil {
		return found(r, "region tables", err)
	}
	if err := placed(regions, h.header, length); err != nil {
		return found(r, "region tables", err)
	}
	m, err := readMetadata(f, meta)
	if err != nil {
		return found(r, "metadata", err)
	}
	r.Info = describe(m)
	t, err := readTable(f, bat, m.geometry)
	if err != nil {
		return found(r, "block table", err)
	}
	u := takenBy(regions, h.header, length)
	_ = t.inspect(u, length, func(why string) error {
		r.Damage("block table", "%s", why)
		return nil
	})
	t.strange(r)
	if r.Unused = max(0, length/mib-u.count()) * mib; r.Unused > 0 {
		r.Note("file", "%d MiB are used by nothing", r.Unused/mib)
	}
	return nil
}

// strange notes entries that are allowed and tell of a writer that differs.
func (t *table) strange(r *image.Report) {
	bits, absent := 0, 0
	for _, p := range t.pages {
		if p == nil {
			continue
		}
		for _, e := range p {
			if e.reserved() != 0 {
				bits++
			}
			if e.state() != fullyPresent && e.at() != 0 {
				absent++
			}
		}
	}
	if bits > 0 {
		r.Note("block table", "%d entries have reserved bits set", bits)
	}
	if absent > 0 {
		r.Note("block table", "%d blocks that are not present have a place", absent)
	}
}

// found turns a refusal into a finding; other errors stay errors.
func found(r *image.Report, where string, err error) error {
	var refusal *image.Refusal
	if errors.As(err, &refusal) {
		r.Damage(where, "%s", refusal.Why)
		return nil
	}
	return err
}
