# Sets the start guard (a mark is given) or lifts it (the mark is empty). The line
# in the notes keeps the automatic start of before, however often this runs.
$vm = Find-Machine ([guid]$p.vm_id)
$mark = ([string]$p.mark) -replace '[\r\n]+', ' '
$before = [ordered]@{ auto_start = [string]$vm.AutomaticStartAction; notes = [string]$vm.Notes }
$action = $before.auto_start
$kept = @()
foreach ($line in ($before.notes -split '\r?\n')) {
    if ($line -cmatch '^\[failback-guard auto-start=([A-Za-z]+)\] ') {
        $action = $Matches[1]
    } else {
        $kept += $line
    }
}
if ($mark -cne '') {
    $guard = '[failback-guard auto-start=' + $action + '] ' + $mark
    if ($kept.Count -eq 1 -and $kept[0] -ceq '') { $kept = @() }
    $kept += $guard
    $action = 'Nothing'
}
$notes = $kept -join "`r`n"
Set-VM -VM $vm -AutomaticStartAction $action -Notes $notes -ErrorAction Stop
$now = Get-VM -Id $vm.Id -ErrorAction Stop
$after = [ordered]@{ auto_start = [string]$now.AutomaticStartAction; notes = [string]$now.Notes }
return [ordered]@{ before = $before; after = $after }
