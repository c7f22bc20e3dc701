# Ctrl-C: what PowerShell.Stop() does to a command is what a person's Ctrl-C does.

BeforeAll {
    . (Join-Path $PSScriptRoot 'Emulator.ps1')
    Import-Module EpiCloud.Native -Force
    $emulator = Start-TestEmulator
    $credential = Get-TestCredential -Emulator $emulator
}

AfterAll {
    Stop-TestEmulator -Emulator $emulator
}

# One block around all others, because a run takes no test setup outside of one.
Describe 'what is stopped' {
    BeforeEach {
        Clear-TestFault -Emulator $emulator
        [void](Get-TestRequest -Emulator $emulator)
    }

    Describe 'Ctrl-C' {
        It 'stops an upload itself, at once' {
            Add-TestFault -Emulator $emulator -Effect @{ kind = 'stall' } -When @{ method = 'PUT' }
            $package = New-TestPackage -Path (Join-Path $TestDrive 'site.cms.app.1.0.0.nupkg') -Length 40000000
            $shell = New-TestShell -Emulator $emulator -Arguments ($credential + @{ Path = $package }) -Script {
                param($ClientKey, $ClientSecret, $ProjectId, $Path)
                $sas = Get-EpiDeploymentPackageLocation -ClientKey $ClientKey -ClientSecret $ClientSecret -ProjectId $ProjectId
                Add-EpiDeploymentPackage -SasUrl $sas -Path $Path
                'went on'
            }
            try {
                $running = $shell.BeginInvoke()
                Wait-Until -Condition { @((Invoke-RestMethod -Uri ($emulator.control + 'requests')).requests | Where-Object { $_.method -eq 'PUT' }).Count -gt 0 }
                $watch = [System.Diagnostics.Stopwatch]::StartNew()
                $shell.Stop()
                $watch.Elapsed.TotalSeconds | Should -BeLessThan 3
                $shell.InvocationStateInfo.State | Should -Be 'Stopped'

                Clear-TestFault -Emulator $emulator
                [void](Get-TestRequest -Emulator $emulator)
                # Long enough for a repeated block, had anything gone on.
                Start-Sleep -Milliseconds 1500
                Get-TestRequest -Emulator $emulator | Should -BeNullOrEmpty
                $progress = @($shell.Streams.Progress | Where-Object { $_.Activity -like 'Uploading*' })
                if ($progress.Count -gt 0) {
                    $progress[-1].RecordType | Should -Be 'Completed'
                }
            }
            finally {
                $shell.Dispose()
            }
        }

        It 'lets an upload be resumed, and its receipt says so' {
            Add-TestFault -Emulator $emulator -Effect @{ kind = 'stall' } -When @{ method = 'PUT'; nth = 3 }
            $package = New-TestPackage -Path (Join-Path $TestDrive 'resumed.cms.app.1.0.0.nupkg') -Length 60000000
            $upload = {
                param($ClientKey, $ClientSecret, $ProjectId, $Path)
                $sas = Get-EpiDeploymentPackageLocation -ClientKey $ClientKey -ClientSecret $ClientSecret -ProjectId $ProjectId
                Add-EpiDeploymentPackage -SasUrl $sas -Path $Path -PassThru
            }
            $shell = New-TestShell -Emulator $emulator -Arguments ($credential + @{ Path = $package }) -Script $upload
            try {
                [void]$shell.BeginInvoke()
                # Of this one, and of no other program: some blocks are there and acknowledged.
                Wait-Until -Condition { @($shell.Streams.Progress | Where-Object { $_.Activity -like 'Uploading*' -and $_.PercentComplete -gt 0 }).Count -gt 0 }
                $shell.Stop()
            }
            finally {
                $shell.Dispose()
            }
            Clear-TestFault -Emulator $emulator
            $receipt = & $upload @credential -Path $package
            $receipt.resumedBytes | Should -BeGreaterThan 0
            $receipt.bytes | Should -Be 60000000
        }

        It 'stops a wait, and the deployment goes on in the service' {
            $shell = New-TestShell -Emulator $emulator -Arguments $credential -Script {
                param($ClientKey, $ClientSecret, $ProjectId)
                [void](Connect-EpiCloud -ClientKey $ClientKey -ClientSecret $ClientSecret -ProjectId $ProjectId)
                Start-EpiDeployment -SourceEnvironment Production -TargetEnvironment Integration -IncludeDb -Wait -PollingIntervalSec 3600
            }
            try {
                [void]$shell.BeginInvoke()
                Wait-Until -Condition { @((Invoke-RestMethod -Uri ($emulator.control + 'requests')).requests | Where-Object { $_.path -match '/deployments/' }).Count -gt 0 }
                $watch = [System.Diagnostics.Stopwatch]::StartNew()
                $shell.Stop()
                $watch.Elapsed.TotalSeconds | Should -BeLessThan 3
            }
            finally {
                $shell.Dispose()
            }
            @(Get-EpiDeployment @credential)[0].status | Should -BeIn 'InProgress', 'Succeeded'
        }

        It 'leaves the module usable in the same runspace' {
            $shell = New-TestShell -Emulator $emulator -Arguments $credential -Script {
                param($ClientKey, $ClientSecret, $ProjectId)
                [void](Connect-EpiCloud -ClientKey $ClientKey -ClientSecret $ClientSecret -ProjectId $ProjectId)
                Start-EpiDatabaseExport -Environment Production -DatabaseName epicms -Wait -PollingIntervalSec 3600
            }
            try {
                [void]$shell.BeginInvoke()
                Wait-Until -Condition { @((Invoke-RestMethod -Uri ($emulator.control + 'requests')).requests | Where-Object { $_.path -match '/exports/' }).Count -gt 0 }
                $shell.Stop()
                $shell.Commands.Clear()
                [void]$shell.AddScript('Get-EpiDeploymentPackageLocation')
                $shell.Invoke() | Should -BeLike 'https://*'
            }
            finally {
                $shell.Dispose()
            }
        }
    }

    Describe 'a download that was cut' {
        It 'goes on where it was' {
            $file = Join-Path $TestDrive 'cut.bacpac'
            $export = Start-EpiDatabaseExport @credential -Environment Production -DatabaseName epicms -Wait -PollingIntervalSec 1
            Add-TestFault -Emulator $emulator -Effect @{ kind = 'stall' } -When @{ method = 'GET'; path = '/bacpacs/'; afterSent = 100000 } -Times 1
            $shell = New-TestShell -Emulator $emulator -Arguments ($credential + @{ Id = $export.id; Path = $file }) -Script {
                param($ClientKey, $ClientSecret, $ProjectId, $Id, $Path)
                [void](Connect-EpiCloud -ClientKey $ClientKey -ClientSecret $ClientSecret -ProjectId $ProjectId)
                Save-EpiDatabaseExport -Environment Production -DatabaseName epicms -Id $Id -Path $Path
            }
            try {
                [void]$shell.BeginInvoke()
                Wait-Until -Condition { @((Invoke-RestMethod -Uri ($emulator.control + 'requests')).requests | Where-Object { $_.path -match '/bacpacs/' }).Count -gt 0 }
                $shell.Stop()
            }
            finally {
                $shell.Dispose()
            }
            $file | Should -Not -Exist
            $saved = $export | Save-EpiDatabaseExport @credentialOfKey -Path $file
            $saved.bytes | Should -Be 300000
            $file | Should -Exist
        }

        It 'goes on with the same export, which nobody has to name' {
            $file = Join-Path $TestDrive 'again.bacpac'
            [void](Connect-EpiCloud @credential)
            Add-TestFault -Emulator $emulator -Effect @{ kind = 'status'; status = 409 } -When @{ method = 'HEAD'; path = '/bacpacs/' } -Times 1
            $save = @{ Environment = 'Production'; DatabaseName = 'epicms'; Path = $file; PollingIntervalSec = 1 }
            $failure = Get-Failure { Save-EpiDatabaseExport @save }
            $failure.ErrorDetails.RecommendedAction | Should -BeLike '*Save-EpiDatabaseExport -Environment Production -DatabaseName epicms -Id *'
            $id = ($failure.ErrorDetails.RecommendedAction -split ' -Id ')[1].Split(' ')[0]
            [void](Get-TestRequest -Emulator $emulator)
            $said = @(Save-EpiDatabaseExport @save 6>&1)
            "$($said[0])" | Should -BeLike "resuming export $id of epicms (Production)*"
            $said[-1].id | Should -Be $id
            @(Get-TestRequest -Emulator $emulator | Where-Object { $_ -like 'POST *' }) | Should -BeNullOrEmpty
            (Save-EpiDatabaseExport @save -Force -NewExport).id | Should -Not -Be $id
            Disconnect-EpiCloud
        }

        BeforeAll {
            # The project comes from the export.
            $credentialOfKey = @{ ClientKey = $emulator.clientKey; ClientSecret = $emulator.clientSecret }
        }
    }
}
