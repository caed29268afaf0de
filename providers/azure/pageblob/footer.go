package pageblob

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
)

// footerSize is how long the footer of a VHD is.
const footerSize = 512

// ErrVHD says that a blob is a VHD of a kind that is no disk to copy.
var ErrVHD = errors.New("the blob is a VHD that can't be read as a disk")

// diskSize is the size of the disk in the blob: a fixed VHD's without its footer,
// otherwise all of it. What calls itself a VHD and is not a fixed one of just
// this length is refused: its bytes would be taken for a disk's.
func (b *Blob) diskSize(ctx context.Context) (int64, error) {
	if b.length < footerSize {
		return b.length, nil
	}
	content := b.length - footerSize
	b.size = b.length
	p := make([]byte, footerSize)
	if err := b.readPatiently(ctx, p, content); err != nil {
		return 0, err
	}
	if string(p[:8]) != "conectix" {
		return b.length, nil
	}
	var sum uint32
	for i, c := range p {
		if i < 64 || i >= 68 {
			sum += uint32(c)
		}
	}
	const typeFixed = 2
	switch kind, size := binary.BigEndian.Uint32(p[60:64]), binary.BigEndian.Uint64(p[48:56]); {
	case ^sum != binary.BigEndian.Uint32(p[64:68]):
		return 0, fmt.Errorf("%w: the checksum of its footer is wrong", ErrVHD)
	case kind != typeFixed:
		return 0, fmt.Errorf("%w: it is of type %d, and only a fixed one, type 2, is read", ErrVHD, kind)
	case size != uint64(content):
		return 0, fmt.Errorf("%w: its footer says %d bytes of content, and there are %d", ErrVHD, size, content)
	}
	return content, nil
}
