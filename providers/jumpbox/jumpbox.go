package jumpbox

import (
	"context"
	"errors"
	"net"
	"strconv"
	"time"

	"failback/engine"
)

// dialTime bounds one try at a port. A machine in the next room answers in
// milliseconds; what drops packets is looked at again at the next poll.
const dialTime = 3 * time.Second

// Reach tries a TCP port; nil means that it answers. The error says why not.
type Reach func(ctx context.Context, address string, port int) error

// Box is this machine. It is safe for concurrent use.
type Box struct{ reach Reach }

var _ engine.JumpBox = Box{}

// New returns this machine. reach may be nil for its own network.
func New(reach Reach) Box {
	if reach == nil {
		reach = dial
	}
	return Box{reach}
}

// Reach implements [engine.JumpBox].
func (b Box) Reach(ctx context.Context, address string, port int) error {
	ctx, done := context.WithTimeout(ctx, dialTime)
	defer done()
	err := b.reach(ctx, address, port)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errors.New("no answer within " + dialTime.String())
	}
	return err
}

// dial connects and lets go at once; nothing is sent.
func dial(ctx context.Context, address string, port int) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(address, strconv.Itoa(port)))
	if err != nil {
		return plain(err)
	}
	_ = conn.Close() // it answered, which is all that was asked
	return nil
}

// plain is why a dial failed, without the address that is said beside it.
func plain(err error) error {
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &dns):
		return errors.New("the name is not known: " + dns.Err)
	case errors.As(err, &op) && op.Err != nil:
		return op.Err
	}
	return err
}
