package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"failback/providers/lab/blob"
	"failback/providers/lab/storage"
)

// contender is one way of doing the same.
type contender struct {
	name  string
	to    string // the file that it makes, which is removed before each round
	stdin string
	args  []string
	ready func() error // before each round
}

// race has all contenders do the same in turns: a busy moment is one for all. What
// is not installed is left out.
func (b *bench) race(ctx context.Context, contenders []contender) ([]contender, map[string][]run1, error) {
	contenders = slices.DeleteFunc(contenders, func(c contender) bool {
		_, err := exec.LookPath(c.args[0])
		return err != nil
	})
	took := map[string][]run1{}
	for round := range b.rounds {
		for i := range contenders {
			c := contenders[(i+round)%len(contenders)]
			if c.ready != nil {
				if err := c.ready(); err != nil {
					return nil, nil, err
				}
			}
			b.say("round %d of %d: %s", round+1, b.rounds, c.name)
			r, err := b.time1(ctx, c.to, c.stdin, c.args...)
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", c.name, err)
			}
			took[c.name] = append(took[c.name], r)
		}
	}
	return contenders, took, nil
}

func median[T any](all []T, less func(a, b T) int) T {
	all = slices.Clone(all)
	slices.SortFunc(all, less)
	return all[len(all)/2]
}

func byWall(a, b run1) int { return int(a.wall - b.wall) }

// clean removes a target with all that lies beside it.
func clean(target string) func() error {
	return func() error {
		found, err := filepath.Glob(target + "*")
		for _, f := range found {
			err = errors.Join(err, os.RemoveAll(f))
		}
		return err
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
func megabytes(n int64) string       { return fmt.Sprintf("%.0f MB", float64(n)/1e6) }
func mebibytes(n int64) string       { return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20)) }

// copyTo are the arguments of a copy of a blob by this program.
func (b *bench) copyTo(name, target string, more ...string) []string {
	return append([]string{b.program, "disk", "copy", b.address(name), target, "--sas-file", "-", "--plain"}, more...)
}

// pull is a full pull of the disk, safe on the disk at the end.
func (b *bench) pull(ctx context.Context) (table, error) {
	d, n, err := b.fill("pull.vhd", diskSize)
	if err != nil {
		return table{}, err
	}
	sig, err := b.signature()
	if err != nil {
		return table{}, err
	}
	bytes, target := filepath.Join(b.dir, "bytes"), filepath.Join(b.dir, "pulled")
	if err := data(bytes, d); err != nil {
		return table{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return table{}, err
	}
	read, write := "read and thrown away", "written and flushed by dd"
	list, took, err := b.race(ctx, []contender{
		{name: read, args: []string{self, discardWord, b.address("pull.vhd") + "?" + sig}},
		{name: write, to: target, ready: clean(target), args: []string{"dd", "if=" + bytes, "of=" + target, "bs=4M", "conv=fsync"}},
		{name: "failback disk copy --no-reread", to: target + ".raw", stdin: sig, ready: clean(target), args: b.copyTo("pull.vhd", target+".raw", "--no-reread")},
		{name: "failback disk copy", to: target + ".raw", stdin: sig, ready: clean(target), args: b.copyTo("pull.vhd", target+".raw")},
		{name: "rclone", to: target, ready: clean(target), args: []string{"rclone", "copyto", ":azureblob:" + container + "/pull.vhd", target, "--config", os.DevNull, "--azureblob-sas-url", b.base + "/bench/" + container + "?" + sig}},
		{name: "AzCopy", to: target, ready: clean(target), args: []string{"azcopy", "copy", b.address("pull.vhd") + "?" + sig, target, "--from-to", "BlobLocal", "--skip-version-check", "--output-level", "quiet"}},
	})
	if err != nil {
		return table{}, err
	}
	var floors []run1
	for i := range took[read] {
		floors = append(floors, run1{wall: took[read][i].wall + took[write][i].wall})
	}
	floor := median(floors, byWall).wall
	t := table{title: fmt.Sprintf("Full pull of 2 GiB, %s in %d extents, durable", megabytes(n), len(runs())+1),
		heads: []string{"", "time", "against the floor", "processor", "peak memory", "on the wire"}}
	t.rows = append(t.rows, []string{"floor: the next two together", seconds(floor), "1", "", "", ""})
	for _, c := range list {
		m := median(took[c.name], byWall)
		t.rows = append(t.rows, []string{c.name, seconds(m.wall), fmt.Sprintf("%.2f", float64(m.wall)/float64(floor)), seconds(m.cpu), mebibytes(m.peak), megabytes(m.wire)})
	}
	return t, clean(target)()
}

// vhdx is the same into a dynamic VHDX, and what QEMU takes to convert the disk.
func (b *bench) vhdx(ctx context.Context) (table, error) {
	if _, _, err := b.fill("vhdx.vhd", diskSize); err != nil {
		return table{}, err
	}
	sig, err := b.signature()
	if err != nil {
		return table{}, err
	}
	target := filepath.Join(b.dir, "into")
	raw, vhdx := "into a raw file", "into a dynamic VHDX"
	list, took, err := b.race(ctx, []contender{
		{name: raw, to: target + ".raw", stdin: sig, ready: clean(target), args: b.copyTo("vhdx.vhd", target+".raw", "--no-reread")},
		{name: vhdx, to: target + ".vhdx", stdin: sig, ready: clean(target), args: b.copyTo("vhdx.vhd", target+".vhdx", "--no-reread")},
	})
	if err != nil {
		return table{}, err
	}
	t := table{title: "The same disk by format", heads: []string{"failback disk copy --no-reread", "time", "against the raw file"}}
	floor := median(took[raw], byWall).wall
	for _, c := range list {
		m := median(took[c.name], byWall)
		t.rows = append(t.rows, []string{c.name, seconds(m.wall), fmt.Sprintf("%.2f", float64(m.wall)/float64(floor))})
	}
	return t, clean(target)()
}

const scattered = 5242 // pages of 4 KiB: 1 % of 2 GiB

// scatter changes pages of a disk at random within its first 2 GiB.
func scatter(w io.WriterAt, seed uint64) error {
	rnd, p := rand.New(rand.NewPCG(seed, 4096)), make([]byte, 4096)
	for range scattered {
		for i := range p {
			p[i] = byte(rnd.Uint32())
		}
		if _, err := w.WriteAt(p, rnd.Int64N(diskSize/4096)*4096); err != nil {
			return err
		}
	}
	return nil
}

// changes brings a copy of one snapshot to the next, of disks of three sizes, with a
// server that limits and one that does not.
func (b *bench) changes(ctx context.Context) (table, error) {
	t := table{title: "1 % of 2 GiB changed in scattered 4 KiB, by change list",
		heads: []string{"disk", "server", "time", "processor", "requests", "read", "the floor of these requests and bytes"}}
	sig, err := b.signature()
	if err != nil {
		return t, err
	}
	for _, size := range []int64{diskSize, 200 << 30, 4 << 40} {
		name := fmt.Sprintf("changes-%d.vhd", size>>30)
		d, _, err := b.fill(name, size)
		if err != nil {
			return t, err
		}
		for _, limits := range []storage.Limits{{}, {Bytes: 60 << 20, Requests: 500}} {
			row, err := b.changesOf(ctx, d, name, size, limits, sig)
			b.limits.Store(&storage.Limits{})
			if err != nil {
				return t, err
			}
			t.rows = append(t.rows, row)
		}
	}
	return t, nil
}

func (b *bench) changesOf(ctx context.Context, d *blob.Blob, name string, size int64, limits storage.Limits, sig string) ([]string, error) {
	target := filepath.Join(b.dir, "changed.vhdx")
	defer func() { _ = clean(target)() }()
	older, err := d.Snapshot(time.Now())
	if err != nil {
		return nil, err
	}
	if _, err := b.time1(ctx, "", sig, b.copyTo(name, target, "--snapshot", older)...); err != nil {
		return nil, err
	}
	var all []run1
	for round := range b.rounds {
		if err := scatter(d, uint64(round)); err != nil {
			return nil, err
		}
		newer, err := d.Snapshot(time.Now())
		if err != nil {
			return nil, err
		}
		b.limits.Store(&limits)
		b.say("round %d of %d: changes of %d GiB, limits %v", round+1, b.rounds, size>>30, limits)
		r, err := b.time1(ctx, target, sig, b.copyTo(name, target, "--snapshot", newer, "--mode", "delta", "--base", older)...)
		b.limits.Store(&storage.Limits{})
		if err != nil {
			return nil, err
		}
		all, older = append(all, r), newer
	}
	m := median(all, byWall)
	words, floor := "no limit", ""
	if limits.Bytes > 0 {
		at := max(float64(m.wire)/float64(limits.Bytes), float64(m.asked)/float64(limits.Requests))
		words, floor = "60 MiB/s, 500 requests/s", fmt.Sprintf("%.2f s: %.2f times", at, m.wall.Seconds()/at)
	}
	return []string{fmt.Sprintf("%d GiB", size>>30), words, seconds(m.wall), seconds(m.cpu), fmt.Sprint(m.asked), megabytes(m.wire), floor}, nil
}

// compare brings an old copy of a local disk up to date by reading both.
func (b *bench) compare(ctx context.Context) (table, error) {
	old, now, target := filepath.Join(b.dir, "old.img"), filepath.Join(b.dir, "now.img"), filepath.Join(b.dir, "target.img")
	if err := b.pair(old, now); err != nil {
		return table{}, err
	}
	again := func() error {
		yesterday := time.Now().AddDate(0, 0, -1) // or rsync may take size and time for enough
		return errors.Join(clean(target)(), clone(old, target), os.Chtimes(target, yesterday, yesterday))
	}
	list, took, err := b.race(ctx, []contender{
		{name: "rsync --inplace --no-whole-file", to: target, ready: again, args: []string{"rsync", "--inplace", "--no-whole-file", now, target}},
		{name: "rsync -B 4096 --inplace --no-whole-file", to: target, ready: again, args: []string{"rsync", "-B", "4096", "--inplace", "--no-whole-file", now, target}},
		{name: "failback disk copy --mode delta --no-reread", to: target, ready: again, args: []string{b.program, "disk", "copy", now, target, "--mode", "delta", "--no-reread"}},
		{name: "failback disk copy --mode delta", to: target, ready: again, args: []string{b.program, "disk", "copy", now, target, "--mode", "delta"}},
	})
	if err != nil {
		return table{}, err
	}
	t := table{title: "The same change by comparing with the old copy, both local, 2 GiB of data each", heads: []string{"", "time", "processor", "both copies scanned at", "peak memory"}}
	for _, c := range list {
		m := median(took[c.name], byWall)
		t.rows = append(t.rows, []string{c.name, seconds(m.wall), seconds(m.cpu), fmt.Sprintf("%.1f GB/s", 2*diskSize/m.wall.Seconds()/1e9), mebibytes(m.peak)})
	}
	return t, errors.Join(clean(target)(), os.Remove(old), os.Remove(now))
}

// pair makes a disk full of data and a changed one.
func (b *bench) pair(old, now string) error {
	f, err := os.Create(old)
	if err != nil {
		return err
	}
	bytes, p := rand.NewChaCha8([32]byte{9}), make([]byte, 8<<20)
	for range diskSize / len(p) {
		_, _ = bytes.Read(p)
		if _, err := f.Write(p); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	if err := errors.Join(f.Sync(), f.Close(), clone(old, now)); err != nil {
		return err
	}
	if f, err = os.OpenFile(now, os.O_RDWR, 0); err != nil {
		return err
	}
	return errors.Join(scatter(f, 1), f.Sync(), f.Close())
}

func clone(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// memory is how much a full pull has at once, of disks of two sizes.
func (b *bench) memory(ctx context.Context) (table, error) {
	t := table{title: "Peak memory of a full pull", heads: []string{"disk", "into", "peak memory", "time"}}
	sig, err := b.signature()
	if err != nil {
		return t, err
	}
	for _, size := range []int64{diskSize, 4 << 40} {
		name := fmt.Sprintf("memory-%d.vhd", size>>30)
		if _, _, err := b.fill(name, size); err != nil {
			return t, err
		}
		for _, ext := range []string{"raw", "vhdx"} {
			target := filepath.Join(b.dir, "memory."+ext)
			list, took, err := b.race(ctx, []contender{{name: ext, to: target, stdin: sig, ready: clean(target), args: b.copyTo(name, target)}})
			if err != nil {
				return t, err
			}
			m := median(took[list[0].name], func(a, b run1) int { return int(a.peak - b.peak) })
			t.rows = append(t.rows, []string{fmt.Sprintf("%d GiB", size>>30), strings.ToUpper(ext), mebibytes(m.peak), seconds(m.wall)})
			if err := clean(target)(); err != nil {
				return t, err
			}
		}
	}
	return t, nil
}
