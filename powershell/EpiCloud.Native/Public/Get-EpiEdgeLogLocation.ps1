function Get-EpiEdgeLogLocation {
    <#
    .SYNOPSIS
    Gets the link to the edge logs.

    .DESCRIPTION
    Gets a read-only link to the container of the logs of CDN and firewall. The credentials need the right to edge logs. The
    link is a secret while it is valid.

    .PARAMETER ClientKey
    The key of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ClientSecret
    The secret of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ProjectId
    The id of the project, a GUID. Not needed after Connect-EpiCloud with a project.

    .PARAMETER Credential
    The API credentials as one object, the key as the user name and the secret as the password: instead of ClientKey and
    ClientSecret.

    .EXAMPLE
    $location = Get-EpiEdgeLogLocation

    Gets the link.

    .INPUTS
    Objects with the property projectId, which wins over the connected one.

    .OUTPUTS
    System.String, the link.

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
