package diskcopy

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"failback/engine"
	"failback/engine/move"
	"failback/engine/transfer/merkle"
	"failback/engine/transfer/undo"
)

// plan is how a copy finds out what travels.
type plan struct {
	way  move.Way
	want *merkle.Manifest // of the source, made beside it
	// have is what the target is said to have; nil where that is not said.
	have     *merkle.Manifest
	snapshot string // that changes are counted from
}

// text is the plan as a resume has to find it again.
func (p plan) text() string {
	switch p.way {
	case move.WayManifest:
		return string(p.way) + " " + p.want.Root().String()
	case move.WayChanges:
		return string(p.way) + " " + p.snapshot
	case move.WayFull, move.WayCompare:
	}
	return string(p.way)
}

// planFor reads what the order names.
func planFor(o move.Order, b begun, src *source) (plan, error) {
	if b.writing() && o.Mode == "" {
		if way, _, _ := strings.Cut(b.identity.Plan, " "); way == string(move.WayFull) || way == string(move.WayCompare) {
			return plan{way: move.Way(way)}, nil
		}
	}
	if b.fresh() || o.Mode == move.Full {
		return plan{way: move.WayFull}, nil
	}
	var p plan
	var err error
	isManifest := false
	if o.Base != "" {
		if isManifest, err = exists(o.Base); err != nil {
			return p, err
		}
	}
	switch {
	case o.Manifest != "":
		return planByManifest(o, isManifest, src)
	case o.Base == "":
		return plan{way: move.WayCompare}, nil
	case isManifest:
		return p, engine.Usagef("make the source's with failback disk hash beside it, and name it with --manifest",
			"--base %s is a manifest, and there is none of the source to hold it against", o.Base)
	case src.changes == nil:
		return p, engine.Usagef("name a manifest's file, or leave --base out to compare", "--base %s is no file, and the source keeps no list of changes", o.Base)
	}
	p = plan{way: move.WayChanges, snapshot: o.Base}
	if b.status.State == undo.Consistent && b.status.Snapshot != o.Base {
		return p, engine.Refuse("copy the disk", o.Target, fmt.Sprintf("it is consistent with %s, not with %s", b.status.Snapshot, o.Base),
			"name that with --base, or leave --base out to compare")
	}
	return p, nil
}

func planByManifest(o move.Order, baseIsManifest bool, src *source) (plan, error) {
	p := plan{way: move.WayManifest}
	var err error
	if p.want, err = readManifest(o.Manifest); err != nil {
		return p, failed(err, "read --manifest", o.Manifest)
	}
	if p.want.Size() != src.Size() {
		return p, engine.Usagef("make it anew with failback disk hash", "--manifest %s is of a disk of %d bytes, the source has %d", o.Manifest, p.want.Size(), src.Size())
	}
	if o.Base == "" {
		return p, nil
	}
	if !baseIsManifest {
		return p, engine.Usagef("name the file of the target's manifest, or leave --base out to read the target", "--base %s: no such file", o.Base)
	}
	if p.have, err = readManifest(o.Base); err != nil {
		return p, failed(err, "read --base", o.Base)
	}
	if p.have.Size() != src.Size() {
		return p, engine.Usagef("name the manifest of what the target has", "--base %s is of a disk of %d bytes, the source has %d", o.Base, p.have.Size(), src.Size())
	}
	return p, nil
}

// baseOf is the manifest of what a target has before changes are applied to it: the
// one that is there, or one that is made of it now.
func (c *copying) baseOf(ctx context.Context, keep func(int64) bool) (*merkle.Manifest, error) {
	if c.plan.have != nil {
		return c.plan.have, nil
	}
	if base := c.base; base != nil {
		c.base = nil // it becomes the new one
		return base, nil
	}
	return c.hash(ctx, move.StageLook, before{c.target}, keep)
}

// manifestBeside is the one beside the target, nil where there is none that is whole
// and of such a disk.
func (c *copying) manifestBeside() (*merkle.Manifest, error) {
	m, err := readManifest(c.begun.names.manifest())
	switch {
	case err == nil && m.Size() == c.src.Size():
		return m, nil
	case err == nil, gone(err) == nil, errors.Is(err, merkle.ErrManifest):
		return nil, nil
	}
	return nil, err
}

// before is a target as it was before the first write.
type before struct{ *target }

func (b before) Size() int64 { return b.file.Image.Size() }

func (b before) Extents(ctx context.Context) ([]extent, error) { return b.file.Extents(ctx) }

func (b before) ReadAt(ctx context.Context, p []byte, off int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	read := b.file.ReadAt
	if b.Resumed() {
		read = b.ReadBefore
	}
	n, err := read(p, off)
	if n == len(p) {
		return nil
	}
	return fmt.Errorf("%d of %d bytes: %w", n, len(p), err)
}
