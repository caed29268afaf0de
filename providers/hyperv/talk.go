package hyperv

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"html"
	"regexp"
	"strings"

	"failback/providers/hyperv/scripts"
)

// talk is what was said in one session, in order.
type talk []message

// message is a request and its reply, as they were before they were sealed. The reply
// is empty where none came.
type message struct{ request, reply string }

// yaml are the messages as elements of a list. JSON's strings are YAML's.
func (k talk) yaml() ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	for _, m := range k {
		for _, part := range []struct{ key, text string }{{"- request: ", m.request}, {"  response: ", m.reply}} {
			out.WriteString(part.key)
			if err := enc.Encode(part.text); err != nil {
				return nil, err
			}
		}
	}
	return out.Bytes(), nil
}

var (
	stream  = regexp.MustCompile(`(?s)(<(?:\w+:)?Stream\b[^>]*\bName="(\w+)"[^>]*>)([^<]*)(</)`)
	node    = regexp.MustCompile(`(<((?:\w+:)?\w+)[^<>]*>)([^<>]+)(</)`)
	whose   = regexp.MustCompile(`\b(Machine|ProviderId|Path)="[^"]*"`)
	anyGUID = regexp.MustCompile(`[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`)
)

// cleaned is the conversation without what says whose it was. Cleaning it twice is
// harmless.
func (k talk) cleaned(c Cleaner) talk {
	out := make(talk, len(k))
	copy(out, k)
	for _, name := range []string{"stdout", "stderr"} {
		out.output(name, c)
	}
	for i, m := range out {
		m.request = stream.ReplaceAllStringFunc(m.request, func(s string) string { return input(s, c) })
		out[i] = message{envelope(m.request, c), envelope(m.reply, c)}
	}
	return out
}

// output cleans what a command wrote. It came in pieces that stand for nothing by
// themselves: all of it goes into the first.
func (k talk) output(name string, c Cleaner) {
	var all []byte
	for _, m := range k {
		for _, s := range stream.FindAllStringSubmatch(m.reply, -1) {
			if s[2] == name {
				raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(s[3]))
				if err != nil {
					raw = nil // no piece of anything
				}
				all = append(all, raw...)
			}
		}
	}
	text, first := base64.StdEncoding.EncodeToString(written(all, c)), true
	for i, m := range k {
		k[i].reply = stream.ReplaceAllStringFunc(m.reply, func(s string) string {
			part := stream.FindStringSubmatch(s)
			if part[2] != name {
				return s
			}
			now := ""
			if first {
				now, first = text, false
			}
			return part[1] + now + part[4]
		})
	}
}

// written cleans a whole output: an answer inside its line, anything else as prose.
func written(all []byte, c Cleaner) []byte {
	if len(all) == 0 {
		return nil
	}
	var out bytes.Buffer
	for line := range bytes.Lines(all) {
		if clean, ok := scripts.MapAnswer(line, func(document []byte) []byte { return compact(c.JSON(document)) }); ok {
			out.Write(clean)
		} else {
			out.WriteString(c.Prose(string(line)))
		}
	}
	return out.Bytes()
}

func compact(document []byte) []byte {
	var out bytes.Buffer
	if json.Compact(&out, document) != nil {
		return document
	}
	return out.Bytes()
}

// input cleans what a script was given. Its text is the program's own.
func input(s string, c Cleaner) string {
	part := stream.FindStringSubmatch(s)
	now := ""
	if raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(part[3])); err == nil {
		if p, err := scripts.DecodePayload(raw); err == nil {
			p.Params = compact(c.JSON(p.Params))
			if line, err := p.Line(); err == nil {
				now = base64.StdEncoding.EncodeToString(line)
			}
		}
	}
	return part[1] + now + part[4]
}

// envelope cleans the rest of a message: what stands between tags, and the few
// attributes that name somebody.
func envelope(text string, c Cleaner) string {
	text = node.ReplaceAllStringFunc(text, func(s string) string {
		part := node.FindStringSubmatch(s)
		_, name, ok := strings.Cut(part[2], ":")
		if !ok {
			name = part[2]
		}
		return part[1] + between(name, part[3], c) + part[4]
	})
	text = whose.ReplaceAllString(text, `$1="host.invalid"`)
	return anyGUID.ReplaceAllStringFunc(text, c.Words)
}

// between cleans the text of an element.
func between(element, text string, c Cleaner) string {
	switch element {
	case "Stream", "Command", "Arguments", "Code", "Value", "Action", "ResourceURI", "State", "ExitCode":
		return text // cleaned before, or a word of the protocol
	case "To":
		return "https://host.invalid/wsman"
	}
	plain := html.UnescapeString(text)
	var clean string
	switch {
	case strings.HasPrefix(plain, "http://schemas.") || strings.HasPrefix(plain, "http://www.w3.org"):
		return text
	case element == "Owner" || element == "ClientIP":
		c.Hide(plain)
		clean = c.Words(plain)
	case element == "Text" || element == "Message":
		clean = c.Prose(plain)
	default:
		clean = c.Words(plain)
	}
	if clean == plain {
		return text
	}
	var out bytes.Buffer
	if xml.EscapeText(&out, []byte(clean)) != nil {
		return ""
	}
	return out.String()
}
