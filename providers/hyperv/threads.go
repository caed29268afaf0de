package hyperv

import (
	"context"
	"fmt"

	"failback/engine"
	"failback/providers/hyperv/scripts"
)

// Threads implements [engine.HostAccess].
func (a *Access) Threads(ctx context.Context, host string) (engine.DownloadThreads, error) {
	var answer scripts.ThreadsAnswer
	if err := a.run(ctx, host, scripts.ReadThreads, &answer); err != nil {
		return engine.DownloadThreads{}, err
	}
	return engine.DownloadThreads{
		Agent: answer.Agent, Download: threadValue(answer.Download), Kind: answer.Download.Kind,
		Parent: threadValue(answer.Parent), Cores: answer.Cores,
	}, nil
}

func threadValue(v scripts.ThreadValue) engine.ThreadValue {
	return engine.ThreadValue{Set: v.Set, Value: v.Value}
}

// SetThreads implements [engine.HostAccess].
func (a *Access) SetThreads(ctx context.Context, host string, c engine.ThreadChange) error {
	if c.Want.Set && !c.Restore {
		if err := engine.CheckThreads(c.Want.Value); err != nil {
			return err
		}
	}
	var answer scripts.SetThreadsAnswer
	params := scripts.SetThreadsParams{Want: scripts.ThreadSetting(c.Want), Expect: scripts.ThreadSetting(c.Expect), Restore: c.Restore}
	if err := a.on(ctx, host, scripts.SetThreads, "", params, &answer); err != nil {
		return err
	}
	if got := threadValue(answer.After); got != c.Want {
		return &engine.Failure{
			Kind: engine.FailureOther, What: purposes[scripts.SetThreads], Where: where(host, scripts.SetThreads, ""),
			Why:    fmt.Sprintf("the host accepted %s, but reads back %s", c.Want.Words(), got.Words()),
			Remedy: "Look at DownloadThreadsPerVM in the host's registry.",
		}
	}
	return nil
}
