# Credentials: how they are kept, what they stand in for, and what happens without them.

BeforeAll {
    . (Join-Path $PSScriptRoot 'Emulator.ps1')
    Import-Module EpiCloud.Native -Force
    $emulator = Start-TestEmulator
    $credential = Get-TestCredential -Emulator $emulator
    $key = $emulator.clientKey
    $secret = $emulator.clientSecret
    $project = $emulator.projectId
}

AfterAll {
    Stop-TestEmulator -Emulator $emulator
}

# One block around all others, because a run takes no test setup outside of one.
Describe 'connections' {
    BeforeEach {
        Use-TestEmulator -Emulator $emulator
        Disconnect-EpiCloud
        [void](Get-TestRequest -Emulator $emulator)
    }

    Describe 'Connect-EpiCloud' {
        It 'verifies the credentials when there is a project' {
            $result = Connect-EpiCloud -ClientKey $key -ClientSecret $secret -ProjectId $project
            $result.ClientKey | Should -Be $key
            $result.ProjectId | Should -Be $project
            $result.AuthenticationVerified | Should -BeTrue
            $result.PSObject.Properties.Name | Should -Not -Contain 'ClientSecret'
            Get-TestRequest -Emulator $emulator | Should -Be @('GET deployments')
        }

        It 'asks nothing without a project, whatever the secret' {
            $result = Connect-EpiCloud -ClientKey 'key' -ClientSecret 'secret'
            $result.AuthenticationVerified | Should -BeFalse
            $result.PSObject.Properties.Name | Should -Not -Contain 'ProjectId'
            Get-TestRequest -Emulator $emulator | Should -BeNullOrEmpty
            (Get-Failure { Get-EpiDeployment -ProjectId $project }).Exception.Message |
                Should -Be "Cannot validate argument on parameter 'ClientSecret'. The ClientSecret is invalid."
        }

        It 'lets every cmdlet do without credentials, and with another project' {
            [void](Connect-EpiCloud -ClientKey $key -ClientSecret $secret)
            { Get-EpiDeployment -ProjectId $project } | Should -Not -Throw
            [void](Connect-EpiCloud -ClientKey $key -ClientSecret $secret -ProjectId $project)
            Get-EpiDeploymentPackageLocation | Should -BeLike 'https://*'
        }

        It 'takes a credential object' {
            $password = ConvertTo-SecureString -String $secret -AsPlainText -Force
            $object = [pscredential]::new($key, $password)
            (Connect-EpiCloud -Credential $object -ProjectId $project).AuthenticationVerified | Should -BeTrue
            Disconnect-EpiCloud
            { Get-EpiDeployment -Credential $object -ProjectId $project } | Should -Not -Throw
        }

        It 'keeps an earlier connection when it fails' {
            [void](Connect-EpiCloud @credential)
            $failure = Get-Failure { Connect-EpiCloud -ClientKey $key -ClientSecret 'Y2FuYXJ5' -ProjectId $project }
            $failure.Exception.Message | Should -BeLike "Failed to validate the credentials specified for project with id $project! Error: API call failed! The error was: *401 (Unauthorized)*"
            { Get-EpiDeployment } | Should -Not -Throw
        }

        It 'checks the connection again without parameters and with the same key, and keeps it' {
            [void](Connect-EpiCloud @credential)
            foreach ($call in { Connect-EpiCloud }, { Connect-EpiCloud -ClientKey $key -ClientSecret $secret }) {
                [void](Get-TestRequest -Emulator $emulator)
                $again = & $call
                $again.ClientKey | Should -Be $key
                $again.ProjectId | Should -Be $project
                $again.AuthenticationVerified | Should -BeTrue
                Get-TestRequest -Emulator $emulator | Should -Be @('GET deployments')
            }
            { Get-EpiDeployment } | Should -Not -Throw
        }

        It 'forgets the project with another key, and with a project that is given and empty' {
            [void](Connect-EpiCloud @credential)
            (Connect-EpiCloud -ClientKey 'other' -ClientSecret 'c2VjcmV0').AuthenticationVerified | Should -BeFalse
            (Get-Failure { Get-EpiDeployment }).Exception.Message | Should -BeLike '*missing mandatory parameters: ProjectId.*'
            [void](Connect-EpiCloud @credential)
            (Connect-EpiCloud -ProjectId '').AuthenticationVerified | Should -BeFalse
            (Get-Failure { Get-EpiDeployment }).Exception.Message | Should -BeLike '*missing mandatory parameters: ProjectId.*'
        }

        It 'survives the import of the module' {
            [void](Connect-EpiCloud @credential)
            Import-Module EpiCloud.Native -Force
            { Get-EpiDeployment } | Should -Not -Throw
        }

        It 'removes what the original has left in the way, and writes nothing there' {
            $Global:PSDefaultParameterValues['Get-EpiDeployment:ClientKey'] = 'stale'
            $Global:PSDefaultParameterValues['Get-EpiDeployment:ProjectId'] = 'stale'
            $Global:PSDefaultParameterValues['Out-File:Encoding'] = 'utf8'
            try {
                [void](Connect-EpiCloud @credential)
                @($Global:PSDefaultParameterValues.Keys) | Should -Be @('Out-File:Encoding')
                { Get-EpiDeployment } | Should -Not -Throw
            }
            finally {
                $Global:PSDefaultParameterValues.Clear()
            }
        }

        It 'names the commands in its verbose lines' {
            $lines = Connect-EpiCloud @credential -Verbose 4>&1 | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }
            $lines.Message | Should -Contain 'Configuring credentials for command Start-EpiDeployment'
            @($lines | Where-Object { $_.Message -like 'Configuring credentials for command *' }).Count | Should -Be 14
        }

        It 'takes the address with and without the slash at its end' {
            $Global:EpiCloudApiEndpointUri = $emulator.endpoint.TrimEnd('/')
            [void](Connect-EpiCloud @credential)
            $Global:EpiCloudApiEndpointUri = $emulator.endpoint
            { Get-EpiDeployment } | Should -Not -Throw
        }

        It 'takes the address and the authorities of epi where the session names none' {
            $Global:EpiCloudApiEndpointUri = $Global:EpiCloudCaFile = $null
            $env:EPI_ENDPOINT = $emulator.httpsEndpoint
            $env:EPI_CA_FILE = $emulator.caFile
            try {
                (Connect-EpiCloud @credential).AuthenticationVerified | Should -BeTrue
                { Get-EpiDeployment } | Should -Not -Throw
            }
            finally {
                Remove-Item -LiteralPath Env:EPI_ENDPOINT, Env:EPI_CA_FILE
                Disconnect-EpiCloud
            }
        }

        It 'belongs to the address that it was made for' {
            [void](Connect-EpiCloud @credential)
            $Global:EpiCloudApiEndpointUri = 'http://127.0.0.1:1/api/v1.0/'
            (Get-Failure { Get-EpiDeployment }).Exception.Message | Should -BeLike 'API call failed! *run Connect-EpiCloud again*'
        }
    }

    Describe 'calls without a connection' {
        It 'fail like a missing mandatory parameter, before any request' {
            $failure = Get-Failure { Get-EpiDeployment }
            $failure.Exception | Should -BeOfType [System.Management.Automation.ParameterBindingException]
            $failure.FullyQualifiedErrorId | Should -Be 'MissingMandatoryParameter,Get-EpiDeployment'
            $failure.CategoryInfo.Category | Should -Be 'InvalidArgument'
            $failure.Exception.Message | Should -BeLike 'Cannot process command because of one or more missing mandatory parameters: ClientKey ClientSecret ProjectId.*'
            Get-TestRequest -Emulator $emulator | Should -BeNullOrEmpty
        }

        It 'end the statement and not the script' {
            $shell = New-TestShell -Emulator $emulator -Script { Get-EpiDeployment; 'went on' }
            try {
                $shell.Invoke() | Should -Be @('went on')
                $shell.HadErrors | Should -BeTrue
            }
            finally {
                $shell.Dispose()
            }
        }

        It 'refuse an empty <_> in the words of a mandatory parameter' -ForEach 'ClientKey', 'ClientSecret', 'ProjectId' {
            $arguments = $credential.Clone()
            $arguments[$_] = ''
            $failure = Get-Failure { Get-EpiDeployment @arguments }
            $failure.Exception.Message | Should -Be "Cannot bind argument to parameter '$_' because it is an empty string."
            $failure.FullyQualifiedErrorId | Should -Be 'ParameterArgumentValidationErrorEmptyStringNotAllowed,Get-EpiDeployment'
        }

        It 'work with credentials of their own' {
            { Get-EpiDeployment @credential } | Should -Not -Throw
        }
    }

    Describe 'a connection' {
        It 'is kept as a whole by the library, not by what PowerShell notes on an object' {
            [void](Connect-EpiCloud @credential)
            $connection = [EpiCloud.Interop.Connections]::Get([runspace]::DefaultRunspace)
            $connection.ProjectId | Should -Be $project
            $connection.Endpoint | Should -Be $emulator.endpoint.TrimEnd('/')
            $connection.Failure | Should -BeNullOrEmpty
            @($connection.PSObject.Properties | Where-Object { $_.MemberType -eq 'NoteProperty' }).Count | Should -Be 0
        }

        It 'outlives the removal of the module' {
            [void](Connect-EpiCloud @credential)
            Remove-Module EpiCloud.Native
            Import-Module EpiCloud.Native
            { Get-EpiDeployment } | Should -Not -Throw
        }

        It 'is used under silenced errors, Stop, and a strict caller' {
            [void](Connect-EpiCloud @credential)
            { Get-EpiDeployment -ErrorAction SilentlyContinue } | Should -Not -Throw
            { Get-EpiDeployment -ErrorAction Stop } | Should -Not -Throw
            { Set-StrictMode -Version Latest; Get-EpiDeployment } | Should -Not -Throw
        }
    }

    Describe 'Disconnect-EpiCloud' {
        It 'forgets, and may be called twice' {
            [void](Connect-EpiCloud @credential)
            Disconnect-EpiCloud
            Disconnect-EpiCloud
            (Get-Failure { Get-EpiDeployment }).FullyQualifiedErrorId | Should -BeLike 'MissingMandatoryParameter*'
        }
    }

    Describe 'runspaces' {
        It 'have connections of their own' {
            [void](Connect-EpiCloud @credential)
            $shell = New-TestShell -Emulator $emulator -Script { try { Get-EpiDeployment } catch { $_.FullyQualifiedErrorId } }
            try {
                $shell.Invoke() | Should -Be @('MissingMandatoryParameter,Get-EpiDeployment')
            }
            finally {
                $shell.Dispose()
            }
        }

        It 'work at the same time' {
            $script = {
                param($ClientKey, $ClientSecret, $ProjectId, $Target)
                [void](Connect-EpiCloud -ClientKey $ClientKey -ClientSecret $ClientSecret -ProjectId $ProjectId)
                Start-EpiDeployment -SourceEnvironment Production -TargetEnvironment $Target -IncludeDb -Wait -PollingIntervalSec 1
            }
            $shells = foreach ($target in 'Integration', 'Preproduction') {
                New-TestShell -Emulator $emulator -Script $script -Arguments ($credential + @{ Target = $target })
            }
            try {
                $running = foreach ($shell in $shells) { $shell.BeginInvoke() }
                for ($index = 0; $index -lt 2; $index++) {
                    $deployment = $shells[$index].EndInvoke($running[$index])
                    $deployment[0].status | Should -Be 'Succeeded'
                }
            }
            finally {
                foreach ($shell in $shells) { $shell.Dispose() }
            }
        }
    }

    Describe 'the pipeline' {
        It "prefers an object's project to the connected one" {
            [void](Connect-EpiCloud @credential)
            $other = '11111111-2222-3333-4444-555555555555'
            [void](Get-TestRequest -Emulator $emulator)
            [void](Get-Failure { [pscustomobject]@{ projectId = $other } | Get-EpiDeploymentPackageLocation })
            Get-TestRequest -Emulator $emulator | Should -Be @("GET /api/v1.0/projects/$other/packages/location")
        }

        It 'takes the connected project for an object that has none' {
            [void](Connect-EpiCloud @credential)
            [void](Get-TestRequest -Emulator $emulator)
            { [pscustomobject]@{ id = ''; projectId = $null } | Get-EpiDeployment } | Should -Not -Throw
            @(Get-TestRequest -Emulator $emulator) | Should -Be @('GET deployments')
        }

        It 'does not take the project of an earlier object for the next one' {
            [void](Connect-EpiCloud -ClientKey $key -ClientSecret $secret)
            $objects = @([pscustomobject]@{ id = ''; projectId = $project }, [pscustomobject]@{ id = '' })
            $failure = Get-Failure { $objects | Get-EpiDeployment }
            $failure.FullyQualifiedErrorId | Should -Be 'MissingMandatoryParameter,Get-EpiDeployment'
            $failure.Exception.Message | Should -BeLike '*missing mandatory parameters: ProjectId.*'
            @(Get-TestRequest -Emulator $emulator) | Should -Be @('GET deployments')
        }
    }
}
