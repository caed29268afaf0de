//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"failback/engine/move"
)

// incompressible is a disk with data all over.
func incompressible(seed byte, size int) []byte {
	p := make([]byte, size)
	x := uint32(seed) + 1
	for i := range p {
		x = x*1664525 + 1013904223
		p[i] = byte(x >> 24)
	}
	return p
}

// TestS71AKilledCopyGoesOnOrIsTakenBack kills the program with SIGKILL in the middle
// of copying a disk: the target says so, and the same command finishes it with at
// most 64 MiB read again, or it is taken back bit for bit. An interrupt leaves it
// just as well, within a second.
func TestS71AKilledCopyGoesOnOrIsTakenBack(t *testing.T) {
	const size = 160 << 20
	now, old := incompressible(1, size), incompressible(2, size)
	for _, mode := range []move.Mode{"", move.Full} {
		t.Run("mode "+string(mode), func(t *testing.T) {
			t.Parallel()
			c := &crash{t: t, dir: t.TempDir()}
			dir := t.TempDir()
			src, target := filepath.Join(dir, "src.img"), filepath.Join(dir, "target.img")
			write := func(path string, p []byte) {
				if err := os.WriteFile(path, p, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write(src, now)
			args := []string{"disk", "copy", src, target, "--output", "ndjson"}
			if mode != "" {
				write(target, old)
				args = append(args, "--mode", string(mode))
			}
			// reading starts a copy that is slow enough to have a middle, and returns when so
			// much has come.
			reading := func(wanted int64, limit string) *program {
				p := c.begin(append(args, "--limit", limit)...)
				for p.lines.Scan() {
					var l struct {
						Stage move.Stage
						Read  int64
					}
					if err := json.Unmarshal(p.lines.Bytes(), &l); err != nil {
						t.Fatal(err)
					}
					if l.Stage == move.StageCopy && l.Read >= wanted {
						return p
					}
				}
				t.Fatalf("it ended before its middle: %s: %s", p.ended(), &p.said)
				return nil
			}
			flagged := func() {
				t.Helper()
				s := move.Standing{}
				c.answer(&s, "disk", "status", target, "--output", "json")
				if s.State != "being written" {
					t.Fatalf("after the kill: %+v", s)
				}
			}
			const middle = 70 << 20
			reading(middle, "40MiB/s").kill()
			flagged()
			c.answer(&move.TakenBack{}, "disk", "cancel", target, "--output", "json")
			if is, err := os.ReadFile(target); mode == "" && !errors.Is(err, os.ErrNotExist) || mode != "" && !bytes.Equal(is, old) {
				t.Fatalf("taken back: %v, or another disk than before", err)
			}
			reading(middle, "40MiB/s").kill()
			p := reading(1, "30MiB/s")
			asked := time.Now()
			if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			if end := p.ended(); end != "exit status 130" {
				t.Errorf("interrupted, it ended with %s: %s", end, &p.said)
			}
			t.Logf("stable %v after the interrupt", time.Since(asked).Round(time.Millisecond))
			flagged()
			var got move.Copied
			c.answer(&got, append(args[:4:4], append([]string{"--output", "json"}, args[6:]...)...)...)
			if is, err := os.ReadFile(target); err != nil || !bytes.Equal(is, now) || !got.Resumed {
				t.Errorf("gone on with: %+v, %v, or another disk", got, err)
			}
			if got.Proven < middle-64<<20 || got.Read != size-got.Proven {
				t.Errorf("%d bytes were proven, %d were read", got.Proven, got.Read)
			}
		})
	}
}

// answer runs the program to its end and reads what it prints.
func (c *crash) answer(v any, args ...string) {
	c.t.Helper()
	p := c.begin(args...)
	var out bytes.Buffer
	for p.lines.Scan() {
		out.Write(p.lines.Bytes())
	}
	if end := p.ended(); end != "exit status 0" {
		c.t.Fatalf("%v ended with %s: %s", args, end, &p.said)
	}
	if err := json.Unmarshal(out.Bytes(), v); err != nil {
		c.t.Fatalf("%v: %v in %s", args, err, out.Bytes())
	}
}
