# Makes a machine that is off, with its disks in order; where a later step fails it is
# taken away again. The files stay.
$name = [string]$p.name
$generation = [int]$p.generation
$paths = @($p.disks | ForEach-Object { [string]$_ })
if (@(Get-VM -ErrorAction Stop | Where-Object { $_.Name -eq $name }).Count -gt 0) {
    Stop-Script 'FbkPrecondition' 'ResourceExists' 'The host has a virtual machine of that name already.'
}
$lan = @()
if ([string]$p.switch -cne '') {
    $lan = @(Get-VMSwitch -ErrorAction Stop | Where-Object { $_.Name -ceq [string]$p.switch })
    if ($lan.Count -ne 1) {
        Stop-Script 'FbkNoSwitch' 'ObjectNotFound' ('The host has ' + $lan.Count + ' virtual switches of the name ' + [string]$p.switch + '.')
    }
}
Test-Files $paths $generation $null
$vm = New-VM -Name $name -Generation $generation -MemoryStartupBytes ([int64]$p.memory) -NoVHD -ErrorAction Stop
try {
    Set-VM -VM $vm -AutomaticStartAction 'Nothing' -ProcessorCount ([int]$p.cpus) -Notes ([string]$p.notes) -ErrorAction Stop
    if ($lan.Count -eq 1) {
        $card = @(Get-VMNetworkAdapter -VM $vm -ErrorAction Stop)[0]
        Connect-VMNetworkAdapter -VMNetworkAdapter $card -VMSwitch $lan[0] -ErrorAction Stop
    }
    for ($i = 0; $i -lt $paths.Count; $i++) {
        $bus = 'SCSI'
        if ($generation -eq 1 -and $i -eq 0) { $bus = 'IDE' }
        Add-VMHardDiskDrive -VM $vm -ControllerType $bus -Path $paths[$i] -ErrorAction Stop
    }
    if ($generation -eq 2) {
        $first = @(Get-VMHardDiskDrive -VM $vm -ErrorAction Stop)[0]
        Set-VMFirmware -VM $vm -FirstBootDevice $first -ErrorAction Stop
        if ([string]$p.secure_boot -cne '') {
            Set-VMFirmware -VM $vm -EnableSecureBoot ([string]$p.secure_boot) -ErrorAction Stop
        }
    }
    return (ConvertTo-Machine (Get-VM -Id $vm.Id -ErrorAction Stop))
} catch {
    $why = $_
    try {
        Remove-VM -VM $vm -Force -ErrorAction Stop
    } catch {
        Stop-Script 'FbkHalfDone' 'InvalidOperation' ('The virtual machine ' + $vm.Id + ' was made and not finished: ' + $why.FullyQualifiedErrorId)
    }
    throw $why
}
