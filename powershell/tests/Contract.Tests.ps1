# The cmdlets as PowerShell itself describes them, against what was recorded of EpiCloud 1.9 in the same way.

BeforeDiscovery {
    $recorded = Get-Content -Raw -LiteralPath (Join-Path $PSScriptRoot 'data/epicloud-cmdlets.json') | ConvertFrom-Json
    $commands = foreach ($command in $recorded.commands) {
        @{ Name = $command.name; Command = $command }
    }
    $parameters = foreach ($command in $recorded.commands) {
        foreach ($parameter in $command.parameters) {
            @{ Name = $command.name; ParameterName = $parameter.name; Parameter = $parameter }
        }
    }
}

BeforeAll {
    Import-Module EpiCloud.Native -Force
}

Describe 'the module' {
    It 'has the twelve cmdlets and four more, and nothing else' {
        $added = 'Disconnect-EpiCloud', 'Save-EpiDatabaseExport', 'Wait-EpiDatabaseExport', 'Wait-EpiDeployment'
        $recorded = (Get-Content -Raw -LiteralPath (Join-Path $PSScriptRoot 'data/epicloud-cmdlets.json') | ConvertFrom-Json).commands.name
        (Get-Command -Module EpiCloud.Native).Name | Sort-Object | Should -Be (@($recorded) + $added | Sort-Object)
    }

    It 'is described by a manifest that holds, and lists every file: <_>' -ForEach 'EpiCloud.Native', 'EpiCloud' {
        $folder = (Resolve-Path -LiteralPath (Join-Path $env:EPI_MODULES $_)).ProviderPath
        $manifest = Test-ModuleManifest -Path (Join-Path $folder "$_.psd1")
        $manifest.PowerShellVersion | Should -Be '5.1'
        $there = @(Get-ChildItem -LiteralPath $folder -Recurse -File | ForEach-Object { $_.FullName } | Sort-Object)
        @($manifest.FileList | Sort-Object) | Should -Be $there
        @($there -match 'epicloud\.(dll|so|dylib)$') | Should -Not -BeNullOrEmpty
    }

    It 'has the version of the shim' {
        $versions = foreach ($name in 'EpiCloud.Native', 'EpiCloud') {
            (Import-PowerShellDataFile -Path (Join-Path $env:EPI_MODULES "$name/$name.psd1")).ModuleVersion
        }
        $versions[0] | Should -Be $versions[1]
        ([version]$versions[0]).Major | Should -BeGreaterOrEqual 2
    }

    It 'has a help topic' {
        $file = Join-Path $env:EPI_MODULES 'EpiCloud.Native/en-US/about_EpiCloud.Native.help.txt'
        $file | Should -Exist
    }
}

Describe '<Name>' -ForEach $commands {
    It 'has the default parameter set and no positional parameters' {
        $actual = Get-Command -Name $Name -Module EpiCloud.Native
        # That there is none is said in either way.
        "$($actual.DefaultParameterSet)" -replace '^__AllParameterSets$', '' | Should -Be "$($Command.defaultParameterSet)"
        foreach ($set in $actual.ParameterSets) {
            ($set.Parameters | Where-Object Position -GE 0).Name | Should -BeNullOrEmpty
        }
    }

    It 'adds only parameters that it may add' {
        $common = [System.Management.Automation.PSCmdlet]::CommonParameters + [System.Management.Automation.PSCmdlet]::OptionalCommonParameters
        $added = (Get-Command -Name $Name -Module EpiCloud.Native).Parameters.Keys |
            Where-Object { $_ -notin $common -and $_ -notin $Command.parameters.name }
        $added | Where-Object { $_ -notin 'Credential', 'Strict', 'PassThru' } | Should -BeNullOrEmpty
    }
}

Describe '<Name> -<ParameterName>' -ForEach $parameters {
    It 'is as recorded' {
        $actual = (Get-Command -Name $Name -Module EpiCloud.Native).Parameters[$ParameterName]
        $actual | Should -Not -BeNullOrEmpty
        $actual.ParameterType.FullName | Should -Be $Parameter.type
        foreach ($alias in $Parameter.aliases) {
            $actual.Aliases | Should -Contain $alias
        }
        @($actual.ParameterSets.Keys | Sort-Object) | Should -Be @($Parameter.sets | ForEach-Object { $_.set } | Sort-Object)
        foreach ($set in $Parameter.sets) {
            $found = $actual.ParameterSets[$set.set]
            # Connect-EpiCloud may stand in for these.
            $mandatory = $set.mandatory -and $ParameterName -notin 'ClientKey', 'ClientSecret', 'ProjectId'
            $found.IsMandatory | Should -Be $mandatory
            $found.ValueFromPipeline | Should -Be $set.fromPipeline
            $byName = $set.fromPipelineByPropertyName
            if ($Name -eq 'Get-EpiDatabaseExport' -and $ParameterName -in 'Environment', 'DatabaseName', 'Id') {
                $byName = $true
            }
            $found.ValueFromPipelineByPropertyName | Should -Be $byName
        }
        $checks = @($actual.Attributes | Where-Object { $_ -is [System.Management.Automation.ValidateArgumentsAttribute] })
        $checks.Count | Should -Be $Parameter.validation.Count
        foreach ($check in $Parameter.validation) {
            if ($check.kind -eq 'range') {
                $checks[0].MinRange | Should -Be $check.min
                $checks[0].MaxRange | Should -Be $check.max
            }
            else {
                $checks[0].ValidValues | Should -Be $check.values
                $checks[0].IgnoreCase | Should -Be $check.ignoreCase
            }
        }
    }
}

Describe 'short forms of parameters' {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Emulator.ps1')
        $emulator = Start-TestEmulator
        $credential = Get-TestCredential -Emulator $emulator
        [void](Connect-EpiCloud @credential)
    }
    AfterAll {
        Disconnect-EpiCloud
        Stop-TestEmulator -Emulator $emulator
    }

    It 'still work' {
        $started = Start-EpiDeployment -SourceEnv Production -Target Integration -IncludeB -WaitTimeout 5 -PollingInt 1 -Wait
        (Get-EpiDeployment -I $started.id).id | Should -Be $started.id
    }
}
