package vhdx

import (
	"fmt"
	"io"

	"failback/providers/disk/image"
)

const (
	// maxLog is more than any log that was seen: the usual one has 1 MiB.
	maxLog = 64 << 20
	// maxSearch bounds how often a log may be read through while its entries
	// are looked for; a log of whole entries is read once.
	maxSearch = 64
)

// active finds the entries to be replayed, in order: of all runs of valid
// entries whose sequence numbers count up by one, the one that ends with the
// highest number, from the entry that its last one names as the tail. None are
// found where no entry was ever completed: then nothing was changed either,
// since a change follows its entry.
func active(r ring, id image.GUID) ([]logEntry, error) {
	if r.length > maxLog {
		return nil, &image.Refusal{
			Why: fmt.Sprintf("its log has %d MiB, more than %d", r.length/mib, maxLog/mib), Kind: image.ErrUnsupported,
			Remedy: "mount it once in Windows, which replays the log",
		}
	}
	work := &counted{ReaderAt: r.file}
	r.file = work
	var best []logEntry
	lost := false
	for pos := int64(0); pos < r.length; {
		run, total, err := runAt(r, id, pos)
		if err != nil {
			return nil, err
		}
		if work.bytes > maxSearch*r.length {
			return nil, image.Damage("its log is full of entries that are none")
		}
		live := fromTail(run)
		if live == nil { // nothing here, or a run that began elsewhere
			lost = lost || run != nil
			pos += page
			continue
		}
		if len(best) == 0 || run[len(run)-1].sequence > best[len(best)-1].sequence {
			best = live
		}
		pos += total
	}
	if best == nil && lost {
		return nil, image.Damage("its log has entries, and not the ones before them that belong to them")
	}
	return best, nil
}

// counted is how much was read.
type counted struct {
	io.ReaderAt
	bytes int64
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	c.bytes += int64(len(p))
	return c.ReaderAt.ReadAt(p, off)
}

// runAt collects the entries that follow each other from pos on, and how long
// they are together.
func runAt(r ring, id image.GUID, pos int64) (run []logEntry, total int64, err error) {
	for total < r.length {
		e, ok, err := readEntry(r, id, (pos+total)%r.length)
		if err != nil {
			return nil, 0, err
		}
		if !ok || len(run) > 0 && e.sequence != run[len(run)-1].sequence+1 || total+e.length > r.length {
			break
		}
		run, total = append(run, e), total+e.length
	}
	return run, total, nil
}

// fromTail is the part of a run that its last entry says is not yet in the
// file; nil where the run does not hold that tail.
func fromTail(run []logEntry) []logEntry {
	for i, e := range run {
		if e.pos == run[len(run)-1].tail {
			return run[i:]
		}
	}
	return nil
}
