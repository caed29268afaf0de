// Package winrm is the lab's Windows remote management service: Hyper-V hosts
// that speak WS-Management over HTTP, with NTLMv2 and message sealing, and run
// the program's own scripts, and no others, against a model.
//
// [New] makes the service; [Server.Host] is one host as an http.Handler. NTLM
// authenticates a connection, not a request, so the service has to know which
// connection a request came over. Behind sockets [Server.ConnContext] tells it;
// in memory, each round tripper that [Server.Connect] hands out is a connection
// of its own, and needs nothing but goroutines, so that a whole conversation
// fits into a testing/synctest bubble.
//
// A host misbehaves as [Options] say: [Trouble] is a list of what goes wrong, where
// and how often, from an empty reply to a challenge whose flags were stripped.
//
// The shapes of messages and faults follow the Windows documentation and public
// recordings of real hosts; where neither says, the comment says "inferred".
package winrm
