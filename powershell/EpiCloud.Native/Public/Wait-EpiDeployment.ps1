function Wait-EpiDeployment {
    <#
    .SYNOPSIS
    Waits for a running deployment.

    .DESCRIPTION
    Waits for a deployment that another session, the portal or a call without Wait started, completed or reset, and returns
    it when that step finishes. It changes nothing, so Ctrl-C is safe, and it can be called again at any time.

    A deployment with error texts is an error. A deployment that fails without an error text is returned as an object, unless
    Strict is set. A deployment that finishes with another status than Until waits for is an error too.

    .PARAMETER ClientKey
    The key of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ClientSecret
    The secret of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ProjectId
    The id of the project, a GUID. Not needed after Connect-EpiCloud with a project.

    .PARAMETER Id
    The id of the deployment.

    .PARAMETER Until
    The step to wait for: Start (the deployment awaits verification or has succeeded), Complete (it has succeeded), Reset (it
    is reset, or the reset awaits verification) or CompleteReset (it is reset).

    .PARAMETER ShowProgress
    Shows progress while waiting.

    .PARAMETER WaitTimeoutMinutes
    Maximum time to wait, in minutes. When it is reached, the cmdlet fails; the operation continues in the service.

    .PARAMETER PollingIntervalSec
    Polling interval in seconds. PollingIntervalSeconds is another name of this parameter.

    .PARAMETER Credential
    The API credentials as one object, with the key as the user name and the secret as the password, instead of ClientKey
    and ClientSecret.

    .PARAMETER Strict
    Treats warnings, and a failure without a reason from the service, as an error.

    .EXAMPLE
    Wait-EpiDeployment -Id $deployment.id -ShowProgress

    Waits until a deployment awaits verification.

    .EXAMPLE
    Get-EpiDeployment | Where-Object status -eq 'Resetting' | Wait-EpiDeployment -Until Reset

    Waits for a reset that someone else started.

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

        [Parameter(Mandatory = $true, ValueFromPipelineByPropertyName = $true)]
        [string]$Id,

        [Parameter()]
        [ValidateSet('Start', 'Complete', 'Reset', 'CompleteReset')]
        [string]$Until = 'Start',

        [Parameter()]
        [switch]$ShowProgress,

        [Parameter()]
        [ValidateRange(1, 2147483647)]
        [int]$WaitTimeoutMinutes = 240,

        [Parameter()]
        [Alias('PollingIntervalSeconds')]
        [ValidateRange(1, 2147483647)]
        [int]$PollingIntervalSec = 30,

        [Parameter()]
        [System.Management.Automation.PSCredential]$Credential,

        [Parameter()]
        [switch]$Strict
    )
    process {
        $goals = @{ Start = 'start'; Complete = 'complete'; Reset = 'reset'; CompleteReset = 'completeReset' }
        $request = @{ id = $Id; until = $goals[$Until]; strict = [bool]$Strict; allowFailed = -not $Strict }
        $request.wait = New-EpiWait -Minutes $WaitTimeoutMinutes -Seconds $PollingIntervalSec
        $waiting = ''
        if ($ShowProgress) {
            $waiting = "Waiting for deployment with id $Id..."
        }
        $call = @{ Operation = 'deployment.wait'; Request = $request; Waiting = $waiting; Id = $Id }
        $outcome = Invoke-EpiOperation -Cmdlet $PSCmdlet -Bound $PSBoundParameters -ProjectId $ProjectId @call
        if ($null -eq $outcome.Error) {
            ConvertFrom-EpiDocument -Json $outcome.Json -TypeName 'EpiCloud.Deployment'
            return
        }
        throw $outcome.Error
    }
}
