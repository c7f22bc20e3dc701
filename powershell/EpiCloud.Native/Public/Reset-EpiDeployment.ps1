function Reset-EpiDeployment {
    <#
    .SYNOPSIS
    Resets (rolls back) a deployment that awaits verification.

    .DESCRIPTION
    Rolls a deployment back. In maintenance mode, the database can also be rolled back, and the site can be verified before
    the swap: the reset then stops with the status AwaitingResetVerification, and a second call with Complete completes it.
    Without Wait, the deployment is returned as the service reports it, usually with the status Resetting.

    A deployment with error texts is an error, even if they are from before the reset and the reset itself succeeds. A
    deployment that fails without an error text is returned as an object, unless Strict is set.

    .PARAMETER ClientKey
    The key of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ClientSecret
    The secret of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ProjectId
    The id of the project, a GUID. Not needed after Connect-EpiCloud with a project.

    .PARAMETER Id
    The id of the deployment.

    .PARAMETER RollbackDatabase
    Also rolls back the database. In maintenance mode only.

    .PARAMETER ValidateBeforeSwap
    Stops before the swap, so that the site can be verified. In maintenance mode only.

    .PARAMETER Complete
    Completes a reset that was started with ValidateBeforeSwap.

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
    Reset-EpiDeployment -Id $deployment.id -RollbackDatabase -ValidateBeforeSwap -Wait

    Starts a reset that stops for the verification of the site.

    .EXAMPLE
    Reset-EpiDeployment -Id $deployment.id -Complete -Wait

    Completes that reset.

    .INPUTS
    Objects with the properties id and projectId, such as deployments. The projectId of an object takes precedence over the
    connected one.

    .OUTPUTS
    EpiCloud.Deployment, as returned by the service: id, projectId, status, startTime, endTime, percentComplete,
    validationLinks, deploymentWarnings, deploymentErrors, parameters and any further members.

    .LINK
    about_EpiCloud.Native
    #>
    [CmdletBinding(DefaultParameterSetName = 'StartReset', SupportsShouldProcess = $true, PositionalBinding = $false)]
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

        [Parameter(ParameterSetName = 'StartReset')]
        [switch]$RollbackDatabase,

        [Parameter(ParameterSetName = 'StartReset')]
        [switch]$ValidateBeforeSwap,

        [Parameter(ParameterSetName = 'CompleteReset')]
        [switch]$Complete,

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
        $action = 'Reset the deployment'
        if ($Complete) {
            $action = 'Complete the reset of the deployment'
        }
        if ($RollbackDatabase) {
            $action += ' and roll back the database; changes made since the deployment are lost'
        }
        if ($isAsked -and -not $PSCmdlet.ShouldProcess($Id, $action)) {
            return
        }
        $request = @{
            id = $Id; resetWithDbRollback = [bool]$RollbackDatabase; validateBeforeSwap = [bool]$ValidateBeforeSwap
            complete = [bool]$Complete; strict = [bool]$Strict; allowFailed = -not $Strict
        }
        $waiting = ''
        if ($Wait) {
            $request.wait = New-EpiWait -Minutes $WaitTimeoutMinutes -Seconds $PollingIntervalSeconds
            if ($ShowProgress) {
                $waiting = "Resetting deployment with id $Id..."
            }
        }
        $call = @{ Operation = 'deployment.reset'; Request = $request; Waiting = $waiting; Id = $Id }
        $outcome = Invoke-EpiOperation -Cmdlet $PSCmdlet -Bound $PSBoundParameters -ProjectId $ProjectId @call
        if ($null -eq $outcome.Error) {
            ConvertFrom-EpiDocument -Json $outcome.Json -TypeName 'EpiCloud.Deployment'
            return
        }
        throw $outcome.Error
    }
}
