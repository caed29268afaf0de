package world

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"failback/engine/transfer"
	"failback/providers/lab/blob"
	"failback/providers/lab/estate"
)

// Remote is a disk in Azure as the agent of a host reads it: a snapshot of a
// page blob, over the storage server's wire.
type Remote interface {
	transfer.Source
	// Changes is what happened to the blob between an older snapshot and this one.
	Changes(ctx context.Context, previous string) (transfer.Changes, error)
}

// Options say how a world is opened.
type Options struct {
	Dir    string        // where it is kept
	Estate estate.Estate // what it is made from, where the directory holds none
	Speed  float64       // above zero: instead of the estate's
}

// World is an open lab. It is safe for concurrent use.
type World struct {
	dir   string
	speed float64
	blobs *blob.Store

	mu      sync.Mutex
	state   *State
	changed chan struct{} // closed and replaced at every change

	ctx    context.Context
	stop   context.CancelCauseFunc
	work   sync.WaitGroup
	driven map[string]*driven // jobs that are being driven
	guests guests
	images images
	remote func(ctx context.Context, blobName, snapshot string) (Remote, error)
}

// errClosed ends goroutines without changing what they were about.
var errClosed = errors.New("the lab is being closed")

// errCancelled ends a job that somebody cancelled.
var errCancelled = errors.New("the job was cancelled")

// Open opens the world in a directory, or makes it from the estate. Nothing
// moves before [World.Run].
func Open(ctx context.Context, o Options) (*World, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the lab: %w", err)
	}
	state, err := load(o.Dir)
	if err != nil {
		return nil, err
	}
	w := &World{dir: o.Dir, changed: make(chan struct{}), driven: map[string]*driven{}}
	w.guests.running = map[string]*running{}
	w.ctx, w.stop = context.WithCancelCause(context.WithoutCancel(ctx))
	if state == nil {
		if state, err = w.found(ctx, o.Estate); err != nil {
			return nil, err
		}
	} else if w.blobs, err = blob.OpenStore(filepath.Join(o.Dir, blobsDir)); err != nil {
		return nil, err
	}
	w.state = state
	w.speed = state.Speed
	if o.Speed > 0 {
		w.speed = o.Speed
	}
	return w, nil
}

// Run lets the world move: guests of running VMs write, and jobs that had not
// ended go on from the step they had reached. remote is how agents read Azure
// disks.
func (w *World) Run(remote func(ctx context.Context, blobName, snapshot string) (Remote, error)) error {
	w.remote = remote
	if err := w.reach(estate.Always, "", ""); err != nil {
		return err
	}
	var jobs []string
	var powers []string
	var vms []VM
	w.Read(func(s *State) {
		for _, j := range s.Jobs {
			if j.State == InProgress || j.State == NotStarted {
				jobs = append(jobs, j.Name)
			}
		}
		for _, v := range s.AzureVMs {
			powers = append(powers, v.Name)
		}
		for _, v := range s.VMs {
			vms = append(vms, *v)
		}
	})
	for _, v := range powers {
		w.continuePower(v)
	}
	for _, v := range vms {
		w.continueVM(v)
	}
	for _, j := range jobs {
		w.launch(j)
	}
	return nil
}

// Close stops everything and lets go of the disks. Unfinished jobs stay
// unfinished: the next Run goes on with them.
func (w *World) Close() error {
	w.stop(errClosed)
	w.work.Wait()
	w.guests.stopAll()
	w.mu.Lock()
	defer w.mu.Unlock()
	return errors.Join(save(w.dir, w.state), w.blobs.Close())
}

// Speed is how many modelled seconds pass in one of the wall's.
func (w *World) Speed() float64 { return w.speed }

// Blobs are the Azure disks.
func (w *World) Blobs() *blob.Store { return w.blobs }

// goes runs f until the world closes.
func (w *World) goes(f func(ctx context.Context)) {
	w.work.Go(func() { f(w.ctx) })
}

// now is the wall's time as the service writes it.
func now() time.Time { return time.Now().UTC() }
