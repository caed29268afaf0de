package scripts

// Address is a name and a port.
type Address struct {
	Host string `json:"host"`
	Port int    `json:"port"`
}

// ReachParams ask which addresses a host can connect to.
type ReachParams struct {
	Addresses []Address `json:"addresses"`
}

// ReachAnswer says it of each, in order, and what the registry says of TLS 1.2 as a
// client: Default, Enabled, Disabled, DisabledByDefault; empty where it can't be read.
type ReachAnswer struct {
	Addresses []ReachedAddress `json:"addresses"`
	TLS12     string           `json:"tls12"`
}

// ReachedAddress is one of them; Why is empty where a connection was made, else
// Windows' word: TimedOut, HostNotFound, ConnectionRefused, …
type ReachedAddress struct {
	Host string `json:"host"`
	Port int    `json:"port"`
	Why  string `json:"why"`
}
