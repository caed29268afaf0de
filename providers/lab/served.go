package lab

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"failback/providers/lab/world"
)

// served is a lab that this process serves.
type served struct {
	dir     string
	lock    *flock.Flock
	world   *world.World
	log     *requestLog
	servers []*http.Server
	// tell marks a request with the connection it came over: a WinRM sign-in
	// belongs to its connection.
	tell   func(context.Context, net.Conn) context.Context
	notice notice
	at     addresses
}

// listen serves a handler on a loopback port.
func (s *served) listen(ctx context.Context, h http.Handler) (url string, err error) {
	l, err := s.at.listen(ctx)
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ConnContext: s.tell}
	s.servers = append(s.servers, server)
	go func() {
		// It ends when the server is shut down, and has nobody to tell else.
		_ = server.Serve(l)
	}()
	return "http://" + l.Addr().String(), nil
}

// close stops everything that was begun, in the order that leaves nobody with a
// wrong answer: first others cannot find the lab, then it stops answering, then
// the world stands still, and last the directory is free.
func (s *served) close() error {
	var errs []error
	if err := os.Remove(filepath.Join(s.dir, endpointFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		errs = append(errs, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), shutdownPatience)
	defer cancel()
	for _, server := range s.servers {
		if server.Shutdown(ctx) != nil {
			errs = append(errs, server.Close())
		}
	}
	if s.world != nil {
		errs = append(errs, s.world.Close())
	}
	if s.log != nil {
		errs = append(errs, s.log.close())
	}
	return errors.Join(append(errs, s.lock.Unlock())...)
}
