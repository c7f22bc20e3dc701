function Wait-EpiDatabaseExport {
    <#
    .SYNOPSIS
    Waits for a running database export.

    .DESCRIPTION
    Waits for an export that another session or a call without Wait started, and returns it when it finishes. It changes
    nothing, so Ctrl-C is safe, and it can be called again at any time. An export takes hours, in extreme cases days, so set
    WaitTimeoutMinutes to a higher value than the default.

    An export with the status ExportFailed or LinkExpired is returned as an object, unless Strict is set.

    .PARAMETER ClientKey
    The key of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ClientSecret
    The secret of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ProjectId
    The id of the project, a GUID. Not needed after Connect-EpiCloud with a project.

    .PARAMETER Environment
    The environment of the database.

    .PARAMETER DatabaseName
    The database, epicms or epicommerce.

    .PARAMETER Id
    The id of the export.

    .PARAMETER ShowProgress
    Shows progress while waiting.

    .PARAMETER WaitTimeoutMinutes
    Maximum time to wait, in minutes. When it is reached, the cmdlet fails; the operation continues in the service.

    .PARAMETER PollingIntervalSec
    Polling interval in seconds. PollingIntervalSeconds is another name of this parameter.

    .PARAMETER Credential
    The API credentials as one object, with the key as the user name and the secret as the password, instead of ClientKey
    and ClientSecret.

    .PARAMETER Strict
    Treats a failed or expired export as an error.

    .EXAMPLE
    Wait-EpiDatabaseExport -Environment Production -DatabaseName epicms -Id $export.id -WaitTimeoutMinutes 600

    Waits for an export.

    .EXAMPLE
    $export | Wait-EpiDatabaseExport -ShowProgress

    Waits for a running export.

    .INPUTS
    Database exports, or objects with their properties environment, databaseName, id and projectId.

    .OUTPUTS
    EpiCloud.DatabaseExport, as returned by the service: id, projectId, databaseName, databaseDisplayName, bacpacName,
    environment, status, downloadLink and any further members. The link is a secret while it is valid.

    .LINK
    about_EpiCloud.Native
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [OutputType('EpiCloud.DatabaseExport')]
    param(
        [Parameter()]
        [string]$ClientKey,

        [Parameter()]
        [string]$ClientSecret,

        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [string]$ProjectId,

        [Parameter(Mandatory = $true, ValueFromPipelineByPropertyName = $true)]
        [string]$Environment,

        [Parameter(Mandatory = $true, ValueFromPipelineByPropertyName = $true)]
        [string]$DatabaseName,

        [Parameter(Mandatory = $true, ValueFromPipelineByPropertyName = $true)]
        [string]$Id,

        [Parameter()]
        [switch]$ShowProgress,

        [Parameter()]
        [ValidateRange(1, 2147483647)]
        [int]$WaitTimeoutMinutes = 60,

        [Parameter()]
        [Alias('PollingIntervalSeconds')]
        [ValidateRange(1, 2147483647)]
        [int]$PollingIntervalSec = 30,

        [Parameter()]
        [System.Management.Automation.PSCredential]$Credential,

        [Parameter()]
        [switch]$Strict
    )
    process {
        $request = @{ environment = $Environment; databaseName = $DatabaseName; id = $Id; allowFailed = -not $Strict }
        $request.wait = New-EpiWait -Minutes $WaitTimeoutMinutes -Seconds $PollingIntervalSec
        $waiting = ''
        if ($ShowProgress) {
            $waiting = "Export database running against $DatabaseName..."
        }
        $call = @{ Operation = 'databaseExport.wait'; Request = $request; Waiting = $waiting; Id = $Id }
        $outcome = Invoke-EpiOperation -Cmdlet $PSCmdlet -Bound $PSBoundParameters -ProjectId $ProjectId @call
        if ($null -eq $outcome.Error) {
            ConvertFrom-EpiDocument -Json $outcome.Json -TypeName 'EpiCloud.DatabaseExport'
            return
        }
        throw $outcome.Error
    }
}
