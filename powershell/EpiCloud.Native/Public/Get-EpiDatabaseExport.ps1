function Get-EpiDatabaseExport {
    <#
    .SYNOPSIS
    Gets a database export.

    .DESCRIPTION
    Gets an export by its id. While it runs its status is InProgress; Succeeded comes with a link to the bacpac.

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

    .PARAMETER Credential
    The API credentials as one object, the key as the user name and the secret as the password: instead of ClientKey and
    ClientSecret.

    .EXAMPLE
    Get-EpiDatabaseExport -Environment Production -DatabaseName epicms -Id $export.id

    Gets an export.

    .EXAMPLE
    $export | Get-EpiDatabaseExport

    Looks at an export again.

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
