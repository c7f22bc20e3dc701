# What decides whether a cmdlet that changes something asks first: $WhatIfPreference and $ConfirmPreference for its own
# scope, and whether ShouldProcess is to be called. A module does not see those two of the function or script that called,
# so what is not given as a parameter is taken from there.
#
# Where nobody wants to be told or asked ShouldProcess is not called: its line for -Verbose would stand in the logs of old
# scripts.
function Get-EpiPreference {
    param(
        [System.Management.Automation.PSCmdlet]$Cmdlet,
        [System.Collections.IDictionary]$Bound
    )
    # Of the cmdlet's own scope, where PowerShell has put the parameters.
    $whatIf = $WhatIfPreference
    $confirm = $ConfirmPreference
    if (-not $Bound.ContainsKey('WhatIf')) {
        $whatIf = $Cmdlet.SessionState.PSVariable.GetValue('WhatIfPreference')
    }
    if (-not $Bound.ContainsKey('Confirm')) {
        $confirm = $Cmdlet.SessionState.PSVariable.GetValue('ConfirmPreference')
    }
    [bool]$whatIf
    $confirm
    [bool]$whatIf -or "$confirm" -in 'Low', 'Medium'
}
