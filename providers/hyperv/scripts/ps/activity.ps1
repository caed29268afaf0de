param($p)
# What the recovery services agent has read and written since it started.
$engines = @(Get-CimInstance -ClassName Win32_Process -Filter "Name='cbengine.exe'" -ErrorAction Stop)
$read = [int64]0
$written = [int64]0
foreach ($engine in $engines) {
    $read += [int64]$engine.ReadTransferCount
    $written += [int64]$engine.WriteTransferCount
}
return [ordered]@{
    at = [DateTime]::UtcNow.ToString('o')
    processes = [int]$engines.Count
    read = $read
    written = $written
}
