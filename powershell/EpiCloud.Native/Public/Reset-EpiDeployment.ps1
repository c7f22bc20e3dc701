function Reset-EpiDeployment {
    <#
    .SYNOPSIS
    Resets a deployment that awaits its verification.

    .DESCRIPTION
    Takes a deployment back. In maintenance mode the database can be rolled back too, and the site looked at before the swap:
    then the reset ends as AwaitingResetVerification and is completed by a second call with Complete. Without Wait the
    deployment is given as the service answers, usually with the status Resetting.

    A deployment that carries error texts is an error, also when they stem from before the reset and the reset itself is good.
    One that ends as Failed without any text is given as an object, unless Strict asks for an error.

    .PARAMETER ClientKey
    The key of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ClientSecret
    The secret of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ProjectId
    The id of the project, a GUID. Not needed after Connect-EpiCloud with a project.

    .PARAMETER Id
    The id of the deployment.

    .PARAMETER RollbackDatabase
    Puts the database back to its state before the deployment. In maintenance mode only.

    .PARAMETER ValidateBeforeSwap
    Stops before the swap, so that the site can be looked at. In maintenance mode only.

    .PARAMETER Complete
    Completes a reset that was started with ValidateBeforeSwap.

    .PARAMETER Wait
    Waits until the operation has ended.

    .PARAMETER ShowProgress
    Shows progress while waiting.

    .PARAMETER WaitTimeoutMinutes
    The longest wait in minutes. When it has passed the cmdlet fails; the operation goes on in the service.

    .PARAMETER PollingIntervalSeconds
    The pause between two looks at the operation, in seconds.

    .PARAMETER Credential
    The API credentials as one object, the key as the user name and the secret as the password: instead of ClientKey and
    ClientSecret.

    .PARAMETER Strict
    Takes warnings, and a failure for which the service gives no reason, for an error.

    .EXAMPLE
    Reset-EpiDeployment -Id $deployment.id -RollbackDatabase -ValidateBeforeSwap -Wait

    Starts a reset that stops for a look at the site.

    .EXAMPLE
    Reset-EpiDeployment -Id $deployment.id -Complete -Wait

    Completes that reset.

    .INPUTS
    Objects with the properties id and projectId, such as deployments. An object's projectId wins over the connected one.

    .OUTPUTS
    EpiCloud.Deployment, the service's object: id, projectId, status, startTime, endTime, percentComplete,
    validationLinks, deploymentWarnings, deploymentErrors, parameters, and whatever else the service gives.

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
            $action += ' and put the database back to its state before it; what was written since is lost'
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
