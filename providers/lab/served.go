package lab

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"failback/providers/lab/authority"
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
	tls    *tls.Config // nil: plain HTTP
	faults *os.File    // what the servers have to say about bad connections
}

// serverLog is the file of faults: a screen must not be written over.
const serverLog = "server.log"

// secure makes the servers that are opened from now on speak HTTPS, and returns
// the file of the authority that signs for them.
func (s *served) secure(home string) (ca *string, err error) {
	a, err := authority.Open(home, time.Now())
	if err != nil {
		return nil, err
	}
	certificate, err := authority.NewServer(a, time.Now)
	if err != nil {
		return nil, fmt.Errorf("make a certificate for the lab: %w", err)
	}
	s.tls = certificate.Config()
	path, err := filepath.Abs(a.Path())
	return &path, err
}

// listen serves a handler on a loopback port.
func (s *served) listen(ctx context.Context, h http.Handler) (url string, err error) {
	l, err := s.at.listen(ctx)
	if err != nil {
		return "", err
	}
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ConnContext: s.tell,
		TLSConfig: s.tls, ErrorLog: log.New(s.faults, "", log.LstdFlags|log.LUTC),
		// HTTP/1.1 alone: a WinRM sign-in is its connection's, and faults of the
		// estate break connections.
		Protocols: new(http.Protocols),
	}
	server.Protocols.SetHTTP1(true)
	s.servers = append(s.servers, server)
	serve, scheme := server.Serve, "http"
	if s.tls != nil {
		serve, scheme = func(l net.Listener) error { return server.ServeTLS(l, "", "") }, "https"
	}
	go func() {
		// It ends when the server is shut down, and has nobody to tell else.
		_ = serve(l)
	}()
	return scheme + "://" + l.Addr().String(), nil
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
	if s.faults != nil {
		errs = append(errs, s.faults.Close())
	}
	return errors.Join(append(errs, s.lock.Unlock())...)
}
