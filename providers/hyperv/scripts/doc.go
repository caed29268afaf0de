// Package scripts holds the PowerShell that runs on Hyper-V hosts, and the lines
// in which it is sent and answers.
//
// Each script is a constant file for Windows PowerShell 5.1. Data reaches it as
// parameters in a JSON document and never as text of the script; it comes back
// as JSON again, in one line of ASCII, so that no code page and no line wrapping
// of the host can touch it. What travels:
//
//	command line  powershell.exe … -EncodedCommand <constant bootstrap>
//	stdin         <sha256> <length> <base64 {"s": script, "p": params}>
//	stdout        FBK1 <base64 {"v": 1, "ok": …, "data" | "err": …}> END
//
// Both ends of the wire use the same codec: see [EncodePayload], [DecodePayload],
// [EncodeAnswer], [EncodeError] and [DecodeAnswer].
package scripts
