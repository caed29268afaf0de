package hyperv

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"

	"failback/engine"
	"failback/providers/hyperv/scripts"
)

// errLanguage is an exit code of the bootstrap.
var errLanguage = errors.New("PowerShell on the host is not in full language mode")

// purposes say what a script is run for, as an operator would.
var purposes = map[string]string{
	scripts.HostFacts: "read the facts of a host",
	scripts.ReadVM:    "read a VM",
	scripts.ListVMs:   "list the VMs of a host",
	scripts.StartVM:   "start a VM",
	scripts.Guard:     "set the start guard of a VM",
	scripts.Activity:  "read the agent's activity",
	scripts.DiskSums:  "read the checksums beside a VM's disks",
}

func where(host, script, vmID string) string {
	w := "host " + host + ", script " + script
	if vmID != "" {
		w += ", VM " + vmID
	}
	return w
}

// verdict is what an error means to an operator.
type verdict struct {
	kind   engine.FailureKind
	code   string
	why    string
	remedy string
}

// failure explains err. sent says that a mutating script may have run: unless
// the script itself answered, nobody knows what became of it.
func (h *host) failure(c call, sent bool, err error) *engine.Failure {
	v := h.judge(err)
	if sent && !answered(err) {
		v.kind = engine.FailureUnknown
		v.remedy = "Look at the VM on the host before anything else: the request may have been carried out."
	}
	if v.why == "" {
		v.why = err.Error()
	}
	return &engine.Failure{
		Kind: v.kind, What: purposes[c.script], Where: where(h.name, c.script, c.vmID),
		Code: v.code, Why: v.why, Remedy: v.remedy, Err: err,
	}
}

// answered reports whether the script itself said what happened.
func answered(err error) bool {
	var script *scripts.Error
	return errors.As(err, &script)
}

func (h *host) judge(err error) verdict {
	var script *scripts.Error
	var fault *Fault
	switch {
	case errors.As(err, &script):
		return judgeScript(script)
	case errors.As(err, &fault):
		return judgeFault(fault)
	case errors.Is(err, errParams):
		return verdict{kind: engine.FailureUsage, remedy: "Shorten the text, and write it as UTF-8."}
	case errors.Is(err, errPassword):
		return verdict{kind: engine.FailurePermission, remedy: "Enter the password of " + h.at.User + "."}
	case errors.Is(err, errDenied):
		return verdict{
			kind: engine.FailurePermission, code: "401",
			remedy: "Check user and password, and that " + h.at.User + " may sign in over WinRM (Administrators or Remote Management Users).",
		}
	case errors.Is(err, errNoNegotiate), errors.Is(err, errChallenge):
		return verdict{kind: engine.FailurePermission, remedy: "Allow Negotiate in the host's WinRM service; Basic is never used. Check that nothing stands between."}
	case errors.Is(err, errUnsealed):
		return verdict{kind: engine.FailureRetryable, remedy: "The reply was thrown away. If it comes again, something between here and the host alters messages: use https://."}
	case errors.Is(err, errLanguage):
		return verdict{kind: engine.FailureRefused, code: fmt.Sprint(scripts.ExitLanguage), remedy: "Allow the account full language mode (AppLocker, WDAC) on the host."}
	case errors.Is(err, context.Canceled):
		return verdict{kind: engine.FailureCancelled, why: "given up before the host answered"}
	}
	return h.judgeTransport(err)
}

func (h *host) judgeTransport(err error) verdict {
	var certificate *tls.CertificateVerificationError
	var dns *net.DNSError
	var dial *net.OpError
	at := h.at.url.Host
	switch {
	case errors.As(err, &certificate):
		return verdict{kind: engine.FailurePermission, remedy: "Trust the authority that issued the certificate of " + at + "."}
	case errors.Is(err, scripts.ErrNoAnswer), errors.Is(err, errReply):
		return verdict{kind: engine.FailureRetryable, remedy: "Try again; if it stays, look at the host's Windows Remote Management event log."}
	case errors.As(err, &dns):
		return verdict{kind: engine.FailureRetryable, remedy: "Check the host's name in the profile and the name service."}
	case errors.As(err, &dial) && dial.Op == "dial":
		return verdict{kind: engine.FailureRetryable, remedy: "Check that the host runs, that " + at + " is right and open in the firewall, and that the WinRM service runs."}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, errSilent):
		return verdict{kind: engine.FailureRetryable, remedy: "The host does not answer in time. Check that it runs and is not overloaded."}
	}
	return verdict{kind: engine.FailureRetryable, remedy: "Check that the host runs and that nothing cuts the connection to " + at + "."}
}

func judgeScript(e *scripts.Error) verdict {
	// A cmdlet appends its own name to the id.
	id, _, _ := strings.Cut(e.ID, ",")
	v := verdict{kind: engine.FailureOther, code: id, why: e.Msg, remedy: "Look at the host's Hyper-V-VMMS event log."}
	const accessDenied = -2147024891 // 0x80070005
	switch {
	case id == scripts.IDNotFound:
		v.kind, v.remedy = engine.FailureNotFound, "Check whether the VM was moved to another host."
	case id == scripts.IDPrecondition:
		v.kind, v.remedy = engine.FailureRefused, "Look at the VM's state on the host."
	case id == scripts.IDGuarded:
		v.kind, v.remedy = engine.FailureUnsafe, "Run the failback again to its end; that lifts the guard. If its last synchronisation did end well, remove the guard line from the notes of the VM."
	case id == scripts.IDPayload:
		v.kind, v.remedy = engine.FailureRetryable, "Nothing was run. Try again."
	case e.Category == "PermissionDenied", e.Category == "SecurityError", e.HResult == accessDenied,
		id == "AuthorizationException", e.Type == "System.UnauthorizedAccessException":
		v.kind, v.remedy = engine.FailurePermission, "Give the account rights on the host: Hyper-V Administrators, and Administrators for services."
	case id == "CommandNotFoundException":
		v.remedy = "Install the Hyper-V module for Windows PowerShell on the host."
	}
	return v
}

func judgeFault(f *Fault) verdict {
	v := verdict{kind: engine.FailureOther, code: f.code(), why: f.Reason, remedy: "Look at the host's Windows Remote Management event log."}
	switch f.Code {
	case codeAccessDenied:
		v.kind, v.remedy = engine.FailurePermission, "Give the account access to WinRM on the host."
	case codeTooManyShells, codeTooManyOperations:
		v.kind, v.remedy = engine.FailureRetryable, "Other tools use up the account's shells on this host. Wait for them, or use an account of its own."
	case codeUnknownShell, codeOperationTimeout:
		v.kind, v.remedy = engine.FailureRetryable, "The host closed the shell. Try again."
	}
	return v
}
