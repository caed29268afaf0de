// Package record keeps the management traffic of a session as a file: what was
// asked and answered, in order, with everything taken out that says whose vault it
// was. Such a file confirms what the program only infers of the service, and it is
// made to be handed on: what is not known to be harmless is replaced. The same
// name gets the same replacement everywhere, so that a recording still tells which
// job worked on which item.
package record
