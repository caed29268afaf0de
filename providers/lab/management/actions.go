package management

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"path"

	"failback/providers/lab/world"
)

// failoverBody is a planned failover as it is sent; an item's details are an
// object, a recovery plan's an array.
type failoverBody struct {
	Properties struct {
		FailoverDirection       string          `json:"failoverDirection"`
		ProviderSpecificDetails json.RawMessage `json:"providerSpecificDetails"`
	} `json:"properties"`
}

type failoverDetails struct {
	InstanceType                   string `json:"instanceType"`
	DataSyncOption                 string `json:"dataSyncOption"`
	RecoveryVMCreationOption       string `json:"recoveryVmCreationOption"`
	ProviderIDForAlternateRecovery string `json:"providerIdForAlternateRecovery"`
	RecoveryPointID                string `json:"recoveryPointId"`
	PrimaryKekCertificatePfx       string `json:"primaryKekCertificatePfx"`
}

func (d failoverDetails) request(direction string) world.FailoverRequest {
	pfx, err := base64.StdEncoding.DecodeString(d.PrimaryKekCertificatePfx)
	r := world.FailoverRequest{
		Direction: direction, InstanceType: d.InstanceType, DataSync: d.DataSyncOption, CreateVM: d.RecoveryVMCreationOption,
		Provider: d.ProviderIDForAlternateRecovery != "", ProviderID: path.Base(d.ProviderIDForAlternateRecovery),
		Certificate: err == nil && len(pfx) > 0,
	}
	if d.RecoveryPointID != "" {
		r.Point = path.Base(d.RecoveryPointID)
	}
	return r
}

func (c *call) startItem(names []string) {
	var body failoverBody
	var details failoverDetails
	if len(c.body) == 0 {
		c.fail(badContent("there is none."))
		return
	}
	if !c.decode(&body) {
		return
	}
	if raw := body.Properties.ProviderSpecificDetails; len(raw) > 0 {
		if err := json.Unmarshal(raw, &details); err != nil {
			c.fail(badContent("providerSpecificDetails: " + err.Error()))
			return
		}
	}
	op, err := c.world.PlannedFailover(c.nameOf(names[5]), details.request(body.Properties.FailoverDirection), c.client)
	c.accept(op, err)
}

func (c *call) commitItem(names []string) {
	op, err := c.world.Commit(c.nameOf(names[5]), c.client)
	c.accept(op, err)
}

func (c *call) reprotectItem(names []string) {
	var body failoverBody
	if !c.decode(&body) {
		return
	}
	op, err := c.world.Reprotect(c.nameOf(names[5]), body.Properties.FailoverDirection, c.client)
	c.accept(op, err)
}

// decode reads the request's body; an empty one is an empty object.
func (c *call) decode(into any) bool {
	if len(c.body) == 0 {
		return true
	}
	if err := json.Unmarshal(c.body, into); err != nil {
		c.fail(badContent(err.Error()))
		return false
	}
	return true
}

// accept answers a request that a job now works on: 202, where to look, and no
// body.
func (c *call) accept(op world.Operation, err error) {
	c.acceptAt(path.Dir(c.r.URL.EscapedPath())+"/operationresults/"+op.ID, op, err)
}

// acceptAt is accept with the path where the outcome will be found.
func (c *call) acceptAt(result string, op world.Operation, err error) {
	if err != nil {
		c.fail(err)
		return
	}
	c.accepted = true
	var vault, job string
	c.world.Read(func(s *world.State) { vault, job = ids{s}.vault(), ids{s}.job(op.ID) })
	query := "?api-version=" + c.query.Get("api-version")
	h := c.w.Header()
	h.Set("Location", c.origin()+respell(result)+query)
	h.Set("Azure-AsyncOperation", c.origin()+vault+"/replicationOperationStatus/"+op.ID+query)
	h.Set("Retry-After", itoa(c.retryAfter()))
	h.Set("x-ms-request-id", job+", "+c.client)
	c.answer(http.StatusAccepted, nil)
}
