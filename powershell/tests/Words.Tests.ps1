# What errors call things: parameters and cmdlets of this module, in messages and in what they say to do next.

Describe 'the words of the module' {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Emulator.ps1')
        Import-Module EpiCloud.Native -Force
        $emulator = Start-TestEmulator -Speed 'manual'
        $credential = Get-TestCredential -Emulator $emulator
        $file = Join-Path $TestDrive 'my db.bacpac'
    }

    AfterAll {
        Stop-TestEmulator -Emulator $emulator
    }

    It 'a value that breaks a rule is called by its parameter' {
        $failure = Get-Failure { Get-EpiDeployment -ClientKey 'a:b' -ClientSecret $credential.ClientSecret -ProjectId $credential.ProjectId }
        $failure.Exception.Message | Should -BeLike '*: -ClientKey: must be plain ASCII*'
        $failure = Get-Failure { Start-EpiDeployment @credential -TargetEnvironment ' ' -DeploymentPackage 'a' }
        $failure.Exception.Message | Should -BeLike '*: -TargetEnvironment: must name an environment*'
        $failure = Get-Failure { Start-EpiDeployment @credential -TargetEnvironment 'x' -DeploymentPackage 'a', ' ' }
        $failure.Exception.Message | Should -BeLike '*: -DeploymentPackage: must not be empty*'
    }

    It 'a file that exists is replaced with a switch' {
        [System.IO.File]::WriteAllText($file, 'precious')
        $failure = Get-Failure { Save-EpiDatabaseExport @credential -Environment 'Production' -DatabaseName 'epicms' -Path $file }
        $failure.ErrorDetails.RecommendedAction | Should -Be 'choose another name, or replace the file with -Force'
    }

    It 'a lost request is looked up with a cmdlet' {
        Add-TestFault -Emulator $emulator -Effect @{ kind = 'status'; status = 502 } -When @{ method = 'POST' }
        $failure = Get-Failure { Complete-EpiDeployment @credential -Id "7 o'clock" }
        $failure.ErrorDetails.RecommendedAction | Should -BeLike "*Get-EpiDeployment -Id '7 o''clock'*"
        Clear-TestFault -Emulator $emulator
    }

    It 'a parameter and a cmdlet of each part are put together' {
        $parts = ConvertFrom-Json @'
[{"text": "set "}, {"member": "files[0].blobName"}, {"text": " or "}, {"member": "packages[3]"}, {"text": ", then "},
 {"operation": "databaseExport.save", "request": {"environment": "Production", "databaseName": "epicms", "id": "8",
  "outputFile": "my db", "overwrite": true, "wait": {"timeoutMinutes": 5, "pollingIntervalSeconds": 9}}},
 {"text": ", then "}, {"operation": "deployment.wait", "request": {"id": "7", "until": "reset", "strict": true, "wait": {}}},
 {"text": ", then "}, {"operation": "deployment.list", "request": {}}, {"text": ", then "},
 {"operation": "deployment.reset", "request": {"id": "7", "complete": true, "wait": {}}}, {"text": "; "}, {"member": "caFile"},
 {"text": " or "}, {"member": "unknown.member"}]
'@
        $text = InModuleScope EpiCloud.Native -Parameters @{ given = $parts } { ConvertTo-EpiText -Parts $given -Cmdlet 'Start-EpiDeployment' }
        $text | Should -Be ('set -BlobName or -DeploymentPackage, then Save-EpiDatabaseExport -Environment Production ' +
            "-DatabaseName epicms -Id 8 -Path 'my db' -Force -WaitTimeoutMinutes 5 -PollingIntervalSec 9, then " +
            'Wait-EpiDeployment -Id 7 -Until reset -Strict, then Get-EpiDeployment, then Reset-EpiDeployment -Id 7 -Complete -Wait; ' +
            '$EpiCloudCaFile or unknown.member')
    }
}
