// Package engine is what a failback is: items, hosts, plans, phases, gates,
// events, and the runner that carries a plan out.
//
// The story in ten lines. An operator writes a [Plan]. A [Runner] walks one leg
// an item through the phase table ([StepsFor]), against four small ports
// ([Inventory], [Failover], [HostAccess], [AzureAccess]). Whatever happens
// becomes an [Event]: a small, typed, serialisable fact. A [Stream] stamps it,
// asks the state machine whether it is legal, has it written to the journal and
// only then hands it to readers. [State] is the fold of those events and the
// only model of a run: screens, plain output, resume and reports all use it.
//
// The package knows neither a screen nor a provider: it imports the standard
// library and golang.org/x/sync, nothing else.
package engine
