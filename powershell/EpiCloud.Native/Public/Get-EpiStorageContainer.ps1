function Get-EpiStorageContainer {
    <#
    .SYNOPSIS
    Lists the storage containers of an environment.

    .DESCRIPTION
    Returns one object with the names of the containers.

    .PARAMETER ClientKey
    The key of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ClientSecret
    The secret of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ProjectId
    The id of the project, a GUID. Not needed after Connect-EpiCloud with a project.

    .PARAMETER Environment
    The environment.

    .PARAMETER Writable
    Lists only writable containers.

    .PARAMETER Credential
    The API credentials as one object, with the key as the user name and the secret as the password, instead of ClientKey
    and ClientSecret.

    .EXAMPLE
    (Get-EpiStorageContainer -Environment Integration).storageContainers

    Lists the names.

    .EXAMPLE
    Get-EpiStorageContainer -Environment Production | Get-EpiStorageContainerSasLink -RetentionHours 2

    Creates a SAS URL for each container.

    .INPUTS
    Objects with the property projectId, which takes precedence over the connected one.

    .OUTPUTS
    EpiCloud.StorageContainer: projectId, environment, storageContainers (a list of names).

    .LINK
    about_EpiCloud.Native
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [OutputType('EpiCloud.StorageContainer')]
    param(
        [Parameter()]
        [string]$ClientKey,

        [Parameter()]
        [string]$ClientSecret,

        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [string]$ProjectId,

        [Parameter(Mandatory = $true)]
        [string]$Environment,

        [Parameter()]
        [switch]$Writable,

        [Parameter()]
        [System.Management.Automation.PSCredential]$Credential
    )
    process {
        $request = @{ environment = $Environment; writable = [bool]$Writable }
        $call = @{ Operation = 'storageContainer.list'; Request = $request }
        $outcome = Invoke-EpiOperation -Cmdlet $PSCmdlet -Bound $PSBoundParameters -ProjectId $ProjectId @call
        if ($null -eq $outcome.Error) {
            ConvertFrom-EpiDocument -Json $outcome.Json -TypeName 'EpiCloud.StorageContainer'
            return
        }
        throw $outcome.Error
    }
}
