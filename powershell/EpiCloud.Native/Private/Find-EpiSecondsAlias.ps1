# Says how the deprecated alias WaitTimeoutSec of Start-EpiDeployment was used: 'named' on the line of the call, 'splatted'
# by a hashtable, or not at all (empty). PowerShell itself tells a function only the parameter's own name.
function Find-EpiSecondsAlias {
    param(
        [System.Management.Automation.PSCmdlet]$Cmdlet
    )
    $line = [string]$Cmdlet.MyInvocation.Line
    if ($line.IndexOf('-WaitTimeoutSec', [System.StringComparison]::OrdinalIgnoreCase) -ge 0) {
        return 'named'
    }
    foreach ($match in [regex]::Matches($line, '@(?:script:|global:|local:)?(\w+)')) {
        $value = $Cmdlet.SessionState.PSVariable.GetValue($match.Groups[1].Value)
        if ($value -is [System.Collections.IDictionary] -and $value.Contains('WaitTimeoutSec')) {
            return 'splatted'
        }
    }
    ''
}
