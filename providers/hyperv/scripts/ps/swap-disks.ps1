# Puts other files in the place of a machine's disks. Where one can't be put there,
# those before it are put back.
$vm = Find-Machine ([guid]$p.vm_id)
$from = @($p.from | ForEach-Object { [string]$_ })
$to = @($p.to | ForEach-Object { [string]$_ })
$drives = @(Get-VMHardDiskDrive -VM $vm -ErrorAction Stop)
$now = @($drives | ForEach-Object { [string]$_.Path })
if ([string]$vm.State -cne 'Off') {
    Stop-Script 'FbkPrecondition' 'InvalidOperation' ('The virtual machine is ' + [string]$vm.State + ', not Off.')
}
if (@(Get-VMSnapshot -VM $vm -ErrorAction Stop).Count -gt 0) {
    Stop-Script 'FbkPrecondition' 'InvalidOperation' 'The virtual machine has checkpoints: its disks belong to them.'
}
if ($from.Count -ne $to.Count -or $from.Count -ne $now.Count) {
    Stop-Script 'FbkPrecondition' 'InvalidOperation' ('The virtual machine has ' + $now.Count + ' disks, not ' + $from.Count + '.')
}
for ($i = 0; $i -lt $now.Count; $i++) {
    if ($now[$i] -ne $from[$i]) {
        Stop-Script 'FbkPrecondition' 'InvalidOperation' ('The virtual machine has the disk ' + $now[$i] + ', not ' + $from[$i] + '.')
    }
}
Test-Files $to ([int]$vm.Generation) $vm
try {
    for ($i = 0; $i -lt $to.Count; $i++) {
        Set-VMHardDiskDrive -VMHardDiskDrive $drives[$i] -Path $to[$i] -ErrorAction Stop
    }
} catch {
    $why = $_
    try {
        $drives = @(Get-VMHardDiskDrive -VM $vm -ErrorAction Stop)
        for ($i = 0; $i -lt $from.Count; $i++) {
            if ([string]$drives[$i].Path -eq $from[$i]) { continue }
            Set-VMHardDiskDrive -VMHardDiskDrive $drives[$i] -Path $from[$i] -ErrorAction Stop
        }
    } catch {
        Stop-Script 'FbkHalfDone' 'InvalidOperation' ('Some disks of the virtual machine are exchanged and some are not: ' + $why.FullyQualifiedErrorId)
    }
    throw $why
}
return (ConvertTo-Machine (Get-VM -Id $vm.Id -ErrorAction Stop))
