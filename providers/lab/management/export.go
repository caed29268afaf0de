package management

import (
	"encoding/json"
	"encoding/xml"
	"slices"
	"strings"
	"time"

	"failback/providers/lab/world"
)

// exportLife is how long an exported list can be read.
const exportLife = time.Hour

// exportBody is what is asked for. Field names are the SDK's.
type exportBody struct {
	StartTime     string `json:"startTime"`
	EndTime       string `json:"endTime"`
	JobStatus     string `json:"jobStatus"`
	JobOutputType string `json:"jobOutputType"`
}

// exportJobs writes the list of jobs into a file that can be read with a
// signature. The shape of such a file was not recorded; the lab's is its own.
func (c *call) exportJobs([]string) {
	var body exportBody
	if !c.decode(&body) {
		return
	}
	filter, err := body.filter()
	if err != nil {
		c.fail(invalid("InvalidParameter", err.Error(), "Write times as 2026-03-01T12:00:00Z."))
		return
	}
	write, known := exportForms[strings.ToLower(body.JobOutputType)]
	if !known || c.options.Keep == nil {
		c.fail(invalid("InvalidParameter", "The lab exports Json and Xml, not '"+body.JobOutputType+"'.", "Ask for Json or Xml."))
		return
	}
	var rows []exportRow
	c.world.Read(func(s *world.State) {
		for _, j := range slices.Backward(s.Jobs) {
			if filter.takes(j) {
				_, target, _ := j.Target(s)
				rows = append(rows, exportRow{Name: j.Name, Scenario: j.Scenario, State: j.State, Target: target, Started: stamp(j.Started), Ended: stamp(j.Ended)})
			}
		}
	})
	content, err := write(rows)
	if err != nil {
		c.fail(err)
		return
	}
	file := "exported-jobs/" + newGUID() + "." + strings.ToLower(body.JobOutputType)
	c.options.Keep(file, content)
	op, err := c.world.ExportJobs(file, c.client)
	job := ""
	c.world.Read(func(s *world.State) { job = ids{s}.job(op.ID) })
	c.acceptAt(job, op, err)
}

func (b exportBody) filter() (f jobFilter, err error) {
	if b.StartTime != "" {
		f.from, err = time.Parse(time.RFC3339Nano, b.StartTime)
	}
	if b.EndTime != "" && err == nil {
		f.until, err = time.Parse(time.RFC3339Nano, b.EndTime)
	}
	if b.JobStatus != "" {
		f.states = strings.Split(b.JobStatus, ",")
	}
	return f, err
}

// exportRow is one job of an exported list.
type exportRow struct {
	XMLName  xml.Name `json:"-" xml:"Job"`
	Name     string   `json:"name" xml:"Name"`
	Scenario string   `json:"scenarioName" xml:"ScenarioName"`
	State    string   `json:"state" xml:"State"`
	Target   string   `json:"targetObjectName" xml:"TargetObjectName"`
	Started  string   `json:"startTime" xml:"StartTime"`
	Ended    string   `json:"endTime" xml:"EndTime"`
}

var exportForms = map[string]func([]exportRow) ([]byte, error){
	"json": func(rows []exportRow) ([]byte, error) { return json.Marshal(append([]exportRow{}, rows...)) },
	"xml": func(rows []exportRow) ([]byte, error) {
		return xml.Marshal(struct {
			XMLName xml.Name `xml:"Jobs"`
			Rows    []exportRow
		}{Rows: rows})
	},
}

// exported are the details of an export's job: where its file lies, signed anew
// at every read.
func (c *call) exported(j *world.Job) obj {
	query := c.options.Sign(j.Export, "", time.Now().Add(exportLife))
	return obj{
		"instanceType": "ExportJobDetails", "affectedObjectDetails": obj{},
		"blobUri": c.options.Storage() + "/" + j.Export, "sasToken": query.Encode(),
	}
}
