package undo

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
)

// Identity says which disk is being made from which. A SAS is no part of it.
type Identity struct {
	Source string `json:"source"` // with its snapshot
	Target string `json:"target"`
	Size   int64  `json:"size"`
	// Fresh says that the target was made for this: it held nothing, so nothing
	// is saved, and taking it back means removing it.
	Fresh bool `json:"fresh,omitempty"`
	// Plan is whatever else must be the same for a resume.
	Plan string `json:"plan,omitempty"`
}

// head is the first record of a log.
type head struct {
	Identity
	Run    string `json:"run"`
	Length int64  `json:"length"` // of the target, before
	Before Status `json:"before"`
}

type kind byte

const (
	kindHead kind = iota + 1
	kindOld       // what was in a place
	kindZero      // zeros were
	kindDone      // a block is on the target, with its sum
)

const (
	recordHeader = 32
	mostRecord   = 16 << 20
	// The log begins with two places that take turns in saying how much of it is
	// safe. Records follow.
	markSize  = 24 // checksum, nothing, sequence, length
	markPlace = 4096
	logStart  = 2 * markPlace
)

// mark says how long the log was at a flush that came to its end. Up to there
// it must be whole for ever; what follows may have been cut by a crash.
type mark struct {
	sequence uint64
	length   int64
}

func (m mark) encode() []byte {
	p := make([]byte, markSize)
	binary.BigEndian.PutUint64(p[8:], m.sequence)
	binary.BigEndian.PutUint64(p[16:], uint64(m.length))
	binary.BigEndian.PutUint32(p, crc32.Checksum(p[8:], castagnoli))
	return p
}

// readMark is the later of the two, the zero mark where there is none.
func readMark(f io.ReaderAt) (best mark) {
	for place := range int64(2) {
		var p [markSize]byte
		if n, _ := f.ReadAt(p[:], place*markPlace); n < len(p) {
			continue
		}
		m := mark{binary.BigEndian.Uint64(p[8:]), int64(binary.BigEndian.Uint64(p[16:]))}
		if crc32.Checksum(p[8:], castagnoli) == binary.BigEndian.Uint32(p[:]) && m.sequence > best.sequence {
			best = m
		}
	}
	return best
}

// record is a header of 32 bytes and data: checksum, kind, length of the data,
// offset, length on the disk. The checksum goes on from that of the record
// before, so that no record of another log can follow.
type record struct {
	kind   kind
	off, n int64
	data   []byte
	at     int64 // where the data are in the log, as scan found them
}

// append adds the record to a log that ends with p, whose last checksum is chain.
func (r record) append(p []byte, chain uint32) (longer []byte, next uint32) {
	var h [recordHeader]byte
	h[4] = byte(r.kind)
	binary.BigEndian.PutUint32(h[8:], uint32(len(r.data)))
	binary.BigEndian.PutUint64(h[16:], uint64(r.off))
	binary.BigEndian.PutUint64(h[24:], uint64(r.n))
	next = crc32.Update(crc32.Update(chain, castagnoli, h[4:]), castagnoli, r.data)
	binary.BigEndian.PutUint32(h[:], next)
	return append(append(p, h[:]...), r.data...), next
}

// scan calls each with every record up to the first that is not whole, and
// returns where that is.
func scan(f io.ReaderAt, each func(record) error) (end int64, chain uint32, err error) {
	var h [recordHeader]byte
	end = logStart
	for {
		if n, _ := f.ReadAt(h[:], end); n < len(h) {
			return end, chain, nil
		}
		n := binary.BigEndian.Uint32(h[8:])
		if n > mostRecord {
			return end, chain, nil
		}
		data := make([]byte, n)
		if got, _ := f.ReadAt(data, end+recordHeader); got < len(data) {
			return end, chain, nil
		}
		next := crc32.Update(crc32.Update(chain, castagnoli, h[4:]), castagnoli, data)
		if next != binary.BigEndian.Uint32(h[:]) {
			return end, chain, nil
		}
		r := record{
			kind: kind(h[4]), data: data, at: end + recordHeader,
			off: int64(binary.BigEndian.Uint64(h[16:])), n: int64(binary.BigEndian.Uint64(h[24:])),
		}
		if r.off < 0 || r.n < 0 || r.kind == kindOld && r.n != int64(n) {
			return end, chain, nil
		}
		if err := each(r); err != nil {
			return end, chain, err
		}
		end, chain = end+recordHeader+int64(n), next
	}
}

// contents is what a log is made of, as far as it is whole.
type contents struct {
	head
	end   int64
	chain uint32
	mark  mark
}

// openLog reads a log that must begin with the head of a run and be whole as
// far as it was ever safe: one that ends before was not cut by a crash, its
// bytes have changed.
func openLog(f io.ReaderAt, run string, each func(record) error) (c contents, err error) {
	c.mark = readMark(f)
	first := true
	c.end, c.chain, err = scan(f, func(r record) error {
		if !first {
			return each(r)
		}
		first = false
		if r.kind != kindHead || json.Unmarshal(r.data, &c.head) != nil || c.Run != run || c.Length < 0 {
			return ErrLog
		}
		return nil
	})
	if err == nil && (first || c.mark.sequence == 0) {
		err = ErrLog
	}
	if err == nil && c.end < c.mark.length {
		err = fmt.Errorf("%w: %d bytes of it were safe, and it is whole only up to byte %d: they have changed since", ErrLog, c.mark.length, c.end)
	}
	return c, err
}

// mostPending is how much of a log is in memory before it is written.
const mostPending = 256 << 10

// appender adds records; several goroutines share one flush.
type appender struct {
	file File

	mu      sync.Mutex
	end     int64
	chain   uint32
	pending []byte // the last bytes before end, not in the file yet

	flush  sync.Mutex
	synced int64
	mark   mark
}

// begin empties the log.
func (a *appender) begin() error {
	if err := a.file.Truncate(0); err != nil {
		return err
	}
	a.end = logStart
	return nil
}

// add appends a record and says where the log ends then. It may be in memory until
// drain or commit.
func (a *appender) add(r record) (end int64, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.pending)+recordHeader+len(r.data) > mostPending {
		if err := a.write(); err != nil {
			return 0, err
		}
	}
	before := len(a.pending)
	a.pending, a.chain = r.append(a.pending, a.chain)
	a.end += int64(len(a.pending) - before)
	return a.end, nil
}

// write puts into the file what is pending.
func (a *appender) write() error {
	if len(a.pending) == 0 {
		return nil
	}
	if _, err := a.file.WriteAt(a.pending, a.end-int64(len(a.pending))); err != nil {
		return err
	}
	a.pending = a.pending[:0]
	return nil
}

// drain returns when all records are in the file, safe or not, and says where it
// ends.
func (a *appender) drain() (end int64, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.end, a.write()
}

// commit returns when the log up to a place is on stable storage, and says so
// itself: that it was is flushed too, before anybody acts upon it.
func (a *appender) commit(upTo int64) error {
	a.flush.Lock()
	defer a.flush.Unlock()
	if a.synced >= upTo {
		return nil
	}
	end, err := a.drain()
	if err != nil {
		return err
	}
	if err := a.file.Sync(); err != nil {
		return err
	}
	a.mark = mark{a.mark.sequence + 1, end}
	if _, err := a.file.WriteAt(a.mark.encode(), int64(a.mark.sequence%2)*markPlace); err != nil {
		return err
	}
	if err := a.file.Sync(); err != nil {
		return err
	}
	a.synced = end
	return nil
}

// all is where the log ends now.
func (a *appender) all() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.end
}
