function Get-EpiStorageContainerSasLink {
    <#
    .SYNOPSIS
    Creates SAS URLs for storage containers.

    .DESCRIPTION
    Creates one SAS URL for each container, in order. The first failure ends it; the earlier SAS URLs are returned.

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
    How long the SAS URLs are valid, in hours.

    .PARAMETER Writable
    Allows writing. Not for Preproduction and Production.

    .PARAMETER Credential
    The API credentials as one object, with the key as the user name and the secret as the password, instead of ClientKey
    and ClientSecret.

    .EXAMPLE
    Get-EpiStorageContainerSasLink -Environment Integration -StorageContainer mysitemedia -Writable

    Creates a SAS URL for an upload of media.

    .EXAMPLE
    Get-EpiStorageContainer -Environment Production | Get-EpiStorageContainerSasLink -RetentionHours 2

    Creates a SAS URL for each container.

    .INPUTS
    The output of Get-EpiStorageContainer, or objects with its properties.

    .OUTPUTS
    EpiCloud.StorageContainerSasLink: projectId, environment, containerName, sasLink, expiresOn. The SAS URL is a secret
    while it is valid.

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
