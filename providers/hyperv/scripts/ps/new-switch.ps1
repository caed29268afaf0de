# Creates a switch that is not there. An adapter is found by its exact name and
# handed on by its description; the host keeps a network of its own on it.
$name = [string]$p.name
$type = [string]$p.type
$before = @(Read-Switches)
$same = @($before | Where-Object { $_.name -ceq $name })
if ($same.Count -gt 0) {
    if (@($same | Where-Object { $_.type -cne $type }).Count -gt 0) {
        Stop-Script 'FbkPrecondition' 'ResourceExists' ('The host has a switch of that name already, of the type ' + $same[0].type + '.')
    }
    return [ordered]@{ made = $false; before = $before; after = $before }
}
if ($type -ceq 'External') {
    $cards = @(Get-NetAdapter -Physical -ErrorAction Stop | Where-Object { $_.Name -ceq [string]$p.adapter })
    if ($cards.Count -ne 1) {
        Stop-Script 'FbkNotFound' 'ObjectNotFound' ('The host has no network adapter with the name ' + [string]$p.adapter + '.')
    }
    $card = [string]$cards[0].InterfaceDescription
    if (@($before | Where-Object { $_.cards -ccontains $card }).Count -gt 0) {
        Stop-Script 'FbkPrecondition' 'ResourceBusy' 'The network adapter belongs to another switch.'
    }
    $made = New-VMSwitch -Name $name -NetAdapterInterfaceDescription $card -AllowManagementOS $true -ErrorAction Stop
} elseif (@('Internal', 'Private') -ccontains $type) {
    $made = New-VMSwitch -Name $name -SwitchType $type -ErrorAction Stop
} else {
    Stop-Script 'FbkPrecondition' 'InvalidArgument' ('There is no switch of the type ' + $type + '.')
}
return [ordered]@{ made = $true; before = $before; after = @(Read-Switches) }
