// Package move holds the words for moving one disk by itself: what is ordered, how
// far it is, and how it ended. Who carries it out is a provider; who asks, a
// command or a run.
package move
