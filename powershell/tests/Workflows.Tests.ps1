# The ways of work of spec section 5, as scripts write them.

BeforeAll {
    . (Join-Path $PSScriptRoot 'Emulator.ps1')
    Import-Module EpiCloud.Native -Force
    $emulator = Start-TestEmulator
    $credential = Get-TestCredential -Emulator $emulator
    $quick = @{ Wait = $true; PollingIntervalSec = 1 }
    $quickly = @{ Wait = $true; PollingIntervalSeconds = 1 }
    $bacpac = Join-Path $TestDrive 'epicms.bacpac'
}

AfterAll {
    Disconnect-EpiCloud
    Stop-TestEmulator -Emulator $emulator
}

# One block around all others, because a run takes no test setup outside of one.
Describe 'workflows' {
    BeforeEach {
        Use-TestEmulator -Emulator $emulator
        [void](Connect-EpiCloud @credential)
        [void](Get-TestRequest -Emulator $emulator)
    }

    Describe 'a package' {
        It 'is uploaded, deployed, looked at and completed' {
            $file = New-TestPackage -Path (Join-Path $TestDrive 'site.cms.app.1.0.0.nupkg') -Length 300000
            $sas = Get-EpiDeploymentPackageLocation
            $sas | Should -BeOfType [string]
            Add-EpiDeploymentPackage -SasUrl $sas -Path $file | Should -BeNullOrEmpty

            $deployment = Start-EpiDeployment -DeploymentPackage 'site.cms.app.1.0.0.nupkg' -TargetEnvironment Preproduction @quick
            $deployment.status | Should -Be 'AwaitingVerification'
            $deployment.percentComplete | Should -Be 100
            $deployment.endTime | Should -BeNullOrEmpty
            $deployment.validationLinks.Count | Should -BeGreaterThan 0
            $deployment.parameters.targetEnvironment | Should -Be 'Preproduction'

            $done = Complete-EpiDeployment -Id $deployment.id @quickly
            $done.status | Should -Be 'Succeeded'
            $done.id | Should -Be $deployment.id
        }

        It 'is deployed directly' {
            $file = New-TestPackage -Path (Join-Path $TestDrive 'direct.cms.app.1.0.0.nupkg')
            Add-EpiDeploymentPackage -SasUrl (Get-EpiDeploymentPackageLocation) -Path $file
            $deployment = Start-EpiDeployment -DeploymentPackage @('direct.cms.app.1.0.0.nupkg') -TargetEnvironment Integration -DirectDeploy @quick
            $deployment.status | Should -Be 'Succeeded'
        }

        It 'comes with its second half' {
            foreach ($name in 'two.cms.app.1.nupkg', 'two.commerce.app.1.nupkg') {
                [void](New-TestPackage -Path (Join-Path $TestDrive $name))
            }
            Get-ChildItem -Path (Join-Path $TestDrive 'two.*.nupkg') | Add-EpiDeploymentPackage -SasUrl (Get-EpiDeploymentPackageLocation)
            $deployment = Start-EpiDeployment -DeploymentPackage 'two.cms.app.1.nupkg', 'two.commerce.app.1.nupkg' -TargetEnvironment Preproduction @quick
            $deployment.parameters.packages | Should -Be @('two.cms.app.1.nupkg', 'two.commerce.app.1.nupkg')
            ($deployment | Reset-EpiDeployment @quickly).status | Should -Be 'Reset'
        }
    }

    Describe 'an environment' {
        It 'is promoted, and taken back with its database' {
            $deployment = Start-EpiDeployment -SourceEnvironment Preproduction -SourceApp cms -TargetEnvironment Production -UseMaintenancePage -IncludeBlob @quick
            $deployment.status | Should -Be 'AwaitingVerification'
            $reset = Reset-EpiDeployment -Id $deployment.id -RollbackDatabase -ValidateBeforeSwap @quickly
            $reset.status | Should -Be 'AwaitingResetVerification'
            (Reset-EpiDeployment -Id $deployment.id -Complete @quickly).status | Should -Be 'Reset'
        }

        It 'gives its content only' {
            $deployment = Start-EpiDeployment -SourceEnvironment Production -TargetEnvironment Preproduction -IncludeBlob -IncludeDb @quick
            $deployment.status | Should -Be 'Succeeded'
        }

        It 'is deployed without downtime, <_>' -ForEach 'ReadOnly', 'ReadWrite', 'readonly' {
            $deployment = Start-EpiDeployment -SourceEnvironment Integration -SourceApp cms -TargetEnvironment Preproduction -ZeroDownTimeMode $_ @quick
            $deployment.parameters.maintenancePage | Should -BeTrue
            $deployment.parameters.zeroDowntimeMode | Should -Be $_
            (Complete-EpiDeployment -Id $deployment.id @quickly).status | Should -Be 'Succeeded'
        }
    }

    Describe 'a database' {
        It 'is exported, looked at and downloaded' {
            $export = Start-EpiDatabaseExport -Environment Production -DatabaseName epicms -RetentionHours 72 @quick
            $export.status | Should -Be 'Succeeded'
            $export.downloadLink | Should -BeLike 'https://*'
            $again = $export | Get-EpiDatabaseExport
            $again.id | Should -Be $export.id
            (Get-EpiDatabaseExport -Environment Production -DatabaseName epicms -Id $export.id).id | Should -Be $export.id

            $saved = $export | Save-EpiDatabaseExport -Path $bacpac
            $saved.id | Should -Be $export.id
            $saved.verified | Should -Be 'md5'
            (Get-Item -LiteralPath $bacpac).Length | Should -Be 300000
            $saved.file | Should -Be $bacpac
        }

        It 'is exported in the background and polled' {
            $export = Start-EpiDatabaseExport -Environment Production -DatabaseName EPICMS
            $export.status | Should -Be 'InProgress'
            $export.downloadLink | Should -BeNullOrEmpty
            Wait-Until -Condition { ($export | Get-EpiDatabaseExport).status -eq 'Succeeded' }
        }

        It 'is saved in one call, and not over a file that is there' {
            $file = Join-Path $TestDrive 'commerce.bacpac'
            $saved = Save-EpiDatabaseExport -Environment Production -DatabaseName epicommerce -Path $file -PollingIntervalSec 1
            $saved.status | Should -Be 'Succeeded'
            $file | Should -Exist
            $failure = Get-Failure { Save-EpiDatabaseExport -Environment Production -DatabaseName epicommerce -Path $file }
            $failure.Exception.Message | Should -BeLike 'Failed to save the database export. The error was: *'
            $failure.CategoryInfo.Category | Should -Be 'ResourceExists'
            { Save-EpiDatabaseExport -Environment Production -DatabaseName epicommerce -Path $file -PollingIntervalSec 1 -Force } | Should -Not -Throw
        }

        It 'is imported' {
            $name = 'myapp.cms.sqldb.1.0.0.bacpac'
            $receipt = Add-EpiDeploymentPackage -SasUrl (Get-EpiDeploymentPackageLocation) -Path $bacpac -BlobName $name -PassThru
            $receipt.blobName | Should -Be $name
            $receipt.bytes | Should -Be 300000
            $deployment = Start-EpiDeployment -DeploymentPackage @($name) -TargetEnvironment Integration -DirectDeploy
            $deployment.status | Should -Be 'InProgress'
            Wait-Until -Condition { (Get-EpiDeployment -Id $deployment.id).status -eq 'Succeeded' }
        }
    }

    Describe 'storage' {
        It 'gives containers and links to each, in order' {
            $containers = Get-EpiStorageContainer -Environment Production
            $containers.storageContainers | Should -Contain 'mysitemedia'
            $links = @($containers | Get-EpiStorageContainerSasLink -RetentionHours 2)
            $links.containerName | Should -Be $containers.storageContainers
            $links[0].sasLink | Should -BeLike 'https://*'
            $requests = @(Get-TestRequest -Emulator $emulator)
            $requests.Count | Should -Be (1 + $links.Count)
        }

        It 'gives a link that may be written to' {
            $link = Get-EpiStorageContainer -Environment Integration -Writable | Get-EpiStorageContainerSasLink -Writable | Select-Object -First 1
            $link.sasLink | Should -BeLike '*sp=*w*'
            (Get-TestRequest -Emulator $emulator)[0] | Should -Be 'GET environments/Integration/storagecontainers?writable=true'
        }

        It 'gives what came before the first failure' {
            $given = [System.Collections.Generic.List[object]]::new()
            $failure = Get-Failure {
                Get-EpiStorageContainerSasLink -Environment Production -StorageContainer mysitemedia, nothere, mysitemedia | ForEach-Object { $given.Add($_) }
            }
            $failure.Exception.Message | Should -BeLike 'API call failed! The error was: *404 (Not Found)*nothere*'
            $given.Count | Should -Be 1
        }

        It 'gives the edge logs' {
            Get-EpiEdgeLogLocation | Should -BeLike 'https://*'
        }
    }

    Describe 'a pipeline that completes or resets' {
        It 'finds what awaits verification in the list' {
            $started = Start-EpiDeployment -SourceEnvironment Integration -SourceApp cms -TargetEnvironment Preproduction @quick
            $found = @(Get-EpiDeployment | Where-Object { $_.status -eq 'AwaitingVerification' -and $_.parameters.targetEnvironment -eq 'Preproduction' })
            $found.id | Should -Be $started.id
            $null -eq $found[0].endTime | Should -BeTrue
            ($found | Complete-EpiDeployment @quickly).status | Should -Be 'Succeeded'
            @(Get-EpiDeployment | Sort-Object startTime)[0] | Should -Not -BeNullOrEmpty
            @(Get-EpiDeployment -Id '').Count | Should -BeGreaterThan 1
        }
    }

    Describe 'objects' {
        It 'have the members and types that they always had' {
            $deployment = @(Get-EpiDeployment)[0]
            $deployment.PSObject.TypeNames[0] | Should -Be 'EpiCloud.Deployment'
            $deployment | Should -BeOfType [System.Management.Automation.PSCustomObject]
            $deployment.PSObject.Properties.Name | Select-Object -First 4 | Should -Be @('id', 'projectId', 'status', 'startTime')
            ($deployment.deploymentErrors -is [object[]]) | Should -BeTrue
            if ($PSVersionTable.PSEdition -eq 'Core') {
                $deployment.startTime | Should -BeOfType [datetime]
                $deployment.startTime.Kind | Should -Be 'Utc'
                $deployment.percentComplete | Should -BeOfType [long]
            }
            else {
                $deployment.startTime | Should -BeOfType [string]
            }
        }

        It 'are shown as a list, and by Format-Table as a table' {
            $shown = @(Get-EpiDeployment)[0] | Out-String
            $shown | Should -Match 'percentComplete\s+: '
            $table = Get-EpiDeployment | Format-Table | Out-String -Width 200
            $table | Should -Match 'Id\s+Status\s+Percent\s+Environment\s+Started'
        }
    }
}
