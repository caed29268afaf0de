# Reads the checksum files that a finished synchronisation left beside the disks.
$vm = Find-Machine ([guid]$p.vm_id)
$drives = @(Get-VMHardDiskDrive -VM $vm -ErrorAction Stop)
$sums = @()
foreach ($drive in $drives) {
    $file = New-Object System.IO.FileInfo ([string]$drive.Path + '.failback.json')
    if (-not $file.Exists) { continue }
    if ($file.Length -gt 65536) {
        Stop-Script 'FbkSidecar' 'InvalidData' ('The file ' + $file.FullName + ' is too long for a checksum file.')
    }
    $side = ConvertFrom-Json -InputObject ([IO.File]::ReadAllText($file.FullName))
    $sums += [ordered]@{
        disk = [string]$side.disk
        bytes = [int64]$side.bytes
        sha256 = [string]$side.sha256
        at = [string]$side.at
        path = [string]$drive.Path
    }
}
if ($sums.Count -eq 0) {
    Stop-Script 'FbkNotFound' 'ObjectNotFound' 'No checksum file lies beside the disks of the virtual machine.'
}
return [ordered]@{ sums = $sums }
