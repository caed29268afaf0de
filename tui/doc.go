// Package tui is the screens of failback.
//
// The story in ten lines. [New] makes one [Model], the only tea.Model there is.
// It owns the size, the clock, the connection, the handle of the run that goes
// on, and the run's [engine.State], which it folds from the handle's mailbox
// whatever is in sight. What is in sight is a screen: home, wizard, live run or
// outcome, each in a package of its own, plain structs that take messages and
// draw lines. Screens ask for things by sending messages that the model answers
// with commands; commands call [Deps], off the update loop, and every answer
// carries the generation it belongs to, so that a late one is dropped. Drawing
// is pure: time is a field that a tick sets, and nothing is read while drawing.
// [Run] owns the terminal and gives it back whatever happens.
package tui
