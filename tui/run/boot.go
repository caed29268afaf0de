package run

import (
	"fmt"
	"strings"
	"unicode"

	"failback/engine"
	"failback/tui/dialog"
)

// verified says what the boot and the disks showed, and what people saw.
func verified(l *engine.Leg) []dialog.Line {
	var out []dialog.Line
	if l.Boot != nil {
		out = append(out, bootLines(l.Boot)...)
	}
	out = append(out, ProofLines(l.Proofs)...)
	for _, k := range l.Looks {
		out = append(out, dialog.Line{Tone: dialog.Quiet, Text: k.At.UTC().Format("15:04 MST") + " " + k.Words()})
	}
	return out
}

// bootLines say the proof of a boot: what was seen together, what was not by itself.
func bootLines(b *engine.BootChecked) []dialog.Line {
	head := dialog.Line{Tone: dialog.Good, Text: "Boot proven: "}
	if b.Result != engine.BootProven {
		head = dialog.Line{Tone: dialog.Caution, Text: "Boot not proven: "}
	}
	if len(b.Lines) == 0 {
		head.Text += BootWords(b)
		return []dialog.Line{head}
	}
	var seen []string
	var rest []dialog.Line
	for _, l := range b.Lines {
		switch l.Result {
		case engine.LineOK:
			said := l.What + " " + l.Result.Word()
			if saw := strings.TrimPrefix(sawWords(l), "ok, "); saw != l.What {
				said += " (" + saw + ")"
			}
			seen = append(seen, said)
		case engine.LineWrong:
			rest = append(rest, dialog.Line{Tone: dialog.Danger, Text: lineWords(l)})
		default:
			rest = append(rest, dialog.Line{Tone: dialog.Caution, Text: lineWords(l)})
		}
	}
	if b.Result == engine.BootProven {
		head.Text += strings.Join(seen, ", ")
		return append([]dialog.Line{head}, rest...)
	}
	head.Text = "Boot not proven"
	out := []dialog.Line{head}
	if len(seen) > 0 {
		out = append(out, dialog.Line{Tone: dialog.Good, Text: strings.Join(seen, ", ")})
	}
	return append(out, rest...)
}

func lineWords(l engine.BootLine) string {
	return fmt.Sprintf("%s %s: %s", l.What, l.Result.Word(), sawWords(l))
}

// sawWords are what a line saw, Hyper-V's joined words as words.
func sawWords(l engine.BootLine) string {
	switch l.What {
	case engine.LineHeartbeat, engine.LineRunning:
		return spaced(l.Saw)
	}
	return l.Saw
}

// proving is how the proof of a boot stands while it is looked for.
func (r *Live) proving(leg *engine.Leg, w int) []string {
	if len(leg.Proving) == 0 || leg.Mode != engine.ModeRunning {
		return nil
	}
	l := r.look
	out := []string{l.T.Muted.Render(l.Say("Proof of the boot"))}
	for _, p := range leg.Proving {
		mark := l.T.Warn.Render(l.G.Warn)
		switch p.Result {
		case engine.LineOK:
			mark = l.T.OK.Render(l.G.OK)
		case engine.LineWrong:
			mark = l.T.Bad.Render(l.G.Block)
		case engine.LineNotSeen:
		}
		out = append(out, l.Cut(mark+" "+l.T.Text.Render(l.Say(lineWords(p))), w))
	}
	return out
}

// BootWords says what was seen of a boot.
func BootWords(b *engine.BootChecked) string {
	words := fmt.Sprintf("%s, heartbeat %s, up %s", strings.ToLower(b.State), spaced(b.Heartbeat), engine.SpanWords(b.Uptime))
	if len(b.Addresses) > 0 {
		words += ", " + strings.Join(b.Addresses, " ")
	}
	for _, l := range b.Lines {
		switch l.What {
		case engine.LineRunning, engine.LineHeartbeat, engine.LineUptime:
			continue
		case engine.LineAddresses:
			if l.Result == engine.LineOK {
				continue
			}
		}
		words += "; " + lineWords(l)
	}
	return words
}

// spaced writes one of Hyper-V's joined words, OkApplicationsHealthy, as words.
func spaced(s string) string {
	var b strings.Builder
	for i, c := range s {
		if i > 0 && unicode.IsUpper(c) {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return strings.Replace(b.String(), "ok ", "ok, ", 1)
}
