param($p)
# The newest events since a moment, of the logs that a failback writes to. The
# names of some logs differ between versions, so they are looked for.
$since = [DateTime]$p.since
$left = [ordered]@{ room = [int]100000; out = [int]0 }
$wanted = @('Microsoft-Windows-Hyper-V-VMMS-Admin', '*AzureRecoveryServices*', '*Site Recovery*', '*VirtualMachineManager*')
$logs = @()
foreach ($pattern in $wanted) {
    try {
        $logs += @(Get-WinEvent -ListLog $pattern -ErrorAction Stop | ForEach-Object { [string]$_.LogName })
    } catch {
        if ([string]$_.FullyQualifiedErrorId -cnotmatch '^NoMatchingLogsFound') { throw }
    }
}
function Read-Log($log) {
    $out = [ordered]@{ log = $log; problem = ''; events = @() }
    try {
        $events = @(Get-WinEvent -FilterHashtable @{ LogName = $log; StartTime = $since } -MaxEvents 50 -ErrorAction Stop)
        $kept = @()
        foreach ($event in $events) {
            $text = [string]$event.Message
            if ($text.Length -gt 2048) { $text = $text.Substring(0, 2048) }
            if ($left.room -lt $text.Length) { $left.out = $left.out + 1; continue }
            $left.room = $left.room - $text.Length
            $kept += @([ordered]@{
                id = [int]$event.Id
                level = [int]$event.Level
                at = $event.TimeCreated.ToUniversalTime().ToString('o')
                provider = [string]$event.ProviderName
                text = $text
            })
        }
        $out.events = $kept
    } catch {
        $id = [string]$_.FullyQualifiedErrorId
        if ($id -cnotmatch '^NoMatchingEventsFound') { $out.problem = $id }
    }
    return $out
}
$found = @($logs | Select-Object -Unique | ForEach-Object { Read-Log $_ })
return [ordered]@{ logs = $found; left_out = [int]$left.out }
