function Get-EpiDeployment {
    <#
    .SYNOPSIS
    Gets a deployment, or the most recent ones.

    .DESCRIPTION
    Gets a deployment by its id or, without an id, the ten most recent deployments of the project.

    .PARAMETER ClientKey
    The key of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ClientSecret
    The secret of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ProjectId
    The id of the project, a GUID. Not needed after Connect-EpiCloud with a project.

    .PARAMETER Id
    The id of a deployment. Without it, and as in EpiCloud also if it is empty, all recent deployments are returned: check
    the variable before you pipe the result on.

    .PARAMETER Credential
    The API credentials as one object, with the key as the user name and the secret as the password, instead of ClientKey
    and ClientSecret.

    .EXAMPLE
    Get-EpiDeployment | Sort-Object startTime

    Lists the most recent deployments.

    .EXAMPLE
    Get-EpiDeployment -Id $deployment.id

    Gets a deployment.

    .INPUTS
    Objects with the properties id and projectId, such as deployments. The projectId of an object takes precedence over the
    connected one.

    .OUTPUTS
    EpiCloud.Deployment, as returned by the service: id, projectId, status, startTime, endTime, percentComplete,
    validationLinks, deploymentWarnings, deploymentErrors, parameters and any further members.

    .LINK
    about_EpiCloud.Native
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [OutputType('EpiCloud.Deployment')]
    param(
        [Parameter()]
        [string]$ClientKey,

        [Parameter()]
        [string]$ClientSecret,

        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [string]$ProjectId,

        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [string]$Id,

        [Parameter()]
        [System.Management.Automation.PSCredential]$Credential
    )
    process {
        if ($Id) {
            $call = @{ Operation = 'deployment.get'; Request = @{ id = $Id }; Id = $Id }
        }
        else {
            $call = @{ Operation = 'deployment.list'; Request = @{} }
        }
        $outcome = Invoke-EpiOperation -Cmdlet $PSCmdlet -Bound $PSBoundParameters -ProjectId $ProjectId @call
        if ($null -eq $outcome.Error) {
            ConvertFrom-EpiDocument -Json $outcome.Json -TypeName 'EpiCloud.Deployment'
            return
        }
        throw $outcome.Error
    }
}
