function Get-EpiEdgeLogLocation {
    <#
    .SYNOPSIS
    Gets the SAS URL of the edge logs.

    .DESCRIPTION
    Gets a read-only SAS URL of the container with the CDN and firewall logs. The credentials need access to edge logs. The
    SAS URL is a secret while it is valid.

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
    $location = Get-EpiEdgeLogLocation

    Gets the SAS URL.

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
        $call = @{ Operation = 'edgeLogLocation.get'; Request = @{} }
        $outcome = Invoke-EpiOperation -Cmdlet $PSCmdlet -Bound $PSBoundParameters -ProjectId $ProjectId @call
        if ($null -eq $outcome.Error) {
            (Microsoft.PowerShell.Utility\ConvertFrom-Json -InputObject $outcome.Json).location
            return
        }
        throw $outcome.Error
    }
}
