// Package world is the model behind the lab's servers: a vault with fabrics,
// hosts, replicated items, jobs and recovery plans; Azure VMs with page blobs;
// on-premises VMs with disk files; guests that write while their VM runs; and
// the faults of the estate.
//
// A [World] is one directory. Whatever a call or a job changed is in the
// directory before anybody is told, so a world whose process was killed goes on
// where it was: [Open] starts the unfinished jobs again from the step they had
// reached. Time is the wall's (or a test bubble's); the estate's speed divides
// modelled durations only.
package world
