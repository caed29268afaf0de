package journal

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"failback/engine"
)

// Writer appends events to a journal. It implements [engine.Recorder]: Append
// returns only when the line is on disk. It is used by one goroutine at a time,
// by the process that holds the run's lock.
type Writer struct {
	f   *os.File
	sum string
}

// Create makes a new journal; it fails if there is one.
func Create(path string) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	// The run's own folder is as new as the file: its name has to last, too.
	for _, dir := range []string{filepath.Dir(path), filepath.Dir(filepath.Dir(path))} {
		if err := syncDir(dir); err != nil {
			return nil, closeAfter(f, err)
		}
	}
	return &Writer{f: f, sum: firstSum}, nil
}

// Open reads an existing journal, cuts an unfinished last line, and continues
// after it.
func Open(path string) (*Writer, []engine.Event, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	c, err := read(path, f)
	if err != nil {
		return nil, nil, closeAfter(f, err)
	}
	if c.torn > 0 {
		if err := f.Truncate(c.size); err != nil {
			return nil, nil, closeAfter(f, fmt.Errorf("cut the unfinished last line: %w", err))
		}
		if err := f.Sync(); err != nil {
			return nil, nil, closeAfter(f, err)
		}
	}
	if _, err := f.Seek(c.size, io.SeekStart); err != nil {
		return nil, nil, closeAfter(f, err)
	}
	return &Writer{f: f, sum: c.sum}, c.events, nil
}

// Append writes one event and flushes it to disk.
func (w *Writer) Append(e engine.Event) error {
	event, err := json.Marshal(e)
	if err != nil {
		return err
	}
	sum := chain(w.sum, event)
	if len(event)+len(sum)+len(lineHead)+len(lineMid)+len(lineTail) >= maxLine {
		return fmt.Errorf("%s: a fact of %d bytes (%s) could never be read again", w.f.Name(), len(event), e.Type())
	}
	if _, err := w.f.Write(frame(sum, event)); err != nil {
		return fmt.Errorf("%s: %w", w.f.Name(), err)
	}
	if err := w.f.Sync(); err != nil {
		return fmt.Errorf("%s: %w", w.f.Name(), err)
	}
	w.sum = sum
	return nil
}

// Close closes the file; everything appended is on disk already.
func (w *Writer) Close() error { return w.f.Close() }

func closeAfter(f *os.File, err error) error {
	f.Close() //nolint:errcheck // the first error counts
	return err
}
