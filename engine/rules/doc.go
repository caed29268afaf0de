// Package rules is the preflight: it looks at everything that can stop or spoil
// a failback and says what it found, before anything is changed.
//
// A rule is a row of a table. It names the document it comes from and that
// document's date, because documents contradict each other and age. [Check]
// reads the vault, the hosts and Azure afresh and side by side, and reports each
// finding as soon as what it needs has been read. What can't be read is never
// taken as fine: it becomes "unknown", or a block where going on blind would
// risk the machine.
package rules
