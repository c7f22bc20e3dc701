function Wait-EpiDeployment {
    <#
    .SYNOPSIS
    Waits for a deployment that was started elsewhere.

    .DESCRIPTION
    Waits for a deployment that another session, the portal or a call without Wait has started, completed or reset, and gives
    it when it has come that far. Changes nothing, so Ctrl-C is safe, and it can be called again at any time.

    A deployment that carries error texts is an error. One that ends as Failed without any text is given as an object, unless
    Strict asks for an error. One that has ended otherwise than Until says is an error too.

    .PARAMETER ClientKey
    The key of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ClientSecret
    The secret of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ProjectId
    The id of the project, a GUID. Not needed after Connect-EpiCloud with a project.

    .PARAMETER Id
    The id of the deployment.

    .PARAMETER Until
    What to wait for: Start (it awaits its verification or has succeeded), Complete (it has succeeded), Reset (it is reset, or
    awaits the verification of the reset) or CompleteReset (it is reset).

    .PARAMETER ShowProgress
    Shows progress while waiting.

    .PARAMETER WaitTimeoutMinutes
    The longest wait in minutes. When it has passed the cmdlet fails; the operation goes on in the service.

    .PARAMETER PollingIntervalSec
    The pause between two looks at the operation, in seconds. PollingIntervalSeconds is another name of this parameter.

    .PARAMETER Credential
    The API credentials as one object, the key as the user name and the secret as the password: instead of ClientKey and
    ClientSecret.

    .PARAMETER Strict
    Takes warnings, and a failure for which the service gives no reason, for an error.

    .EXAMPLE
    Wait-EpiDeployment -Id $deployment.id -ShowProgress

    Waits until a deployment awaits its verification.

    .EXAMPLE
    Get-EpiDeployment | Where-Object status -eq 'Resetting' | Wait-EpiDeployment -Until Reset

    Waits for a reset that somebody else has started.

    .INPUTS
    Objects with the properties id and projectId, such as deployments. An object's projectId wins over the connected one.

    .OUTPUTS
    EpiCloud.Deployment, the service's object: id, projectId, status, startTime, endTime, percentComplete,
    validationLinks, deploymentWarnings, deploymentErrors, parameters, and whatever else the service gives.

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
