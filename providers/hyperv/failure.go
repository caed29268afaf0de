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
	scripts.HostAgent: "read the agent's settings of a host",
	scripts.ReadVM:    "read a VM",
	scripts.ListVMs:   "list the VMs of a host",
	scripts.StartVM:   "start a VM",
	scripts.Guard:     "set the start guard of a VM",
	scripts.Activity:  "read the agent's activity",
	scripts.DiskSums:  "read the checksums beside a VM's disks",

	scripts.ReadThreads: "read the agent's download threads",
	scripts.SetThreads:  "set the agent's download threads",
	scripts.ReadNetwork: "read the switches and adapters of a host",
	scripts.NewSwitch:   "create a virtual switch",
	scripts.ReadEvents:  "read the event logs of a host",
	scripts.Reach:       "try a host's way to Azure",

	scripts.ReadManagers: "read what manages a host",

	scripts.CreateVM:  "make a VM",
	scripts.SwapDisks: "exchange the disks of a VM",
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
		v.remedy = lookFirst(c.script)
	}
	if v.why == "" {
		v.why = err.Error()
	}
	if remedy := hostRemedies[c.script][v.code]; remedy != "" {
		v.remedy = remedy
	}
	return &engine.Failure{
		Kind: v.kind, What: purposes[c.script], Where: where(h.name, c.script, c.vmID),
		Code: v.code, Why: v.why, Remedy: v.remedy, Err: err,
	}
}

// hostRemedies are what to do about a script's own error where it is not about a VM.
var hostRemedies = map[string]map[string]string{
	scripts.SetThreads: {
		scripts.IDNotFound:     "Install the recovery services agent on the host, or name the host that has it.",
		scripts.IDPrecondition: "Look at the value with failback hosts threads, then decide again.",
	},
	scripts.CreateVM: {
		scripts.IDPrecondition: "Look at the host's VMs and at the files, then decide again; nothing was changed.",
	},
	scripts.SwapDisks: {
		scripts.IDPrecondition: "Look at the VM and at the files, then decide again; nothing was changed.",
	},
	scripts.NewSwitch: {
		scripts.IDNotFound:     "Name an adapter of the host exactly; failback hosts switch lists them.",
		scripts.IDPrecondition: "Look at the host's switches with failback hosts switch, then decide again.",
	},
}

// lookFirst is what to do where nobody knows whether an acting script has run.
func lookFirst(script string) string {
	switch script {
	case scripts.SetThreads:
		return "Look with failback hosts threads before anything else: the request may have been carried out."
	case scripts.NewSwitch:
		return "Look with failback hosts switch before anything else: the request may have been carried out."
	case scripts.CreateVM:
		return "Look for a VM of that name on the host before anything else: the request may have been carried out."
	}
	return "Look at the VM on the host before anything else: the request may have been carried out."
}

// answered reports whether the script itself said what happened, or the bootstrap
// that it was never read.
func answered(err error) bool {
	var script *scripts.Error
	return errors.As(err, &script) || errors.Is(err, errLanguage)
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
	case errors.Is(err, errPassword), errors.Is(err, errDenied), errors.Is(err, errNoNegotiate), errors.Is(err, errChallenge),
		errors.Is(err, errIdentity), errors.Is(err, errTicket), errors.Is(err, errLogon), errors.Is(err, errRounds):
		return h.judgeSignIn(err)
	case errors.Is(err, errUnsealed):
		return verdict{kind: engine.FailureRetryable, remedy: "The reply was thrown away. If it comes again, something between here and the host alters messages: use https://."}
	case errors.Is(err, errLanguage):
		return verdict{kind: engine.FailureRefused, code: fmt.Sprint(scripts.ExitLanguage), remedy: "Allow the account full language mode (AppLocker, WDAC) on the host."}
	case errors.Is(err, context.Canceled):
		return verdict{kind: engine.FailureCancelled, why: "given up before the host answered"}
	}
	return h.judgeTransport(err)
}

// judgeSignIn explains why nobody was let in. A host that does not answer while it
// signs in is no refusal.
func (h *host) judgeSignIn(err error) verdict {
	v := verdict{kind: engine.FailurePermission}
	switch {
	case errors.Is(err, errPassword):
		v.remedy = "Enter the password of " + h.at.User + ", or keep it with failback secret set --host " + h.name + "."
	case errors.Is(err, errIdentity):
		v.remedy = "Name a certificate with its key for the host in the profile, and its right password."
	case errors.Is(err, errTicket):
		v.remedy = "Get a ticket with kinit, or check the keytab, the principal, krb5.conf and that the realm's controllers answer."
	case errors.Is(err, errLogon):
		v.remedy = "Check that this Windows logon may sign in at the host, that its name is the one in Active Directory, and that a controller answers."
	case errors.Is(err, errDenied) && h.at.auth == AuthCertificate:
		v.code = "401"
		v.remedy = "Map the client certificate to a local account of the host, and allow the sign-in with certificates there (winrm set winrm/config/service/auth @{Certificate=\"true\"})."
	case errors.Is(err, errDenied):
		v.code = "401"
		who := h.at.User
		if who == "" {
			who = "this logon"
		}
		v.remedy = "Check user and password, and that " + who + " may sign in over WinRM (Administrators or Remote Management Users)."
	default:
		v.remedy = "Allow Negotiate in the host's WinRM service; Basic is never used. Check that nothing stands between."
	}
	return v
}

func (h *host) judgeTransport(err error) verdict {
	var certificate *tls.CertificateVerificationError
	var pin *pinError
	var dns *net.DNSError
	var dial *net.OpError
	at := h.at.url.Host
	switch {
	case errors.As(err, &pin):
		return verdict{
			kind: engine.FailurePermission, why: pin.Error(),
			remedy: "Compare it with the certificate on the host itself. Only if they are the same, put the new fingerprint into the profile; else something answers in its place.",
		}
	case errors.As(err, &certificate):
		return verdict{
			kind:   engine.FailurePermission,
			remedy: "Trust the authority that issued the certificate of " + at + ": name its file with ca in the host's entry, or pin the certificate with fingerprint.",
		}
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
	case id == scripts.IDNoFile:
		v.kind, v.remedy = engine.FailureNotFound, "Look whether the file lies where the host looks for it; the plan's host folder is what the host calls the folder."
	case id == scripts.IDNoSwitch:
		v.kind, v.remedy = engine.FailureNotFound, "Create the switch on the host, or name one that it has; failback hosts switch lists them."
	case id == scripts.IDHalfDone:
		v.kind, v.remedy = engine.FailureUnknown, "Look at the VM on the host before anything else, and set it right there by hand."
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

// judgeFault explains what the service itself refused. Where it gives no number, or
// one that is not known here, the standard's own word counts.
func judgeFault(f *Fault) verdict {
	v := verdict{kind: engine.FailureOther, code: f.code(), why: f.Reason, remedy: "Look at the host's Windows Remote Management event log."}
	switch {
	case f.is(codeAccessDenied, "AccessDenied"):
		v.kind, v.remedy = engine.FailurePermission, "Give the account access to WinRM on the host."
	case f.is(codeTooManyShells, "QuotaLimit"), f.is(codeTooManyOperations, ""):
		v.kind, v.remedy = engine.FailureRetryable, "Other tools use up what the account may have on this host (winrm get winrm/config/winrs). Wait for them, or use an account of its own."
	case f.is(codeUnknownShell, "InvalidSelectors"):
		v.kind, v.remedy = engine.FailureRetryable, "The host closed the shell. Try again."
	case f.timedOut():
		v.kind, v.remedy = engine.FailureRetryable, "The host did not get it done in time. Check that it is not overloaded, and try again."
	case f.is(codeBusy, ""):
		v.kind, v.remedy = engine.FailureRetryable, "The host is busy and took nothing. Try again."
	case f.is(codeProfileUnloading, ""):
		v.kind, v.remedy = engine.FailureRetryable, "The host is still unloading the account's profile. Try again in a moment."
	case f.is(codeLineTooLong, ""):
		v.remedy = "The host takes no command line as long as the program's own, which is constant. Report this with the host's build."
	}
	return v
}
