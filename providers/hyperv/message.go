package hyperv

import (
	"crypto/rand"
	"fmt"

	"github.com/masterzen/winrm"
	"github.com/masterzen/winrm/soap"

	"failback/providers/hyperv/scripts"
)

// What messages ask for. The operation timeout is how long a host keeps a
// Receive that has nothing to return; it has to stay under requestTimeout.
const (
	operationTimeout = "PT20S"
	idleTimeout      = "PT300S" // of a shell whose owner vanished; inferred: not every host honours it
	envelopeSize     = 153600
	locale           = "en-US"
)

const (
	shellNamespace = soap.NS_WIN_SHELL
	resourceShell  = shellNamespace + "/cmd"
	anonymous      = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
	actionCreate   = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create"
	actionCommand  = shellNamespace + "/Command"
	actionReceive  = shellNamespace + "/Receive"
)

// parameters are made anew for each message: the library's own default is shared.
func parameters() *winrm.Parameters {
	return winrm.NewParameters(operationTimeout, locale, envelopeSize)
}

// option is a name and value in a message's option set.
type option struct{ name, value string }

// begin makes a message's header. The library's builders fix options that are
// wrong for a script on standard input, so three messages are made here.
func begin(url, action, shell string, options ...option) *soap.SoapMessage {
	m := soap.NewMessage()
	h := m.Header().
		To(url).ReplyTo(anonymous).
		MaxEnvelopeSize(envelopeSize).
		Id(messageID()).
		Locale(locale).
		Timeout(operationTimeout).
		Action(action).
		ShellId(shell).
		ResourceURI(resourceShell)
	for _, o := range options {
		h.AddOption(soap.NewHeaderOption(o.name, o.value))
	}
	return h.Build()
}

func messageID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("uuid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// createMessage asks for a shell that goes away by itself soon, should this
// program die: Windows keeps a forgotten one for two hours.
func createMessage(url string) *soap.SoapMessage {
	m := begin(url, actionCreate, "", option{"WINRS_NOPROFILE", "FALSE"}, option{"WINRS_CODEPAGE", "65001"})
	body := m.CreateBodyElement("Shell", soap.DOM_NS_WIN_SHELL)
	m.CreateElement(body, "IdleTimeOut", soap.DOM_NS_WIN_SHELL).SetContent(idleTimeout)
	m.CreateElement(body, "InputStreams", soap.DOM_NS_WIN_SHELL).SetContent("stdin")
	m.CreateElement(body, "OutputStreams", soap.DOM_NS_WIN_SHELL).SetContent("stdout stderr")
	return m
}

// commandMessage starts the constant command line: without cmd.exe, whose lines
// are too short, and with a pipe for standard input.
func commandMessage(url, shell string) *soap.SoapMessage {
	m := begin(url, actionCommand, shell, option{"WINRS_CONSOLEMODE_STDIN", "FALSE"}, option{"WINRS_SKIP_CMD_SHELL", "TRUE"})
	body := m.CreateBodyElement("CommandLine", soap.DOM_NS_WIN_SHELL)
	m.CreateElement(body, "Command", soap.DOM_NS_WIN_SHELL).SetContent(scripts.Executable)
	for _, argument := range scripts.Arguments() {
		m.CreateElement(body, "Arguments", soap.DOM_NS_WIN_SHELL).SetContent(argument)
	}
	return m
}

func receiveMessage(url, shell, command string) *soap.SoapMessage {
	m := begin(url, actionReceive, shell, option{"WSMAN_CMDSHELL_OPTION_KEEPALIVE", "TRUE"})
	body := m.CreateBodyElement("Receive", soap.DOM_NS_WIN_SHELL)
	stream := m.CreateElement(body, "DesiredStream", soap.DOM_NS_WIN_SHELL)
	stream.SetAttr("CommandId", command)
	stream.SetContent("stdout stderr")
	return m
}

func sendMessage(url, shell, command string, input []byte) *soap.SoapMessage {
	return winrm.NewSendInputRequest(url, shell, command, input, true, parameters())
}

func signalMessage(url, shell, command string) *soap.SoapMessage {
	return winrm.NewSignalRequest(url, shell, command, parameters())
}

func deleteMessage(url, shell string) *soap.SoapMessage {
	return winrm.NewDeleteShellRequest(url, shell, parameters())
}
