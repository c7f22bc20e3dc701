function Get-EpiDeploymentPackageLocation {
    <#
    .SYNOPSIS
    Gets the SAS URL that deployment packages are uploaded to.

    .DESCRIPTION
    Gets a write-only SAS URL of a container, valid for 24 hours, for Add-EpiDeploymentPackage. It is a secret while it is
    valid.

    .PARAMETER ClientKey
    The key of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ClientSecret
    The secret of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ProjectId
    The id of the project, a GUID. Not needed after Connect-EpiCloud with a project.

    .PARAMETER Credential
    The API credentials as one object, with the key as the user name and the secret as the password, instead of ClientKey
    and ClientSecret.

    .EXAMPLE
    $location = Get-EpiDeploymentPackageLocation
    Add-EpiDeploymentPackage -SasUrl $location -Path site.cms.app.1.0.0.nupkg

    Uploads a package.

    .INPUTS
    Objects with the property projectId, which takes precedence over the connected one.

    .OUTPUTS
    System.String, the SAS URL.

    .LINK
    about_EpiCloud.Native
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [OutputType([string])]
    param(
        [Parameter()]
        [string]$ClientKey,

        [Parameter()]
        [string]$ClientSecret,

        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [string]$ProjectId,

        [Parameter()]
        [System.Management.Automation.PSCredential]$Credential
    )
    process {
        $call = @{ Operation = 'packageLocation.get'; Request = @{} }
        $outcome = Invoke-EpiOperation -Cmdlet $PSCmdlet -Bound $PSBoundParameters -ProjectId $ProjectId @call
        if ($null -eq $outcome.Error) {
            (Microsoft.PowerShell.Utility\ConvertFrom-Json -InputObject $outcome.Json).location
            return
        }
        throw $outcome.Error
    }
}
