//go:build !windows

package hyperv

// logon needs Windows; elsewhere settings that ask for one are refused.
type logon struct{}

func newLogon(string, []byte) (*logon, error) { return nil, errNoWindows }

func (*logon) next([]byte) ([]byte, error) { return nil, errNoWindows }

func (*logon) confirm([]byte) error { return errRounds }

func (*logon) release() {}
