function Start-EpiDatabaseExport {
    <#
    .SYNOPSIS
    Starts an export of a database.

    .DESCRIPTION
    Starts an export and gives it as it is found one look later, or with Wait when it has ended. An export takes hours, in
    extreme cases days, so WaitTimeoutMinutes needs a higher value than it has by itself.

    An export that ends as ExportFailed or LinkExpired is given as an object, unless Strict asks for an error. See
    Save-EpiDatabaseExport for a download that is verified.

    .PARAMETER ClientKey
    The key of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ClientSecret
    The secret of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ProjectId
    The id of the project, a GUID. Not needed after Connect-EpiCloud with a project.

    .PARAMETER Environment
    The environment that the database belongs to.

    .PARAMETER DatabaseName
    The database.

    .PARAMETER RetentionHours
    How long the service keeps the result, in hours.

    .PARAMETER Wait
    Waits until the operation has ended. Wait-EpiDatabaseExport waits for one that runs already.

    .PARAMETER ShowProgress
    Shows progress while waiting.

    .PARAMETER WaitTimeoutMinutes
    The longest wait in minutes. When it has passed the cmdlet fails; the operation goes on in the service.

    .PARAMETER PollingIntervalSec
    The pause between two looks at the operation, in seconds.

    .PARAMETER Credential
    The API credentials as one object, the key as the user name and the secret as the password: instead of ClientKey and
    ClientSecret.

    .PARAMETER Strict
    Takes an export that failed or has expired for an error.

    .EXAMPLE
    $export = Start-EpiDatabaseExport -Environment Production -DatabaseName epicms -Wait -WaitTimeoutMinutes 600

    Exports a database and waits for it.

    .INPUTS
    Objects with the property projectId, which wins over the connected one.

    .OUTPUTS
    EpiCloud.DatabaseExport, the service's object: id, projectId, databaseName, databaseDisplayName, bacpacName,
    environment, status, downloadLink, and whatever else the service gives. The link is a secret while it is valid.

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
            ConvertFrom-EpiDocument -Json $outcome.Json -TypeName 'EpiCloud.DatabaseExport'
            return
        }
        throw $outcome.Error
    }
}
