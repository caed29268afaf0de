# Reads one payload from standard input, runs it, writes one line of answer.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
if ([string]$ExecutionContext.SessionState.LanguageMode -cne 'FullLanguage') { exit 71 }
[Console]::OutputEncoding = New-Object System.Text.UTF8Encoding $false
function Write-Answer($answer, $code) {
    $text = ConvertTo-Json -InputObject $answer -Compress -Depth 8
    $line = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($text))
    [Console]::Out.WriteLine('FBK1 ' + $line + ' END')
    [Console]::Out.Flush()
    exit $code
}
function Stop-Script($id, $category, $message) {
    $problem = New-Object System.InvalidOperationException $message
    throw (New-Object System.Management.Automation.ErrorRecord $problem, $id, $category, $null)
}
try {
    $fields = [Console]::In.ReadToEnd().Trim().Split(' ')
    if ($fields.Count -ne 3) { Stop-Script 'FbkPayload' 'InvalidData' 'The payload has not three fields.' }
    $bytes = [Convert]::FromBase64String($fields[2])
    if ($bytes.Length -ne [int]$fields[1]) { Stop-Script 'FbkPayload' 'InvalidData' 'The payload is not complete.' }
    # This implementation also works where only FIPS algorithms are allowed.
    $sha = New-Object System.Security.Cryptography.SHA256CryptoServiceProvider
    $sum = [BitConverter]::ToString($sha.ComputeHash($bytes)).Replace('-', '').ToLowerInvariant()
    if ($sum -cne $fields[0]) { Stop-Script 'FbkPayload' 'InvalidData' 'The checksum of the payload differs.' }
    $payload = ConvertFrom-Json -InputObject ([Text.Encoding]::UTF8.GetString($bytes))
    $data = & ([ScriptBlock]::Create($payload.s)) $payload.p
    $answer = [ordered]@{ v = 1; ok = $true; data = $data }
    $code = 0
} catch {
    $answer = [ordered]@{ v = 1; ok = $false; err = [ordered]@{
        msg = [string]$_.Exception.Message
        type = [string]$_.Exception.GetType().FullName
        id = [string]$_.FullyQualifiedErrorId
        cat = [string]$_.CategoryInfo.Category
        hr = [int64]$_.Exception.HResult
        line = [int]$_.InvocationInfo.ScriptLineNumber
    } }
    $code = 70
}
Write-Answer $answer $code
