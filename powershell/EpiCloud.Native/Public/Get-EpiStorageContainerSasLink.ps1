function Get-EpiStorageContainerSasLink {
    <#
    .SYNOPSIS
    Makes links to storage containers.

    .DESCRIPTION
    Makes one link for each container, in order. The first failure ends it; what came before was given.

    .PARAMETER ClientKey
    The key of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ClientSecret
    The secret of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ProjectId
    The id of the project, a GUID. Not needed after Connect-EpiCloud with a project.

    .PARAMETER Environment
    The environment.

    .PARAMETER StorageContainer
    The names of the containers.

    .PARAMETER RetentionHours
    How long the links are valid, in hours.

    .PARAMETER Writable
    Makes links that may be written to. Not for Preproduction and Production.

    .PARAMETER Credential
    The API credentials as one object, the key as the user name and the secret as the password: instead of ClientKey and
    ClientSecret.

    .EXAMPLE
    Get-EpiStorageContainerSasLink -Environment Integration -StorageContainer mysitemedia -Writable

    Makes a link for an upload of media.

    .EXAMPLE
    Get-EpiStorageContainer -Environment Production | Get-EpiStorageContainerSasLink -RetentionHours 2

    Makes a link to each container.

    .INPUTS
    The output of Get-EpiStorageContainer, or objects with its properties.

    .OUTPUTS
    EpiCloud.StorageContainerSasLink: projectId, environment, containerName, sasLink, expiresOn. The link is a secret while it
    is valid.

    .LINK
    about_EpiCloud.Native
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [OutputType('EpiCloud.StorageContainerSasLink')]
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
        [Alias('storageContainers')]
        [string[]]$StorageContainer,

        [Parameter()]
        [ValidateRange(1, 168)]
        [int]$RetentionHours = 24,

        [Parameter()]
        [switch]$Writable,

        [Parameter()]
        [System.Management.Automation.PSCredential]$Credential
    )
    process {
        foreach ($container in $StorageContainer) {
            $request = @{
                environment = $Environment; storageContainer = @($container); retentionHours = $RetentionHours
                writable = [bool]$Writable
            }
            $call = @{ Operation = 'storageSas.get'; Request = $request }
            $outcome = Invoke-EpiOperation -Cmdlet $PSCmdlet -Bound $PSBoundParameters -ProjectId $ProjectId @call
            if ($null -ne $outcome.Error) {
                break
            }
            ConvertFrom-EpiDocument -Json $outcome.Json -TypeName 'EpiCloud.StorageContainerSasLink'
        }
        if ($null -eq $outcome.Error) {
            return
        }
        throw $outcome.Error
    }
}
