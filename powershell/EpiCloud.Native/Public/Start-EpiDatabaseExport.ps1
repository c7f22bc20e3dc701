function Start-EpiDatabaseExport {
    <#
    .SYNOPSIS
    Starts a database export.

    .DESCRIPTION
    Starts an export and returns its first status or, with Wait, its final one. An export takes hours, in extreme cases
    days, so set WaitTimeoutMinutes to a higher value than the default.

    An export with the status ExportFailed or LinkExpired is returned as an object, unless Strict is set. Use
    Save-EpiDatabaseExport for a verified download.

    .PARAMETER ClientKey
    The key of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ClientSecret
    The secret of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ProjectId
    The id of the project, a GUID. Not needed after Connect-EpiCloud with a project.

    .PARAMETER Environment
    The environment of the database.

    .PARAMETER DatabaseName
    The database.

    .PARAMETER RetentionHours
    How long the service keeps the export, in hours.

    .PARAMETER Wait
    Waits until the operation finishes. Wait-EpiDatabaseExport waits for one that is already running.

    .PARAMETER ShowProgress
    Shows progress while waiting.

    .PARAMETER WaitTimeoutMinutes
    Maximum time to wait, in minutes. When it is reached, the cmdlet fails; the operation continues in the service.

    .PARAMETER PollingIntervalSec
    Polling interval in seconds.

    .PARAMETER Credential
    The API credentials as one object, with the key as the user name and the secret as the password, instead of ClientKey
    and ClientSecret.

    .PARAMETER Strict
    Treats a failed or expired export as an error.

    .EXAMPLE
    $export = Start-EpiDatabaseExport -Environment Production -DatabaseName epicms -Wait -WaitTimeoutMinutes 600

    Exports a database and waits for it.

    .INPUTS
    Objects with the property projectId, which takes precedence over the connected one.

    .OUTPUTS
    EpiCloud.DatabaseExport, as returned by the service: id, projectId, databaseName, databaseDisplayName, bacpacName,
    environment, status, downloadLink and any further members. The link is a secret while it is valid.

    .LINK
    about_EpiCloud.Native
    #>
    [CmdletBinding(SupportsShouldProcess = $true, PositionalBinding = $false)]
    [OutputType('EpiCloud.DatabaseExport')]
    param(
        [Parameter()]
        [string]$ClientKey,

        [Parameter()]
        [string]$ClientSecret,

        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [string]$ProjectId,

        [Parameter(Mandatory = $true)]
        [string]$Environment,

        [Parameter(Mandatory = $true)]
        [ValidateSet('epicms', 'epicommerce')]
        [string]$DatabaseName,

        [Parameter()]
        [ValidateRange(1, 2147483647)]
        [int]$RetentionHours = 24,

        [Parameter()]
        [switch]$Wait,

        [Parameter()]
        [switch]$ShowProgress,

        [Parameter()]
        [ValidateRange(1, 2147483647)]
        [int]$WaitTimeoutMinutes = 60,

        [Parameter()]
        [ValidateRange(1, 2147483647)]
        [int]$PollingIntervalSec = 30,

        [Parameter()]
        [System.Management.Automation.PSCredential]$Credential,

        [Parameter()]
        [switch]$Strict
    )
    process {
        $WhatIfPreference, $ConfirmPreference, $isAsked = Get-EpiPreference -Cmdlet $PSCmdlet -Bound $PSBoundParameters
        if ($isAsked -and -not $PSCmdlet.ShouldProcess($Environment, "Export the database $DatabaseName")) {
            return
        }
        $request = @{
            environment = $Environment; databaseName = $DatabaseName; retentionHours = $RetentionHours; allowFailed = -not $Strict
        }
        $waiting = ''
        if ($Wait) {
            $request.wait = New-EpiWait -Minutes $WaitTimeoutMinutes -Seconds $PollingIntervalSec
            if ($ShowProgress) {
                $waiting = "Export database running against $DatabaseName..."
            }
        }
        $call = @{ Operation = 'databaseExport.start'; Request = $request; Waiting = $waiting }
        $outcome = Invoke-EpiOperation -Cmdlet $PSCmdlet -Bound $PSBoundParameters -ProjectId $ProjectId @call
        if ($null -eq $outcome.Error) {
            $export = ConvertFrom-EpiDocument -Json $outcome.Json -TypeName 'EpiCloud.DatabaseExport'
            # The original's objects have no handle.
            $export.PSObject.Properties.Remove('handle')
            $export
            return
        }
        throw $outcome.Error
    }
}
