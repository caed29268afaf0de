# Starts a machine that is off, and only then; never one under guard.
$vm = Find-Machine ([guid]$p.vm_id)
$before = [string]$vm.State
if ([string]$vm.Notes -cmatch '(?m)^\[failback-guard ') {
    Stop-Script 'FbkGuarded' 'InvalidOperation' 'The notes of the virtual machine carry the start guard: its disks are half-written.'
}
if (@('Off', 'Saved') -cnotcontains $before) {
    Stop-Script 'FbkPrecondition' 'InvalidOperation' ('The virtual machine is ' + $before + '; it is started from Off or Saved only.')
}
Start-VM -VM $vm -ErrorAction Stop
$now = Get-VM -Id $vm.Id -ErrorAction Stop
return [ordered]@{ before = $before; after = [string]$now.State }
