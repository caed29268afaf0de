param($p)
# Which addresses can be connected to from here, all at once, within five seconds.
# Nothing is sent, and no proxy is used. And what Windows was told of TLS 1.2.
$tries = @()
foreach ($a in @($p.addresses)) {
    $client = New-Object System.Net.Sockets.TcpClient
    $task = $client.ConnectAsync([string]$a.host, [int]$a.port)
    $tries += @([ordered]@{ host = [string]$a.host; port = [int]$a.port; client = $client; task = $task })
}
$ends = [DateTime]::UtcNow.AddSeconds(5)
$found = @()
foreach ($t in $tries) {
    $why = ''
    try {
        $left = [int][Math]::Max(0, ($ends - [DateTime]::UtcNow).TotalMilliseconds)
        if (-not $t.task.Wait($left)) { $why = 'TimedOut' }
    } catch {
        $why = [string]$_.Exception.GetBaseException().SocketErrorCode
        if ($why -eq '') { $why = 'Failed' }
    }
    $found += @([ordered]@{ host = $t.host; port = $t.port; why = $why })
    $t.client.Close()
}
$key = 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client'
$tls12 = ''
try {
    $set = $null
    if (Test-Path -LiteralPath $key -ErrorAction Stop) { $set = Get-ItemProperty -LiteralPath $key -ErrorAction Stop }
    $tls12 = 'Default'
    if ($null -ne $set.Enabled) { $tls12 = 'Enabled' }
    if ($null -ne $set.DisabledByDefault -and [int64]$set.DisabledByDefault -ne 0) { $tls12 = 'DisabledByDefault' }
    if ($null -ne $set.Enabled -and [int64]$set.Enabled -eq 0) { $tls12 = 'Disabled' }
} catch { $tls12 = '' }
return [ordered]@{ addresses = $found; tls12 = $tls12 }
