package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
)

// Sum is the SHA-256 of the whole virtual content in hexadecimal, zeros
// included. What src has not allocated is not read. report may be nil; it is
// called on the caller's goroutine with virtual bytes.
func Sum(ctx context.Context, src Source, report func(done, total int64)) (string, error) {
	extents, err := src.Extents(ctx)
	if err != nil {
		return "", fmt.Errorf("list the allocated ranges: %w", err)
	}
	if err := within(extents, src.Size()); err != nil {
		return "", fmt.Errorf("list the allocated ranges: %w", err)
	}
	extents = Normalize(extents)
	s := summer{src: src, hash: sha256.New(), report: report, piece: make([]byte, defaultPiece)}
	for _, st := range stepsOf(extents, holes(extents, src.Size())) {
		if err := s.add(ctx, st); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(s.hash.Sum(nil)), nil
}

// zeroPage is hashed for runs of zeros; small enough to stay in the cache.
var zeroPage [64 << 10]byte

type summer struct {
	src    Source
	hash   hash.Hash
	report func(done, total int64)
	piece  []byte
	done   int64
}

func (s *summer) add(ctx context.Context, st step) error {
	for off := st.Off; off < st.End(); {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(st.End()-off, int64(len(s.piece)))
		if st.clear {
			s.addZeros(n)
		} else {
			p := s.piece[:n]
			if err := s.src.ReadAt(ctx, p, off); err != nil {
				return fmt.Errorf("read %d bytes at %d: %w", n, off, err)
			}
			s.hash.Write(p)
		}
		off += n
		s.done += n
		if s.report != nil {
			s.report(s.done, s.src.Size())
		}
	}
	return nil
}

func (s *summer) addZeros(n int64) {
	for n > 0 {
		k := min(n, int64(len(zeroPage)))
		s.hash.Write(zeroPage[:k])
		n -= k
	}
}
