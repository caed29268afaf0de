param($p)
# What the host says about itself. A stopped vmms is a fact, not an error.
$wanted = @('vmms', 'obengine', 'dra', 'Winmgmt', 'SCVMMService', 'SCVMMAgent', 'ClusSvc', 'cxprocessserver')
$os = Get-CimInstance -ClassName Win32_OperatingSystem -ErrorAction Stop
$computer = Get-CimInstance -ClassName Win32_ComputerSystem -ErrorAction Stop
$version = Get-ItemProperty -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion' -ErrorAction Stop
$installed = @(Get-CimInstance -ClassName Win32_Service -ErrorAction Stop | Where-Object { $wanted -contains $_.Name })
# Inferred: cluster shared volumes appear here by their mount path.
$volumes = @(Get-CimInstance -ClassName Win32_Volume -Filter 'DriveType=3' -ErrorAction Stop | Where-Object { $null -ne $_.Capacity })
$services = @($installed | ForEach-Object { [ordered]@{ name = [string]$_.Name; state = [string]$_.State } })
$switches = @()
if (@($installed | Where-Object { $_.Name -eq 'vmms' -and $_.State -ceq 'Running' }).Count -eq 1) {
    $found = @(Get-VMSwitch -ErrorAction Stop)
    $switches = @($found | ForEach-Object { [ordered]@{ name = [string]$_.Name; type = [string]$_.SwitchType } })
}
$name = [string]$computer.DNSHostName
if ($computer.PartOfDomain) { $name = $name + '.' + [string]$computer.Domain }
return [ordered]@{
    name = $name
    build = [string]$os.BuildNumber
    caption = [string]$os.Caption
    edition_id = [string]$version.EditionID
    installation_type = [string]$version.InstallationType
    services = $services
    switches = $switches
    volumes = @($volumes | ForEach-Object { [ordered]@{
        path = [string]$_.Name
        bytes = [int64]$_.Capacity
        free = [int64]$_.FreeSpace
    } })
    memory_free = [int64]$os.FreePhysicalMemory * 1024
    clock = [DateTime]::UtcNow.ToString('o')
}
