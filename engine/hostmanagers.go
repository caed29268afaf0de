package engine

// HostManagers is what manages a host: the cluster that it is a node of, and the VMM
// server that is installed on it. Names are empty where there is no such thing.
type HostManagers struct {
	Cluster string   `json:"cluster,omitempty"`
	Nodes   []string `json:"nodes,omitempty"`
	// Owner is the node that has the VM that was asked for; a clustered VM is to be
	// seen there alone.
	Owner      string   `json:"owner,omitempty"`
	VMM        string   `json:"vmm,omitempty"`
	VMMVersion string   `json:"vmm_version,omitempty"`
	Clouds     []string `json:"clouds,omitempty"` // of VMM
	Hosts      []string `json:"hosts,omitempty"`  // that VMM manages
	// Unread says why "cluster" or "vmm" is there and could not be read.
	Unread map[string]string `json:"unread,omitempty"`
}
