package diskcopy

import (
	"context"
	"errors"
	"os"
	"time"

	"failback/engine"
	"failback/engine/move"
	"failback/engine/transfer"
	"failback/engine/transfer/merkle"
	"failback/engine/transfer/pace"
	"failback/providers/disk"
	"failback/providers/disk/image"
)

const rawFormat = image.Raw

func isInUse(err error) bool { return errors.Is(err, image.ErrInUse) }

// Hash makes the manifest of a disk, to be run beside it. It reads what is
// allocated once.
func (d *Disks) Hash(ctx context.Context, o move.HashOrder, report func(move.Progress)) (move.Hashed, error) {
	out := move.Hashed{Source: o.Source, Manifest: o.To}
	if out.Manifest == "" {
		if remote(o.Source) || managed(o.Source) {
			return out, engine.Usagef("name the file with --to", "%s is no file that a manifest could lie beside", o.Source)
		}
		out.Manifest = beside{o.Source}.manifest()
	}
	all, against, err := cells(o)
	if err != nil {
		return out, err
	}
	src, err := d.openSource(ctx, o.Source, o.Snapshot, out.Manifest, o.Secret)
	if err != nil {
		return out, err
	}
	begun := time.Now()
	part, leave := share(o)
	defer leave()
	opt := transfer.Options{Share: part, Renew: src.renew, Brakes: &pace.Brakes{}, Streams: mostStreams, Piece: piece}
	if report != nil {
		opt.Report = reporter(move.StageHash, opt.Brakes, report)
	}
	var m *merkle.Manifest
	if against != nil {
		m, err = transfer.HashAgainst(ctx, src.reading(), against, opt)
	} else {
		m, err = transfer.Hash(ctx, src.reading(), func(int64) bool { return all }, opt)
	}
	if err == nil {
		err = src.unchanged()
	}
	if err == nil && src.finished != nil {
		err = src.finished(ctx)
	}
	if err = errors.Join(err, src.close()); err != nil {
		return out, failed(err, "hash the disk", o.Source)
	}
	out.Size, out.Root, out.Cells, out.Seconds = m.Size(), m.Root().String(), all || against != nil, time.Since(begun).Seconds()
	return out, failed(writeManifest(out.Manifest, m), "write the manifest", out.Manifest)
}

// cells says which cells are kept: all, those that are not in another manifest, or
// none.
func cells(o move.HashOrder) (all bool, against *merkle.Manifest, err error) {
	if o.Cells && o.Against != "" {
		return false, nil, engine.Usagef("give one of them", "--cells keeps all sums, and --against only some")
	}
	if o.Against != "" {
		against, err = readManifest(o.Against)
	}
	return o.Cells, against, failed(err, "read --against", o.Against)
}

// mostDiffers is how many ranges a comparison keeps.
const mostDiffers = 1000

// Verify holds a disk against a manifest: that beside it where none is named. Where
// the disk is itself a manifest, the two are compared and no disk is read.
func (d *Disks) Verify(ctx context.Context, path, manifest string, report func(move.Progress)) (move.Compared, error) {
	out := move.Compared{Disk: path, Manifest: manifest, Differs: []move.Range{}}
	if manifest == "" {
		out.Manifest = beside{path}.manifest()
	}
	want, err := readManifest(out.Manifest)
	if err != nil {
		return out, failed(err, "read the manifest", out.Manifest)
	}
	out.Size, out.Root = want.Size(), want.Root().String()
	var differs []extent
	if d.IsManifest(path) {
		have, err := readManifest(path)
		if err != nil {
			return out, failed(err, "read the manifest", path)
		}
		for _, r := range merkle.Compare(have, want) {
			differs = append(differs, extent(r))
		}
	} else if differs, err = verifyDisk(ctx, path, want, report); err != nil {
		return out, failed(err, "verify the disk", path)
	}
	out.More = max(0, len(differs)-mostDiffers)
	for _, e := range differs[:len(differs)-out.More] {
		out.Differs = append(out.Differs, move.Range{Offset: e.Off, Length: e.Len})
	}
	return out, nil
}

func verifyDisk(ctx context.Context, path string, want *merkle.Manifest, report func(move.Progress)) ([]extent, error) {
	src, err := openFile(path)
	if err != nil {
		return nil, err
	}
	opt := local(transfer.Options{})
	if report != nil {
		opt.Report = reporter(move.StageHash, nil, report)
	}
	differs, err := transfer.Verify(ctx, src, want, opt)
	return differs, errors.Join(err, src.close())
}

// IsManifest says whether a file begins as a manifest does.
func (d *Disks) IsManifest(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	return merkle.Begins(f)
}

// HasManifest says whether a manifest lies beside a disk.
func (d *Disks) HasManifest(path string) bool { return d.IsManifest(beside{path}.manifest()) }

// Check looks for damage in an image, without changing it.
func (d *Disks) Check(path string) (move.Checked, error) {
	out := move.Checked{Path: path, Findings: []move.Finding{}}
	r, err := disk.Check(path)
	if err != nil {
		return out, failed(err, "check the image", path)
	}
	out.Format, out.Size, out.Clean, out.More, out.Unused = string(r.Info.Format), r.Info.Size, r.Clean(), r.Left, r.Unused
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, move.Finding{Severity: string(f.Severity), Where: f.Where, What: f.What})
	}
	return out, nil
}
