param($p)
# What manages this machine and, where an id is given, one virtual machine: the
# cluster that it is a node of, and the VMM that is installed on it. A clustered
# virtual machine is visible on its owner alone. Inferred: a host without the
# clustering tools has no such property, and a node whose cluster is down fails here.
$answer = [ordered]@{ cluster = ''; nodes = @(); owner = ''; vmm = ''; version = ''; clouds = @(); hosts = @(); unread = [ordered]@{} }
if (Test-Path -LiteralPath 'HKLM:\Cluster') {
    try {
        $answer.cluster = [string](Get-Cluster -ErrorAction Stop).Name
        $answer.nodes = @(Get-ClusterNode -ErrorAction Stop | ForEach-Object { [string]$_.Name })
        if ([string]$p.vm_id -ne '') {
            $id = [guid]$p.vm_id
            $role = Get-ClusterGroup -VMId $id -ErrorAction Stop
            if ($null -ne $role) { $answer.owner = [string]$role.OwnerNode.Name }
        }
    } catch { $answer.unread['cluster'] = [string]$_.Exception.Message }
}
if (Test-Path -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Microsoft System Center Virtual Machine Manager Server\Setup') {
    try {
        Import-Module -Name 'VirtualMachineManager' -ErrorAction Stop
        $server = Get-SCVMMServer -ComputerName 'localhost' -ErrorAction Stop
        $answer.vmm = [string]$server.Name
        $answer.version = [string]$server.ProductVersion
        $answer.clouds = @(Get-SCCloud -ErrorAction Stop | ForEach-Object { [string]$_.Name })
        $answer.hosts = @(Get-SCVMHost -ErrorAction Stop | ForEach-Object { [string]$_.Name })
    } catch { $answer.unread['vmm'] = [string]$_.Exception.Message }
}
return $answer
