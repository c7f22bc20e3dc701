function Wait-EpiDatabaseExport {
    <#
    .SYNOPSIS
    Waits for a database export that was started elsewhere.

    .DESCRIPTION
    Waits for an export that another session or a call without Wait has started, and gives it when it has ended. Changes
    nothing, so Ctrl-C is safe, and it can be called again at any time. An export takes hours, in extreme cases days, so
    WaitTimeoutMinutes needs a higher value than it has by itself.

    An export that ends as ExportFailed or LinkExpired is given as an object, unless Strict asks for an error.

    .PARAMETER ClientKey
    The key of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ClientSecret
    The secret of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ProjectId
    The id of the project, a GUID. Not needed after Connect-EpiCloud with a project.

    .PARAMETER Environment
    The environment that the database belongs to.

    .PARAMETER DatabaseName
    The database, epicms or epicommerce.

    .PARAMETER Id
    The id of the export.

    .PARAMETER ShowProgress
    Shows progress while waiting.

    .PARAMETER WaitTimeoutMinutes
    The longest wait in minutes. When it has passed the cmdlet fails; the operation goes on in the service.

    .PARAMETER PollingIntervalSec
    The pause between two looks at the operation, in seconds. PollingIntervalSeconds is another name of this parameter.

    .PARAMETER Credential
    The API credentials as one object, the key as the user name and the secret as the password: instead of ClientKey and
    ClientSecret.

    .PARAMETER Strict
    Takes an export that failed or has expired for an error.

    .EXAMPLE
    Wait-EpiDatabaseExport -Environment Production -DatabaseName epicms -Id $export.id -WaitTimeoutMinutes 600

    Waits for an export.

    .EXAMPLE
    $export | Wait-EpiDatabaseExport -ShowProgress

    Waits for an export that was started before.

    .INPUTS
    Database exports, or objects with their properties environment, databaseName, id and projectId.

    .OUTPUTS
    EpiCloud.DatabaseExport, the service's object: id, projectId, databaseName, databaseDisplayName, bacpacName,
    environment, status, downloadLink, and whatever else the service gives. The link is a secret while it is valid.

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
