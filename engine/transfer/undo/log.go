package undo

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"io"
	"sync"
)

// Identity says which disk is being made from which. A SAS is no part of it.
type Identity struct {
	Source string `json:"source"` // with its snapshot
	Target string `json:"target"`
	Size   int64  `json:"size"`
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
)

// record is a header of 32 bytes and data: checksum, kind, length of the data,
// offset, length on the disk. The checksum goes on from that of the record
// before, so that no record of another log can follow.
type record struct {
	kind   kind
	off, n int64
	data   []byte
	at     int64 // where the data are in the log, as scan found them
}

func (r record) encode(chain uint32) (p []byte, next uint32) {
	p = make([]byte, recordHeader, recordHeader+len(r.data))
	p[4] = byte(r.kind)
	binary.BigEndian.PutUint32(p[8:], uint32(len(r.data)))
	binary.BigEndian.PutUint64(p[16:], uint64(r.off))
	binary.BigEndian.PutUint64(p[24:], uint64(r.n))
	p = append(p, r.data...)
	next = crc32.Update(chain, castagnoli, p[4:])
	binary.BigEndian.PutUint32(p, next)
	return p, next
}

// scan calls each with every record up to the first that is not whole, and
// returns where that is.
func scan(f io.ReaderAt, each func(record) error) (end int64, chain uint32, err error) {
	var h [recordHeader]byte
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

// openLog reads a log that must begin with the head of a run.
func openLog(f io.ReaderAt, run string, each func(record) error) (h head, end int64, chain uint32, err error) {
	first := true
	end, chain, err = scan(f, func(r record) error {
		if !first {
			return each(r)
		}
		first = false
		if r.kind != kindHead || json.Unmarshal(r.data, &h) != nil || h.Run != run || h.Length < 0 {
			return ErrLog
		}
		return nil
	})
	if err == nil && first {
		err = ErrLog
	}
	return h, end, chain, err
}

// appender adds records; several goroutines share one flush.
type appender struct {
	file File

	mu    sync.Mutex
	end   int64
	chain uint32

	flush  sync.Mutex
	synced int64
}

func (a *appender) add(r record) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	p, next := r.encode(a.chain)
	if _, err := a.file.WriteAt(p, a.end); err != nil {
		return err
	}
	a.end, a.chain = a.end+int64(len(p)), next
	return nil
}

// commit returns when everything added so far is on stable storage.
func (a *appender) commit() error {
	a.mu.Lock()
	upTo := a.end
	a.mu.Unlock()
	a.flush.Lock()
	defer a.flush.Unlock()
	if a.synced >= upTo {
		return nil
	}
	a.mu.Lock()
	upTo = a.end
	a.mu.Unlock()
	if err := a.file.Sync(); err != nil {
		return err
	}
	a.synced = upTo
	return nil
}
