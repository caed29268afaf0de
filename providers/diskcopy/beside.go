package diskcopy

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"failback/engine/transfer/merkle"
	"failback/engine/transfer/undo"
)

// beside are the names of what lies beside a disk.
type beside struct{ target string }

func (b beside) state() string    { return b.target + ".failback-state" }
func (b beside) log() string      { return b.target + ".failback-undo" }
func (b beside) fresh() string    { return b.target + ".failback-new" }
func (b beside) limit() string    { return b.target + ".failback-limit" }
func (b beside) manifest() string { return b.target + ".manifest" }

// draft is the manifest before it has its place. Only who has the target open writes it,
// so one that was left behind is overwritten by the next and needs no name of its own.
func (b beside) draft() string { return b.target + ".failback-manifest" }

// notes are the open files of a state and an undo log.
type notes struct{ state, log *os.File }

func (n notes) close() error { return errors.Join(n.state.Close(), n.log.Close()) }

func (n notes) files(disk undo.File) undo.Files {
	return undo.Files{Disk: disk, Sidecar: undo.OSFile{File: n.state}, Log: undo.OSFile{File: n.log}}
}

// open opens both, and makes what is not there.
func (b beside) open() (notes, error) {
	state, err := os.OpenFile(b.state(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return notes{}, err
	}
	log, err := os.OpenFile(b.log(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return notes{}, errors.Join(err, state.Close())
	}
	return notes{state, log}, nil
}

// look says what the disk is without making anything. What is not there says
// nothing.
func (b beside) look() (undo.Status, undo.Identity, error) {
	state, err := os.Open(b.state())
	if errors.Is(err, fs.ErrNotExist) {
		return undo.Status{State: undo.Untouched}, undo.Identity{}, nil
	}
	if err != nil {
		return undo.Status{}, undo.Identity{}, err
	}
	defer func() { _ = state.Close() }()
	log, err := os.Open(b.log())
	if errors.Is(err, fs.ErrNotExist) {
		now, err := undo.ReadStatus(state)
		if err == nil && now.State != undo.Untouched && now.State != undo.Consistent {
			err = undo.ErrLog
		}
		return now, undo.Identity{}, err
	}
	if err != nil {
		return undo.Status{}, undo.Identity{}, err
	}
	defer func() { _ = log.Close() }()
	return undo.Look(state, log)
}

// forget removes the log, the limit and the draft of a manifest, and the state where it says nothing.
func (b beside) forget() error {
	now, _, err := b.look()
	if err != nil {
		return err
	}
	errs := []error{gone(os.Remove(b.log())), gone(os.Remove(b.limit())), gone(os.Remove(b.draft()))}
	if now.State == undo.Untouched && now.Snapshot == "" {
		errs = append(errs, gone(os.Remove(b.state())))
	}
	return errors.Join(errs...)
}

// gone takes a file that is not there for removed.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// writeManifest puts a manifest in its place, whole or not at all.
func writeManifest(path string, m *merkle.Manifest) error {
	return draftManifest(path, m, func() (*os.File, error) {
		return os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	}).settle()
}

// draft is a manifest that is being written beside its place. It ends with settle or
// with drop.
type draft struct {
	path string
	open func() (*os.File, error)
	done chan struct{}
	file string // what it is written to, "" where that could not be made
	err  error
}

// draftManifest begins to write a manifest, which does not change any more, into the
// file that open makes.
func draftManifest(path string, m *merkle.Manifest, open func() (*os.File, error)) *draft {
	d := &draft{path: path, open: open, done: make(chan struct{})}
	go func() {
		defer close(d.done)
		d.err = d.write(m)
	}()
	return d
}

func (d *draft) write(m *merkle.Manifest) error {
	f, err := d.open()
	if err != nil {
		return err
	}
	d.file = f.Name()
	err = m.Encode(f)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// settle puts it in its place, whole and safe, or removes it.
func (d *draft) settle() error {
	<-d.done
	if d.err == nil {
		d.err = os.Rename(d.file, d.path)
	}
	if d.err != nil {
		return errors.Join(d.err, d.drop())
	}
	return syncFolder(d.path)
}

// drop removes it; what has its place already stays.
func (d *draft) drop() error {
	<-d.done
	if d.file == "" {
		return nil
	}
	return gone(os.Remove(d.file))
}

func readManifest(path string) (*merkle.Manifest, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return merkle.Decode(f)
}

// syncFolder makes the names in the folder of path safe, where the system can.
func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	_ = d.Sync() // some systems and file systems can't, and do it by themselves
	return d.Close()
}
