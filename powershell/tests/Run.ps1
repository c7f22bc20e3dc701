# Runs the Pester tests of the modules as they are packaged, against the emulator, in one call:
#
#   pwsh -File powershell/tests/Run.ps1 -Modules target/package/powershell -Emulator target/debug/epi-emulator
#
# Exits with 0 when all passed. Needs Pester 5; reports what PSScriptAnalyzer finds if it is there. Uses no network.
[CmdletBinding()]
param(
    # The folder that holds EpiCloud.Native and EpiCloud.
    [string]$Modules = (Join-Path $PSScriptRoot '../../target/package/powershell'),
    # The program epi-emulator.
    [string]$Emulator = $env:EPI_EMULATOR,
    # One file of tests, such as Errors; all when not given.
    [string]$Name = '*',
    # The version of Pester, as 5.9.1; the newest that is installed when not given.
    [string]$PesterVersion,
    [ValidateSet('None', 'Normal', 'Detailed', 'Diagnostic')]
    [string]$Output = 'Normal'
)
$ErrorActionPreference = 'Stop'
. (Join-Path $PSScriptRoot 'Emulator.ps1')

if (-not $Emulator) {
    $Emulator = Join-Path $PSScriptRoot '../../target/debug/epi-emulator'
}
foreach ($needed in $Modules, $Emulator) {
    if (-not (Test-Path -LiteralPath $needed)) {
        Write-Host "not found: $needed (see powershell/README.md, Tests)"
        exit 2
    }
}
$pester = Get-Module -ListAvailable -Name Pester | Where-Object { $_.Version.Major -ge 5 } | Sort-Object Version
if ($PesterVersion) {
    $pester = $pester | Where-Object { "$($_.Version)" -eq $PesterVersion }
    if ($null -eq $pester) {
        Write-Host "Pester $PesterVersion is not installed"
        exit 2
    }
}
$pester = $pester | Select-Object -Last 1
if ($null -eq $pester) {
    Write-Host 'the Pester tests did not run: Pester 5 is not installed (Install-Module Pester -MinimumVersion 5.0 -Scope CurrentUser)'
    # A build machine leaves nothing out; a person may.
    if ($env:CI -in 'true', '1') {
        exit 1
    }
    exit 0
}

$env:EPI_EMULATOR = (Resolve-Path -LiteralPath $Emulator).ProviderPath
$folder = (Resolve-Path -LiteralPath $Modules).ProviderPath
$env:EPI_MODULES = $folder
$env:PSModulePath = $folder + [System.IO.Path]::PathSeparator + $env:PSModulePath
# A setting of the person who runs this must not decide whether the tests pass; no proxy knows this machine.
foreach ($variable in 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy', 'EPI_ENDPOINT', 'EPI_CA_FILE') {
    # Not [Environment]::SetEnvironmentVariable: from .NET 9 on that leaves an empty one.
    Remove-Item -LiteralPath "Env:$variable" -ErrorAction SilentlyContinue
}
# Texts are compared without colours; Windows PowerShell has none.
if ($null -ne $PSStyle) {
    $PSStyle.OutputRendering = 'PlainText'
}
$Global:PSDefaultParameterValues.Clear()

$failed = 0
if (Get-Module -ListAvailable -Name PSScriptAnalyzer) {
    $settings = Join-Path $PSScriptRoot '../PSScriptAnalyzerSettings.psd1'
    foreach ($part in 'EpiCloud.Native', 'EpiCloud') {
        $findings = @(Invoke-ScriptAnalyzer -Path (Join-Path $folder $part) -Recurse -Settings $settings)
        foreach ($finding in $findings) {
            Write-Host "$($finding.ScriptName):$($finding.Line): $($finding.RuleName): $($finding.Message)"
        }
        $failed += $findings.Count
    }
    Write-Host "PSScriptAnalyzer: $failed findings"
}
else {
    Write-Host 'PSScriptAnalyzer is not installed; its rules were not looked at'
}

Import-Module -Name $pester.Path -Force
Write-Host "PowerShell $($PSVersionTable.PSVersion), Pester $($pester.Version), modules in $folder"

$configuration = New-PesterConfiguration
$configuration.Run.Path = @(Get-ChildItem -Path $PSScriptRoot -Filter "$Name.Tests.ps1" | ForEach-Object { $_.FullName })
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = $Output
$result = Invoke-Pester -Configuration $configuration
$failed += $result.FailedCount + $result.FailedBlocksCount + $result.FailedContainersCount
if ($env:CI -in 'true', '1' -and $result.SkippedCount -gt 0) {
    Write-Host "$($result.SkippedCount) tests were left out, and in CI nothing is"
    exit 1
}
if ($result.TotalCount -eq 0) {
    Write-Host 'no test ran'
    exit 1
}
if ($failed -gt 0) {
    exit 1
}
exit 0
