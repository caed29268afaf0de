package siterecovery

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	asr "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/recoveryservices/armrecoveryservicessiterecovery/v2"

	"failback/engine"
	"failback/providers/azure"
)

// exportFormats are the service's names of the forms.
var exportFormats = map[engine.ExportFormat]asr.ExportJobOutputSerializationType{
	engine.ExportJSON:  asr.ExportJobOutputSerializationTypeJSON,
	engine.ExportXML:   asr.ExportJobOutputSerializationTypeXML,
	engine.ExportExcel: asr.ExportJobOutputSerializationTypeExcel,
}

// Export asks once for the export, waits for its job, and copies the file that it
// made to w. No recording of an export exists: that its operation ends in the job
// document, and how several states are written, is INFERRED.
func (c *Client) Export(ctx context.Context, e engine.JobExport, w io.Writer) (string, error) {
	call := azure.Call{Action: azure.ActionExportJobs, What: "export the jobs", Where: c.vault, Request: e.RequestID}
	query, err := exportQuery(e)
	if err != nil {
		return "", err
	}
	if c.download == nil {
		return "", engine.Refuse(call.What, call.Where, "this connection can't fetch files", "export the jobs in the portal")
	}
	var poller *runtime.Poller[asr.ReplicationJobsClientExportResponse]
	name, err := c.once(ctx, call, func(ctx context.Context) (err error) {
		poller, err = c.jobs.BeginExport(ctx, c.group, c.vault, query, nil)
		return err
	})
	if err != nil {
		return "", err
	}
	made, name, err := c.exported(ctx, call, poller, name)
	if err != nil {
		return name, err
	}
	return name, c.download(ctx, call, signedAddress(made), w)
}

func exportQuery(e engine.JobExport) (asr.JobQueryParameter, error) {
	format, ok := exportFormats[e.Format]
	if !ok {
		return asr.JobQueryParameter{}, engine.Usagef("use json, xml or excel", "%q is no form of an export", e.Format)
	}
	q := asr.JobQueryParameter{JobOutputType: &format}
	if !e.Since.IsZero() {
		q.StartTime = ptr(filterTime(e.Since))
	}
	if !e.Until.IsZero() {
		q.EndTime = ptr(filterTime(e.Until))
	}
	if len(e.States) > 0 {
		var states []string
		for _, s := range e.States {
			states = append(states, string(s))
		}
		q.JobStatus = ptr(strings.Join(states, ","))
	}
	return q, nil
}

func ptr(s string) *string { return &s }

// exported waits for the export's operation and finds where its file lies: in the
// operation's result, or in the job that the operation names.
func (c *Client) exported(ctx context.Context, call azure.Call, poller *runtime.Poller[asr.ReplicationJobsClientExportResponse], name string) (*asr.ExportJobDetails, string, error) {
	for poller != nil && !poller.Done() {
		answer, err := poller.Poll(ctx) //nolint:bodyclose // the SDK has buffered and closed it
		if err != nil {
			return nil, name, call.Failure(err)
		}
		if said := statusName(answer); said != "" {
			name = said
		}
		if poller.Done() {
			break
		}
		if err := pause(ctx, answer); err != nil {
			return nil, name, call.Failure(err)
		}
	}
	if poller != nil {
		result, err := poller.Result(ctx)
		if err != nil {
			return nil, name, call.Failure(err)
		}
		if made := exportDetails(result.Job); made != nil {
			return made, name, nil
		}
	}
	answer, err := c.jobs.Get(ctx, c.group, c.vault, name, nil)
	if err != nil {
		return nil, name, call.Failure(err)
	}
	if made := exportDetails(answer.Job); made != nil {
		return made, name, nil
	}
	j := decodeJob(&answer.Job, nil)
	return nil, name, &engine.Failure{Kind: engine.FailureJob, What: call.What, Where: call.Where, Job: name, Request: call.Request,
		Why: "the export's job tells no file (state " + string(j.State) + ")", Remedy: "look at it with: failback jobs show " + name}
}

func exportDetails(j asr.Job) *asr.ExportJobDetails {
	if j.Properties == nil {
		return nil
	}
	d, ok := j.Properties.CustomDetails.(*asr.ExportJobDetails)
	if !ok || text(d.BlobURI) == "" {
		return nil
	}
	return d
}

// pause waits as long as the service asks to be left alone, a second at least.
func pause(ctx context.Context, r *http.Response) error {
	wait := time.Second
	if s, err := strconv.Atoi(r.Header.Get("Retry-After")); err == nil && s > 1 {
		wait = time.Duration(s) * time.Second
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// signedAddress joins the address of a file with its signature.
func signedAddress(d *asr.ExportJobDetails) string {
	address, sas := text(d.BlobURI), strings.TrimPrefix(text(d.SasToken), "?")
	if sas == "" {
		return address
	}
	if u, err := url.Parse(address); err == nil && u.RawQuery != "" {
		return address + "&" + sas
	}
	return address + "?" + sas
}
