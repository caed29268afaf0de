param($p)
# What role, framework and recovery services agent say of themselves. A part that
# cannot be read is named in unread, and hides no other.
$unread = [ordered]@{}
$facts = [ordered]@{
    role = ''; dotnet = [int]0; agent = ''; provider = ''; proxy = ''; throttle = $null
    threads = [ordered]@{ download = [int]0; upload = [int]0; parent = [int]0 }
    backup = $false; pools = [int]0; certificate_expires = ''
    offset = [int64][TimeZoneInfo]::Local.GetUtcOffset([DateTime]::UtcNow).TotalSeconds
}
function Read-Key($path) {
    if (-not (Test-Path -LiteralPath $path)) { return $null }
    return Get-ItemProperty -LiteralPath $path -ErrorAction Stop
}
try {
    $names = @('', 'Enabled', 'Disabled', 'Absent')
    $role = Get-CimInstance -ClassName Win32_OptionalFeature -Filter "Name='Microsoft-Hyper-V'" -ErrorAction Stop
    $facts.role = 'Absent'
    if ($null -ne $role) { $facts.role = [string]$names[[int]$role.InstallState] }
} catch { $unread.role = [string]$_.FullyQualifiedErrorId }
try {
    $facts.dotnet = [int](Read-Key 'HKLM:\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full').Release
} catch { $unread.dotnet = [string]$_.FullyQualifiedErrorId }
try {
    $keys = @(Get-ItemProperty -Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\*' -ErrorAction Stop)
    foreach ($key in $keys) {
        if ($key.DisplayName -like 'Microsoft Azure Recovery Services Agent*') { $facts.agent = [string]$key.DisplayVersion }
        if ($key.DisplayName -like 'Microsoft Azure Site Recovery Provider*') { $facts.provider = [string]$key.DisplayVersion }
    }
} catch { $unread.versions = [string]$_.FullyQualifiedErrorId }
try {
    $base = 'HKLM:\SOFTWARE\Microsoft\Windows Azure Backup'
    $tuned = Read-Key ($base + '\Replication')
    $facts.threads.download = [int]$tuned.DownloadThreadsPerVM
    $facts.threads.upload = [int]$tuned.UploadThreadsPerVM
    $facts.threads.parent = [int](Read-Key $base).DownloadThreadsPerVM
} catch { $unread.threads = [string]$_.FullyQualifiedErrorId }
# Inferred: the settings carry the names of the parameters that set them.
try {
    $set = Get-OBMachineSetting -ErrorAction Stop
    $proxy = [string]$set.ProxyServer
    $own = Read-Key 'HKLM:\SOFTWARE\Microsoft\Azure Site Recovery\ProxySettings'
    if ($null -ne $own) { $proxy = [string]$own.ProxyAddress }
    $facts.proxy = $proxy -replace '//[^@/]*@', '//'
    if ($null -eq $set.PSObject.Properties['WorkHourBandwidth']) { Stop-Script 'FbkShape' 'InvalidData' 'No bandwidth is named.' }
    if ([int64]$set.WorkHourBandwidth -gt 0 -or [int64]$set.NonWorkHourBandwidth -gt 0) {
        $facts.throttle = [ordered]@{
            work = [int64]$set.WorkHourBandwidth
            non_work = [int64]$set.NonWorkHourBandwidth
            from = [int64]([TimeSpan]$set.StartWorkHour).TotalSeconds
            to = [int64]([TimeSpan]$set.EndWorkHour).TotalSeconds
            days = @($set.WorkDay | ForEach-Object { [string]$_ })
        }
    }
} catch {
    $unread.proxy = [string]$_.FullyQualifiedErrorId
    $unread.throttle = $unread.proxy
}
try {
    $facts.backup = ($null -ne (Get-OBPolicy -ErrorAction Stop))
} catch { $unread.backup = [string]$_.FullyQualifiedErrorId }
try {
    $pools = @(Get-CimInstance -Namespace 'root/Microsoft/Windows/Storage' -ClassName MSFT_StoragePool -Filter 'IsPrimordial=FALSE' -ErrorAction Stop)
    $facts.pools = [int]$pools.Count
} catch { $unread.pools = [string]$_.FullyQualifiedErrorId }
try {
    foreach ($cert in @(Get-ChildItem -LiteralPath 'Cert:\LocalMachine\My' -ErrorAction Stop)) {
        $ends = $cert.NotAfter.ToUniversalTime().ToString('o')
        if ($cert.FriendlyName -like 'ASR_*' -and ($facts.certificate_expires -eq '' -or $ends -lt $facts.certificate_expires)) {
            $facts.certificate_expires = $ends
        }
    }
} catch { $unread.certificates = [string]$_.FullyQualifiedErrorId }
$facts.unread = $unread
return $facts
