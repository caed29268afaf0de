package hyperv

import (
	"bytes"
	"encoding/xml"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxErrors bounds what is kept of a command's standard error.
const maxErrors = 4 << 10

// keep cuts a buffer of diagnostics.
func keep(b *bytes.Buffer) {
	if b.Len() > maxErrors {
		b.Truncate(maxErrors)
	}
}

// cleanErrors makes the standard error of powershell.exe readable. PowerShell
// writes it as CLIXML, once or several times over, whatever it is asked for;
// anything else is returned as it is. What cannot be read is left out: it is
// only ever shown beside an error, and never decides anything.
func cleanErrors(stderr []byte) string {
	text := strings.ToValidUTF8(string(stderr), "")
	if !strings.Contains(text, "#< CLIXML") {
		return strings.TrimSpace(text)
	}
	var out strings.Builder
	for _, part := range strings.Split(text, "#< CLIXML")[1:] {
		for _, line := range errorStrings(part) {
			out.WriteString(unescape(line))
		}
	}
	return strings.TrimSpace(out.String())
}

// errorStrings returns the texts of <S S="Error"> elements, as far as the XML
// goes.
func errorStrings(text string) []string {
	var found []string
	d := xml.NewDecoder(strings.NewReader(text))
	inside := false
	for {
		token, err := d.Token()
		if err != nil {
			return found
		}
		switch t := token.(type) {
		case xml.StartElement:
			inside = t.Name.Local == "S" && attributeIs(t, "S", "Error")
		case xml.CharData:
			if inside {
				found = append(found, string(t))
			}
		case xml.EndElement:
			inside = false
		}
	}
}

func attributeIs(e xml.StartElement, name, value string) bool {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value == value
		}
	}
	return false
}

// unescape resolves _xHHHH_, in which CLIXML writes UTF-16 units that XML cannot
// hold.
func unescape(text string) string {
	var units []uint16
	for len(text) > 0 {
		if unit, ok := escapedUnit(text); ok {
			units = append(units, unit)
			text = text[7:]
			continue
		}
		r, size := utf8.DecodeRuneInString(text)
		units = utf16.AppendRune(units, r)
		text = text[size:]
	}
	return string(utf16.Decode(units))
}

func escapedUnit(text string) (uint16, bool) {
	if len(text) < 7 || text[:2] != "_x" || text[6] != '_' {
		return 0, false
	}
	unit, err := strconv.ParseUint(text[2:6], 16, 16)
	return uint16(unit), err == nil
}
