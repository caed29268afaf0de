// Package jumpbox tries things from the machine that the program runs on: whether a
// TCP port answers, and what an operator's own script says of a machine. It is the
// [engine.JumpBox] of every connection; in a rehearsal the lab answers for the network
// that its guests are not on.
package jumpbox
