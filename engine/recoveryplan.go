package engine

// RecoveryPlan is Site Recovery's recovery plan: groups of items that start in
// order. Never called plan without the word recovery before it.
type RecoveryPlan struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	FabricID string          `json:"fabric_id"`
	Fabric   string          `json:"fabric"`
	Allowed  []string        `json:"allowed_operations"`
	Status   string          `json:"status"`
	Groups   []RecoveryGroup `json:"groups"`
}

// RecoveryGroup is one boot group of a recovery plan, in order.
type RecoveryGroup struct {
	Name  string   `json:"name"`
	Items []string `json:"items"` // item resource ids
}
