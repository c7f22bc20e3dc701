function Complete-EpiDeployment {
    <#
    .SYNOPSIS
    Completes a deployment that awaits verification: it goes live.

    .DESCRIPTION
    Swaps the verified slot into the site. Without Wait, the deployment is returned as the service reports it, usually with
    the status Completing.

    A deployment with error texts is an error, even if they are from before. A deployment that fails without an error text
    is returned as an object, unless Strict is set.

    .PARAMETER ClientKey
    The key of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ClientSecret
    The secret of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ProjectId
    The id of the project, a GUID. Not needed after Connect-EpiCloud with a project.

    .PARAMETER Id
    The id of the deployment.

    .PARAMETER Wait
    Waits until the operation finishes.

    .PARAMETER ShowProgress
    Shows progress while waiting.

    .PARAMETER WaitTimeoutMinutes
    Maximum time to wait, in minutes. When it is reached, the cmdlet fails; the operation continues in the service.

    .PARAMETER PollingIntervalSeconds
    Polling interval in seconds.

    .PARAMETER Credential
    The API credentials as one object, with the key as the user name and the secret as the password, instead of ClientKey
    and ClientSecret.

    .PARAMETER Strict
    Treats warnings, and a failure without a reason from the service, as an error.

    .EXAMPLE
    Complete-EpiDeployment -Id $deployment.id -Wait

    Completes a deployment and waits until it is live.

    .EXAMPLE
    Get-EpiDeployment | Where-Object status -eq 'AwaitingVerification' | Complete-EpiDeployment -Wait -ShowProgress

    Completes all deployments that await verification.

    .INPUTS
    Objects with the properties id and projectId, such as deployments. The projectId of an object takes precedence over the
    connected one.

    .OUTPUTS
    EpiCloud.Deployment, as returned by the service: id, projectId, status, startTime, endTime, percentComplete,
    validationLinks, deploymentWarnings, deploymentErrors, parameters and any further members.

    .LINK
    about_EpiCloud.Native
    #>
    [CmdletBinding(SupportsShouldProcess = $true, PositionalBinding = $false)]
    [OutputType('EpiCloud.Deployment')]
    param(
        [Parameter()]
        [string]$ClientKey,

        [Parameter()]
        [string]$ClientSecret,

        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [string]$ProjectId,

        [Parameter(Mandatory = $true, ValueFromPipelineByPropertyName = $true)]
        [string]$Id,

        [Parameter()]
        [switch]$Wait,

        [Parameter()]
        [switch]$ShowProgress,

        [Parameter()]
        [ValidateRange(1, 2147483647)]
        [int]$WaitTimeoutMinutes = 240,

        [Parameter()]
        [ValidateRange(1, 2147483647)]
        [int]$PollingIntervalSeconds = 30,

        [Parameter()]
        [System.Management.Automation.PSCredential]$Credential,

        [Parameter()]
        [switch]$Strict
    )
    process {
        $WhatIfPreference, $ConfirmPreference, $isAsked = Get-EpiPreference -Cmdlet $PSCmdlet -Bound $PSBoundParameters
        if ($isAsked -and -not $PSCmdlet.ShouldProcess($Id, 'Complete the deployment: it goes live')) {
            return
        }
        $request = @{ id = $Id; strict = [bool]$Strict; allowFailed = -not $Strict }
        $waiting = ''
        if ($Wait) {
            $request.wait = New-EpiWait -Minutes $WaitTimeoutMinutes -Seconds $PollingIntervalSeconds
            if ($ShowProgress) {
                $waiting = "Completing deployment with id $Id..."
            }
        }
        $call = @{ Operation = 'deployment.complete'; Request = $request; Waiting = $waiting; Id = $Id }
        $outcome = Invoke-EpiOperation -Cmdlet $PSCmdlet -Bound $PSBoundParameters -ProjectId $ProjectId @call
        if ($null -eq $outcome.Error) {
            ConvertFrom-EpiDocument -Json $outcome.Json -TypeName 'EpiCloud.Deployment'
            return
        }
        throw $outcome.Error
    }
}
