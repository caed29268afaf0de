param($p)
# Finds a machine by id, never by name: names may hold wildcards and repeat. The
# message of a failure is localised, so absence is proven by looking at all.
function Find-Machine([guid]$id) {
    try {
        return Get-VM -Id $id -ErrorAction Stop
    } catch {
        $same = @(Get-VM -ErrorAction Stop | Where-Object { $_.Id -eq $id })
        if ($same.Count -gt 0) { throw }
        Stop-Script 'FbkNotFound' 'ObjectNotFound' ('No virtual machine with the id ' + $id + ' is on this host.')
    }
}
function ConvertTo-Row($vm) {
    return [ordered]@{
        id = $vm.Id.ToString()
        name = [string]$vm.Name
        state = [string]$vm.State
        heartbeat = [string]$vm.Heartbeat
        uptime = [int64]$vm.Uptime.TotalSeconds
        generation = [int]$vm.Generation
        cpus = [int]$vm.ProcessorCount
        memory = [int64]$vm.MemoryStartup
        auto_start = [string]$vm.AutomaticStartAction
        notes = [string]$vm.Notes
        clustered = [bool]$vm.IsClustered
    }
}
