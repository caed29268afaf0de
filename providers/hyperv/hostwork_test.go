package hyperv_test

import (
	"encoding/json"
	"slices"
	"testing"

	"failback/engine"
	"failback/providers/hyperv"
	"failback/providers/hyperv/scripts"
)

// S17: a value that is not set is told from one that is, changed only from what was
// seen, and put back as it was; what the documents do not allow never leaves here.
func TestS17ThreadsAreSetFromWhatWasSeen(t *testing.T) {
	over(t, func(t *testing.T, l *lab, a *hyperv.Access) {
		ctx := t.Context()
		got, err := a.Threads(ctx, "HV01")
		if err != nil || got.Download.Set || !got.Agent || got.Cores != 8 || got.Kind != "" {
			t.Fatalf("%+v, %v", got, err)
		}
		runs, _, _ := l.site.counts()
		for _, n := range []int{0, -1, 33, 40} {
			wantKind(t, a.SetThreads(ctx, "HV01", engine.ThreadChange{Want: engine.ThreadsOf(n)}), engine.FailureUsage)
		}
		if now, _, _ := l.site.counts(); now != runs {
			t.Error("a script ran")
		}
		if err := a.SetThreads(ctx, "HV01", engine.ThreadChange{Want: engine.ThreadsOf(16)}); err != nil {
			t.Fatal(err)
		}
		if got, err = a.Threads(ctx, "HV01"); err != nil || got.Download != engine.ThreadsOf(16) || got.Kind != scripts.KindDWord {
			t.Errorf("%+v, %v", got, err)
		}
		// Somebody else has changed it since it was seen.
		wantKind(t, a.SetThreads(ctx, "HV01", engine.ThreadChange{Expect: engine.ThreadsOf(8), Want: engine.ThreadsOf(4)}), engine.FailureRefused)
		if err := a.SetThreads(ctx, "HV01", engine.ThreadChange{Expect: engine.ThreadsOf(16)}); err != nil {
			t.Fatal(err)
		}
		if got, err = a.Threads(ctx, "HV01"); err != nil || got.Download.Set {
			t.Errorf("after taking it away: %+v, %v", got, err)
		}
		// What was there before is put back, also where nobody would choose it.
		if err := a.SetThreads(ctx, "HV01", engine.ThreadChange{Want: engine.ThreadsOf(64), Restore: true}); err != nil {
			t.Error(err)
		}
		l.site.lies = true
		wantKind(t, a.SetThreads(ctx, "HV01", engine.ThreadChange{Expect: engine.ThreadsOf(64), Want: engine.ThreadsOf(4)}), engine.FailureOther)
		l.noShells(t, a)
	})
}

// S52: switches and adapters know each other by name, whatever ties them together.
func TestS52NetworkOfAHost(t *testing.T) {
	over(t, func(t *testing.T, l *lab, a *hyperv.Access) {
		n, err := a.Network(t.Context(), "HV01")
		if err != nil || len(n.Switches) != 1 || len(n.Adapters) != 2 {
			t.Fatalf("%+v, %v", n, err)
		}
		if s := n.Switches[0]; s.Name != "LAN " || s.Type != engine.SwitchExternal || !s.Management || !slices.Equal(s.Adapters, []string{"NIC2", "Team"}) {
			t.Errorf("%+v", s)
		}
		if free, bound := n.Adapters[0], n.Adapters[1]; free.Switch != "" || !slices.Equal(free.Addresses, []string{"192.0.2.7"}) || bound.Switch != "LAN " {
			t.Errorf("%+v, %+v", free, bound)
		}
	})
}

// S52: a switch is created once, and only one that makes sense; its name stays data.
func TestS52SwitchIsCreatedOnce(t *testing.T) {
	over(t, func(t *testing.T, l *lab, a *hyperv.Access) {
		const name = `LAN '$(x)"` + "`n [a]*?"
		want := engine.NewSwitch{Name: name, Type: engine.SwitchExternal, Adapter: "NIC1"}
		for i, made := range []bool{true, false} {
			if got, err := a.CreateSwitch(t.Context(), "HV01", want); err != nil || got != made {
				t.Errorf("%d: %v, %v", i, got, err)
			}
		}
		var sent scripts.NewSwitchParams
		if err := json.Unmarshal(l.site.params[0], &sent); err != nil || sent != (scripts.NewSwitchParams{Name: name, Type: "External", Adapter: "NIC1"}) {
			t.Errorf("%+v, %v", sent, err)
		}
		runs, _, _ := l.site.counts()
		for _, bad := range []engine.NewSwitch{
			{Type: engine.SwitchPrivate}, {Name: "  ", Type: engine.SwitchPrivate}, {Name: "a\nb", Type: engine.SwitchPrivate},
			{Name: "a", Type: "private"}, {Name: "a", Type: engine.SwitchExternal}, {Name: "a", Type: engine.SwitchInternal, Adapter: "NIC1"},
		} {
			_, err := a.CreateSwitch(t.Context(), "HV01", bad)
			wantKind(t, err, engine.FailureUsage)
		}
		if now, _, _ := l.site.counts(); now != runs {
			t.Error("a script ran")
		}
		l.site.lies = true
		_, err := a.CreateSwitch(t.Context(), "HV01", engine.NewSwitch{Name: "other", Type: engine.SwitchPrivate})
		wantKind(t, err, engine.FailureOther)
		l.noShells(t, a)
	})
}
