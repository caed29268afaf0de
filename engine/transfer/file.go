package transfer

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
)

// FileSource reads a disk of size bytes from a file, which stays the caller's
// to close. Where the file system can tell holes from data, holes are not
// extents; elsewhere the whole file is one extent. The file offset of f is not
// to be relied on meanwhile.
func FileSource(f *os.File, size int64) Source { return &fileSource{file: f, size: size} }

type fileSource struct {
	file *os.File
	size int64
	seek sync.Mutex // looking for holes moves the file offset
}

func (s *fileSource) Size() int64 { return s.size }

func (s *fileSource) Extents(ctx context.Context) ([]Extent, error) {
	s.seek.Lock()
	defer s.seek.Unlock()
	return fileExtents(ctx, s.file, s.size)
}

func (s *fileSource) ReadAt(ctx context.Context, p []byte, off int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	n, err := s.file.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
