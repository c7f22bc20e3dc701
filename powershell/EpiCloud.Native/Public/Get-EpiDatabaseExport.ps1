function Get-EpiDatabaseExport {
    <#
    .SYNOPSIS
    Gets a database export.

    .DESCRIPTION
    Gets an export by its id. While it is running, its status is InProgress; with Succeeded it has a download link.

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

    .PARAMETER Credential
    The API credentials as one object, with the key as the user name and the secret as the password, instead of ClientKey
    and ClientSecret.

    .EXAMPLE
    Get-EpiDatabaseExport -Environment Production -DatabaseName epicms -Id $export.id

    Gets an export.

    .EXAMPLE
    $export | Get-EpiDatabaseExport

    Gets the current state of an export.

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
        [System.Management.Automation.PSCredential]$Credential
    )
    process {
        $request = @{ environment = $Environment; databaseName = $DatabaseName; id = $Id }
        $call = @{ Operation = 'databaseExport.get'; Request = $request }
        $outcome = Invoke-EpiOperation -Cmdlet $PSCmdlet -Bound $PSBoundParameters -ProjectId $ProjectId @call
        if ($null -eq $outcome.Error) {
            ConvertFrom-EpiDocument -Json $outcome.Json -TypeName 'EpiCloud.DatabaseExport'
            return
        }
        throw $outcome.Error
    }
}
