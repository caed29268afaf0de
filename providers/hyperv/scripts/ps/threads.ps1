$computer = Get-CimInstance -ClassName Win32_ComputerSystem -ErrorAction Stop
return [ordered]@{
    agent = [bool](Test-Path -LiteralPath $base)
    download = (Read-Threads $path)
    parent = (Read-Threads $base)
    cores = [int]$computer.NumberOfLogicalProcessors
}
