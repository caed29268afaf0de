# One unreadable disk must not hide the others. Inferred: the path of a disk is
# taken as it is, brackets included.
function ConvertTo-Disk($drive) {
    $disk = [ordered]@{
        path = [string]$drive.Path
        format = ''
        bytes = [int64]0
        file = [int64]0
        parent = ''
        problem = ''
        type = ''
        shared = [bool]$drive.SupportPersistentReservations
        pass_through = ($null -ne $drive.DiskNumber)
        sector = [int]0
    }
    if ($disk.pass_through) { return $disk }
    try {
        $vhd = Get-VHD -Path $drive.Path -ErrorAction Stop
        $disk.format = [string]$vhd.VhdFormat
        $disk.bytes = [int64]$vhd.Size
        $disk.file = [int64]$vhd.FileSize
        $disk.parent = [string]$vhd.ParentPath
        $disk.type = [string]$vhd.VhdType
        $disk.sector = [int]$vhd.LogicalSectorSize
    } catch {
        $disk.problem = [string]$_.FullyQualifiedErrorId
    }
    return $disk
}
$vm = Find-Machine ([guid]$p.vm_id)
$adapters = @(Get-VMNetworkAdapter -VM $vm -ErrorAction Stop)
$drives = @(Get-VMHardDiskDrive -VM $vm -ErrorAction Stop)
$snapshots = @(Get-VMSnapshot -VM $vm -ErrorAction Stop)
$row = ConvertTo-Row $vm
$row.addresses = @($adapters | ForEach-Object { $_.IPAddresses } | ForEach-Object { [string]$_ })
$row.switches = @($adapters | ForEach-Object { [string]$_.SwitchName })
$row.checkpoints = [int]$snapshots.Count
$row.disks = @($drives | ForEach-Object { ConvertTo-Disk $_ })
$row.secure_boot = ''
$row.tpm = $false
$row.shielded = $false
$row.unread = [ordered]@{}
if ($row.generation -eq 2) {
    try {
        $row.secure_boot = [string](Get-VMFirmware -VM $vm -ErrorAction Stop).SecureBoot
    } catch { $row.unread.firmware = [string]$_.FullyQualifiedErrorId }
    try {
        $security = Get-VMSecurity -VM $vm -ErrorAction Stop
        $row.tpm = [bool]$security.TpmEnabled
        $row.shielded = [bool]$security.Shielded
    } catch { $row.unread.security = [string]$_.FullyQualifiedErrorId }
}
return $row
