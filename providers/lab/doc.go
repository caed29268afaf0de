// Package lab is the embedded Azure with its Hyper-V site: management, storage
// and hosts as plain http.Handlers over one persistent world.
//
// People meet it on loopback ports: [Open] attaches to the lab that is served
// for a state directory, and serves one itself where none is; [Serve] serves
// until told to stop. Tests have it without sockets: [NewInMemory].
package lab
