package hyperv

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"syscall"

	"github.com/alexbrainman/sspi"
	"github.com/alexbrainman/sspi/negotiate"
)

// logon is one sign-in with the Windows logon of whoever runs the program: Windows
// chooses between Kerberos and NTLM, and no password is seen here. Inferred from
// the interface's documentation: no test can run it.
type logon struct {
	credentials *sspi.Credentials
	context     *sspi.Context
	target      *uint16
	bound       []byte // SEC_CHANNEL_BINDINGS, nil without
	size        int    // of the longest token
}

// newLogon begins a sign-in at a service, bound to the certificate that endPoint
// names.
func newLogon(service string, endPoint []byte) (*logon, error) {
	info, err := negotiate.GetPackageInfo()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLogon, err)
	}
	target, err := syscall.UTF16PtrFromString(service)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLogon, err)
	}
	credentials, err := negotiate.AcquireCurrentUserCredentials()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLogon, err)
	}
	// The host may not act as the user elsewhere: no delegation is asked for.
	const flags = sspi.ISC_REQ_CONNECTION | sspi.ISC_REQ_MUTUAL_AUTH | sspi.ISC_REQ_INTEGRITY | sspi.ISC_REQ_CONFIDENTIALITY
	l := &logon{
		credentials: credentials, context: sspi.NewClientContext(credentials, flags),
		target: target, size: int(info.MaxToken),
	}
	if endPoint != nil {
		l.bound = secChannelBindings(endPoint)
	}
	return l, nil
}

// secChannelBindings is SEC_CHANNEL_BINDINGS: eight numbers, of which the last two
// are length and offset of the data that follows.
func secChannelBindings(endPoint []byte) []byte {
	const head = 32
	b := make([]byte, head, head+len(endPoint))
	binary.LittleEndian.PutUint32(b[24:], uint32(len(endPoint)))
	binary.LittleEndian.PutUint32(b[28:], head)
	return append(b, endPoint...)
}

// next takes what the host said, nothing at first, and returns what to send.
func (l *logon) next(got []byte) ([]byte, error) {
	sent, err := l.update(got)
	if err != nil {
		return nil, err
	}
	if len(sent) == 0 {
		return nil, fmt.Errorf("%w: Windows has nothing more to say to the host", errLogon)
	}
	return sent, nil
}

// confirm takes the host's last word, its proof of who it is.
func (l *logon) confirm(got []byte) error {
	sent, err := l.update(got)
	if err == nil && len(sent) > 0 {
		err = errRounds
	}
	return err
}

func (l *logon) update(got []byte) ([]byte, error) {
	token := make([]byte, l.size)
	out := make([]sspi.SecBuffer, 1)
	out[0].Set(sspi.SECBUFFER_TOKEN, token)
	in := make([]sspi.SecBuffer, 0, 2)
	add := func(kind uint32, data []byte) {
		in = append(in, sspi.SecBuffer{})
		in[len(in)-1].Set(kind, data)
	}
	if len(got) > 0 {
		add(sspi.SECBUFFER_TOKEN, got)
	}
	if l.bound != nil {
		add(sspi.SECBUFFER_CHANNEL_BINDINGS, l.bound)
	}
	var given *sspi.SecBufferDesc
	if len(in) > 0 {
		given = sspi.NewSecBufferDesc(in)
	}
	ret := l.context.Update(l.target, sspi.NewSecBufferDesc(out), given)
	runtime.KeepAlive(in)
	runtime.KeepAlive(got)
	switch ret {
	case sspi.SEC_E_OK, sspi.SEC_I_CONTINUE_NEEDED:
		return token[:min(int(out[0].BufferSize), len(token))], nil
	}
	return nil, fmt.Errorf("%w: %w", errLogon, ret)
}

func (l *logon) release() {
	// A context that was never begun has no handle to give back; nothing can be
	// done about one that Windows does not take.
	if l.context.Handle != nil {
		_ = l.context.Release()
	}
	_ = l.credentials.Release()
}
