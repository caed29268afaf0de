param($p)
# The agent's key, and the download threads a VM that a key holds. A value that is
# not set is something else than 0.
$base = 'HKLM:\SOFTWARE\Microsoft\Windows Azure Backup'
$path = $base + '\Replication'
function Read-Threads($key) {
    $found = [ordered]@{ set = $false; value = [int]0; kind = '' }
    if (-not (Test-Path -LiteralPath $key)) { return $found }
    $item = Get-Item -LiteralPath $key -ErrorAction Stop
    if (@($item.GetValueNames()) -notcontains 'DownloadThreadsPerVM') { return $found }
    $found.set = $true
    $found.kind = [string]$item.GetValueKind('DownloadThreadsPerVM')
    if ($found.kind -ceq 'DWord') { $found.value = [int]$item.GetValue('DownloadThreadsPerVM') }
    return $found
}
