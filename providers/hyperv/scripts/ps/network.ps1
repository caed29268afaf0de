$switches = @(Read-Switches)
$addresses = @(Get-NetIPAddress -ErrorAction Stop | Where-Object { $_.IPAddress -notlike '169.254.*' -and $_.IPAddress -notlike 'fe80:*' })
return [ordered]@{
    switches = $switches
    adapters = @(Get-NetAdapter -Physical -ErrorAction Stop | ForEach-Object {
        $card = $_
        [ordered]@{
            name = [string]$card.Name
            description = [string]$card.InterfaceDescription
            status = [string]$card.Status
            addresses = @($addresses | Where-Object { $_.InterfaceIndex -eq $card.ifIndex } | ForEach-Object { [string]$_.IPAddress })
        }
    })
}
