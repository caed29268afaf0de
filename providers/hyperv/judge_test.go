package hyperv_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"failback/engine"
	"failback/providers/hyperv"
	"failback/providers/hyperv/scripts"
	"failback/providers/lab/winrm"
)

// says answers every script with one error.
type says struct{ err error }

func (s says) Run(context.Context, string, string, json.RawMessage) (any, error) { return nil, s.err }

// TestWhatScriptsSay gives each kind of script error its meaning, by id and
// category and never by its message, which is in the host's language.
func TestWhatScriptsSay(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		kind engine.FailureKind
		code string
	}{
		"no such VM":    {&winrm.ScriptError{ID: scripts.IDNotFound}, engine.FailureNotFound, scripts.IDNotFound},
		"state":         {&winrm.ScriptError{ID: scripts.IDPrecondition}, engine.FailureRefused, scripts.IDPrecondition},
		"guarded":       {&winrm.ScriptError{ID: scripts.IDGuarded}, engine.FailureUnsafe, scripts.IDGuarded},
		"rights":        {&winrm.ScriptError{ID: "AccessDenied,Microsoft.HyperV.PowerShell.Commands.StartVM", Category: "PermissionDenied"}, engine.FailurePermission, "AccessDenied"},
		"no module":     {&winrm.ScriptError{ID: "CommandNotFoundException", Category: "ObjectNotFound"}, engine.FailureOther, "CommandNotFoundException"},
		"anything else": {errors.New("der Vorgang ist fehlgeschlagen"), engine.FailureOther, "RuntimeException"},
	} {
		t.Run(name, func(t *testing.T) {
			server := winrm.New(says{test.err}, winrm.Options{User: user, Password: password})
			a := access(t, hyperv.Endpoint{URL: "http://hv01", User: user, Password: secret(password), Connect: server.Connect("HV01")})
			err := a.Start(t.Context(), "HV01", vmID)
			wantKind(t, err, test.kind) // the script answered: nothing is unknown
			var f *engine.Failure
			if !errors.As(err, &f) || f.Code != test.code || f.Remedy == "" || !strings.Contains(f.Where, vmID) {
				t.Errorf("failure %+v", f)
			}
		})
	}
}

// TestFullHost shows a quota fault of the service itself.
func TestFullHost(t *testing.T) {
	l := newLab()
	l.server = winrm.New(l.site, winrm.Options{User: user, Password: password, MaxShells: -1})
	err := access(t, l.memory()).Start(t.Context(), "HV01", vmID)
	wantKind(t, err, engine.FailureRetryable)
	var f *engine.Failure
	if !errors.As(err, &f) || f.Code != "0x803381A5" {
		t.Errorf("failure %+v", f)
	}
}
