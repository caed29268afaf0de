package rules

// The documents the rules come from. Their dates stand beside every finding.
const (
	docFailback     = "Azure docs: hyper-v-azure-failback"
	docMatrix       = "Azure docs: hyper-v-azure-support-matrix"
	docTutorial     = "Azure docs: hyper-v-azure-failover-failback-tutorial"
	docEncryption   = "Azure docs: encryption-feature-deprecation"
	docTroubleshoot = "Azure docs: hyper-v-azure-troubleshoot"
	docCapacity     = "Azure docs: vmm-to-azure-walkthrough-capacity"
	docURLs         = "Azure docs: site-recovery-URLS"
	docCleanup      = "Azure docs: site-recovery-manage-registration-and-protection"
	// inferred marks what no document says.
	inferred = "inferred: this program's own judgement"

	datedFailback   = "2019-09-12"
	datedMatrix     = "2026-09-11"
	datedMatrix2020 = "2020-01-27"
	datedTutorial   = "2023-12-15"
	datedEncryption = "2024-09-06"
)
