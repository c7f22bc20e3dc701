# Every text of the original that a script may look for, and what else an error tells.

BeforeAll {
    . (Join-Path $PSScriptRoot 'Emulator.ps1')
    Import-Module EpiCloud.Native -Force
    $emulator = Start-TestEmulator
    $credential = Get-TestCredential -Emulator $emulator
    $quick = @{ SourceEnvironment = 'Production'; TargetEnvironment = 'Integration'; IncludeBlob = $true; Wait = $true; PollingIntervalSec = 1 }
    $package = New-TestPackage -Path (Join-Path $TestDrive 'site.cms.app.1.0.0.nupkg')
}

AfterAll {
    Disconnect-EpiCloud
    Stop-TestEmulator -Emulator $emulator
}

# One block around all others, because a run takes no test setup outside of one.
Describe 'errors' {
    BeforeEach {
        Use-TestEmulator -Emulator $emulator
        Clear-TestFault -Emulator $emulator
        [void](Connect-EpiCloud @credential)
        [void](Get-TestRequest -Emulator $emulator)
    }

    Describe 'calls of the service' {
        It '<status> is told with the texts' -ForEach @(
            @{ Status = 400; Reason = 'Bad Request'; Category = 'InvalidOperation' }
            @{ Status = 401; Reason = 'Unauthorized'; Category = 'AuthenticationError' }
            @{ Status = 404; Reason = 'Not Found'; Category = 'ObjectNotFound' }
        ) {
            Add-TestFault -Emulator $emulator -Effect @{ kind = 'status'; status = $Status; message = 'Access is denied for project x.' } -When @{ path = '*/deployments' }
            $failure = Get-Failure { Get-EpiDeployment }
            $failure.Exception.Message | Should -BeLike "API call failed! The error was: Response status code does not indicate success: $Status ($Reason). Access is denied for project x.*"
            $failure.CategoryInfo.Category | Should -Be $Category
            $failure.Exception | Should -BeOfType [System.Management.Automation.RuntimeException]
            "$failure" | Should -Be $failure.Exception.Message
        }

        It 'refusals with 200 are told as ever' {
            Add-TestFault -Emulator $emulator -Effect @{ kind = 'failure'; errors = @('first error', 'second error') } -When @{ path = '*/deployments' }
            (Get-Failure { Get-EpiDeployment }).Exception.Message | Should -Be 'API call failed! The error(s) was: first error, second error'
        }

        It 'a page instead of an answer is told' {
            Add-TestFault -Emulator $emulator -Effect @{ kind = 'loginPage'; status = 401 } -When @{ path = '*/deployments' }
            (Get-Failure { Get-EpiDeployment }).Exception.Message | Should -BeLike 'API call failed! The error was: *401 (Unauthorized)*'
        }

        It 'a service that is not there is told' {
            $Global:EpiCloudApiEndpointUri = 'http://127.0.0.1:1/api/v1.0/'
            $failure = Get-Failure { Get-EpiDeployment @credential }
            $failure.Exception.Message | Should -BeLike 'API call failed! The error was: *'
            $failure.FullyQualifiedErrorId | Should -Be 'NETWORK'
            $failure.CategoryInfo.Category | Should -Be 'ConnectionError'
        }

        It 'a service that never answers is given up, after a time that can be set' {
            Add-TestFault -Emulator $emulator -Effect @{ kind = 'stall' } -When @{ path = '*/deployments' }
            try {
                $Global:EpiCloudCallTimeoutSeconds = 1
                $failure = Get-Failure { Get-EpiDeployment @credential }
                $failure.FullyQualifiedErrorId | Should -Be 'NETWORK'
                $failure.Exception.Message | Should -BeLike '*no response within*'
                $Global:EpiCloudCallTimeoutSeconds = 'soon'
                (Get-Failure { Get-EpiDeployment @credential }).Exception.Message | Should -BeLike '*EpiCloudCallTimeoutSeconds*'
            }
            finally {
                Remove-Variable -Scope Global -Name EpiCloudCallTimeoutSeconds
            }
        }

        It 'an unknown id is told with the text of the service' {
            $id = [guid]::NewGuid()
            (Get-Failure { Get-EpiDeployment -Id $id }).Exception.Message | Should -BeLike "API call failed! The error was: *404 (Not Found). *$id*"
        }

        It 'a secret that is not Base64 is told in the words of a parameter check' -ForEach @('secret', 'a b cdef ', '$(Secret)x', '====abcd') {
            $wrong = $_
            $failure = Get-Failure { Get-EpiDeployment -ClientKey key -ClientSecret $wrong -ProjectId $emulator.projectId }
            $failure.Exception.Message | Should -BeLike "Cannot validate argument on parameter 'ClientSecret'. The ClientSecret is invalid.*"
            "$($failure | Format-List * -Force | Out-String)" | Should -Not -Match ([regex]::Escape('(Secret)x'))
            Get-TestRequest -Emulator $emulator | Should -BeNullOrEmpty
        }

        It 'a secret that has the length of Base64 is told with the decoder, by its own id' {
            $failure = Get-Failure { Get-EpiDeployment -ClientKey key -ClientSecret '====abcd' -ProjectId $emulator.projectId }
            $failure.Exception.Message | Should -Be "Cannot validate argument on parameter 'ClientSecret'. The ClientSecret is invalid. The error was: it is not Base64."
            $failure.FullyQualifiedErrorId | Should -Be 'NotBase64'
        }

        It 'a connection that fails is told once' {
            $text = "Failed to validate the credentials specified for project with id $($emulator.projectId)! Error: "
            $failure = Get-Failure { Connect-EpiCloud -ClientKey key -ClientSecret 'secret' -ProjectId $emulator.projectId }
            $failure.Exception.Message | Should -Be ($text + "Cannot validate argument on parameter 'ClientSecret'. The ClientSecret is invalid.")
            Add-TestFault -Emulator $emulator -Effect @{ kind = 'status'; status = 401; message = 'Access is denied.' } -When @{ path = '*/deployments' }
            $failure = Get-Failure { Connect-EpiCloud @credential }
            $failure.Exception.Message | Should -BeLike ($text + 'API call failed! The error was: Response status code does not indicate success: 401 (Unauthorized). Access is denied.*')
            @([regex]::Matches($failure.Exception.Message, '(?i)failed to validate')).Count | Should -Be 1
        }

        It 'says what to do next' {
            Add-TestFault -Emulator $emulator -Effect @{ kind = 'status'; status = 401 } -When @{ path = '*/deployments' }
            (Get-Failure { Get-EpiDeployment }).ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        }

        It 'keeps letters of any alphabet' {
            $text = "Int$([char]0xe9)gration $([char]0x65e5)"
            Add-TestFault -Emulator $emulator -Effect @{ kind = 'failure'; errors = @($text) } -When @{ path = '*/deployments' }
            (Get-Failure { Get-EpiDeployment }).Exception.Message | Should -Be "API call failed! The error(s) was: $text"
        }
    }

    Describe 'deployments' {
        It 'that fail are errors with their id and texts' {
            Send-Control -Emulator $emulator -What 'deployments' -Document @{ phase = 'deploy'; steps = @(@{ percent = 50; status = 'Failed'; errors = @('DXCS006: bad package.', 'Runbook job failed') }) }
            $failure = Get-Failure { Start-EpiDeployment @quick }
            $failure.Exception.Message | Should -Match '^Start-EpiDeployment: Failed\. Deployment Id: [0-9a-f-]{36}\. The error was: DXCS006: bad package\.\. Runbook job failed$'
            $failure.FullyQualifiedErrorId | Should -Be 'JOB_FAILED'
            $failure.CategoryInfo.Category | Should -Be 'OperationStopped'
        }

        It 'that fail without a text are objects, and errors when asked for' {
            $steps = @{ phase = 'deploy'; steps = @(@{ percent = 50; status = 'Failed' }) }
            Send-Control -Emulator $emulator -What 'deployments' -Document $steps
            (Start-EpiDeployment @quick).status | Should -Be 'Failed'
            Send-Control -Emulator $emulator -What 'deployments' -Document $steps
            (Get-Failure { Start-EpiDeployment @quick -Strict }).Exception.Message | Should -BeLike 'Start-EpiDeployment: Failed. Deployment Id: *. The error was: *'
        }

        It 'tell each warning once, and are errors with them when asked for' {
            $steps = @{ phase = 'deploy'; steps = @(@{ percent = 40; status = 'InProgress'; warnings = @('first') }, @{ percent = 100; status = 'Succeeded'; warnings = @('second') }) }
            Send-Control -Emulator $emulator -What 'deployments' -Document $steps
            $deployment = Start-EpiDeployment @quick -WarningVariable warnings -WarningAction SilentlyContinue
            $deployment.status | Should -Be 'Succeeded'
            @($warnings | ForEach-Object { "$_" }) | Should -Be @('first', 'second')
            Send-Control -Emulator $emulator -What 'deployments' -Document $steps
            { Start-EpiDeployment @quick -Strict -WarningAction SilentlyContinue } | Should -Throw '*second*'
        }

        It 'say which cmdlet failed' {
            $deployment = Start-EpiDeployment -SourceEnvironment Integration -SourceApp cms -TargetEnvironment Preproduction -Wait -PollingIntervalSec 1
            foreach ($way in @{ Phase = 'complete'; Cmdlet = 'Complete-EpiDeployment' }, @{ Phase = 'reset'; Cmdlet = 'Reset-EpiDeployment' }) {
                if ($way.Phase -eq 'reset') {
                    $deployment = Start-EpiDeployment -SourceEnvironment Preproduction -SourceApp cms -TargetEnvironment Production -Wait -PollingIntervalSec 1
                }
                Send-Control -Emulator $emulator -What 'deployments' -Document @{ phase = $way.Phase; steps = @(@{ percent = 50; status = 'Failed'; errors = @('no') }) }
                $failure = Get-Failure { & $way.Cmdlet -Id $deployment.id -Wait -PollingIntervalSeconds 1 }
                $failure.Exception.Message | Should -Be "$($way.Cmdlet): Failed. Deployment Id: $($deployment.id). The error was: no"
            }
        }

        It 'to a busy target are told with the text of the service' {
            $file = New-TestPackage -Path (Join-Path $TestDrive 'busy.cms.app.1.nupkg')
            Add-EpiDeploymentPackage -SasUrl (Get-EpiDeploymentPackageLocation) -Path $file
            $start = @{ DeploymentPackage = 'busy.cms.app.1.nupkg'; TargetEnvironment = 'ADE1' }
            [void](Start-EpiDeployment @start)
            (Get-Failure { Start-EpiDeployment @start }).Exception.Message | Should -BeLike 'API call failed! The error was: *on-going*'
        }

        It 'are checked by their parameters, which ends the statement only' {
            (Get-Failure { Start-EpiDeployment -DeploymentPackage a -TargetEnvironment '' }).FullyQualifiedErrorId | Should -Be 'ParameterArgumentValidationErrorEmptyStringNotAllowed,Start-EpiDeployment'
            (Get-Failure { Start-EpiDeployment -DeploymentPackage a -TargetEnvironment b -ZeroDownTimeMode '' }).FullyQualifiedErrorId | Should -Be 'ParameterArgumentValidationError,Start-EpiDeployment'
            (Get-Failure { Start-EpiDatabaseExport -Environment Production -DatabaseName foo }).FullyQualifiedErrorId | Should -Be 'ParameterArgumentValidationError,Start-EpiDatabaseExport'
            (Get-Failure { Reset-EpiDeployment -Id x -Complete -ValidateBeforeSwap }).FullyQualifiedErrorId | Should -Be 'AmbiguousParameterSet,Reset-EpiDeployment'
            (Get-Failure { Get-EpiDeployment somewhere }).FullyQualifiedErrorId | Should -Be 'PositionalParameterNotFound,Get-EpiDeployment'
            Get-TestRequest -Emulator $emulator | Should -BeNullOrEmpty
        }
    }

    Describe 'WaitTimeoutSec' {
        It 'is warned of and taken for seconds when it is named' {
            [void](Start-EpiDeployment -SourceEnvironment Production -TargetEnvironment Integration -IncludeBlob -WaitTimeoutSec 120 -WarningVariable warnings -WarningAction SilentlyContinue)
            "$warnings" | Should -Be 'The WaitTimeoutSec-parameter has been deprecated. Please use WaitTimeoutMinutes instead.'
        }

        It 'is refused below half a minute when it is named' {
            { Start-EpiDeployment -SourceEnvironment Production -TargetEnvironment Integration -IncludeBlob -WaitTimeoutSec 20 -WarningAction SilentlyContinue } |
                Should -Throw '*the value 0 is not a valid value for the WaitTimeoutMinutes variable*'
        }

        It 'is taken for seconds when it is splatted' {
            $splatted = @{ SourceEnvironment = 'Production'; TargetEnvironment = 'Integration'; IncludeBlob = $true; WaitTimeoutSec = 20 }
            [void](Start-EpiDeployment @splatted -WarningVariable warnings -WarningAction SilentlyContinue)
            "$warnings" | Should -BeLike 'The WaitTimeoutSec-parameter has been deprecated.*'
        }
    }

    Describe 'exports' {
        It 'that fail are objects, and errors when asked for' {
            $steps = @{ steps = @(@{ status = 'ExportFailed' }) }
            Send-Control -Emulator $emulator -What 'exports' -Document $steps
            (Start-EpiDatabaseExport -Environment Production -DatabaseName epicms -Wait -PollingIntervalSec 1).status | Should -Be 'ExportFailed'
            Send-Control -Emulator $emulator -What 'exports' -Document $steps
            (Get-Failure { Start-EpiDatabaseExport -Environment Production -DatabaseName epicms -Wait -PollingIntervalSec 1 -Strict }).Exception.Message | Should -BeLike 'Start-EpiDatabaseExport: Failed. The error was: *'
        }
    }

    Describe 'uploads' {
        BeforeEach {
            $sas = Get-EpiDeploymentPackageLocation
        }

        It 'to a wrong link are refused: <_>' -ForEach @(
            'http://a.blob.core.windows.net/deploymentpackages?sig=x'
            'https://a.example.com/deploymentpackages?sig=x'
            'https://a.blob.core.windows.net/other?sig=x'
        ) {
            $link = $_
            (Get-Failure { Add-EpiDeploymentPackage -SasUrl $link -Path $package }).Exception.Message | Should -Be 'The SasUrl is not correct'
        }

        It 'of a wrong name are refused' {
            $file = New-TestPackage -Path (Join-Path $TestDrive 'stub.py')
            (Get-Failure { Add-EpiDeploymentPackage -SasUrl $sas -Path $file }).Exception.Message | Should -Be 'The deployment package is not recognized: stub.py'
            (Get-Failure { Add-EpiDeploymentPackage -SasUrl $sas -Path $package -BlobName 'x.zip' }).Exception.Message | Should -Be 'The deployment package is not recognized: x.zip'
        }

        It 'of a file that is not there fail' {
            (Get-Failure { Add-EpiDeploymentPackage -SasUrl $sas -Path (Join-Path $TestDrive 'no.cms.app.1.nupkg') }).Exception.Message | Should -BeLike 'Failed to upload the blob. The error was: *'
        }

        It 'of an empty file fail' {
            $file = New-TestPackage -Path (Join-Path $TestDrive 'empty.cms.app.1.nupkg') -Length 0
            (Get-Failure { Add-EpiDeploymentPackage -SasUrl $sas -Path $file }).Exception.Message | Should -BeLike 'Failed to upload the blob. The error was: *'
        }

        It 'of a package in use fail at once, with both sentences' {
            Send-Control -Emulator $emulator -What 'blobs' -Document @{ container = 'deploymentpackages'; name = 'leased.cms.app.1.nupkg'; text = 'old' }
            Send-Control -Emulator $emulator -What 'leases' -Document @{ container = 'deploymentpackages'; name = 'leased.cms.app.1.nupkg' }
            $failure = Get-Failure { Add-EpiDeploymentPackage -SasUrl $sas -Path $package -BlobName 'leased.cms.app.1.nupkg' }
            $failure.Exception.Message | Should -BeLike "A package named 'leased.cms.app.1.nupkg' is already linked to a deployment and cannot be overwritten.*There is currently a lease on the blob and no lease ID was specified in the request*"
            $failure.FullyQualifiedErrorId | Should -Be 'LeaseIdMissing'
        }

        It 'that are not permitted are not tried six times' {
            [void](Get-TestRequest -Emulator $emulator)
            Add-TestFault -Emulator $emulator -Effect @{ kind = 'status'; status = 403; code = 'AuthorizationPermissionMismatch' } -When @{ method = 'PUT' }
            (Get-Failure { Add-EpiDeploymentPackage -SasUrl $sas -Path $package }).Exception.Message | Should -BeLike 'Failed to upload the blob. The error was: *'
            @(Get-TestRequest -Emulator $emulator | Where-Object { $_ -like 'PUT *' }).Count | Should -Be 1
        }

        It 'take names with brackets, drives of PowerShell, and places relative to the session' {
            $odd = New-TestPackage -Path (Join-Path $TestDrive 'a[1].cms.app.1.nupkg')
            { Add-EpiDeploymentPackage -SasUrl $sas -Path $odd } | Should -Not -Throw
            { Add-EpiDeploymentPackage -SasUrl $sas -LiteralPath 'TestDrive:/site.cms.app.1.0.0.nupkg' -BlobName 'drive.cms.app.1.nupkg' } | Should -Not -Throw
            Push-Location -LiteralPath $TestDrive
            try {
                { Add-EpiDeploymentPackage -SasUrl $sas -Path 'site.cms.app.1.0.0.nupkg' -BlobName 'relative.cms.app.1.nupkg' } | Should -Not -Throw
            }
            finally {
                Pop-Location
            }
        }

        It 'do nothing under -WhatIf' {
            [void](Get-TestRequest -Emulator $emulator)
            Add-EpiDeploymentPackage -SasUrl $sas -Path $package -BlobName 'whatif.cms.app.1.nupkg' -WhatIf
            Start-EpiDeployment -DeploymentPackage a -TargetEnvironment Integration -WhatIf
            Complete-EpiDeployment -Id x -WhatIf
            Reset-EpiDeployment -Id x -WhatIf
            Start-EpiDatabaseExport -Environment Production -DatabaseName epicms -WhatIf
            Save-EpiDatabaseExport -Environment Production -DatabaseName epicms -Path (Join-Path $TestDrive 'whatif.bacpac') -WhatIf
            Get-TestRequest -Emulator $emulator | Should -BeNullOrEmpty
        }
    }

    Describe 'how an error ends a script' {
        BeforeAll {
            # Runs a script in a runspace of its own and gives what it said with the function Say, and how it was ended.
            function Invoke-Script {
                param([string]$Text)
                $head = @'
param($ClientKey, $ClientSecret, $ProjectId)
$Global:said = [System.Collections.Generic.List[string]]::new()
function Say { $Global:said.Add("$args") }
[void](Connect-EpiCloud -ClientKey $ClientKey -ClientSecret $ClientSecret -ProjectId $ProjectId)

'@
                $shell = New-TestShell -Emulator $emulator -Script ([scriptblock]::Create($head + $Text)) -Arguments $credential
                $end = $null
                try {
                    [void]$shell.Invoke()
                }
                catch {
                    $end = "ended: $($_.Exception.InnerException.Message)"
                }
                try {
                    $shell.Commands.Clear()
                    [void]$shell.AddScript('$Global:said')
                    @($shell.Invoke() | ForEach-Object { "$_" }) + @($end | Where-Object { $_ })
                }
                finally {
                    $shell.Dispose()
                }
            }
            $id = [guid]::NewGuid()
        }

        It 'ends it without try' {
            $said = @(Invoke-Script "Say before; Get-EpiDeployment -Id $id; Say after")
            $said.Count | Should -Be 2
            $said[0] | Should -Be 'before'
            $said[1] | Should -BeLike 'ended: API call failed!*'
        }

        It 'is caught within try, with <_>' -ForEach 'SilentlyContinue', 'Ignore', 'Continue', 'Stop' {
            Invoke-Script "try { Get-EpiDeployment -Id $id -ErrorAction $_; Say missed } catch { Say caught }" | Should -Be @('caught')
        }

        It 'is silent without try when errors are silenced, and nothing is given' {
            Invoke-Script "`$x = Get-EpiDeployment -Id $id -ErrorAction SilentlyContinue; Say after `$x" | Should -BeLike 'after*'
            Invoke-Script "`$ErrorActionPreference = 'SilentlyContinue'; Get-EpiDeployment -Id $id; Say after" | Should -Be @('after')
        }

        It 'does not let a silenced upload or export go on' {
            [void](Get-TestRequest -Emulator $emulator)
            [void](Invoke-Script "Add-EpiDeploymentPackage -SasUrl 'http://x' -Path y -ErrorAction SilentlyContinue; Say after")
            @(Get-TestRequest -Emulator $emulator) | Should -Be @('GET deployments')
        }

        It 'runs under strict mode too' {
            $start = 'Start-EpiDeployment -SourceEnvironment Production -TargetEnvironment Integration -IncludeBlob -Wait -PollingIntervalSec 1'
            Invoke-Script "Set-StrictMode -Version Latest; Say ($start).status" | Should -Be @('Succeeded')
        }
    }
}
