# Sets the start guard (a mark is given) or lifts it (the mark is empty). The line
# in the notes keeps the automatic start of before, however often this runs. The role
# of a clustered machine is brought online by the cluster, whatever the machine's own
# setting says: a priority of 0 keeps it from that.
function Read-Role($vm) {
    if (-not [bool]$vm.IsClustered) { return $null }
    return Get-ClusterGroup -VMId $vm.Id -ErrorAction Stop
}
function Read-Setting($vm, $role) {
    $priority = ''
    if ($null -ne $role) { $priority = ([int]$role.Priority).ToString() }
    return [ordered]@{ auto_start = [string]$vm.AutomaticStartAction; notes = [string]$vm.Notes; cluster = $priority }
}
$vm = Find-Machine ([guid]$p.vm_id)
$mark = ([string]$p.mark) -replace '[\r\n]+', ' '
$role = Read-Role $vm
$before = Read-Setting $vm $role
$action = $before.auto_start
$priority = $before.cluster
$kept = @()
foreach ($line in ($before.notes -split '\r?\n')) {
    if ($line -cmatch '^\[failback-guard auto-start=([A-Za-z]+)(?: cluster-priority=([0-9]+))?\] ') {
        $action = $Matches[1]
        if ($Matches[2]) { $priority = $Matches[2] }
    } else {
        $kept += $line
    }
}
if ($mark -cne '') {
    $guard = '[failback-guard auto-start=' + $action
    if ($null -ne $role) { $guard += ' cluster-priority=' + $priority }
    $guard += '] ' + $mark
    if ($kept.Count -eq 1 -and $kept[0] -ceq '') { $kept = @() }
    $kept += $guard
    Set-VM -VM $vm -AutomaticStartAction 'Nothing' -Notes ($kept -join "`r`n") -ErrorAction Stop
    if ($null -ne $role) { $role.Priority = 0 }
} else {
    if ($null -ne $role) { $role.Priority = [int]$priority }
    Set-VM -VM $vm -AutomaticStartAction $action -Notes ($kept -join "`r`n") -ErrorAction Stop
}
$now = Get-VM -Id $vm.Id -ErrorAction Stop
$after = Read-Setting $now (Read-Role $now)
return [ordered]@{ before = $before; after = $after }
