$machines = @(Get-VM -ErrorAction Stop)
return [ordered]@{ vms = @($machines | ForEach-Object { ConvertTo-Row $_ }) }
