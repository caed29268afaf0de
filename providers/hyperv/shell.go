package hyperv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/masterzen/winrm"

	"failback/providers/hyperv/scripts"
)

// maxOutput bounds what a command may write: an answer in base64, and noise.
const maxOutput = 4 << 20

// shell is one shell on a host, for one command.
type shell struct {
	at      checked
	session *session
	// creation is set while the session is in other hands: nothing else is then.
	creation *creation
	id       string
	command  string
	done     bool // the command ended by itself
	sent     bool // the command may have got its input
}

// result is what a command left.
type result struct {
	stdout []byte
	stderr []byte
	exit   int
}

// open signs in and creates the shell. A caller who gives up in the middle does not
// wait for the host's answer, but somebody does: it holds the id by which the shell
// can be removed.
func (s *shell) open(ctx context.Context) error {
	session, err := openSession(ctx, s.at)
	if err != nil {
		return err
	}
	s.session = session
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c := &creation{done: make(chan struct{}), giveUp: cancel}
	s.creation = c
	go func() {
		defer close(c.done)
		defer cancel()
		c.id, c.err = s.create(own)
	}()
	select {
	case <-c.done:
		s.id, s.creation = c.id, nil
		return c.err
	case <-ctx.Done():
		return fmt.Errorf("creating a shell: %w", because(ctx, ctx.Err()))
	}
}

// creation is a shell whose id is still to come.
type creation struct {
	done   chan struct{} // then id and err are set
	giveUp context.CancelFunc
	id     string
	err    error
}

func (s *shell) create(ctx context.Context) (id string, err error) {
	reply, err := s.session.post(ctx, createMessage(s.url()))
	if err != nil {
		return "", fmt.Errorf("creating a shell: %w", err)
	}
	id, err = winrm.ParseOpenShellResponse(reply.text)
	if err = badID(id, err); err != nil {
		return "", fmt.Errorf("creating a shell: %w", err)
	}
	return id, nil
}

// settle waits until the host has said which shell it made, no longer than ctx.
func (s *shell) settle(ctx context.Context) {
	c := s.creation
	if c == nil {
		return
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		c.giveUp()
		<-c.done
	}
	s.id, s.creation = c.id, nil
}

// execute runs the bootstrap on the payload and waits for its end.
func (s *shell) execute(ctx context.Context, payload []byte) (result, error) {
	reply, err := s.session.post(ctx, commandMessage(s.url(), s.id))
	if err != nil {
		return result{}, fmt.Errorf("starting %s: %w", scripts.Executable, err)
	}
	command, err := winrm.ParseExecuteCommandResponse(reply.text)
	if err = badID(command, err); err != nil {
		return result{}, fmt.Errorf("starting %s: %w", scripts.Executable, err)
	}
	s.command = command
	// Input goes in one message. Whatever happens to it, its answer included, the
	// script may run from here on.
	s.sent = true
	if err := s.input(ctx, payload); err != nil {
		return result{}, fmt.Errorf("sending the script: %w", err)
	}
	return s.collect(ctx)
}

// How often input is offered to a command that is busy, and how long it is left
// alone in between: the values of Ansible, which has met such hosts.
const (
	busyTries = 3
	busyPause = 5 * time.Second
)

// input gives the command its input. A host that was busy took nothing of it; had
// it taken some nevertheless, the checksum of the payload would not fit, and
// nothing would be run.
func (s *shell) input(ctx context.Context, payload []byte) error {
	for try := 1; ; try++ {
		_, err := s.session.post(ctx, sendMessage(s.url(), s.id, s.command, payload))
		var f *Fault
		if !errors.As(err, &f) || f.Code != codeBusy || try == busyTries {
			return err
		}
		if pause(ctx, busyPause) != nil {
			return err
		}
	}
}

// pause waits, or returns early with why ctx ended.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// emptyPause is how long a host is left alone that answered at once and had nothing
// to say. One that behaves waits itself.
const emptyPause = 250 * time.Millisecond

// collect reads output until the command is done. A host with nothing to say
// answers with a timeout fault every 20 seconds; ctx ends the waiting.
func (s *shell) collect(ctx context.Context) (result, error) {
	var stdout, stderr bytes.Buffer
	for {
		began, before := time.Now(), stdout.Len()+stderr.Len()
		reply, err := s.session.post(ctx, receiveMessage(s.url(), s.id, s.command))
		var f *Fault
		if errors.As(err, &f) && f.timedOut() {
			if err := pause(ctx, emptyPause-time.Since(began)); err != nil {
				return result{}, fmt.Errorf("reading the script's output: %w", because(ctx, err))
			}
			continue
		}
		if err != nil {
			return result{}, fmt.Errorf("reading the script's output: %w", err)
		}
		done, exit, err := winrm.ParseSlurpOutputErrResponse(reply.text, &stdout, &stderr)
		if err != nil {
			return result{}, fmt.Errorf("reading the script's output: %w: %w", errReply, err)
		}
		if stdout.Len() > maxOutput {
			return result{}, fmt.Errorf("reading the script's output: %w: more than %d bytes", errReply, maxOutput)
		}
		silent := stdout.Len()+stderr.Len() == before
		keep(&stderr)
		if !done && silent {
			if err := pause(ctx, emptyPause-time.Since(began)); err != nil {
				return result{}, fmt.Errorf("reading the script's output: %w", because(ctx, err))
			}
		}
		if !done {
			continue
		}
		s.done = true
		if !reply.exitCode {
			return result{}, fmt.Errorf("reading the script's output: %w: the command ended without an exit code", errReply)
		}
		return result{stdout: stdout.Bytes(), stderr: stderr.Bytes(), exit: exit}, nil
	}
}

// remove ends the command, if it still runs, and deletes the shell. After a
// broken conversation it signs in again to do so. An error is of no use to
// anybody: the host itself removes a shell that is idle.
func (s *shell) remove(ctx context.Context) {
	if s.session == nil {
		return
	}
	defer func() { s.session.close() }()
	s.settle(ctx)
	if s.id == "" {
		return
	}
	if s.session.broken {
		fresh, err := openSession(ctx, s.at)
		if err != nil {
			return
		}
		s.session.close()
		s.session = fresh
	}
	if s.command != "" && !s.done {
		if _, err := s.session.post(ctx, signalMessage(s.url(), s.id, s.command)); err != nil && s.session.broken {
			return
		}
	}
	_, _ = s.session.post(ctx, deleteMessage(s.url(), s.id))
}

// url is the address as messages hold it: the library writes text as it is.
func (s *shell) url() string { return escaped(s.at.url.String()) }

// ids are what hosts give shells and commands, so that one can stand in a
// message, which the library would not escape.
var ids = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)

func badID(id string, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", errReply, err)
	case !ids.MatchString(id):
		return fmt.Errorf("%w: %q is no id", errReply, id)
	}
	return nil
}
