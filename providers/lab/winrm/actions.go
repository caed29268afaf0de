package winrm

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// act does what a message asks and returns the content of the reply's body.
func (h *host) act(ctx context.Context, m *message) (string, error) {
	if resource := strings.TrimSpace(m.Header.Resource); resource != resourceCmd {
		return "", &fault{codeUnknownAction, "w:UnsupportedResource", "The service cannot find the resource " + resource + "."}
	}
	switch m.Action() {
	case actionCreate:
		return h.create(m)
	case actionDelete:
		return "", h.shells.remove(m.shell())
	case actionCommand, actionSend, actionReceive, actionSignal:
		sh, err := h.shells.get(m.shell())
		if err != nil {
			return "", err
		}
		return h.inShell(ctx, sh, m)
	}
	return "", &fault{codeUnknownAction, "a:ActionNotSupported", "The action is not supported: " + m.Action()}
}

func (h *host) inShell(ctx context.Context, sh *shell, m *message) (string, error) {
	switch m.Action() {
	case actionCommand:
		if m.Body.CommandLine == nil {
			return "", faultParameter("No command line.")
		}
		c := sh.start(h.name, *m.Body.CommandLine)
		return "<rsp:CommandResponse>" + element("rsp:CommandId", c.id) + "</rsp:CommandResponse>", nil
	case actionSend:
		return h.send(sh, m)
	case actionReceive:
		return h.receive(ctx, sh, m)
	default:
		return h.signal(sh, m)
	}
}

func (h *host) create(m *message) (string, error) {
	if m.Body.Shell == nil {
		return "", faultParameter("No shell.")
	}
	idle := defaultIdleTimeout
	if asked := strings.TrimSpace(m.Body.Shell.IdleTimeout); asked != "" {
		d, err := parseDuration(asked)
		if err != nil {
			return "", faultParameter(err.Error())
		}
		idle = d
	}
	sh, err := h.shells.create(idle)
	if err != nil {
		return "", err
	}
	selector := `<w:SelectorSet><w:Selector Name="ShellId">` + sh.id + `</w:Selector></w:SelectorSet>`
	return `<x:ResourceCreated><a:Address>http://` + escape(h.name) + `:5985/wsman</a:Address><a:ReferenceParameters>` +
		element("w:ResourceURI", resourceCmd) + selector + `</a:ReferenceParameters></x:ResourceCreated>` +
		`<rsp:Shell>` + element("rsp:ShellId", sh.id) + element("rsp:ResourceUri", resourceCmd) +
		element("rsp:IdleTimeOut", formatDuration(idle)) +
		element("rsp:InputStreams", "stdin") + element("rsp:OutputStreams", "stdout stderr") + `</rsp:Shell>`, nil
}

func (h *host) send(sh *shell, m *message) (string, error) {
	if len(m.Body.Send) == 0 {
		return "", faultParameter("No stream.")
	}
	for _, in := range m.Body.Send {
		c, err := sh.command(in.Command)
		if err != nil {
			return "", err
		}
		if err := c.send(h.server.model, in); err != nil {
			return "", err
		}
	}
	return "<rsp:SendResponse/>", nil
}

func (h *host) receive(ctx context.Context, sh *shell, m *message) (string, error) {
	if len(m.Body.Receive) != 1 {
		return "", faultParameter("One desired stream is needed.")
	}
	c, err := sh.command(m.Body.Receive[0].Command)
	if err != nil {
		return "", err
	}
	limit, err := parseDuration(strings.TrimSpace(m.Header.Timeout))
	if err != nil {
		return "", faultParameter(err.Error())
	}
	out, err := c.receive(ctx, min(limit, h.maxTimeout), h.server.options.Chunk)
	if err != nil {
		return "", err
	}
	sh.touch()
	return "<rsp:ReceiveResponse>" + streams(c.id, out) + state(c.id, out) + "</rsp:ReceiveResponse>", nil
}

func streams(command string, out output) string {
	var b strings.Builder
	write := func(name string, data []byte) {
		if len(data) > 0 {
			fmt.Fprintf(&b, `<rsp:Stream Name="%s" CommandId="%s">%s</rsp:Stream>`, name, command, base64.StdEncoding.EncodeToString(data))
		}
		if out.done {
			fmt.Fprintf(&b, `<rsp:Stream Name="%s" CommandId="%s" End="true"></rsp:Stream>`, name, command)
		}
	}
	write("stdout", out.stdout)
	write("stderr", out.stderr)
	return b.String()
}

func state(command string, out output) string {
	if !out.done {
		return `<rsp:CommandState CommandId="` + command + `" State="` + shellNS + `/CommandState/Running"></rsp:CommandState>`
	}
	return `<rsp:CommandState CommandId="` + command + `" State="` + shellNS + `/CommandState/Done">` +
		element("rsp:ExitCode", strconv.Itoa(out.exit)) + `</rsp:CommandState>`
}

// signal ends a command, whatever the code: every code there is does.
func (h *host) signal(sh *shell, m *message) (string, error) {
	if m.Body.Signal == nil {
		return "", faultParameter("No signal.")
	}
	c, err := sh.command(m.Body.Signal.Command)
	if err != nil {
		return "", err
	}
	c.cancel()
	return "<rsp:SignalResponse/>", nil
}

// parseDuration reads what clients send of ISO 8601: PT20S, PT60.000S, PT5M.
func parseDuration(text string) (time.Duration, error) {
	rest, ok := strings.CutPrefix(text, "PT")
	d, err := time.ParseDuration(strings.ToLower(rest))
	if !ok || err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is no duration", text)
	}
	return d, nil
}

func formatDuration(d time.Duration) string {
	return fmt.Sprintf("PT%.3fS", d.Seconds())
}
