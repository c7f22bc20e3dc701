# Says which credentials and which project a call is made with: those given, else those of Connect-EpiCloud.
#
# What is missing or empty ends the statement only, in the words PowerShell has for a mandatory parameter: the three
# parameters are mandatory in the original and cannot be here, because a connection may stand in for them. Must be called
# outside of any `try`, so that nothing catches that.
function Select-EpiAccount {
    param(
        [System.Management.Automation.PSCmdlet]$Cmdlet,
        [System.Collections.IDictionary]$Bound,
        # Not taken from $Bound, which may still hold what an earlier object of the pipeline had.
        [string]$ProjectId,
        [switch]$ProjectOptional
    )
    # What is given and empty must not become the connected one. An object of the pipeline whose project is empty has none,
    # and belongs to the connected one.
    $checked = 'Credential', 'ClientKey', 'ClientSecret', 'ProjectId'
    $hasNone = $Cmdlet.MyInvocation.ExpectingInput -and $null -ne $_ -and
        $null -ne $_.PSObject.Properties['ProjectId'] -and [string]::IsNullOrWhiteSpace($_.ProjectId)
    if ($ProjectOptional -or $hasNone) {
        $checked = 'Credential', 'ClientKey', 'ClientSecret'
    }
    foreach ($name in $checked) {
        if ($Bound.ContainsKey($name) -and [string]::IsNullOrWhiteSpace($Bound[$name])) {
            $text = "Cannot bind argument to parameter '$name' because it is an empty string."
            $Cmdlet.ThrowTerminatingError([System.Management.Automation.ErrorRecord]::new(
                    [System.Management.Automation.ParameterBindingException]::new($text),
                    'ParameterArgumentValidationErrorEmptyStringNotAllowed',
                    [System.Management.Automation.ErrorCategory]::InvalidData,
                    $null))
        }
    }

    $connection = [EpiCloud.Interop.Connections]::Get([runspace]::DefaultRunspace)
    $account = @{ Connection = $null; ClientKey = ''; ClientSecret = $null; Password = $null; ProjectId = '' }
    if ($Bound.ContainsKey('Credential')) {
        $account.ClientKey = $Bound['Credential'].UserName.Trim()
        $account.Password = $Bound['Credential'].Password
    }
    else {
        if ($Bound.ContainsKey('ClientKey')) {
            # A variable that was read from a file or a step of a pipeline often ends in a line end.
            $account.ClientKey = ([string]$Bound['ClientKey']).Trim()
        }
        elseif ($null -ne $connection) {
            $account.ClientKey = $connection.ClientKey
        }
        if ($Bound.ContainsKey('ClientSecret')) {
            $account.ClientSecret = ([string]$Bound['ClientSecret']).Trim()
        }
        elseif ($null -ne $connection -and $account.ClientKey -ceq $connection.ClientKey) {
            # The secret itself is known to the library alone.
            $account.Connection = $connection
        }
    }
    if ($ProjectId) {
        $account.ProjectId = $ProjectId.Trim()
    }
    elseif ($null -ne $connection -and -not $ProjectOptional) {
        $account.ProjectId = $connection.ProjectId
    }
    elseif (-not $Bound.ContainsKey('ProjectId') -and $null -ne $connection -and $account.ClientKey -ceq $connection.ClientKey) {
        # Connect-EpiCloud again, with the same key. A project that is given and empty is none, as in the original.
        $account.ProjectId = $connection.ProjectId
    }

    $missing = @()
    if ([string]::IsNullOrEmpty($account.ClientKey)) {
        $missing += 'ClientKey'
    }
    if ($null -eq $account.Connection -and $null -eq $account.ClientSecret -and $null -eq $account.Password) {
        $missing += 'ClientSecret'
    }
    if ([string]::IsNullOrEmpty($account.ProjectId) -and -not $ProjectOptional) {
        $missing += 'ProjectId'
    }
    if ($missing.Count -gt 0) {
        $text = 'Cannot process command because of one or more missing mandatory parameters: ' + ($missing -join ' ') +
            '. Pass them, or run Connect-EpiCloud first.'
        $Cmdlet.ThrowTerminatingError([System.Management.Automation.ErrorRecord]::new(
                [System.Management.Automation.ParameterBindingException]::new($text),
                'MissingMandatoryParameter',
                [System.Management.Automation.ErrorCategory]::InvalidArgument,
                $null))
    }
    $account
}
