package scripts

import (
	_ "embed" // the bootstrap is part of the program
	"encoding/base64"
	"encoding/binary"
	"unicode/utf16"
)

//go:embed ps/bootstrap.ps1
var bootstrapText string

// Executable and the arguments of [Arguments] are the whole command line. It is
// constant: nothing of a run, and no secret, is ever part of it.
const Executable = "powershell.exe"

// Arguments returns the arguments of [Executable] that run the bootstrap.
func Arguments() []string {
	return []string{
		"-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass",
		"-EncodedCommand", encodedBootstrap,
	}
}

var encodedBootstrap = encodeCommand(bootstrapText)

// encodeCommand makes the base64 of UTF-16LE that -EncodedCommand takes.
func encodeCommand(text string) string {
	units := utf16.Encode([]rune(text))
	raw := make([]byte, 0, 2*len(units))
	for _, u := range units {
		raw = binary.LittleEndian.AppendUint16(raw, u)
	}
	return base64.StdEncoding.EncodeToString(raw)
}
