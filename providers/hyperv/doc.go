// Package hyperv reads Hyper-V hosts, and starts and guards their VMs, over
// Windows remote management (WinRM).
//
// [New] makes an [engine.HostAccess] of a list of endpoints. Messages and parsers
// of the shell protocol come from github.com/masterzen/winrm; connections, the
// sealing of messages and the course of a command are this package's own, since
// what an operator needs most is what a general client gives least: a password
// that never leaves the jump box, an answer that nobody can forge, a deadline
// that is kept, and an honest "unknown" when an answer is lost.
//
// What happens in one call, from top to bottom:
//
//	Access   engine types ↔ parameters and answers     access.go, convert.go
//	host     at most four shells at once, failures     host.go, failure.go
//	shell    create, command, send, receive, delete    shell.go, message.go
//	session  one connection, signed in and sealed      session.go, handshake.go, frame.go
//
// The scripts that run on the host are in package scripts.
package hyperv
