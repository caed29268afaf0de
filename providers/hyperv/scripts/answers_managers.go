package scripts

// ManagersParams may name a VM whose owner in the cluster is asked for.
type ManagersParams struct {
	VMID string `json:"vm_id"` // Hyper-V GUID, or empty
}

// ManagersAnswer says what manages a host. Names are empty where there is no such
// thing; Unread says why "cluster" or "vmm" could not be read.
type ManagersAnswer struct {
	Cluster string            `json:"cluster"`
	Nodes   []string          `json:"nodes"`
	Owner   string            `json:"owner"` // node that has the VM; empty where the cluster has none
	VMM     string            `json:"vmm"`   // of the VMM server that is installed here
	Version string            `json:"version"`
	Clouds  []string          `json:"clouds"`
	Hosts   []string          `json:"hosts"`
	Unread  map[string]string `json:"unread"`
}
