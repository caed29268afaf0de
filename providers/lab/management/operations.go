package management

import (
	"net/http"

	"failback/providers/lab/world"
)

// origin is the server's own address as the caller knows it.
func (c *call) origin() string {
	if c.r.TLS != nil {
		return "https://" + c.r.Host
	}
	return "http://" + c.r.Host
}

// retryAfter is the service's half minute in the lab's time, in whole seconds.
func (c *call) retryAfter() int { return max(1, int(30/c.world.Speed())) }

// operationStatus is the vault's answer about a long-running operation. Its name
// is the job's, which for recovery plans is not the operation's. A suspended job
// is reported as in progress; that is inferred.
func (c *call) operationStatus(names []string) {
	var body obj
	var job string
	c.world.Read(func(s *world.State) {
		op := s.Operation(names[3])
		if op == nil {
			return
		}
		j := s.Job(op.Job)
		status, failure := progress(op, j)
		started, end := op.Started, j.Ended
		if op.JobVerb {
			end = op.Ended
		}
		body = obj{
			"id": nil, "name": j.Name, "status": status, "error": failure, "properties": nil,
			"startTime": stamp(started), "endTime": stampOrNull(end), "percentComplete": nil,
		}
		job = ids{s}.job(j.Name)
	})
	if body == nil {
		c.fail(notThere("operation", names[3]))
		return
	}
	c.w.Header().Set("x-ms-request-id", job)
	c.w.Header().Set("Retry-After", itoa(c.retryAfter()))
	c.answer(http.StatusOK, body)
}

// progress is an operation's status and error. The error is the job's first,
// also where that is a warning and the operation succeeds.
func progress(op *world.Operation, j *world.Job) (status string, failure any) {
	if op.JobVerb {
		return world.Succeeded, nil
	}
	if len(j.Errors) > 0 {
		e := j.Errors[0]
		failure = obj{"code": e.Code, "message": e.Message, "target": nil, "details": nil, "innererror": nil}
	}
	switch j.State {
	case world.Succeeded, world.WithInformation, world.PartiallySucceeded:
		return world.Succeeded, failure
	case world.Failed:
		return world.Failed, failure
	case world.Cancelled:
		// Inferred: the end of a cancelled job's operation was not recorded.
		return "Canceled", obj{"code": "JobCancelled", "message": "The job was cancelled."}
	}
	return world.InProgress, failure
}

// result answers the final read of an operation: 202 while it runs.
func (c *call) result(id string, done func()) {
	known, over := false, false
	c.world.Read(func(s *world.State) {
		if op := s.Operation(id); op != nil {
			known = true
			over = op.JobVerb || s.Job(op.Job).Over()
		}
	})
	switch {
	case !known:
		c.fail(notThere("operation", id))
	case !over:
		c.w.Header().Set("Location", c.origin()+c.r.URL.RequestURI())
		c.w.Header().Set("Retry-After", itoa(c.retryAfter()))
		c.answer(http.StatusAccepted, nil)
	default:
		done()
	}
}

func (c *call) itemResult(names []string) {
	c.result(names[6], func() {
		there := false
		c.world.Read(func(s *world.State) { there = s.Named(names[5]) != nil })
		if !there { // its protection was disabled
			c.answer(http.StatusNoContent, nil)
			return
		}
		c.getItem(names)
	})
}

// planResult has no body, whatever the operation was.
func (c *call) planResult(names []string) {
	c.result(names[4], func() { c.answer(http.StatusNoContent, nil) })
}

func (c *call) jobResult(names []string) {
	c.result(names[4], func() { c.getJob(names) })
}
