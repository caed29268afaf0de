package vhdx

import (
	"hash/crc32"
	"io"

	"failback/providers/disk/image"
)

const (
	entryHead      = 64
	descriptorSize = 32
)

// ring is a log in its file.
type ring struct {
	file   io.ReaderAt
	at     int64
	length int64
}

// read fills p from a position of the log, around its end.
func (r ring) read(p []byte, pos int64) error {
	for len(p) > 0 {
		pos %= r.length
		n := min(int64(len(p)), r.length-pos)
		if err := image.ReadFull(r.file, p[:n], r.at+pos); err != nil {
			return err
		}
		p, pos = p[n:], pos+n
	}
	return nil
}

// patch is one descriptor of an entry: a page, or a run of zeros. The first 8
// and the last 4 bytes of a page are in the descriptor, since its data sector has
// a signature and a sequence number in their place.
type patch struct {
	at, length int64
	data       bool
	lead       [8]byte
	trail      [4]byte
	pos        int64 // of the data sector in the log
}

// logEntry is a valid entry of a log.
type logEntry struct {
	pos, length, tail int64
	sequence          uint64
	flushed, last     int64 // what the file's length must be at least; what it has to be
	patches           []patch
}

// readEntry reads the entry at pos and looks at everything that tells a whole
// one from a torn one: signature, lengths, the log's id, checksum, and the
// sequence number in every descriptor and data sector. ok is false for anything
// less; an error says that the file could not be read.
func readEntry(r ring, id image.GUID, pos int64) (e logEntry, ok bool, err error) {
	head := make([]byte, entryHead)
	if err := r.read(head, pos); err != nil {
		return e, false, err
	}
	e = logEntry{
		pos: pos, length: int64(le.Uint32(head[8:])), tail: int64(le.Uint32(head[12:])), sequence: le.Uint64(head[16:]),
		flushed: int64(le.Uint64(head[48:])), last: int64(le.Uint64(head[56:])),
	}
	count := int64(le.Uint32(head[24:]))
	descriptors := roundUp(entryHead+count*descriptorSize, page)
	switch {
	case string(head[:4]) != "loge", image.GUID(head[32:48]) != id, e.sequence == 0,
		e.length == 0, e.length%page != 0, e.length > r.length, descriptors > e.length,
		e.tail%page != 0, e.tail >= r.length, e.flushed < 0, e.last < 0, e.last > maxEnd:
		return e, false, nil
	}
	if ok, err := sumMatches(r, e, le.Uint32(head[4:])); err != nil || !ok {
		return e, false, err
	}
	e.patches, ok, err = readPatches(r, e, count, descriptors)
	return e, ok, err
}

// sumMatches reads the whole entry in pieces.
func sumMatches(r ring, e logEntry, want uint32) (bool, error) {
	buf := make([]byte, min(e.length, 256<<10))
	var sum uint32
	for at := int64(0); at < e.length; at += int64(len(buf)) {
		p := buf[:min(int64(len(buf)), e.length-at)]
		if err := r.read(p, e.pos+at); err != nil {
			return false, err
		}
		if at == 0 {
			clear(p[4:8])
		}
		sum = crc32.Update(sum, castagnoli, p)
	}
	return sum == want, nil
}

func readPatches(r ring, e logEntry, count, descriptors int64) ([]patch, bool, error) {
	raw := make([]byte, count*descriptorSize)
	if err := r.read(raw, e.pos+entryHead); err != nil {
		return nil, false, err
	}
	patches := make([]patch, 0, count)
	next := descriptors // where the entry has its next data sector
	for ; len(raw) > 0; raw = raw[descriptorSize:] {
		at := le.Uint64(raw[16:])
		if le.Uint64(raw[24:]) != e.sequence || at%page != 0 || at > maxEnd {
			return nil, false, nil
		}
		p := patch{at: int64(at), length: page}
		switch string(raw[:4]) {
		case "zero":
			n := le.Uint64(raw[8:])
			if n%page != 0 || n > maxEnd {
				return nil, false, nil
			}
			p.length = int64(n)
		case "desc":
			if next+page > e.length {
				return nil, false, nil
			}
			p.data, p.trail, p.lead, p.pos = true, [4]byte(raw[4:8]), [8]byte(raw[8:16]), (e.pos+next)%r.length
			ok, err := dataSector(r, p.pos, e.sequence)
			if err != nil || !ok {
				return nil, false, err
			}
			next += page
		default:
			return nil, false, nil
		}
		patches = append(patches, p)
	}
	return patches, true, nil
}

// dataSector says whether the sector at pos belongs to the entry with sequence.
func dataSector(r ring, pos int64, sequence uint64) (bool, error) {
	p := make([]byte, page)
	if err := r.read(p, pos); err != nil {
		return false, err
	}
	return string(p[:4]) == "data" && uint64(le.Uint32(p[4:]))<<32|uint64(le.Uint32(p[page-4:])) == sequence, nil
}

// content is the page that a data patch writes.
func (p patch) content(r ring) ([]byte, error) {
	out := make([]byte, page)
	if err := r.read(out, p.pos); err != nil {
		return nil, err
	}
	copy(out, p.lead[:])
	copy(out[page-4:], p.trail[:])
	return out, nil
}

// write is one page that an entry is to change.
type write struct {
	at   int64
	page []byte
}

// encodeEntry makes an entry of data sectors.
func encodeEntry(id image.GUID, sequence uint64, tail, flushed, last int64, writes []write) []byte {
	descriptors := roundUp(int64(entryHead+len(writes)*descriptorSize), page)
	out := make([]byte, descriptors+int64(len(writes))*page)
	copy(out, "loge")
	le.PutUint32(out[8:], uint32(len(out)))
	le.PutUint32(out[12:], uint32(tail))
	le.PutUint64(out[16:], sequence)
	le.PutUint32(out[24:], uint32(len(writes)))
	copy(out[32:], id[:])
	le.PutUint64(out[48:], uint64(flushed))
	le.PutUint64(out[56:], uint64(last))
	for i, w := range writes {
		d := out[entryHead+i*descriptorSize:]
		copy(d, "desc")
		copy(d[4:], w.page[page-4:])
		copy(d[8:], w.page[:8])
		le.PutUint64(d[16:], uint64(w.at))
		le.PutUint64(d[24:], sequence)
		s := out[descriptors+int64(i)*page:]
		copy(s, "data")
		le.PutUint32(s[4:], uint32(sequence>>32))
		copy(s[8:page-4], w.page[8:page-4])
		le.PutUint32(s[page-4:], uint32(sequence))
	}
	seal(out)
	return out
}
