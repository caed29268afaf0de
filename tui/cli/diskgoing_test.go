package cli

import (
	"strings"
	"testing"

	"failback/engine/move"
)

// TestWhatACancelledCopyLeavesInAzureIsNamed says it with the commands that delete
// it, and only while it is there.
func TestWhatACancelledCopyLeavesInAzureIsNamed(t *testing.T) {
	const id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/snapshots/failback-copy-1-disk-2"
	for name, c := range map[string]struct {
		back move.TakenBack
		has  []string
	}{
		"left":     {move.TakenBack{Removed: true, Snapshot: id}, []string{"the new disk is removed", "still in Azure", "az snapshot delete --ids " + id}},
		"deleted":  {move.TakenBack{Snapshot: id, Deleted: true}, []string{"its old content is back", "is deleted"}},
		"no azure": {move.TakenBack{Nothing: true}, []string{"nothing was begun"}},
	} {
		words := takenBackWords(c.back)
		for _, has := range c.has {
			if !strings.Contains(words, has) {
				t.Errorf("%s: %q has no %q", name, words, has)
			}
		}
		if left := c.back.Snapshot != "" && !c.back.Deleted; strings.Contains(words, "az snapshot") != left {
			t.Errorf("%s: %q", name, words)
		}
	}
}
