package scripts

// ThreadValue is a DownloadThreadsPerVM of the registry. One that is not set is
// something else than 0; Kind is the registry's word, and Value is read of a DWord.
type ThreadValue struct {
	Set   bool   `json:"set"`
	Value int    `json:"value"`
	Kind  string `json:"kind"`
}

// KindDWord is the kind of value that the agent reads.
const KindDWord = "DWord"

// ThreadsAnswer are the agent's download threads a VM.
type ThreadsAnswer struct {
	Agent    bool        `json:"agent"` // its key is there
	Download ThreadValue `json:"download"`
	// Parent stands one key above, where older documents put it and the agent does
	// not look.
	Parent ThreadValue `json:"parent"`
	Cores  int         `json:"cores"` // logical processors of the host
}

// ThreadSetting is a value to be written or expected.
type ThreadSetting struct {
	Set   bool `json:"set"`
	Value int  `json:"value"`
}

// SetThreadsParams set the download threads, or take the value away, where they
// still are what was expected. Restore allows a value that nobody would choose.
type SetThreadsParams struct {
	Want    ThreadSetting `json:"want"`
	Expect  ThreadSetting `json:"expect"`
	Restore bool          `json:"restore"`
}

// SetThreadsAnswer is the value around the change.
type SetThreadsAnswer struct {
	Before ThreadValue `json:"before"`
	After  ThreadValue `json:"after"`
}

// The types of switches.
const (
	SwitchExternal = "External"
	SwitchInternal = "Internal"
	SwitchPrivate  = "Private"
)

// NetworkSwitch is a virtual switch and what it is bound to.
type NetworkSwitch struct {
	Name string `json:"name"`
	Type string `json:"type"`
	// Management says that the host has an adapter of its own on it.
	Management bool     `json:"management"`
	Cards      []string `json:"cards"` // descriptions of the physical adapters
}

// Adapter is a physical network adapter.
type Adapter struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Status      string   `json:"status"` // Up, Disconnected, Disabled, …
	Addresses   []string `json:"addresses"`
}

// NetworkAnswer are a host's virtual switches and physical adapters.
type NetworkAnswer struct {
	Switches []NetworkSwitch `json:"switches"`
	Adapters []Adapter       `json:"adapters"`
}

// NewSwitchParams describe a switch to create. Adapter is for external ones.
type NewSwitchParams struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Adapter string `json:"adapter"`
}

// NewSwitchAnswer are the host's switches around the creation. Made is false where
// one of that name and type was there.
type NewSwitchAnswer struct {
	Made   bool            `json:"made"`
	Before []NetworkSwitch `json:"before"`
	After  []NetworkSwitch `json:"after"`
}
