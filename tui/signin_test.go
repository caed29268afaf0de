package tui_test

import (
	"context"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/engine/runs"
	"failback/tui"
	"failback/tui/theme"
	"failback/tui/tuitest"
)

func opening(t *testing.T, w *tuitest.World, o tui.Options, f func(*tuitest.Driver)) {
	t.Helper()
	o.Theme, o.NoMotion, o.Now = theme.None, true, func() time.Time { return recordedAt }
	tuitest.Run(t, func() tea.Model { return tui.New(w.Deps(), o) }, w.Close, func(d *tuitest.Driver) { f(d.Advance(time.Second)) })
}

// withCode signs in with a device code that somebody enters after a minute.
func withCode(ctx context.Context, p engine.Person) error {
	p.Show(engine.SignInStep{Address: "https://microsoft.com/devicelogin", Code: "ABCD-EFGH"})
	select {
	case <-time.After(time.Minute):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestDeviceCodeIsShownWhileConnecting(t *testing.T) {
	w := tuitest.Estate()
	w.SignIn = withCode
	opening(t, w, tui.Options{Start: tui.StartProfile("prod")}, func(d *tuitest.Driver) {
		d.Expect("https://microsoft.com/devicelogin", "ABCD-EFGH", "Waiting for the sign-in")
		d.Golden("signin-code-80x24")
		for _, size := range [][2]int{{120, 40}, {60, 20}, {44, 14}} {
			d.Size(size[0], size[1]).Expect("ABCD-EFGH", "devicelogin")
		}
		d.Size(46, 5).Expect("sign-in with code ABCD-EFGH") // the state line at every size
		d.Size(80, 24).Advance(time.Minute).Expect("Direction").Refuse("ABCD-EFGH")
	})
}

func TestSignInIsGivenUpWithEsc(t *testing.T) {
	w := tuitest.Estate()
	ended := make(chan error, 1)
	w.SignIn = func(ctx context.Context, p engine.Person) error {
		err := withCode(ctx, p)
		ended <- err
		return err
	}
	opening(t, w, tui.Options{Start: tui.StartProfile("prod")}, func(d *tuitest.Driver) {
		d.Expect("ABCD-EFGH").Press("esc").Advance(time.Second).Expect("Rehearse").Refuse("ABCD-EFGH")
		if err := <-ended; err == nil {
			t.Error("the sign-in went on")
		}
	})
}

func TestSecretIsAskedWhileConnectingAndNeverShown(t *testing.T) {
	w := tuitest.Estate()
	var got string
	w.SignIn = func(ctx context.Context, p engine.Person) (err error) {
		got, err = p.Secret(ctx, "client secret of 99999999-8888-7777-6666-555555555555")
		return err
	}
	opening(t, w, tui.Options{Start: tui.StartProfile("prod")}, func(d *tuitest.Driver) {
		d.Press("enter").Expect("client secret of 9999") // nothing was typed yet
		d.Type("q?hush").Expect("client secret of 9999", "******").Refuse("hush")
		d.Golden("signin-secret-80x24")
		d.Press("enter").Advance(time.Second).Expect("Direction").Refuse("hush")
	})
	if got != "q?hush" {
		t.Errorf("the sign-in got %q", got)
	}
}

func TestRefusedSignInSaysWhyAndIsTriedAgain(t *testing.T) {
	w := tuitest.Estate()
	tries := 0
	w.SignIn = func(context.Context, engine.Person) error {
		if tries++; tries > 1 {
			return nil
		}
		return &engine.Failure{Kind: engine.FailurePermission, What: "sign in to Azure", Where: "auth: client-secret, tenant t",
			Why: "the secret is\x1b[2J expired", Remedy: "make a new one"}
	}
	opening(t, w, tui.Options{Start: tui.StartProfile("prod")}, func(d *tuitest.Driver) {
		view := d.Expect("No connection", "the secret is[2J expired", "now: make a new one", "Nothing was changed").View()
		if strings.Contains(view, "\x1b") {
			t.Errorf("%q", view)
		}
		d.Press("r").Advance(time.Second).Expect("Direction")
	})
}

// A run that is resumed from the home screen shows the code, too, and goes back
// where it is given up.
func TestResumingARunAsksForTheSignIn(t *testing.T) {
	w := tuitest.Estate()
	w.SignIn = withCode
	w.Summaries = []runs.Summary{{ID: "20260314-221500-lab01", Item: "web01", Gate: engine.GateCommit, Resumable: true}}
	opening(t, w, tui.Options{}, func(d *tuitest.Driver) {
		d.Press("enter").Advance(time.Second)
		if !strings.Contains(d.View(), "ABCD-EFGH") {
			d.Press("down", "enter").Advance(time.Second)
		}
		d.Expect("ABCD-EFGH").Press("esc").Advance(time.Second).Expect("Rehearse").Refuse("ABCD-EFGH")
		d.Advance(2 * time.Minute).Expect("Rehearse")
	})
}
