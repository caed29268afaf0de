package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"

	"failback/engine/transfer/merkle"
)

// Sampled is what [Sample] has seen.
type Sampled struct {
	Blocks, Bytes int64
	Differs       []Extent
}

// Sample compares blocks of 1 MiB that a list of changes leaves out, chosen at
// random: about share of them, one at least where there is one. A list that is
// short of a change shows there, sooner or later; what is outside the list and
// the sample is believed. Where src has nothing allocated, only dst is read.
func Sample(ctx context.Context, src Source, ch Changes, dst io.ReaderAt, share float64, rnd *rand.Rand) (Sampled, error) {
	var s Sampled
	extents, err := src.Extents(ctx)
	if err != nil {
		return s, fmt.Errorf("list the allocated ranges: %w", err)
	}
	if err := CheckList(extents, src.Size()); err != nil {
		return s, fmt.Errorf("list the allocated ranges: %w", err)
	}
	extents = Normalize(extents)
	pair := &[2][merkle.Block]byte{}
	outside := holes(Normalize(append(append([]Extent(nil), ch.Updated...), ch.Cleared...)), src.Size())
	for _, block := range chooseBlocks(outside, share, rnd) {
		for _, part := range intersect(outside, []Extent{block}) {
			same, err := samePart(ctx, src, intersect(extents, []Extent{part}), dst, part, pair)
			if err != nil {
				return s, err
			}
			if !same {
				s.Differs = append(s.Differs, part)
			}
			s.Bytes += part.Len
		}
		s.Blocks++
	}
	return s, nil
}

// chooseBlocks are blocks that have something of the extents, in ascending
// order. It walks block numbers in random strides, so that a disk of any size
// costs what is chosen.
func chooseBlocks(extents []Extent, share float64, rnd *rand.Rand) []Extent {
	if len(extents) == 0 || share <= 0 {
		return nil
	}
	total := bytesOf(extents)
	stride := int64(float64(merkle.Block) / min(share, 1))
	var out []Extent
	last := int64(-1)
	// at counts bytes of the extents only.
	for at, i, passed := rnd.Int64N(min(stride, total)), 0, int64(0); at < total; at += max(1, stride/2+rnd.Int64N(stride)) {
		for at-passed >= extents[i].Len {
			passed += extents[i].Len
			i++
		}
		if block := (extents[i].Off + at - passed) / merkle.Block; block > last {
			last = block
			out = append(out, Extent{Off: block * merkle.Block, Len: merkle.Block})
		}
	}
	return out
}

// samePart compares a part of one block in the memory of pair; extents are what src
// has of it.
func samePart(ctx context.Context, src Source, extents []Extent, dst io.ReaderAt, part Extent, pair *[2][merkle.Block]byte) (bool, error) {
	want, have := pair[0][:part.Len], pair[1][:part.Len]
	clear(want) // what src has not is zeros, and so is what dst ends before
	clear(have)
	for _, e := range extents {
		if err := readSource(ctx, src, want[e.Off-part.Off:][:e.Len], e.Off); err != nil {
			return false, fmt.Errorf("read %d bytes at %d of the source: %w", e.Len, e.Off, err)
		}
	}
	if n, err := dst.ReadAt(have, part.Off); n < len(have) && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("read %d bytes at %d of the target: %w", part.Len, part.Off, err)
	}
	return bytes.Equal(want, have), nil
}

func readSource(ctx context.Context, src Source, p []byte, off int64) error {
	r, ok := src.(Ranger)
	if !ok {
		return src.ReadAt(ctx, p, off)
	}
	body, err := r.ReadRange(ctx, off, int64(len(p)))
	if err != nil {
		return err
	}
	_, err = io.ReadFull(body, p)
	return errors.Join(err, body.Close())
}
