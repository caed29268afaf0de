package azure

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"

	"failback/engine"
)

// pieceSize is how much is asked for at once. Storage moves a range of up to
// 4 MiB as one piece.
const pieceSize = 4 << 20

// zeros stands for the runs of a disk that hold nothing.
var zeros [pieceSize]byte

// Allocated sums the page ranges of the disk's blob.
func (a *Access) Allocated(ctx context.Context, d engine.Disk) (int64, error) {
	disk, err := a.openDisk(ctx, d, Call{Action: ActionReadDisk, What: "read how much of the Azure disk is used", Where: d.Name})
	if err != nil {
		return 0, err
	}
	extents, err := disk.extents(ctx)
	if err != nil {
		return 0, err
	}
	var n int64
	for _, e := range extents {
		n += e.end - e.start
	}
	return n, nil
}

// DiskSum reads what is allocated, takes the rest as zeros, and sums what a
// guest sees: the footer of a fixed VHD is not part of it. The sum is that of
// one version of the blob, or none at all.
func (a *Access) DiskSum(ctx context.Context, d engine.Disk, report func(done, total int64)) (engine.DiskSum, error) {
	disk, err := a.openDisk(ctx, d, Call{Action: ActionReadDisk, What: "read the Azure disk for its checksum", Where: d.Name})
	if err != nil {
		return engine.DiskSum{}, err
	}
	extents, err := disk.extents(ctx)
	if err != nil {
		return engine.DiskSum{}, err
	}
	total, err := disk.virtualSize(ctx)
	if err != nil {
		return engine.DiskSum{}, err
	}
	s := summing{disk: disk, total: total, sum: sha256.New(), report: report}
	if err := s.whole(ctx, extents); err != nil {
		return engine.DiskSum{}, err
	}
	return engine.DiskSum{Disk: d.Name, Bytes: total, SHA256: hex.EncodeToString(s.sum.Sum(nil)), At: disk.modified}, nil
}

// summing is one walk over a disk from its first byte to its last.
type summing struct {
	disk        *pageDisk
	done, total int64
	sum         hash.Hash
	buf         []byte
	report      func(done, total int64)
}

func (s *summing) whole(ctx context.Context, extents []extent) error {
	for _, e := range extents {
		if err := s.hole(ctx, min(e.start, s.total)); err != nil {
			return err
		}
		if err := s.data(ctx, min(e.end, s.total)); err != nil {
			return err
		}
	}
	return s.hole(ctx, s.total)
}

// hole sums zeros up to end.
func (s *summing) hole(ctx context.Context, end int64) error {
	for s.done < end {
		if err := ctx.Err(); err != nil {
			return s.disk.call.Failure(err)
		}
		s.add(zeros[:min(int64(len(zeros)), end-s.done)])
	}
	return nil
}

// data reads and sums up to end.
func (s *summing) data(ctx context.Context, end int64) error {
	if s.buf == nil {
		s.buf = make([]byte, pieceSize)
	}
	for s.done < end {
		piece := s.buf[:min(int64(len(s.buf)), end-s.done)]
		if err := s.disk.read(ctx, s.done, piece); err != nil {
			return err
		}
		s.add(piece)
	}
	return nil
}

func (s *summing) add(piece []byte) {
	_, _ = s.sum.Write(piece) // a hash never fails
	s.done += int64(len(piece))
	if s.report != nil {
		s.report(s.done, s.total)
	}
}
