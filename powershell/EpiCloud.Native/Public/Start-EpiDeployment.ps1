function Start-EpiDeployment {
    <#
    .SYNOPSIS
    Starts a deployment of packages or of the content of another environment.

    .DESCRIPTION
    Starts a deployment and returns its first status or, with Wait, waits until it awaits verification, has succeeded or has
    failed.

    A deployment with error texts is an error, with and without Wait. A deployment that fails without an error text is
    returned as an object, unless Strict is set.

    .PARAMETER ClientKey
    The key of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ClientSecret
    The secret of the API credentials. Not needed after Connect-EpiCloud.

    .PARAMETER ProjectId
    The id of the project, a GUID. Not needed after Connect-EpiCloud with a project.

    .PARAMETER SourceApp
    The applications whose code to copy: cms, commerce. The default is none.

    .PARAMETER SourceEnvironment
    The environment to copy from.

    .PARAMETER TargetEnvironment
    The environment to deploy to.

    .PARAMETER DeploymentPackage
    The names of uploaded packages.

    .PARAMETER UseMaintenancePage
    Shows a maintenance page during the deployment.

    .PARAMETER ZeroDownTimeMode
    Deploys without downtime; during the deployment, the site is read-only or stays writable.

    .PARAMETER IncludeBlob
    Copies the blobs.

    .PARAMETER IncludeDb
    Copies the databases.

    .PARAMETER DirectDeploy
    Deploys directly to the site, without a slot. For Integration and ADE environments.

    .PARAMETER Wait
    Waits until the operation finishes. Wait-EpiDeployment waits for one that is already running.

    .PARAMETER ShowProgress
    Shows progress while waiting.

    .PARAMETER WaitTimeoutMinutes
    Maximum time to wait, in minutes. When it is reached, the cmdlet fails; the operation continues in the service.

    .PARAMETER PollingIntervalSec
    Polling interval in seconds.

    .PARAMETER Credential
    The API credentials as one object, with the key as the user name and the secret as the password, instead of ClientKey
    and ClientSecret.

    .PARAMETER Strict
    Treats warnings, and a failure without a reason from the service, as an error.

    .EXAMPLE
    Start-EpiDeployment -DeploymentPackage site.cms.app.1.0.0.nupkg -TargetEnvironment Preproduction -Wait -ShowProgress

    Deploys a package and waits until the deployment awaits verification.

    .EXAMPLE
    Start-EpiDeployment -SourceEnvironment Production -TargetEnvironment Preproduction -IncludeBlob -IncludeDb -Wait

    Copies the content of one environment to another.

    .INPUTS
    Objects with the property projectId, which takes precedence over the connected one.

    .OUTPUTS
    EpiCloud.Deployment, as returned by the service: id, projectId, status, startTime, endTime, percentComplete,
    validationLinks, deploymentWarnings, deploymentErrors, parameters and any further members.

    .LINK
    about_EpiCloud.Native
    #>
    [CmdletBinding(DefaultParameterSetName = 'DeploymentPackage', SupportsShouldProcess = $true, PositionalBinding = $false)]
    [OutputType('EpiCloud.Deployment')]
    param(
        [Parameter()]
        [string]$ClientKey,

        [Parameter()]
        [string]$ClientSecret,

        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [string]$ProjectId,

        [Parameter(ParameterSetName = 'SourceEnvironment')]
        [ValidateSet('cms', 'commerce')]
        [string[]]$SourceApp,

        [Parameter(ParameterSetName = 'SourceEnvironment', Mandatory = $true)]
        [string]$SourceEnvironment,

        [Parameter(Mandatory = $true)]
        [string]$TargetEnvironment,

        [Parameter(ParameterSetName = 'DeploymentPackage', Mandatory = $true)]
        [string[]]$DeploymentPackage,

        [Parameter()]
        [switch]$UseMaintenancePage,

        [Parameter()]
        [ValidateSet('ReadOnly', 'ReadWrite')]
        [string]$ZeroDownTimeMode,

        [Parameter(ParameterSetName = 'SourceEnvironment')]
        [switch]$IncludeBlob,

        [Parameter(ParameterSetName = 'SourceEnvironment')]
        [switch]$IncludeDb,

        [Parameter()]
        [switch]$DirectDeploy,

        [Parameter()]
        [switch]$Wait,

        [Parameter()]
        [switch]$ShowProgress,

        [Parameter()]
        [Alias('WaitTimeoutSec')]
        [ValidateRange(1, 2147483647)]
        [int]$WaitTimeoutMinutes = 240,

        [Parameter()]
        [ValidateRange(1, 2147483647)]
        [int]$PollingIntervalSec = 30,

        [Parameter()]
        [System.Management.Automation.PSCredential]$Credential,

        [Parameter()]
        [switch]$Strict
    )
    begin {
        if ($PSBoundParameters.ContainsKey('WaitTimeoutMinutes')) {
            $alias = Find-EpiSecondsAlias -Cmdlet $PSCmdlet
            if ($alias) {
                $deprecated = 'The WaitTimeoutSec-parameter has been deprecated. Please use WaitTimeoutMinutes instead.'
                Microsoft.PowerShell.Utility\Write-Warning -Message $deprecated
                $minutes = [int]($WaitTimeoutMinutes / 60)
                if ($alias -eq 'splatted') {
                    # The original takes these for minutes and accepts any number, so none may be refused here.
                    $minutes = [Math]::Max(1, $minutes)
                }
                $WaitTimeoutMinutes = $minutes
            }
        }
    }
    process {
        $WhatIfPreference, $ConfirmPreference, $isAsked = Get-EpiPreference -Cmdlet $PSCmdlet -Bound $PSBoundParameters
        if ($isAsked) {
            $content = @{ Package = $DeploymentPackage; From = $SourceEnvironment; App = $SourceApp }
            $over = @{ Target = $TargetEnvironment; Blob = $IncludeBlob; Db = $IncludeDb; Direct = $DirectDeploy }
            $action = Format-EpiDeployment @content @over
            if (-not $PSCmdlet.ShouldProcess($TargetEnvironment, $action)) {
                return
            }
        }
        $request = @{
            targetEnvironment = $TargetEnvironment; maintenancePage = [bool]$UseMaintenancePage
            directDeploy = [bool]$DirectDeploy; strict = [bool]$Strict; allowFailed = -not $Strict
        }
        if ($PSCmdlet.ParameterSetName -eq 'SourceEnvironment') {
            $request.sourceEnvironment = $SourceEnvironment
            $request.includeBlob = [bool]$IncludeBlob
            $request.includeDb = [bool]$IncludeDb
            if ($SourceApp) {
                $request.sourceApps = @($SourceApp)
            }
        }
        else {
            $request.packages = @($DeploymentPackage)
        }
        if ($ZeroDownTimeMode) {
            $request.zeroDowntimeMode = $ZeroDownTimeMode
        }
        $waiting = ''
        if ($Wait) {
            $request.wait = New-EpiWait -Minutes $WaitTimeoutMinutes -Seconds $PollingIntervalSec
            if ($ShowProgress) {
                $waiting = "Deployment running against $TargetEnvironment..."
            }
        }
        $call = @{ Operation = 'deployment.start'; Request = $request; Waiting = $waiting }
        $outcome = Invoke-EpiOperation -Cmdlet $PSCmdlet -Bound $PSBoundParameters -ProjectId $ProjectId @call
        if ($null -eq $outcome.Error) {
            $deployment = ConvertFrom-EpiDocument -Json $outcome.Json -TypeName 'EpiCloud.Deployment'
            if (-not $Wait) {
                # A wait has this line at each look; this is the one look without a wait.
                $seen = "Deployment status: $($deployment.status). Progress: $($deployment.percentComplete)%"
                Microsoft.PowerShell.Utility\Write-Verbose -Message $seen
            }
            $deployment
            return
        }
        throw $outcome.Error
    }
}
