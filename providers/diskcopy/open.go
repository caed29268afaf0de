package diskcopy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"failback/engine"
	"failback/engine/move"
	"failback/engine/transfer/undo"
	"failback/providers/disk"
	"failback/providers/disk/image"
)

// settle gives a new disk that is whole its name. A file of that name that came
// meanwhile stays.
func settle(names beside) error {
	if there, err := exists(names.target); err != nil || there {
		return errors.Join(err, fmt.Errorf("the disk is whole, and %s is there by now; it stays as %s", names.target, names.fresh()))
	}
	if err := os.Rename(names.fresh(), names.target); err != nil {
		return err
	}
	return syncFolder(names.target)
}

// begun is where a target stands before a copy.
type begun struct {
	names    beside
	status   undo.Status
	identity undo.Identity // of what is being written
	there    bool          // the target
	half     bool          // a new target that is not whole
}

func stand(target string) (begun, error) {
	path, err := filepath.Abs(target)
	if err != nil {
		return begun{}, err
	}
	b := begun{names: beside{path}}
	if b.status, b.identity, err = b.names.look(); err != nil {
		return b, err
	}
	if b.there, err = exists(path); err != nil {
		return b, err
	}
	b.half, err = exists(b.names.fresh())
	return b, err
}

func (b begun) writing() bool { return b.status.State == undo.Writing }

// whole says that a new disk had got its name, and only that it is whole was not
// said yet.
func (b begun) whole() bool { return b.writing() && b.identity.Fresh && !b.half && b.there }

// fresh says whether the target is to be made.
func (b begun) fresh() bool { return !b.there || b.writing() && b.identity.Fresh }

// check refuses orders that do not fit what is there.
func (b begun) check(o move.Order) error {
	if b.status.State == undo.Restoring {
		return undo.ErrRestoring
	}
	if o.Mode == move.Full && (o.Base != "" || o.Manifest != "") {
		return engine.Usagef("write --mode delta, or leave them out", "--base and --manifest are for what differs, and --mode is full")
	}
	if b.writing() {
		return nil // the plan of what was begun decides
	}
	switch {
	case b.there && o.Mode == "":
		return engine.Usagef("write --mode delta to bring it up to date, or --mode full to overwrite it; both can be taken back until they are done",
			"%s is there already", o.Target)
	case !b.there && o.Mode == move.Delta:
		return engine.Usagef("leave --mode out, or name the old copy", "--mode delta is for a target that is there, and %s is not", o.Target)
	case b.there && o.Format != "":
		return engine.Usagef("leave --format out", "--format is for a new target, and %s is there already", o.Target)
	}
	return nil
}

// openTarget opens the image, made where it is new.
func (b begun) openTarget(ctx context.Context, o move.Order, src *source) (image.Image, error) {
	path := b.names.target
	if !b.fresh() || b.whole() {
		return disk.Update(path)
	}
	format, err := formatOf(o.Target, o.Format)
	if err != nil {
		return nil, err
	}
	path = b.names.fresh()
	if b.writing() && b.half {
		return disk.OpenAs(path, format, true)
	}
	if b.half { // a start that came to nothing: no byte of the disk is in it
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	data, err := src.Extents(ctx)
	if err != nil {
		return nil, err
	}
	return disk.Create(path, disk.Options{
		Format: format, Size: src.Size(), SectorSize: src.sector, Sparse: format == image.Raw, Data: data,
	})
}

// take begins, or goes on with, writing an image.
func (b begun) take(img image.Image, src *source, plan string) (*target, error) {
	n, err := b.names.open()
	if err != nil {
		return nil, err
	}
	t := &target{file: imageFile{img, &atomic.Bool{}}, notes: n, names: b.names, fresh: b.fresh() && !b.whole(), path: b.names.target}
	if t.fresh {
		t.path = b.names.fresh()
	}
	id := undo.Identity{Source: src.identity, Target: b.names.target, Size: src.Size(), Fresh: b.fresh(), Plan: plan}
	if t.Disk, err = undo.Begin(n.files(t.file), id); err != nil {
		if errors.Is(err, undo.ErrIdentity) {
			err = fmt.Errorf("%w: it is being made %s from %s", undo.ErrIdentity, planWords(b.identity.Plan), b.identity.Source)
		}
		return nil, errors.Join(err, n.close())
	}
	return t, nil
}

func planWords(plan string) string {
	way, rest, _ := strings.Cut(plan, " ")
	return strings.TrimSpace(move.Way(way).Words() + " " + rest)
}
