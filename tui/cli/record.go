package cli

import (
	"os"
	"strings"
)

// openRecording begins what --record asks for. The names of who sits here are
// taken out like those of the vault.
func (a *app) openRecording() error {
	if a.flags.record == "" {
		return nil
	}
	user, host, _ := strings.Cut(whoami(), "@")
	hide := []string{user, host}
	if home, err := os.UserHomeDir(); err == nil {
		hide = append(hide, home)
	}
	r, err := a.deps.Record(a.flags.record, hide...)
	if err != nil {
		return err
	}
	a.record = r
	return nil
}

// closeRecording says where the recording is, or why it is not whole. The command
// has ended by then: how, does not depend on it.
func (a *app) closeRecording() {
	if a.record == nil {
		return
	}
	files, err := a.record.Close()
	if err != nil {
		a.say("failback: the recording %s is not whole: %s", a.flags.record, err)
		return
	}
	a.say("recorded: %s.  Look through it before you hand it on", strings.Join(files, ", "))
}
