# What is shown meanwhile: progress, verbose lines, and the texts of a wait that is over.

BeforeAll {
    . (Join-Path $PSScriptRoot 'Emulator.ps1')
    Import-Module EpiCloud.Native -Force

    # Runs a script in a runspace of its own and gives the shell, whose streams hold what was shown.
    function Invoke-Shell {
        param([object]$Emulator, [scriptblock]$Script, [hashtable]$Arguments = @{})
        $shell = New-TestShell -Emulator $Emulator -Script $Script -Arguments ((Get-TestCredential -Emulator $Emulator) + $Arguments)
        [void]$shell.Invoke()
        $shell
    }
}

Describe 'progress' {
    BeforeAll {
        $emulator = Start-TestEmulator
        $package = New-TestPackage -Path (Join-Path $TestDrive 'site.cms.app.1.0.0.nupkg') -Length 20000000
    }
    AfterAll {
        Stop-TestEmulator -Emulator $emulator
    }

    It 'of a deployment is shown when asked for, and goes away' {
        $shell = Invoke-Shell -Emulator $emulator -Script {
            param($ClientKey, $ClientSecret, $ProjectId)
            $account = @{ ClientKey = $ClientKey; ClientSecret = $ClientSecret; ProjectId = $ProjectId }
            Start-EpiDeployment @account -SourceEnvironment Production -TargetEnvironment Integration -IncludeDb -Wait -ShowProgress -PollingIntervalSec 1
        }
        $records = @($shell.Streams.Progress | Where-Object { $_.Activity -eq 'Deployment running against Integration...' })
        $records.Count | Should -BeGreaterThan 1
        $records[0].StatusDescription | Should -Be 'InProgress'
        $records[0].PercentComplete | Should -Be 0
        $records[0].RecordType | Should -Be 'Processing'
        @($records | Where-Object { $_.RecordType -eq 'Processing' })[-1].PercentComplete | Should -Be 100
        $records[-1].RecordType | Should -Be 'Completed'
        $shell.Dispose()
    }

    It 'of an export has no figure, and begins with what the service first said' {
        $shell = Invoke-Shell -Emulator $emulator -Script {
            param($ClientKey, $ClientSecret, $ProjectId)
            $account = @{ ClientKey = $ClientKey; ClientSecret = $ClientSecret; ProjectId = $ProjectId }
            Start-EpiDatabaseExport @account -Environment Production -DatabaseName epicms -Wait -ShowProgress -PollingIntervalSec 1
        }
        $records = @($shell.Streams.Progress | Where-Object { $_.Activity -eq 'Export database running against epicms...' })
        $records[-1].RecordType | Should -Be 'Completed'
        $said = @($records | Where-Object { $_.RecordType -eq 'Processing' })
        $said[0].StatusDescription | Should -Be 'Started'
        $said[-1].StatusDescription | Should -Be 'Succeeded'
        @($said | Where-Object { $_.PercentComplete -ne -1 }).Count | Should -Be 0
        $shell.Dispose()
    }

    It 'of a wait is not shown unless asked for' {
        $shell = Invoke-Shell -Emulator $emulator -Script {
            param($ClientKey, $ClientSecret, $ProjectId)
            $account = @{ ClientKey = $ClientKey; ClientSecret = $ClientSecret; ProjectId = $ProjectId }
            Start-EpiDatabaseExport @account -Environment Production -DatabaseName epicms -Wait -PollingIntervalSec 1
            Start-EpiDatabaseExport @account -Environment Production -DatabaseName epicms -ShowProgress
        }
        @($shell.Streams.Progress | Where-Object { $_.Activity -like 'Export*' }).Count | Should -Be 0
        $shell.Dispose()
    }

    It 'of an upload is always shown, to its end' {
        $shell = Invoke-Shell -Emulator $emulator -Arguments @{ Path = $package } -Script {
            param($ClientKey, $ClientSecret, $ProjectId, $Path)
            $sas = Get-EpiDeploymentPackageLocation -ClientKey $ClientKey -ClientSecret $ClientSecret -ProjectId $ProjectId
            Add-EpiDeploymentPackage -SasUrl $sas -Path $Path -Verbose
        }
        $records = @($shell.Streams.Progress | Where-Object { $_.Activity -eq 'Uploading site.cms.app.1.0.0.nupkg' })
        @($records | Where-Object { $_.StatusDescription -eq '100% Complete:' }).Count | Should -BeGreaterThan 0
        $records[-1].RecordType | Should -Be 'Completed'
        $shell.Streams.Verbose.Message | Should -Contain 'Uploading blob site.cms.app.1.0.0.nupkg to storage account ...'
        $shell.Streams.Verbose.Message | Should -Contain 'Done!'
        $shell.Dispose()
    }
}

Describe 'verbose lines' {
    BeforeAll {
        $emulator = Start-TestEmulator
    }
    AfterAll {
        Stop-TestEmulator -Emulator $emulator
    }

    It 'are those of the original' {
        $shell = Invoke-Shell -Emulator $emulator -Script {
            param($ClientKey, $ClientSecret, $ProjectId)
            $account = @{ ClientKey = $ClientKey; ClientSecret = $ClientSecret; ProjectId = $ProjectId }
            Start-EpiDeployment @account -SourceEnvironment Production -TargetEnvironment Preproduction -IncludeDb -Wait -PollingIntervalSec 1 -Verbose
            Start-EpiDatabaseExport @account -Environment Production -DatabaseName epicms -Wait -PollingIntervalSec 1 -Verbose
        }
        $lines = @($shell.Streams.Verbose.Message)
        $requests = @(Get-TestRequest -Emulator $emulator)
        # One line for each look at the service.
        @($lines -like 'Deployment status: *').Count | Should -Be @($requests -like 'GET deployments/*').Count
        @($lines -like 'Export status: *').Count | Should -Be @($requests -like 'GET *exports/*').Count
        $lines | Should -Contain "Starting deployment for the project: $($emulator.projectId) / targetEnvironment: Preproduction"
        @($lines -match '^Deployment status: InProgress\. Progress: \d+%$').Count | Should -BeGreaterThan 0
        $lines | Should -Contain 'Deployment status: Succeeded. Progress: 100%'
        $lines | Should -Contain "Starting export database: epicms for the project: $($emulator.projectId) / environment: Production"
        $lines | Should -Contain 'Export status: InProgress.'
        $lines | Should -Contain 'Export status: Succeeded.'
        $shell.Dispose()
    }

    It 'and debug lines hold no secret' {
        $shell = Invoke-Shell -Emulator $emulator -Script {
            param($ClientKey, $ClientSecret, $ProjectId)
            $DebugPreference = 'Continue'
            [void](Connect-EpiCloud -ClientKey $ClientKey -ClientSecret $ClientSecret -ProjectId $ProjectId -Verbose -Debug)
            [void](Get-EpiDeploymentPackageLocation -Verbose -Debug)
        }
        $said = @($shell.Streams.Verbose.Message) + @($shell.Streams.Debug.Message) -join "`n"
        $said | Should -Match 'deployments'
        $said | Should -Not -Match ([regex]::Escape($emulator.clientSecret))
        $said | Should -Not -Match 'sig='
        $shell.Dispose()
    }
}

Describe 'a wait that is over' {
    BeforeAll {
        # Its clock stands still unless it is moved, so nothing ends by itself.
        $emulator = Start-TestEmulator -Speed manual
        $credential = Get-TestCredential -Emulator $emulator
        [void](Connect-EpiCloud @credential)
        $moved = foreach ($pair in @('Integration', 'Preproduction'), @('Preproduction', 'Production')) {
            (Start-EpiDeployment -SourceEnvironment $pair[0] -SourceApp cms -TargetEnvironment $pair[1]).id
        }
        Send-Control -Emulator $emulator -What 'clock' -Document @{ advanceMs = 600000 }
        foreach ($id in $moved) {
            (Get-EpiDeployment -Id $id).status | Should -Be 'AwaitingVerification'
        }
        Disconnect-EpiCloud
    }
    AfterAll {
        Stop-TestEmulator -Emulator $emulator
    }

    It 'fails with the text of its cmdlet' {
        $cases = @(
            @{ Text = 'Timed out during deployment with status: InProgress'; Script = 'Start-EpiDeployment -SourceEnvironment Production -TargetEnvironment Integration -IncludeDb -PollingIntervalSec 1' }
            @{ Text = 'Timed out during deployment with status: Completing'; Script = "Complete-EpiDeployment -Id $($moved[0]) -PollingIntervalSeconds 1" }
            @{ Text = "Timed out during deployment with status: Resetting. Deployment ID: $($moved[1])"; Script = "Reset-EpiDeployment -Id $($moved[1]) -PollingIntervalSeconds 1" }
            @{ Text = 'Timed out during export with status: InProgress'; Script = 'Start-EpiDatabaseExport -Environment Production -DatabaseName epicms -PollingIntervalSec 1' }
        )
        $text = @"
`$Global:EpiCloudApiEndpointUri = '$($emulator.endpoint)'
`$Global:EpiCloudCaFile = '$($emulator.caFile)'
[void](Connect-EpiCloud -ClientKey '$($emulator.clientKey)' -ClientSecret '$($emulator.clientSecret)' -ProjectId '$($emulator.projectId)')

"@
        foreach ($case in $cases) {
            $text += "try { $($case.Script) -Wait -WaitTimeoutMinutes 1 } catch { `$_.Exception.Message; `$_.CategoryInfo.Category }`n"
        }
        # A minute of the library's clock, which is fast in that process: as it is built for tests it looks at this variable.
        # As it is shipped it does not, and each takes a minute.
        $said = Invoke-Process -Text $text -Environment @{ EPICLOUD_TEST_CLOCK_SPEED = '40' }
        $said | Should -Be @($cases | ForEach-Object { $_.Text, 'OperationTimeout' })
    }
}
