package blob

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// MaxSize is the largest page blob there is.
const MaxSize = 8 << 40

// Store is a directory of page blobs. It is safe for concurrent use; one
// process at a time may have a directory open.
type Store struct {
	dir string

	mu    sync.Mutex
	blobs map[string]*Blob
}

// OpenStore opens the store in dir, which is made where it does not exist, and
// clears away what a killed process left half done.
func OpenStore(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the blob store: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("open the blob store: %w", err)
	}
	s := &Store{dir: dir, blobs: map[string]*Blob{}}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if isAside(e.Name()) {
			err = os.RemoveAll(path)
		} else {
			err = s.open(path)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open the blob store: %w", err), s.Close())
		}
	}
	return s, nil
}

func (s *Store) open(path string) error {
	b, err := openBlob(path)
	if err != nil {
		return err
	}
	s.blobs[b.name] = b
	return nil
}

// Close lets go of all files. Blobs of a closed store cannot be used.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for name, b := range s.blobs {
		errs = append(errs, b.close())
		delete(s.blobs, name)
	}
	return errors.Join(errs...)
}

// meta is what a blob's directory says about it.
type meta struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
}

// Create makes an empty blob of size bytes, a multiple of 512. A name in use is
// an error that wraps [ErrExists].
func (s *Store) Create(name string, size int64) (*Blob, error) {
	if size < 0 || size > MaxSize {
		return nil, fmt.Errorf("blob %s of %d bytes: %w", name, size, ErrRange)
	}
	if size%Page != 0 {
		return nil, fmt.Errorf("blob %s of %d bytes: %w", name, size, ErrAlign)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.blobs[name] != nil {
		return nil, fmt.Errorf("blob %s: %w", name, ErrExists)
	}
	path := filepath.Join(s.dir, dirName(name))
	if err := createBlob(path, meta{Name: name, Size: size}); err != nil {
		return nil, fmt.Errorf("create blob %s: %w", name, err)
	}
	b, err := openBlob(path)
	if err != nil {
		return nil, err
	}
	s.blobs[name] = b
	return b, nil
}

// Get finds a blob; every caller gets the same one. A missing one is an error
// that wraps [ErrNotFound].
func (s *Store) Get(name string) (*Blob, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.blobs[name]; b != nil {
		return b, nil
	}
	return nil, fmt.Errorf("blob %s: %w", name, ErrNotFound)
}

// Delete removes a blob with its snapshots. Whoever still holds it gets errors
// that wrap [ErrNotFound].
func (s *Store) Delete(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.blobs[name]
	if b == nil {
		return fmt.Errorf("blob %s: %w", name, ErrNotFound)
	}
	delete(s.blobs, name)
	if err := b.close(); err != nil {
		return fmt.Errorf("delete blob %s: %w", name, err)
	}
	return discard(b.dir)
}

// List is the names of all blobs, sorted.
func (s *Store) List() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]string, 0, len(s.blobs))
	for name := range s.blobs {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// dirName is a name that every file system accepts, whatever the blob is called.
func dirName(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:16])
}

func createBlob(path string, m meta) error {
	aside := filepath.Join(filepath.Dir(path), asideName)
	if err := os.RemoveAll(aside); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(aside, snapsDir), 0o700); err != nil {
		return err
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(aside, metaFile), text, 0o600); err != nil {
		return err
	}
	for _, name := range []string{dataFile, pagesFile} {
		if err := createBitmap(filepath.Join(aside, name), newBitset(0)); err != nil {
			return err
		}
	}
	if err := os.Truncate(filepath.Join(aside, dataFile), m.Size); err != nil {
		return err
	}
	return os.Rename(aside, path)
}

func openBlob(path string) (*Blob, error) {
	text, err := os.ReadFile(filepath.Join(path, metaFile))
	if err != nil {
		return nil, err
	}
	var m meta
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(path, metaFile), err)
	}
	b := &Blob{name: m.Name, dir: path, size: m.Size, revision: rand.Uint64()}
	if b.data, err = openFile(filepath.Join(path, dataFile)); err != nil {
		return nil, err
	}
	if b.alloc, err = openBitmap(filepath.Join(path, pagesFile), m.Size/Page); err != nil {
		return nil, errors.Join(err, b.data.Close())
	}
	if err := b.openSnaps(); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *Blob) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gone = true
	errs := []error{b.data.Close(), b.alloc.file.Close()}
	for _, s := range b.snaps {
		s.gone = true
		errs = append(errs, s.close())
	}
	b.snaps = nil
	return errors.Join(errs...)
}
