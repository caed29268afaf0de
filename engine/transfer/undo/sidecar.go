package undo

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"
)

// State is what a disk is, as far as this program has touched it.
type State int

// The states of a disk.
const (
	Unknown    State = iota
	Untouched        // this program has not written to it, or took it all back
	Writing          // half-written: it must not be used
	Restoring        // half-restored: it must not be used
	Consistent       // it is what Snapshot was
)

var stateNames = [...]string{"unknown", "untouched", "being written", "being restored", "consistent"}

func (s State) String() string {
	if s < 0 || int(s) >= len(stateNames) {
		return stateNames[0]
	}
	return stateNames[s]
}

// Status is what the sidecar of a disk says.
type Status struct {
	State    State     `json:"state"`
	Since    time.Time `json:"since"`
	Snapshot string    `json:"snapshot,omitempty"` // where consistent
	Run      string    `json:"run,omitempty"`      // which writing
}

const (
	slotSize   = 4096
	slotHeader = 16 // checksum, length, sequence
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ReadStatus reads a sidecar. An empty one, or one whose first write did not
// come to its end, says untouched.
func ReadStatus(f io.ReaderAt) (Status, error) {
	s, _, err := readStatus(f)
	return s, err
}

func readStatus(f io.ReaderAt) (best Status, sequence uint64, err error) {
	var buf [2 * slotSize]byte
	n, err := f.ReadAt(buf[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return best, 0, err
	}
	second := false
	for _, b := range buf[slotSize:] {
		second = second || b != 0
	}
	for slot := range 2 {
		if s, seq, ok := decodeSlot(buf[slot*slotSize : (slot+1)*slotSize]); ok && seq > sequence {
			best, sequence = s, seq
		}
	}
	if sequence == 0 {
		if n > 0 && second {
			return best, 0, ErrSidecar
		}
		return Status{State: Untouched}, 0, nil
	}
	return best, sequence, nil
}

func decodeSlot(p []byte) (s Status, seq uint64, ok bool) {
	n := binary.BigEndian.Uint32(p[4:])
	if n > slotSize-slotHeader {
		return s, 0, false
	}
	if crc32.Checksum(p[4:slotHeader+n], castagnoli) != binary.BigEndian.Uint32(p) {
		return s, 0, false
	}
	seq = binary.BigEndian.Uint64(p[8:])
	if seq == 0 || json.Unmarshal(p[slotHeader:slotHeader+n], &s) != nil {
		return s, 0, false
	}
	return s, seq, s.State > Unknown && s.State <= Consistent
}

// writeStatus replaces the older of two slots, so that one is always whole. The
// very first write says untouched.
func writeStatus(f File, s Status) error {
	_, seq, err := readStatus(f)
	if err != nil {
		return err
	}
	if seq == 0 {
		if err := writeSlot(f, Status{State: Untouched, Since: s.Since}, 2); err != nil {
			return err
		}
		seq = 2
	}
	return writeSlot(f, s, seq+1)
}

func writeSlot(f File, s Status, seq uint64) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if len(text) > slotSize-slotHeader {
		return fmt.Errorf("a status of %d bytes", len(text))
	}
	p := make([]byte, slotSize)
	binary.BigEndian.PutUint32(p[4:], uint32(len(text)))
	binary.BigEndian.PutUint64(p[8:], seq)
	copy(p[slotHeader:], text)
	binary.BigEndian.PutUint32(p, crc32.Checksum(p[4:slotHeader+len(text)], castagnoli))
	if _, err := f.WriteAt(p, int64(seq%2)*slotSize); err != nil {
		return err
	}
	return f.Sync()
}
