package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"failback/providers/lab/estate"
	"failback/providers/lab/world"
)

// Lab is a lab that can be reached: served by this process, or by another one.
type Lab struct {
	notice notice
	served *served // nil where another process served when this one came
	heir   *heir   // nil where this process has served from the beginning
}

// Open attaches to the lab that is served for the state directory, and serves
// one itself where none is; from then on also where the process that served it
// has left. With no estate named any served lab will do. The caller closes it.
func Open(ctx context.Context, o Options) (*Lab, error) {
	if o.Estate == "" && o.Data == nil {
		dir, err := servedSomewhere(o.StateDir)
		if err != nil {
			return nil, err
		}
		if dir != "" {
			if n, err := readNotice(dir); err == nil && n != nil {
				return &Lab{notice: *n, heir: newHeir(ctx, o, *n)}, nil
			}
		}
	}
	e, err := o.load()
	if err != nil {
		return nil, err
	}
	lock, n, err := join(ctx, o.dir(e))
	if err != nil {
		return nil, err
	}
	if n != nil {
		return &Lab{notice: *n, heir: newHeir(ctx, o, *n)}, nil
	}
	s, err := serve(ctx, o, e, lock)
	if err != nil {
		return nil, err
	}
	return &Lab{notice: s.notice, served: s}, nil
}

// Serve serves a lab until ctx ends; announce is told where, once. It refuses
// where one is served already.
func Serve(ctx context.Context, o Options, announce func(Endpoints) error) error {
	e, err := o.load()
	if err != nil {
		return err
	}
	dir := o.dir(e)
	lock, err := take(dir)
	if err != nil {
		return err
	}
	if lock == nil {
		return servedBy(dir)
	}
	s, err := serve(ctx, o, e, lock)
	if err != nil {
		return err
	}
	if err := announce(s.notice.Endpoints); err != nil {
		return errors.Join(err, s.close())
	}
	<-ctx.Done()
	return s.close()
}

// Busy says that another process serves the lab that was to be served or reset.
type Busy struct {
	Lab string // its estate, or its folder where it can't be told
	By  string // who serves it, and where
}

func (b *Busy) Error() string { return "the lab " + b.Lab + ": " + b.By }

func servedBy(dir string) error {
	if n, err := readNotice(dir); err == nil && n != nil {
		return &Busy{Lab: n.Estate, By: fmt.Sprintf("process %d serves it at %s", n.PID, n.Endpoints.Management)}
	}
	return &Busy{Lab: dir, By: "another process serves it"}
}

// Reset forgets the lab's world: the next opening makes it anew. It is refused
// while the lab is served.
func Reset(_ context.Context, o Options) error {
	e, err := o.load()
	if err != nil {
		return err
	}
	dir := o.dir(e)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	lock, err := take(dir)
	if err != nil {
		return err
	}
	if lock == nil {
		return servedBy(dir)
	}
	entries, err := os.ReadDir(dir)
	errs := []error{err}
	for _, entry := range entries {
		if entry.Name() != lockFile {
			errs = append(errs, os.RemoveAll(filepath.Join(dir, entry.Name())))
		}
	}
	return errors.Join(append(errs, lock.Unlock())...)
}

// Estates lists the built-in estates.
func Estates() []string { return estate.Names() }

// Endpoints is where the lab is reached.
func (l *Lab) Endpoints() Endpoints { return l.notice.Endpoints }

// Embedded reports whether this process serves the lab.
func (l *Lab) Embedded() bool { return l.served != nil || l.heir.inherited() != nil }

// Speed is how many modelled seconds pass in one of the wall's.
func (l *Lab) Speed() float64 { return l.notice.Speed }

// Estate is the name of the estate.
func (l *Lab) Estate() string { return l.notice.Estate }

// WinRMUser is who signs in at the hosts; the password is the token.
func (l *Lab) WinRMUser() string { return winrmUser }

// Close lets go of the lab. Where this process serves it, it stops: unfinished
// jobs keep their state and go on when it is served again.
func (l *Lab) Close() error {
	if l.served == nil {
		return l.heir.close()
	}
	return l.served.close()
}

// serve opens the world and its servers on loopback ports, and tells others.
func serve(ctx context.Context, o Options, e estate.Estate, lock *flock.Flock) (_ *served, err error) {
	s := &served{lock: lock, dir: o.dir(e), at: lastAddresses(o.dir(e))}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.world, err = world.Open(ctx, world.Options{Dir: s.dir, Estate: e, Speed: o.Speed}); err != nil {
		return nil, err
	}
	if err = mark(s.dir, e); err != nil {
		return nil, err
	}
	if s.log, err = openRequestLog(s.dir); err != nil {
		return nil, err
	}
	if s.faults, err = os.OpenFile(filepath.Join(s.dir, serverLog), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return nil, err
	}
	var storageURL string
	handlers := assemble(s.world, func() string { return storageURL }, s.log)
	s.tell = handlers.winrm.ConnContext
	endpoints := handlers.endpoints()
	if o.TLS {
		if endpoints.CA, err = s.secure(o.home()); err != nil {
			return nil, err
		}
	}
	if storageURL, err = s.listen(ctx, handlers.storage); err != nil {
		return nil, err
	}
	endpoints.Storage = storageURL
	if endpoints.Management, err = s.listen(ctx, handlers.management); err != nil {
		return nil, err
	}
	for _, name := range handlers.hosts {
		url, err := s.listen(ctx, handlers.winrm.Host(name))
		if err != nil {
			return nil, err
		}
		endpoints.Hosts = append(endpoints.Hosts, HostEndpoint{Name: name, WinRM: url + "/wsman"})
	}
	// The last one, so that the others are where they were in a lab of before.
	if endpoints.Guests, err = s.listen(ctx, handlers.guests()); err != nil {
		return nil, err
	}
	if err = handlers.run(); err != nil {
		return nil, err
	}
	s.notice = notice{PID: os.Getpid(), Estate: e.Name, Speed: s.world.Speed(), Endpoints: endpoints}
	if err = s.at.write(s.dir); err != nil {
		return nil, err
	}
	return s, s.notice.write(s.dir)
}

// shutdownPatience bounds how long open requests may take when a lab is closed.
const shutdownPatience = 2 * time.Second
