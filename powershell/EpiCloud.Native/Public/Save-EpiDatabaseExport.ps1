function Save-EpiDatabaseExport {
    <#
    .SYNOPSIS
    Exports a database to a file: starts an export or uses an existing one, waits, downloads and verifies.

    .DESCRIPTION
    Starts an export, or uses the one with the given id; waits until it finishes; downloads the bacpac in parallel parts and
    verifies its checksum. A failed or expired export is an error.

    Several exports in a pipeline need a different -Path each, as a script block: -Path { "$($_.databaseName).bacpac" }.

    To resume after an interruption, call it again with the same environment, database and path: it continues with the same
    export and with the parts that are already downloaded, and reports that. A new export is started only if the earlier one
    has failed, has expired or no longer exists. Ctrl-C stops the download at once; the export continues in the service.

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

    .PARAMETER Path
    The file to write, taken literally. LiteralPath is another name of this parameter.

    .PARAMETER Id
    The id of an existing export. Without it, the export of an interrupted call is resumed or a new one is started, unless
    objects come from the pipeline.

    .PARAMETER NewExport
    Starts a new export, even if an interrupted call for the same file could be resumed. Not together with Id.

    .PARAMETER RetentionHours
    How long the service keeps a new export, in hours; the default is 24.

    .PARAMETER WaitTimeoutMinutes
    Maximum time to wait, in minutes; the default is no limit. The export continues in the service.

    .PARAMETER PollingIntervalSec
    Polling interval in seconds; the default is 30.

    .PARAMETER Force
    Replaces the file if it exists.

    .PARAMETER Credential
    The API credentials as one object, with the key as the user name and the secret as the password, instead of ClientKey
    and ClientSecret.

    .EXAMPLE
    Save-EpiDatabaseExport -Environment Production -DatabaseName epicms -Path epicms.bacpac

    Exports a database to a file.

    .EXAMPLE
    $export | Save-EpiDatabaseExport -Path epicms.bacpac

    Waits for an existing export and downloads it.

    .INPUTS
    Database exports, or objects with their properties environment, databaseName, id and projectId.

    .OUTPUTS
    EpiCloud.SavedDatabaseExport: id, environment, databaseName, status, file, bytes, contentMd5, verified (md5, or size if
    the blob storage has no checksum), resumedBytes, retries, structure (checked), warnings (code and text of what may make
    an import fail).

    .LINK
    about_EpiCloud.Native
    #>
    [CmdletBinding(SupportsShouldProcess = $true, PositionalBinding = $false)]
    [OutputType('EpiCloud.SavedDatabaseExport')]
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
        [ValidateSet('epicms', 'epicommerce')]
        [string]$DatabaseName,

        [Parameter(Mandatory = $true, ValueFromPipelineByPropertyName = $true)]
        [Alias('LiteralPath')]
        [string]$Path,

        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Id,

        [Parameter()]
        [switch]$NewExport,

        [Parameter()]
        [ValidateRange(1, 2147483647)]
        [int]$RetentionHours,

        [Parameter()]
        [ValidateRange(1, 2147483647)]
        [int]$WaitTimeoutMinutes,

        [Parameter()]
        [ValidateRange(1, 2147483647)]
        [int]$PollingIntervalSec,

        [Parameter()]
        [switch]$Force,

        [Parameter()]
        [System.Management.Automation.PSCredential]$Credential
    )
    begin {
        # The files of this pipeline. Two names that differ in case alone are one on most file systems.
        $files = [System.Collections.Generic.HashSet[string]]::new([System.StringComparer]::OrdinalIgnoreCase)
    }
    process {
        $WhatIfPreference, $ConfirmPreference, $isAsked = Get-EpiPreference -Cmdlet $PSCmdlet -Bound $PSBoundParameters
        $outcome = @{ Error = $null }
        $call = @{ Cmdlet = 'Save-EpiDatabaseExport'; Operation = 'databaseExport.save'; Id = $Id }
        if (-not $Id -and $PSCmdlet.MyInvocation.ExpectingInput) {
            $cause = [System.ArgumentException]::new(
                'the object of the pipeline has no id; a new export is started only without a pipeline')
            $outcome.Error = ConvertTo-EpiFailure -Exception $cause -Call $call
        }
        else {
            $resolved = Invoke-EpiAttempt -Script { Resolve-EpiFile -Cmdlet $PSCmdlet -Path $Path -Taken $files }
            if ($null -ne $resolved.Exception) {
                $outcome.Error = ConvertTo-EpiFailure -Exception $resolved.Exception -Call $call
            }
        }
        if ($null -eq $outcome.Error) {
            $file = $resolved.Value
            $action = "Save a new export of $DatabaseName from $Environment"
            if ($Id) {
                $action = "Save the export $Id of $DatabaseName from $Environment"
            }
            if ($Force) {
                $action += ', replacing the file if it exists'
            }
            if ($isAsked -and -not $PSCmdlet.ShouldProcess($file, $action)) {
                return
            }
            $request = @{ environment = $Environment; databaseName = $DatabaseName; outputFile = $file; wait = @{} }
            $request.overwrite = [bool]$Force
            $request.newExport = [bool]$NewExport
            if ($Id) {
                $request.id = $Id
            }
            if ($PSBoundParameters.ContainsKey('RetentionHours')) {
                $request.retentionHours = $RetentionHours
            }
            if ($PSBoundParameters.ContainsKey('WaitTimeoutMinutes')) {
                $request.wait.timeoutMinutes = $WaitTimeoutMinutes
            }
            if ($PSBoundParameters.ContainsKey('PollingIntervalSec')) {
                $request.wait.pollingIntervalSeconds = $PollingIntervalSec
            }
            $saving = @{
                Operation = 'databaseExport.save'; Request = $request; Id = $Id
                Waiting = "Export database running against $DatabaseName..."; Transfer = "Downloading $file"
            }
            $outcome = Invoke-EpiOperation -Cmdlet $PSCmdlet -Bound $PSBoundParameters -ProjectId $ProjectId @saving
        }
        if ($null -eq $outcome.Error) {
            ConvertFrom-EpiDocument -Json $outcome.Json -TypeName 'EpiCloud.SavedDatabaseExport'
            return
        }
        throw $outcome.Error
    }
}
