package hyperv_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"failback/providers/hyperv"
	"failback/providers/lab/winrm"
)

// TestS11TwoHundredChecks looks at ten hosts two hundred times at once, over
// sockets: every answer is right, no host sees more than four shells, and none is
// left, also where callers give up in the middle. (F16)
func TestS11TwoHundredChecks(t *testing.T) {
	const hosts, each = 10, 20
	config, roots := labAuthority(t)
	for name, patience := range map[string]func() time.Duration{
		"all": func() time.Duration { return time.Minute },
		"some give up": func() time.Duration {
			return time.Duration(rand.Int64N(int64(400 * time.Millisecond)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite()
			s.delay = time.Millisecond
			server := winrm.New(s, winrm.Options{User: user, Password: password})
			o := hyperv.Options{Hosts: map[string]hyperv.Endpoint{}}
			for i := range hosts {
				o.Hosts[fmt.Sprint("hv", i)] = hyperv.Endpoint{
					URL: serveHost(t, server, fmt.Sprint("hv", i), config), User: user, Password: secret(password), Roots: roots,
				}
			}
			a, err := hyperv.New(o)
			if err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			for i := range hosts * each {
				wait := patience()
				all.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), wait)
					defer cancel()
					began := time.Now()
					vm, err := a.VM(ctx, fmt.Sprint("hv", i%hosts), vmID)
					if err == nil && vm.Name != "web01" {
						t.Errorf("VM %+v", vm)
					}
					if err != nil && wait == time.Minute {
						t.Error(err)
					}
					if took := time.Since(began); took > wait+time.Second {
						t.Errorf("%v instead of %v", took, wait)
					}
				})
			}
			all.Wait()
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
			for i := range hosts {
				host := fmt.Sprint("hv", i)
				if n, peak := server.Shells(host), server.Peak(host); n != 0 || peak > 4 || peak == 0 && name == "all" {
					t.Errorf("%s: %d shells are left, %d at once", host, n, peak)
				}
			}
		})
	}
}

// TestTwoNamesOfOneHostShareItsShells has one address behind two names.
func TestTwoNamesOfOneHostShareItsShells(t *testing.T) {
	l := newLab()
	l.site.delay = time.Millisecond
	e := l.socket(t)
	a, err := hyperv.New(hyperv.Options{Hosts: map[string]hyperv.Endpoint{"one": e, "two": e}})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			if _, err := a.Facts(t.Context(), []string{"one", "two"}[i%2]); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if peak := l.server.Peak("HV01"); peak > 4 {
		t.Errorf("%d shells at once", peak)
	}
}
