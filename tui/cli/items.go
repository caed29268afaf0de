package cli

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"failback/engine"
)

// itemRow is one replicated item, as `items --output json` gives it. Fields are
// added, never renamed.
type itemRow struct {
	Name           string             `json:"name"`
	ID             string             `json:"id"`
	Kind           engine.ItemKind    `json:"kind"`
	ActiveLocation engine.Location    `json:"active_location"`
	State          engine.ItemState   `json:"state"`
	Ready          bool               `json:"ready"`
	Reason         string             `json:"reason"`
	Remedy         string             `json:"remedy"`
	Disks          int                `json:"disks"`
	Bytes          int64              `json:"bytes"`
	Encryption     bool               `json:"encryption"`
	Damaged        bool               `json:"damaged"`
	Host           string             `json:"host"`
	Fabric         string             `json:"fabric"`
	OS             string             `json:"os"`
	Health         string             `json:"health"`
	AzureVM        *engine.AzureVMRef `json:"azure_vm,omitempty"`
	CurrentJob     string             `json:"current_job,omitempty"`

	CommitFirst    bool     `json:"commit_first"` // only the commit of its failover to Azure stands in the way
	ReadyToAzure   bool     `json:"ready_to_azure"`
	ReasonToAzure  string   `json:"reason_to_azure"`
	Situation      string   `json:"situation"` // its row in docs/states.md
	Protection     string   `json:"protection_state"`
	Description    string   `json:"protection_state_description"`
	Allowed        []string `json:"allowed_operations"`
	TestFailover   string   `json:"test_failover"`
	Scenario       string   `json:"current_scenario,omitempty"`
	DiskKind       string   `json:"disk_kind"` // blobs, managed or mixed
	FailoverHealth string   `json:"failover_health"`
	// RPO is null where it was never reckoned.
	RPO               *float64            `json:"rpo_s"`
	LastReplicated    time.Time           `json:"last_replicated,omitzero"`
	LastRecoveryPoint time.Time           `json:"last_recovery_point,omitzero"`
	FailedOver        time.Time           `json:"failed_over,omitzero"`
	DiskDetails       []engine.Disk       `json:"disk_details"`
	HealthErrors      []engine.HealthNote `json:"health_errors,omitempty"`
}

func (a *app) itemsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "items",
		Short: "List the replicated items of the vault, and which may fail back now",
		Args:  takes(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			rows, err := a.listItems(cmd.Context())
			if err != nil {
				return err
			}
			return show(a, rows, itemTable(rows))
		},
	}
}

func (a *app) listItems(ctx context.Context) ([]itemRow, error) {
	s, err := a.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close(a)
	items, err := s.items(ctx)
	if err != nil {
		return nil, err
	}
	rows := make([]itemRow, 0, len(items))
	for _, it := range items {
		rows = append(rows, newItemRow(it))
	}
	return rows, nil
}

func newItemRow(it engine.Item) itemRow {
	ready := it.Ready(engine.ToOnPremises)
	row := itemRow{
		Name: it.Name, ID: it.ID, Kind: it.Kind, ActiveLocation: it.Active, State: it.State,
		Ready: ready.Ready, Reason: ready.Reason, Remedy: ready.Remedy,
		Disks: len(it.Disks), Bytes: it.Bytes(), Encryption: it.Encryption, Damaged: it.Damaged != nil,
		Host: it.HostName, Fabric: it.FabricName, OS: it.OS, Health: it.Health, CurrentJob: it.CurrentJob,
	}
	if it.AzureVM.Name != "" {
		row.AzureVM = &it.AzureVM
	}
	row.tell(it)
	return row
}

// tell fills in what the item says of itself beyond its readiness to fail back.
func (r *itemRow) tell(it engine.Item) {
	away := it.Ready(engine.ToAzure)
	r.CommitFirst = it.Ready(engine.ToOnPremises).CommitFirst
	r.ReadyToAzure, r.ReasonToAzure = away.Ready, away.Reason
	if it.OutOfScope == "" {
		r.Situation = it.Situation().Name
	}
	r.Protection, r.Description, r.Allowed = it.RawState, it.RawDescription, it.Allowed
	r.TestFailover, r.Scenario, r.DiskKind = it.TestFailover, it.CurrentScenario, it.DiskKind()
	r.FailoverHealth, r.HealthErrors, r.DiskDetails = it.Replication.FailoverHealth, it.Replication.Errors, it.Disks
	if !it.Replication.RPOAt.IsZero() {
		seconds := it.Replication.RPO.Seconds()
		r.RPO = &seconds
	}
	r.LastReplicated, r.LastRecoveryPoint, r.FailedOver = it.Replication.Last, it.Replication.LastPoint, it.FailedOver
}

func itemTable(rows []itemRow) table {
	t := table{
		heads: []string{"NAME", "READY", "RUNS IN", "STATE", "DISKS", "SIZE", "HOST", "NOTE"},
		right: map[int]bool{4: true, 5: true},
		none:  "the vault has no replicated items",
	}
	for _, r := range rows {
		why := r.Reason
		if r.Damaged {
			why = joinNonEmpty("DAMAGED on-premises, do not start it", why)
		}
		t.rows = append(t.rows, []string{
			r.Name, yesNo(r.Ready), string(r.ActiveLocation), string(r.State),
			strconv.Itoa(r.Disks), engine.SizeWords(r.Bytes), r.Host, why,
		})
	}
	return t
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func joinNonEmpty(a, b string) string {
	if b == "" {
		return a
	}
	return a + "; " + b
}
