package vhdx

import (
	"bytes"
	"fmt"

	"failback/providers/disk/image"
)

// header is the part of a file that says which log counts.
type header struct {
	sequence             uint64
	fileWrite, dataWrite image.GUID
	log                  image.GUID // zero: there is nothing to replay
	logAt, logLength     int64
}

// parseHeader reads one of the two headers.
func parseHeader(p []byte) (header, error) {
	if len(p) != page || string(p[:4]) != "head" {
		return header{}, fmt.Errorf("it does not begin as a header")
	}
	if got, want := le.Uint32(p[4:]), sumOf(p); got != want {
		return header{}, fmt.Errorf("its checksum is %#x and should be %#x", got, want)
	}
	h := header{
		sequence: le.Uint64(p[8:]), fileWrite: image.GUID(p[16:32]), dataWrite: image.GUID(p[32:48]), log: image.GUID(p[48:64]),
		logLength: int64(le.Uint32(p[68:])),
	}
	if v := le.Uint16(p[66:]); v != 1 {
		return header{}, fmt.Errorf("it is of version %d, not 1", v)
	}
	if v := le.Uint16(p[64:]); v != 0 && h.log != noGUID {
		return header{}, fmt.Errorf("its log is of version %d, not 0", v)
	}
	at := le.Uint64(p[72:])
	if at > maxEnd || at%mib != 0 || h.logLength%mib != 0 || at < headersEnd && h.logLength > 0 {
		return header{}, fmt.Errorf("it places a log of %d bytes at %d", h.logLength, at)
	}
	h.logAt = int64(at)
	return h, nil
}

func (h header) encode() []byte {
	p := make([]byte, page)
	copy(p, "head")
	le.PutUint64(p[8:], h.sequence)
	copy(p[16:], h.fileWrite[:])
	copy(p[32:], h.dataWrite[:])
	copy(p[48:], h.log[:])
	le.PutUint16(p[66:], 1)
	le.PutUint32(p[68:], uint32(h.logLength))
	le.PutUint64(p[72:], uint64(h.logAt))
	seal(p)
	return p
}

// headers are the two of a file, of which the current one counts.
type headers struct {
	header
	at int64 // where the current one is
}

// currentHeader picks the valid header with the higher sequence number. Two
// that differ and have the same number contradict each other.
func currentHeader(f image.File) (headers, error) {
	var found []headers
	var raw [][]byte
	var why []error
	for _, at := range []int64{header1At, header2At} {
		p := make([]byte, page)
		if err := image.ReadFull(f, p, at); err != nil {
			return headers{}, short("its headers", err)
		}
		h, err := parseHeader(p)
		if err != nil {
			why = append(why, err)
			continue
		}
		found, raw = append(found, headers{h, at}), append(raw, p)
	}
	switch {
	case len(found) == 0:
		return headers{}, image.Damage(fmt.Sprintf("neither header is valid: %v; %v", why[0], why[1]))
	case len(found) == 2 && found[0].sequence == found[1].sequence && !bytes.Equal(raw[0], raw[1]):
		return headers{}, image.Damage("both headers have the same sequence number and differ")
	case len(found) == 2 && found[1].sequence > found[0].sequence:
		return found[1], nil
	}
	return found[0], nil
}

// write puts h into the header that is not current, makes it safe, and it is
// the current one from then on. Torn, it has no checksum and the old one counts.
func (h *headers) write(f image.File, next header) error {
	next.sequence = h.sequence + 1
	at := int64(header1At)
	if h.at == header1At {
		at = header2At
	}
	if _, err := f.WriteAt(next.encode(), at); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	*h = headers{next, at}
	return nil
}

// update writes both headers, one after the other.
func (h *headers) update(f image.File, next header) error {
	if err := h.write(f, next); err != nil {
		return err
	}
	return h.write(f, next)
}

// short says that a file ended, or passes another error on.
func short(what string, err error) error {
	if isShort(err) {
		return image.Damage("the file ends before " + what)
	}
	return fmt.Errorf("read %s: %w", what, err)
}
