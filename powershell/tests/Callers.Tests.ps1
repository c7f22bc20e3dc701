# What stands around a call: preferences, functions, places and errors of the script that makes it.

BeforeAll {
    . (Join-Path $PSScriptRoot 'Emulator.ps1')
    Import-Module EpiCloud.Native -Force
    $emulator = Start-TestEmulator
    $credential = Get-TestCredential -Emulator $emulator
    $copy = @{ SourceEnvironment = 'Production'; TargetEnvironment = 'Integration'; IncludeBlob = $true; IncludeDb = $true }
    $database = @{ Environment = 'Production'; DatabaseName = 'epicms' }
    $package = New-TestPackage -Path (Join-Path $TestDrive 'site.cms.app.1.0.0.nupkg')
    [void](Connect-EpiCloud @credential)
    $sas = Get-EpiDeploymentPackageLocation
    # Every cmdlet that changes something.
    $changing = @(
        { Add-EpiDeploymentPackage -SasUrl $sas -Path $package }
        { Start-EpiDeployment @copy }
        { Complete-EpiDeployment -Id x }
        { Reset-EpiDeployment -Id x }
        { Start-EpiDatabaseExport @database }
        { Save-EpiDatabaseExport @database -Path (Join-Path $TestDrive 'changed.bacpac') }
    )
}

AfterAll {
    Disconnect-EpiCloud
    Stop-TestEmulator -Emulator $emulator
}

# One block around all others, because a run takes no test setup outside of one.
Describe 'callers' {
    BeforeEach {
        Use-TestEmulator -Emulator $emulator
        Clear-TestFault -Emulator $emulator
        [void](Connect-EpiCloud @credential)
        [void](Get-TestRequest -Emulator $emulator)
    }

    Describe 'preferences of the caller' {
        It '-WhatIf of a function or script is that of each call in it' {
            function Deploy-All {
                [CmdletBinding(SupportsShouldProcess = $true)]
                param()
                foreach ($call in $changing) { . $call }
            }
            Deploy-All -WhatIf
            Get-TestRequest -Emulator $emulator | Should -BeNullOrEmpty
        }

        It '-Confirm of a function asks before each call in it' {
            function Deploy-All {
                [CmdletBinding(SupportsShouldProcess = $true)]
                param([scriptblock]$Call)
                . $Call
            }
            foreach ($call in $changing) {
                # There is nobody to answer.
                { Deploy-All -Call $call -Confirm } | Should -Throw
            }
            Get-TestRequest -Emulator $emulator | Should -BeNullOrEmpty
        }

        It 'what a call says itself wins' {
            $WhatIfPreference = $true
            $ConfirmPreference = 'Low'
            (Start-EpiDeployment @copy -WhatIf:$false -Confirm:$false).status | Should -Be 'InProgress'
        }

        It '$ProgressPreference hides the bar' {
            $shell = New-TestShell -Emulator $emulator -Arguments @{ Sas = $sas; Path = $package } -Script {
                param($Sas, $Path)
                function Send-It { $ProgressPreference = 'SilentlyContinue'; Add-EpiDeploymentPackage -SasUrl $Sas -Path $Path -BlobName 'quiet.cms.app.1.nupkg' }
                Send-It
            }
            [void]$shell.Invoke()
            @($shell.Streams.Progress | Where-Object { $_.Activity -like 'Uploading*' }) | Should -BeNullOrEmpty
            $shell.Dispose()
        }

        It 'a call that nobody is asked about adds no verbose line' {
            $lines = @(Start-EpiDeployment @copy -Verbose 4>&1 | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] })
            $lines.Message | Should -Not -Contain 'Performing the operation*'
            @($lines.Message -like 'Performing *') | Should -BeNullOrEmpty
        }

        It '-WhatIf says what is at stake' {
            $text = InModuleScope EpiCloud.Native {
                Format-EpiDeployment -From Production -Target Integration -Blob $true -Db $true
                Format-EpiDeployment -From Integration -App cms, commerce -Target Preproduction
                Format-EpiDeployment -Package a.cms.app.1.nupkg, b.cms.sqldb.1.bacpac -Target Integration -Direct
            }
            $text | Should -Be @(
                'Deploy the content of Production; the databases and blobs of Integration will be overwritten'
                'Deploy the code (cms, commerce) of Integration'
                'Deploy a.cms.app.1.nupkg, b.cms.sqldb.1.bacpac directly to the site, without a slot and verification (DirectDeploy); the databases of Integration will be overwritten'
            )
            $program = Get-TestPowerShell
            $shown = & $program -NoLogo -NoProfile -NonInteractive -Command 'Import-Module EpiCloud.Native; $WhatIfPreference = $true; Reset-EpiDeployment -Id 7 -RollbackDatabase; Start-EpiDeployment -DeploymentPackage a.cms.app.1.nupkg -TargetEnvironment ADE1'
            "$shown" | Should -BeLike '*roll back the database; changes made since the deployment are lost*Deploy a.cms.app.1.nupkg*'
        }
    }

    Describe 'functions of the caller' {
        It 'do not stand in for commands of PowerShell' {
            $shell = New-TestShell -Emulator $emulator -Arguments $credential -Script {
                param($ClientKey, $ClientSecret, $ProjectId)
                foreach ($name in 'ConvertFrom-Json', 'ConvertTo-Json', 'Write-Verbose', 'Write-Warning', 'Write-Debug', 'Write-Progress', 'Get-Command', 'Where-Object', 'Get-PSCallStack') {
                    Set-Item -Path "function:global:$name" -Value ([scriptblock]::Create("throw 'not that $name'"))
                }
                [void](Connect-EpiCloud -ClientKey $ClientKey -ClientSecret $ClientSecret -ProjectId $ProjectId)
                (Start-EpiDeployment -SourceEnvironment Production -TargetEnvironment ADE3 -IncludeDb -Wait -ShowProgress -PollingIntervalSec 1 -Verbose).status
                try { Get-EpiDeployment -Id 00000000-0000-0000-0000-000000000000 } catch { $_.Exception.Message -like 'API call failed!*404*' }
            }
            @($shell.Invoke() | ForEach-Object { "$_" }) | Should -Be @('Succeeded', 'True')
            $shell.Dispose()
        }
    }

    Describe 'empty values' {
        It 'an id that is given and empty starts no export' {
            $nothing = $null
            $file = Join-Path $TestDrive 'empty.bacpac'
            (Get-Failure { Save-EpiDatabaseExport @database -Path $file -Id $nothing.id }).FullyQualifiedErrorId | Should -Be 'ParameterArgumentValidationError,Save-EpiDatabaseExport'
            (Get-Failure { [pscustomobject]$database | Save-EpiDatabaseExport -Path $file }).Exception.Message | Should -BeLike '*has no id*'
            (Get-Failure { [pscustomobject]($database + @{ id = '' }) | Save-EpiDatabaseExport -Path $file -ErrorAction Stop }) | Should -Not -BeNullOrEmpty
            Get-TestRequest -Emulator $emulator | Should -BeNullOrEmpty
        }

        It 'an id of a wait, a completion or a reset must be there' {
            foreach ($call in { Wait-EpiDeployment -Id '' }, { Complete-EpiDeployment -Id '' }, { Reset-EpiDeployment -Id '' }, { Wait-EpiDatabaseExport @database -Id '' }) {
                (Get-Failure $call).FullyQualifiedErrorId | Should -BeLike 'ParameterArgumentValidationErrorEmptyStringNotAllowed,*'
            }
        }

        It 'a project that is given and empty does not become the connected one, also beside the pipeline' {
            $object = [pscustomobject]@{ id = [guid]::NewGuid() }
            foreach ($call in { $object | Complete-EpiDeployment -ProjectId '' }, { $object | Wait-EpiDeployment -ProjectId ' ' }, { [pscustomobject]@{ id = 'x'; projectId = 'y' } | Reset-EpiDeployment -ProjectId '' }) {
                (Get-Failure $call).FullyQualifiedErrorId | Should -BeLike 'ParameterArgumentValidationErrorEmptyStringNotAllowed,*'
            }
            Get-TestRequest -Emulator $emulator | Should -BeNullOrEmpty
            # One that has none belongs to the connected one.
            (Get-Failure { $object | Complete-EpiDeployment }).Exception.Message | Should -BeLike '*404*'
        }

        It 'a credential that is empty does not become the connected one' {
            (Get-Failure { Get-EpiDeployment -Credential $null }).FullyQualifiedErrorId | Should -BeLike 'ParameterArgumentValidationError*,Get-EpiDeployment'
            Get-TestRequest -Emulator $emulator | Should -BeNullOrEmpty
        }
    }

    Describe 'places' {
        It 'that are in no file system are refused: <_>' -ForEach 'Env:PATH', 'Variable:l' {
            $path = $_
            (Get-Failure { Add-EpiDeploymentPackage -SasUrl $sas -Path $path }).Exception.Message | Should -BeLike 'Failed to upload the blob. The error was: *is not in a file system*'
            (Get-Failure { Save-EpiDatabaseExport @database -Path $path }).Exception.Message | Should -BeLike 'Failed to save the database export. The error was: *is not in a file system*'
            Get-TestRequest -Emulator $emulator | Should -BeNullOrEmpty
        }

        It 'are relative to the location, also where that is no file system' {
            Push-Location -Path Env:
            try {
                (Get-Failure { Add-EpiDeploymentPackage -SasUrl $sas -Path 'site.cms.app.1.0.0.nupkg' }).Exception.Message | Should -BeLike '*belongs to the provider Environment*'
            }
            finally {
                Pop-Location
            }
        }

        It 'are full paths in a restricted session, and uploads work there' {
            $state = [initialsessionstate]::CreateRestricted('RemoteServer')
            $state.ImportPSModule(@((Join-Path $env:EPI_MODULES 'EpiCloud.Native')))
            $state.Variables.Add([System.Management.Automation.Runspaces.SessionStateVariableEntry]::new('EpiCloudCaFile', $emulator.caFile, ''))
            $space = [runspacefactory]::CreateRunspace($state)
            $space.Open()
            try {
                $shell = [powershell]::Create()
                $shell.Runspace = $space
                [void]$shell.AddCommand('Add-EpiDeploymentPackage').AddParameter('SasUrl', $sas).AddParameter('Path', $package).AddParameter('BlobName', 'restricted.cms.app.1.nupkg').AddParameter('PassThru')
                @($shell.Invoke())[0].blobName | Should -Be 'restricted.cms.app.1.nupkg'
                $shell.Dispose()
            }
            finally {
                $space.Dispose()
            }
        }

        It 'are full paths where the session has no provider' {
            # A module cannot be imported there, only be there already.
            $functions = & (Get-Module EpiCloud.Native) { Import-EpiCall; @{ resolve = ${function:Resolve-EpiFile}; attempt = ${function:Invoke-EpiAttempt} } }
            $state = [initialsessionstate]::CreateDefault()
            $state.Providers.Clear()
            $named = @{ 'Resolve-EpiFile' = $functions.resolve; 'Invoke-EpiAttempt' = $functions.attempt }
            $named['Test-File'] = { [CmdletBinding()] param($Path) Resolve-EpiFile -Cmdlet $PSCmdlet -Path $Path }
            foreach ($name in $named.Keys) {
                $state.Commands.Add([System.Management.Automation.Runspaces.SessionStateFunctionEntry]::new($name, $named[$name].ToString()))
            }
            $space = [runspacefactory]::CreateRunspace($state)
            $space.Open()
            try {
                foreach ($path in '/data/site.nupkg', 'site.nupkg') {
                    $shell = [powershell]::Create()
                    $shell.Runspace = $space
                    [void]$shell.AddCommand('Test-File').AddParameter('Path', $path)
                    if ($path -eq 'site.nupkg') {
                        Get-Failure { $shell.Invoke() } | Should -Not -BeNullOrEmpty
                    }
                    else {
                        $shell.Invoke() | Should -Be $path
                    }
                    $shell.Dispose()
                }
            }
            finally {
                $space.Dispose()
            }
        }

        It 'a constrained session is told why the module cannot be loaded' {
            $state = [initialsessionstate]::CreateDefault()
            $state.LanguageMode = 'ConstrainedLanguage'
            $space = [runspacefactory]::CreateRunspace($state)
            $space.Open()
            try {
                foreach ($name in 'EpiCloud.Native', 'EpiCloud') {
                    $shell = [powershell]::Create()
                    $shell.Runspace = $space
                    [void]$shell.AddCommand('Import-Module').AddParameter('Name', (Join-Path $env:EPI_MODULES $name)).AddParameter('ErrorAction', 'Stop')
                    (Get-Failure { $shell.Invoke() }).Exception.Message | Should -BeLike '*EpiCloud.Native cannot be loaded: this session is in the language mode ConstrainedLanguage*FullLanguage*'
                    $shell.Dispose()
                }
            }
            finally {
                $space.Dispose()
            }
        }

        It 'take the name of a file from the object of the pipeline, and no file twice' {
            $exports = foreach ($name in 'epicms', 'epicommerce') {
                Start-EpiDatabaseExport -Environment Production -DatabaseName $name -Wait -PollingIntervalSec 1
            }
            $one = Join-Path $TestDrive 'one.bacpac'
            $failure = Get-Failure { $exports | Save-EpiDatabaseExport -Path $one -Force }
            $failure.Exception.Message | Should -BeLike '*is already the file of an earlier object of the pipeline*'
            $saved = @($exports | Save-EpiDatabaseExport -Path { Join-Path $TestDrive "$($_.databaseName).bacpac" })
            $saved.file | Should -Be @((Join-Path $TestDrive 'epicms.bacpac'), (Join-Path $TestDrive 'epicommerce.bacpac'))
        }
    }

    Describe 'white space' {
        It 'around links, keys and secrets is taken away' {
            { Add-EpiDeploymentPackage -SasUrl " $sas`r`n" -Path $package -BlobName 'space.cms.app.1.nupkg' } | Should -Not -Throw
            { Get-EpiDeployment -ClientKey "$($credential.ClientKey)`n" -ClientSecret " $($credential.ClientSecret)`n" -ProjectId $credential.ProjectId } | Should -Not -Throw
            (Connect-EpiCloud -ClientKey "$($credential.ClientKey) " -ClientSecret "$($credential.ClientSecret)`r`n" -ProjectId $credential.ProjectId).AuthenticationVerified | Should -BeTrue
        }
    }

    Describe 'errors' {
        BeforeAll {
            $unknown = [guid]::NewGuid()
            # Each is refused in another place: by the service, the library before a request, the module.
            $failing = @(
                { Get-EpiDeployment -Id $unknown -ErrorVariable noted }
                { Get-EpiDeployment -ClientKey key -ClientSecret 'secret' -ProjectId $credential.ProjectId -ErrorVariable noted }
                { Add-EpiDeploymentPackage -SasUrl 'http://x' -Path y -ErrorVariable noted }
                { Add-EpiDeploymentPackage -SasUrl $sas -Path 'Env:PATH' -ErrorVariable noted }
            )
        }

        It 'are caught by the type of the library, and by that of the original' {
            foreach ($call in $failing) {
                $caught = try { . $call } catch [EpiCloud.Interop.EpiException] { $_ }
                $caught.Exception | Should -BeOfType [EpiCloud.Interop.EpiException]
                $caught.Exception.StatusName | Should -BeIn 'NOT_FOUND', 'INVALID_ARGUMENT'
                $other = try { . $call } catch [System.Management.Automation.RuntimeException] { $_ }
                $other.Exception | Should -BeOfType [System.Management.Automation.RuntimeException]
                $other.Exception.Message | Should -Be $caught.Exception.Message
                "$other" | Should -Be $caught.Exception.Message
            }
        }

        It 'are one entry of $Error and of -ErrorVariable' {
            foreach ($call in $failing) {
                $noted = $null
                $Global:Error.Clear()
                try { . $call } catch { $null = $_ }
                $Global:Error.Count | Should -Be 1 -Because "$call"
                @($noted).Count | Should -Be 1 -Because "$call"
                $Global:Error.Clear()
            }
        }

        It 'leave no trace where all went well' {
            $Global:Error.Clear()
            [void](Get-EpiDeployment -ErrorVariable noted)
            $Global:Error.Count | Should -Be 0
            @($noted).Count | Should -Be 0
        }

        It 'name the cmdlet and the line of the caller' {
            $file = Join-Path $TestDrive 'failing.ps1'
            [System.IO.File]::WriteAllText($file, "function Show-It {`n    Get-EpiDeployment -Id $unknown`n}`nShow-It`n'went on'`n")
            $failure = Get-Failure { & $file }
            $failure.InvocationInfo.ScriptName | Should -Be $file
            $failure.InvocationInfo.ScriptLineNumber | Should -Be 2
            $failure.CategoryInfo.Activity | Should -Be 'Get-EpiDeployment'
            if ($PSVersionTable.PSEdition -eq 'Core') {
                $shown = $failure | Out-String
                $shown | Should -BeLike 'Get-EpiDeployment: *failing.ps1:2*API call failed!*'
                $shown | Should -Not -BeLike '*.psm1*'
            }
        }
    }

    Describe 'a look without -Wait' {
        It 'has the verbose line of the original' {
            $lines = @(Start-EpiDeployment @copy -Verbose 4>&1 | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] })
            @($lines.Message -match '^Deployment status: InProgress\. Progress: \d+%$').Count | Should -Be 1
        }
    }

    Describe 'what is shown' {
        It 'cuts nothing that identifies a row at 80 columns' {
            $deployment = [pscustomobject]@{ id = [guid]::NewGuid(); status = 'AwaitingVerification'; percentComplete = 100; startTime = [datetime]::UtcNow; parameters = [pscustomobject]@{ targetEnvironment = 'Preproduction' } }
            $export = [pscustomobject]@{ id = [guid]::NewGuid(); status = 'ExportFailed'; databaseName = 'epicommerce'; environment = 'Preproduction'; bacpacName = 'epicommerce_2026.bacpac' }
            $deployment.PSObject.TypeNames.Insert(0, 'EpiCloud.Deployment')
            $export.PSObject.TypeNames.Insert(0, 'EpiCloud.DatabaseExport')
            $shown = $deployment | Format-Table | Out-String -Width 80
            $shown | Should -BeLike "*$($deployment.id) AwaitingVerification 100 *Preproduction*"
            $shown += $export | Format-Table | Out-String -Width 80
            $shown | Should -BeLike "*$($export.id) ExportFailed epicommerce  Preproduction*"
            $shown += Connect-EpiCloud @credential | Out-String -Width 80
            $shown | Should -BeLike "*$($credential.ProjectId)*$($credential.ClientKey)*AuthenticationVerified : True*"
            $containers = Get-EpiStorageContainer -Environment Integration
            $shown += $containers | Out-String -Width 80
            foreach ($name in $containers.storageContainers) {
                $shown | Should -BeLike "*$name*"
            }
            # Three dots of the wide or the narrow kind.
            $shown | Should -Not -Match "\u2026|\.\.\."
        }

        It 'keeps the outer bar of a script, and says bytes and rate' {
            $large = New-TestPackage -Path (Join-Path $TestDrive 'large.cms.app.1.nupkg') -Length 20000000
            $shell = New-TestShell -Emulator $emulator -Arguments @{ Sas = $sas; Path = $large } -Script {
                param($Sas, $Path)
                Write-Progress -Activity 'mine' -Status 'outer'
                Add-EpiDeploymentPackage -SasUrl $Sas -Path $Path
            }
            [void]$shell.Invoke()
            $ids = @($shell.Streams.Progress | Where-Object { $_.Activity -like 'Uploading*' } | ForEach-Object { $_.ActivityId } | Sort-Object -Unique)
            $ids.Count | Should -Be 1
            $ids[0] | Should -Not -Be 0
            $shell.Dispose()
            $text = InModuleScope EpiCloud.Native {
                $figures = New-Object EpiCloud.Interop.Progress
                Format-EpiTransfer -Percent 42 -Progress $figures
            }
            $text | Should -Match '^42% Complete: 0.0 of 0.0 MiB$'
        }

        It 'completes environments, databases and ids, also those of the connected project' {
            $started = Start-EpiDeployment -SourceEnvironment Production -TargetEnvironment ADE2 -IncludeBlob
            function Get-Offer([string]$Text) { (TabExpansion2 -inputScript $Text -cursorColumn $Text.Length).CompletionMatches.CompletionText }
            Get-Offer '(Get-EpiDeployment -Id x).val' | Should -Be @('ValidationLinks')
            Get-Offer '(Get-EpiDeployment -Id x).parameters.tar' | Should -Be @('TargetEnvironment')
            Get-Offer 'Save-EpiDatabaseExport -Path x | ForEach-Object { $_.resum' | Should -Be @('ResumedBytes')
            $offered = @(Get-Offer 'Start-EpiDeployment -TargetEnvironment ')
            $offered[0..2] | Should -Be @('Integration', 'Preproduction', 'Production')
            $offered | Should -Contain 'ADE2'
            Get-Offer 'Get-EpiDatabaseExport -Environment Pre' | Should -Be @('Preproduction')
            Get-Offer 'Get-EpiDatabaseExport -DatabaseName ' | Should -Be @('epicms', 'epicommerce')
            Get-Offer 'Wait-EpiDeployment -Id ' | Should -Contain $started.id
            Disconnect-EpiCloud
            [void](Get-TestRequest -Emulator $emulator)
            Get-Offer 'Get-EpiStorageContainer -Environment ' | Should -Be @('Integration', 'Preproduction', 'Production')
            Get-TestRequest -Emulator $emulator | Should -BeNullOrEmpty
        }
    }

    Describe 'waits for what another session started' {
        It 'end with the object, and fail in the words of their cmdlet' {
            $started = Start-EpiDeployment -SourceEnvironment Integration -SourceApp cms -TargetEnvironment Preproduction
            ($started | Wait-EpiDeployment -PollingIntervalSec 1).status | Should -Be 'AwaitingVerification'
            [void](Reset-EpiDeployment -Id $started.id)
            (Wait-EpiDeployment -Id $started.id -Until Reset -PollingIntervalSeconds 1).status | Should -Be 'Reset'
            $export = Start-EpiDatabaseExport @database
            ($export | Wait-EpiDatabaseExport -PollingIntervalSec 1).status | Should -Be 'Succeeded'
            Send-Control -Emulator $emulator -What 'exports' -Document @{ steps = @(@{ status = 'InProgress' }, @{ status = 'ExportFailed' }) }
            $export = Start-EpiDatabaseExport @database
            (Get-Failure { $export | Wait-EpiDatabaseExport -PollingIntervalSec 1 -Strict }).Exception.Message | Should -BeLike 'Wait-EpiDatabaseExport: Failed. The error was: *'
        }
    }
}
