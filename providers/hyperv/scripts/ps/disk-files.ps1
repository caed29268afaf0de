# The disk files that machines are given: all are looked at before anything changes.
# $own is the machine that may have them already.
function Test-Files($paths, [int]$generation, $own) {
    $taken = @()
    foreach ($other in @(Get-VM -ErrorAction Stop)) {
        if ($null -ne $own -and $other.Id -eq $own.Id) { continue }
        $taken += @(Get-VMHardDiskDrive -VM $other -ErrorAction Stop | ForEach-Object { [string]$_.Path })
    }
    foreach ($path in $paths) {
        if (-not [IO.File]::Exists($path)) {
            Stop-Script 'FbkNoFile' 'ObjectNotFound' ('The host has no file ' + $path + '.')
        }
        if ($taken -contains $path -or @($paths | Where-Object { $_ -eq $path }).Count -gt 1) {
            Stop-Script 'FbkPrecondition' 'ResourceBusy' ('The disk ' + $path + ' is attached to a machine already.')
        }
        $vhd = Get-VHD -Path $path -ErrorAction Stop
        if ([string]$vhd.VhdType -ceq 'Differencing') {
            Stop-Script 'FbkPrecondition' 'InvalidType' ('The disk ' + $path + ' is a differencing disk.')
        }
        if ([bool]$vhd.Attached) {
            Stop-Script 'FbkPrecondition' 'ResourceBusy' ('The disk ' + $path + ' is in use.')
        }
        if ($generation -eq 2 -and [string]$vhd.VhdFormat -ceq 'VHD') {
            Stop-Script 'FbkPrecondition' 'InvalidType' ('A machine of generation 2 takes no VHD: ' + $path + '.')
        }
    }
}
function ConvertTo-Machine($vm) {
    $row = ConvertTo-Row $vm
    $row.switches = @(Get-VMNetworkAdapter -VM $vm -ErrorAction Stop | ForEach-Object { [string]$_.SwitchName })
    $row.paths = @(Get-VMHardDiskDrive -VM $vm -ErrorAction Stop | ForEach-Object { [string]$_.Path })
    return $row
}
