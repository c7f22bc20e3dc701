# Scripts as they are found in the wild, written for EpiCloud 1.9, run as they are over the module named EpiCloud. Each runs
# in a runspace of its own and has $key, $secret, $project and $folder, where packages lie.

BeforeDiscovery {
    $scripts = @(
        @{ What = 'deploys a package from end to end'; Given = @('AwaitingVerification', 'Succeeded'); Text = @'
$ErrorActionPreference = 'Stop'
Import-Module EpiCloud -MinimumVersion 1.0
Connect-EpiCloud -ClientKey $key -ClientSecret $secret -ProjectId $project | Out-Null
$sasUrl = Get-EpiDeploymentPackageLocation
Add-EpiDeploymentPackage -SasUrl $sasUrl -Path (Join-Path $folder 'site.cms.app.1.0.0.nupkg')
$splat = @{
    DeploymentPackage  = 'site.cms.app.1.0.0.nupkg'
    TargetEnvironment  = 'Preproduction'
    Wait               = $true
    ShowProgress       = $true
    WaitTimeoutMinutes = 5
    PollingIntervalSec = 1
}
$deploy = Start-EpiDeployment @splat -Verbose
$deploy.status
if ($deploy.Status -ne 'AwaitingVerification') { throw "unexpected: $($deploy.status)" }
$deploy = Get-EpiDeployment -Id $deploy.id | Complete-EpiDeployment -Wait -PollingIntervalSeconds 1
$deploy.status
'@ }
        @{ What = 'uploads all packages of a folder, again when one is in use'; Given = @('2', 'in use'); Text = @'
Connect-EpiCloud -ClientKey $key -ClientSecret $secret -ProjectId $project | Out-Null
$sasUrl = Get-EpiDeploymentPackageLocation
$packages = Get-ChildItem -Path $folder -Filter 'two.*.nupkg'
$packages | Add-EpiDeploymentPackage -SasUrl $sasUrl
$packages.Count
Start-EpiDeployment -DeploymentPackage $packages.Name -TargetEnvironment ADE2 | Out-Null
try {
    Add-EpiDeploymentPackage -SasUrl $sasUrl -Path $packages[0].FullName -ErrorAction Stop
    'not in use'
}
catch {
    if ($_.Exception.Message.Contains('is already linked to a deployment and cannot be overwritten')) { 'in use' } else { throw }
}
'@ }
        @{ What = 'polls by itself, with credentials in every call'; Given = @('Succeeded'); Text = @'
$login = @{ ClientKey = $key; ClientSecret = $secret; ProjectId = $project }
$deploy = Start-EpiDeployment @login -SourceEnvironment Production -TargetEnvironment Integration -IncludeBlob -IncludeDb:$true
$deploymentId = $deploy.id
$status = Get-EpiDeployment @login -Id $deploymentId
while ($status.status -eq 'InProgress') {
    Start-Sleep -Milliseconds 100
    $status = Get-EpiDeployment @login -Id $deploymentId
}
$status.status
'@ }
        @{ What = 'exports a database and polls'; Given = @('InProgress', 'Succeeded', 'True'); Text = @'
Connect-EpiCloud -ClientKey $key -ClientSecret $secret -ProjectId $project | Out-Null
$export = Start-EpiDatabaseExport -Environment 'Production' -DatabaseName 'epicms' -RetentionHours 2
$export.status
do {
    Start-Sleep -Milliseconds 100
    $status = Get-EpiDatabaseExport -ProjectId $project -Id $export.id -Environment 'Production' -DatabaseName 'epicms'
} while ($status.status -eq 'InProgress')
$status.status
$status.downloadLink.StartsWith('https://')
'@ }
        @{ What = 'finds what awaits verification, and resets it'; Given = @('True', 'Reset'); Text = @'
Connect-EpiCloud -ClientKey $key -ClientSecret $secret -ProjectId $project | Out-Null
$new = Start-EpiDeployment -SourceEnvironment Integration -SourceApp cms -TargetEnvironment Preproduction -Wait -PollingIntervalSec 1
$found = Get-EpiDeployment | Where-Object { $_.endTime -eq $null -and $_.percentComplete -eq 100 -and $_.parameters.targetEnvironment -eq 'Preproduction' }
$found.id -eq (Get-EpiDeployment | Select-Object -First 1).id
(Reset-EpiDeployment -Id $found.id -RollbackDatabase:$false -Wait -PollingIntervalSeconds 1).status
'@ }
        @{ What = 'goes on when the environment is busy'; Given = @('busy', 'went on'); Text = @'
Connect-EpiCloud -ClientKey $key -ClientSecret $secret -ProjectId $project | Out-Null
Start-EpiDeployment -SourceEnvironment Integration -SourceApp cms -TargetEnvironment ADE1 | Out-Null
try {
    Start-EpiDeployment -SourceEnvironment Integration -SourceApp cms -TargetEnvironment ADE1 | Out-Null
}
catch {
    if ($_.Exception.Message -like '*on-going*') { 'busy' } else { throw $_ }
}
'went on'
'@ }
        @{ What = 'writes objects out'; Given = @('True', 'True', 'True'); Text = @'
Connect-EpiCloud -ClientKey $key -ClientSecret $secret -ProjectId $project | Out-Null
$deploy = Start-EpiDeployment -SourceEnvironment Production -TargetEnvironment Integration -IncludeBlob -Wait -PollingIntervalSec 1
(ConvertFrom-Json (ConvertTo-Json -InputObject $deploy -Depth 5)).parameters.targetEnvironment -eq 'Integration'
$deploy | Export-Csv -NoTypeInformation -Path (Join-Path $folder 'deployment.csv')
(Import-Csv -Path (Join-Path $folder 'deployment.csv')).id -eq $deploy.id
($deploy | Format-List | Out-String) -match 'percentComplete'
'@ }
        @{ What = 'gets links of containers'; Given = @('True', 'True'); Text = @'
Connect-EpiCloud -ClientKey $key -ClientSecret $secret -ProjectId $project | Out-Null
$containers = Get-EpiStorageContainer -Environment 'Integration'
$links = foreach ($container in $containers.storageContainers) {
    (Get-EpiStorageContainerSasLink -Environment 'Integration' -StorageContainer $container -RetentionHours 1).sasLink
}
@($links).Count -eq @($containers.storageContainers).Count
@($containers | Get-EpiStorageContainerSasLink)[0].sasLink -like 'https://*'
'@ }
        @{ What = 'wraps a cmdlet by its bound parameters'; Given = @('Succeeded'); Text = @'
function Invoke-Copy {
    [CmdletBinding()]
    param([string]$ClientKey, [string]$ClientSecret, [string]$ProjectId, [string]$TargetEnvironment, [switch]$Wait)
    Start-EpiDeployment @PSBoundParameters -SourceEnvironment Production -IncludeDb -PollingIntervalSec 1
}
(Invoke-Copy -ClientKey $key -ClientSecret $secret -ProjectId $project -TargetEnvironment Integration -Wait).status
'@ }
        @{ What = 'has a module of its own that needs the connection'; Given = @('True'); Text = @'
Connect-EpiCloud -ClientKey $key -ClientSecret $secret -ProjectId $project | Out-Null
$helper = New-Module -ScriptBlock { function Get-Place { Get-EpiDeploymentPackageLocation } }
(Get-Place).StartsWith('https://')
'@ }
        @{ What = 'gives defaults of its own'; Given = @('True'); Text = @'
$PSDefaultParameterValues['*-Epi*:ClientKey'] = $key
$PSDefaultParameterValues['*-Epi*:ClientSecret'] = $secret
$PSDefaultParameterValues['*-Epi*:ProjectId'] = $project
(Get-EpiDeploymentPackageLocation).StartsWith('https://')
'@ }
        @{ What = 'keeps the result out of a variable that was asked for'; Given = @('1', 'Succeeded'); Text = @'
Connect-EpiCloud -ClientKey $key -ClientSecret $secret -ProjectId $project | Out-Null
$null = Start-EpiDeployment -SourceEnvironment Production -TargetEnvironment Integration -IncludeBlob -Wait -PollingIntervalSec 1 -OutVariable given
$given.Count
$given[0].status
'@ }
    )
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Emulator.ps1')
    $emulator = Start-TestEmulator
    foreach ($name in 'site.cms.app.1.0.0.nupkg', 'two.cms.app.1.nupkg', 'two.commerce.app.1.nupkg') {
        [void](New-TestPackage -Path (Join-Path $TestDrive $name))
    }
}

AfterAll {
    Stop-TestEmulator -Emulator $emulator
}

Describe 'a script that <What>' -ForEach $scripts {
    It 'runs unchanged' {
        $arguments = @{ key = $emulator.clientKey; secret = $emulator.clientSecret; project = $emulator.projectId; folder = "$TestDrive" }
        $body = [scriptblock]::Create("param(`$key, `$secret, `$project, `$folder)`n$Text")
        $shell = New-TestShell -Emulator $emulator -Module EpiCloud -Script $body -Arguments $arguments
        try {
            @($shell.Invoke() | ForEach-Object { "$_" }) | Should -Be $Given
            @($shell.Streams.Error | ForEach-Object { "$_" }) | Should -BeNullOrEmpty
        }
        finally {
            $shell.Dispose()
        }
    }
}
