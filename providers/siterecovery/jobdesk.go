package siterecovery

import (
	"context"

	"failback/engine"
	"failback/providers/azure"
)

// Restart reads the job afresh, refuses one that does not offer a restart, and
// then asks for it once.
func (c *Client) Restart(ctx context.Context, job, requestID string) error {
	now, err := c.Job(ctx, job)
	if err != nil {
		return err
	}
	if _, err := now.Offer(engine.VerbRestart); err != nil {
		return err
	}
	_, err = c.once(ctx, azure.Call{Action: azure.ActionRestartJob, What: "restart the job", Where: job, Job: job, Request: requestID}, func(ctx context.Context) error {
		_, err := c.jobs.BeginRestart(ctx, c.group, c.vault, job, nil)
		return err
	})
	return err
}
