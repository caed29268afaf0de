package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"failback/engine/racetest"
)

// TestMain makes the test binary the program itself, so that the scripts run
// what is shipped: its main, its streams, its exit statuses.
func TestMain(m *testing.M) {
	// Most of these tests wait for programs that wait for a lab's clock: more of
	// them than there are processors fit into the same time. -parallel still counts.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if err := os.Unsetenv(name); err != nil { // what tests read is English, whoever runs them
			panic(err)
		}
	}
	testscript.Main(m, map[string]func(){"failback": main})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			// Nothing of the machine's own configuration or runs is seen.
			e.Setenv("FAILBACK_STATE_DIR", e.WorkDir+"/state")
			e.Setenv("XDG_CONFIG_HOME", e.WorkDir+"/home-config")
			e.Setenv("AppData", e.WorkDir+"/home-config")
			e.Values[runningKey{}] = map[string]*exec.Cmd{}
			return nil
		},
		// Under the race detector a script takes several times as long: [raced] skips those
		// whose paths others have too.
		Condition: func(cond string) (bool, error) {
			if cond == "raced" {
				return racetest.On(), nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": status, "jsonline": jsonLine, "fill": fill, "await": await, "pfx": makePFX, "nowhere": nowhere, "take": take, "absent": absent, "disk": makeDisk, "unpack": unpack,
			"background": background, "interrupt": interrupt, "finished": finished,
		},
	})
}
