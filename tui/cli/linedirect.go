package cli

import (
	"context"
	"strconv"
	"strings"

	"failback/engine"
	"failback/tui/ask"
)

// both reports whether the connection brings machines home without Site Recovery, too.
func (l *linePlan) both() bool { return l.s.conn.Direct != nil && l.failback() }

// straight reports whether that was chosen.
func (l *linePlan) straight() bool { return l.failback() && l.o.direct.on }

// onlyStraight reports whether an item that is not ready can come home without Site
// Recovery alone.
func (l *linePlan) onlyStraight(it engine.Item) bool {
	r := it.Ready(engine.ToOnPremises)
	return l.failback() && !r.Ready && !r.CommitFirst && l.inAzure(it)
}

// inAzure reports whether the item could come home without Site Recovery.
func (l *linePlan) inAzure(it engine.Item) bool {
	return l.s.conn.Direct != nil && it.Straight() == ""
}

// goStraight takes the way without Site Recovery and says what is lost with it.
func (l *linePlan) goStraight() {
	l.o.direct.on, l.o.sync, l.o.commitFailover, l.o.threads = true, string(engine.SyncDelta), false, 0
	for _, line := range engine.WhatDirectLoses() {
		l.t.Say("%s", line)
	}
}

// disks asks where the disks go, and what stays in Azure.
func (l *linePlan) disks(ctx context.Context) error {
	d := &l.o.direct
	folder, err := l.t.Text(ctx, "Which folder are the disks written to? One of this machine, or a share of the host.", false)
	if err != nil {
		return err
	}
	d.folder = folder
	if d.hostFolder, err = l.t.Text(ctx, `What does the host call that folder, such as D:\vms? Without an answer it is the same.`, true); err != nil {
		return err
	}
	n, err := l.t.One(ctx, ask.Question{Ask: "Which format?", Choices: []ask.Choice{{Label: "vhdx"}, {Label: "vhd", About: "at most 2040 GiB, and for VMs of generation 1 alone"}}})
	if err != nil {
		return err
	}
	d.format = engine.DiskFormats[n]
	for {
		typed, err := l.t.Text(ctx, "For how many days are the last snapshots kept after the commit? Without an answer none is.", true)
		if err != nil {
			return err
		}
		if typed == "" {
			typed = "0"
		}
		if d.keepDays, err = strconv.Atoi(strings.TrimSpace(typed)); err == nil && d.keepDays >= 0 && d.keepDays <= engine.MostKeepDays {
			break
		}
		l.t.Say("A number of days from 0 to %d, not %q.", engine.MostKeepDays, typed)
	}
	if err := l.limit(ctx); err != nil || !l.o.createVM {
		return err
	}
	d.vswitch, err = l.t.Text(ctx, "Which virtual switch does a VM get that is created? Without an answer the one of before, where that can be read.", true)
	return err
}

// limit asks how fast the disks may be read.
func (l *linePlan) limit(ctx context.Context) error {
	for {
		typed, err := l.t.Text(ctx, "How fast may the disks be read, all together, such as 20MiB/s or 08:00-18:00=5MB/s,50MB/s? Without an answer there is no limit.", true)
		if err != nil {
			return err
		}
		if _, bad := engine.ReadLimit(typed); bad == nil {
			l.o.direct.limit = typed
			return nil
		}
		l.t.Say("A rate, or rates by hours, not %q.", typed)
	}
}
