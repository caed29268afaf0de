# Sets the download threads, or takes the value away again. Only from what was seen:
# nobody else's change is overwritten. Nothing is restarted.
$wanted = [int]$p.want.value
if ($p.want.set -and -not $p.restore -and ($wanted -lt 1 -or $wanted -gt 32)) {
    Stop-Script 'FbkPrecondition' 'InvalidArgument' ('The agent takes 1 to 32 download threads, not ' + $wanted + '.')
}
if (-not (Test-Path -LiteralPath $base)) {
    Stop-Script 'FbkNotFound' 'ObjectNotFound' 'The recovery services agent is not installed on this host.'
}
$before = Read-Threads $path
if ($before.set -and $before.kind -cne 'DWord') {
    Stop-Script 'FbkPrecondition' 'InvalidType' ('The value is of the kind ' + $before.kind + ', not DWord.')
}
if ($before.set -ne [bool]$p.expect.set -or $before.value -ne [int]$p.expect.value) {
    Stop-Script 'FbkPrecondition' 'InvalidOperation' 'The download threads are not what they were when they were looked at.'
}
if ($p.want.set) {
    if (-not (Test-Path -LiteralPath $path)) { $made = New-Item -Path $path -ErrorAction Stop }
    $made = New-ItemProperty -LiteralPath $path -Name 'DownloadThreadsPerVM' -PropertyType DWord -Value $wanted -Force -ErrorAction Stop
} elseif ($before.set) {
    Remove-ItemProperty -LiteralPath $path -Name 'DownloadThreadsPerVM' -ErrorAction Stop
}
return [ordered]@{ before = $before; after = (Read-Threads $path) }
