package winrm

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"failback/providers/hyperv/scripts"
)

// command is one process in a shell: its input so far, what it wrote and how it
// ended.
type command struct {
	id     string
	host   string
	line   commandLine
	ctx    context.Context //nolint:containedctx // the life of a process, not of a call
	cancel context.CancelFunc
	wake   chan struct{} // capacity 1: output or the end came

	mu     sync.Mutex
	stdin  bytes.Buffer
	closed bool
	stdout []byte
	stderr []byte
	done   bool
	exit   int
}

// maxStdin bounds what a command takes.
const maxStdin = 1 << 20

// send adds input. The end of the input starts the script.
func (c *command) send(m Model, in stream) error {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(in.Text))
	if err != nil {
		return faultParameter("The stream is not base64.")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.stdin.Len()+len(raw) > maxStdin {
		return faultParameter("The command takes no more input.")
	}
	c.stdin.Write(raw)
	if in.End == "true" {
		c.closed = true
		go c.run(m, bytes.Clone(c.stdin.Bytes()))
	}
	return nil
}

// run is the process. Only the program's own command line does anything.
func (c *command) run(m Model, stdin []byte) {
	if c.line.Command != scripts.Executable || !slices.Equal(c.line.Arguments, scripts.Arguments()) {
		c.finish("", "the lab runs no command but the program's own\r\n", 1)
		return
	}
	answer, err := c.script(m, stdin)
	if err == nil {
		var line string
		if line, err = scripts.EncodeAnswer(answer); err == nil {
			c.finish(line, "", scripts.ExitOK)
			return
		}
	}
	line, err := scripts.EncodeError(scriptError(err))
	if err != nil {
		c.finish("", err.Error(), 1)
		return
	}
	c.finish(line, "", scripts.ExitError)
}

// script does what the bootstrap does on a real host: it checks the payload,
// then runs it; but only scripts it knows.
func (c *command) script(m Model, stdin []byte) (any, error) {
	payload, err := scripts.DecodePayload(stdin)
	if err != nil {
		return nil, &ScriptError{Msg: err.Error(), Type: "System.InvalidOperationException", ID: scripts.IDPayload, Category: "InvalidData"}
	}
	name, ok := scripts.ByText(payload.Script)
	if !ok {
		return nil, &ScriptError{
			Msg: "The lab does not know this script.", Type: "System.InvalidOperationException",
			ID: "FbkUnknownScript", Category: "NotImplemented",
		}
	}
	return m.Run(c.ctx, c.host, name, payload.Params)
}

func scriptError(err error) scripts.Error {
	var s *ScriptError
	if errors.As(err, &s) {
		return scripts.Error{Msg: s.Msg, Type: s.Type, ID: s.ID, Category: s.Category}
	}
	return scripts.Error{Msg: err.Error(), Type: "System.Exception", ID: "RuntimeException", Category: "NotSpecified"}
}

func (c *command) finish(stdout, stderr string, exit int) {
	c.mu.Lock()
	c.stdout, c.stderr = []byte(stdout), []byte(stderr)
	c.done, c.exit = true, exit
	c.mu.Unlock()
	c.cancel()
	c.notify()
}

func (c *command) notify() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// output is what one Receive returns.
type output struct {
	stdout, stderr []byte
	done           bool
	exit           int
}

// receive waits for output or the end, at most for the given time. It fails
// with a timeout fault if there was nothing.
func (c *command) receive(ctx context.Context, limit time.Duration, chunk int) (output, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		if out, ok := c.take(chunk); ok {
			return out, nil
		}
		select {
		case <-c.wake:
		case <-timer.C:
			return output{}, faultTimeout()
		case <-ctx.Done():
			return output{}, ctx.Err()
		}
	}
}

func (c *command) take(chunk int) (output, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out output
	out.stdout, c.stdout = cut(c.stdout, chunk)
	out.stderr, c.stderr = cut(c.stderr, chunk)
	out.done = c.done && len(c.stdout) == 0 && len(c.stderr) == 0
	out.exit = c.exit
	return out, out.done || len(out.stdout) > 0 || len(out.stderr) > 0
}

func cut(b []byte, n int) (head, rest []byte) {
	n = min(n, len(b))
	return b[:n], b[n:]
}
