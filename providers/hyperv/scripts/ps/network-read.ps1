param($p)
# The virtual switches and the physical adapters. An adapter that belongs to a switch
# has no address of the host: the switch's own adapter has it.
function Read-Switches {
    return @(Get-VMSwitch -ErrorAction Stop | ForEach-Object {
        $cards = @($_.NetAdapterInterfaceDescriptions) + @($_.NetAdapterInterfaceDescription)
        [ordered]@{
            name = [string]$_.Name
            type = [string]$_.SwitchType
            management = [bool]$_.AllowManagementOS
            cards = @($cards | Where-Object { $_ } | Select-Object -Unique | ForEach-Object { [string]$_ })
        }
    })
}
