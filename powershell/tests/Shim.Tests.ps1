# The module EpiCloud, by whose name old scripts find the cmdlets: however it is found, and wherever it lies.

BeforeDiscovery {
    # Where it is left out, the reason is printed by the test of that name.
    $feed = $PSVersionTable.PSEdition -eq 'Core' -and $PSVersionTable.Platform -eq 'Unix' -and
        $null -ne (Get-Module -ListAvailable -Name Microsoft.PowerShell.PSResourceGet)
    if (-not $feed) {
        Write-Host 'left out: installing from a feed, which needs PSResourceGet and a home that a variable names'
    }
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Emulator.ps1')
    # Runs a script in a runspace of its own, where nothing is imported yet.
    function Invoke-Fresh {
        param([string]$Text)
        $shell = [powershell]::Create()
        try {
            $output = $shell.AddCommand((New-TestScript -Text $Text)).Invoke()
            $shell.Streams.Error | Should -BeNullOrEmpty
            @($output | ForEach-Object { "$_" })
        }
        finally {
            $shell.Dispose()
        }
    }

    $shim = Join-Path $env:EPI_MODULES 'EpiCloud'
    $version = (Import-PowerShellDataFile -Path (Join-Path $shim 'EpiCloud.psd1')).ModuleVersion
    $exported = (Import-PowerShellDataFile -Path (Join-Path $env:EPI_MODULES 'EpiCloud.Native/EpiCloud.Native.psd1')).FunctionsToExport
    # Where neither module is found by its name.
    $nowhere = @{ PSModulePath = Join-Path $TestDrive 'nowhere' }
    # Imports, and calls a cmdlet, which shows that the library answers.
    $used = "(Get-Command Start-EpiDeployment).ModuleName; (Connect-EpiCloud -ClientKey key -ClientSecret c2VjcmV0).ClientKey"
}

Describe 'EpiCloud' {
    It 'is imported by its name' {
        Invoke-Process "Import-Module EpiCloud; (Get-Command -Module EpiCloud).Name | Sort-Object; $used" |
            Should -Be (@($exported | Sort-Object) + 'EpiCloud', 'key')
    }

    It 'is imported with a prefix' {
        $names = Invoke-Fresh 'Import-Module EpiCloud -Prefix Z; (Get-Command -Module EpiCloud).Name; (Connect-ZEpiCloud -ClientKey key -ClientSecret c2VjcmV0).ClientKey'
        $names | Should -Contain 'Start-ZEpiDeployment'
        $names | Should -HaveCount (@($exported).Count + 1)
        $names[-1] | Should -Be 'key'
    }

    It 'satisfies #Requires' {
        Invoke-Fresh "#Requires -Modules EpiCloud`n$used" | Should -Be @('EpiCloud', 'key')
        Invoke-Fresh "#Requires -Modules @{ ModuleName = 'EpiCloud'; ModuleVersion = '1.9.0' }`n$used" | Should -Be @('EpiCloud', 'key')
    }

    It 'is used by `using module`' {
        Invoke-Fresh "using module EpiCloud`n$used" | Should -Be @('EpiCloud', 'key')
    }

    It 'is found by the name of a cmdlet, also with the module in front' {
        Invoke-Fresh '(Get-Command EpiCloud\Get-EpiDeployment).Version.ToString()' | Should -Be @($version)
        Invoke-Fresh 'try { Get-EpiDeployment -ClientKey a -ClientSecret b -ProjectId c } catch { $_.Exception.Message }' |
            Should -BeLike "Cannot validate argument on parameter 'ClientSecret'.*"
    }

    It 'is described and imported by its path, with no other module to be found' {
        $script = "(Test-ModuleManifest -Path '$shim/EpiCloud.psd1' -ErrorAction Stop).Version.ToString()`n"
        foreach ($place in 'plain/EpiCloud', 'versioned/EpiCloud/2.0.0') {
            [void](New-Item -ItemType Directory -Path (Split-Path (Join-Path $TestDrive $place)))
            Copy-Item -Recurse -LiteralPath $shim -Destination (Join-Path $TestDrive $place)
        }
        $paths = 'plain/EpiCloud/EpiCloud.psd1', 'plain/EpiCloud', 'versioned/EpiCloud', 'versioned/EpiCloud/2.0.0/EpiCloud.psd1'
        foreach ($path in $paths) {
            $script += "Import-Module '$TestDrive/$path'; $used; Remove-Module EpiCloud`n"
        }
        Invoke-Process $script -Environment $nowhere | Should -Be (@($version) + @('EpiCloud', 'key') * $paths.Count)
    }

    It 'serves beside EpiCloud.Native, whichever comes first' {
        $both = "Import-Module EpiCloud.Native; Import-Module EpiCloud; $used; @(Get-Module EpiCloud.Native).Count"
        Invoke-Fresh $both | Should -Be @('EpiCloud', 'key', '1')
        $turned = "Import-Module EpiCloud; [void](Connect-EpiCloud -ClientKey first -ClientSecret c2VjcmV0); Import-Module EpiCloud.Native; " +
            '(Get-Command Start-EpiDeployment).ModuleName; (Connect-EpiCloud).ClientKey'
        Invoke-Fresh $turned | Should -Be @('EpiCloud.Native', 'first')
    }

    It 'keeps its private functions to itself' {
        Invoke-Fresh 'Import-Module EpiCloud; @(Get-Command Invoke-EpiOperation -ErrorAction SilentlyContinue).Count' | Should -Be @('0')
    }

    It 'connects and keeps the connection' {
        $text = '$a = Connect-EpiCloud -ClientKey key -ClientSecret c2VjcmV0; Import-Module EpiCloud -Force; (Connect-EpiCloud).ClientKey'
        Invoke-Fresh $text | Should -Be @('key')
    }

    It 'is published to a feed and installed from it, alone, and runs' -Skip:(-not $feed) {
        $feed = New-Item -ItemType Directory -Path (Join-Path $TestDrive 'feed')
        $user = New-Item -ItemType Directory -Path (Join-Path $TestDrive 'home')
        # Each of these is where something of the home would be.
        $environment = $nowhere + @{ HOME = $user.FullName; XDG_DATA_HOME = ''; XDG_CONFIG_HOME = ''; XDG_CACHE_HOME = '' }
        $emulator = Start-TestEmulator
        try {
            $text = @"
`$ErrorActionPreference = 'Stop'
`$ProgressPreference = 'SilentlyContinue'
Register-PSResourceRepository -Name feed -Uri '$($feed.FullName)' -Trusted
foreach (`$module in 'EpiCloud', 'EpiCloud.Native') {
    Publish-PSResource -Path "$env:EPI_MODULES/`$module" -Repository feed
}
Install-PSResource -Name EpiCloud -Repository feed
(Get-Module -ListAvailable -Name EpiCloud*).Name
`$Global:EpiCloudApiEndpointUri = '$($emulator.endpoint)'
`$Global:EpiCloudCaFile = '$($emulator.caFile)'
[void](Connect-EpiCloud -ClientKey '$($emulator.clientKey)' -ClientSecret '$($emulator.clientSecret)' -ProjectId '$($emulator.projectId)')
(Start-EpiDeployment -SourceEnvironment Production -TargetEnvironment Integration -IncludeDb -Wait -PollingIntervalSec 1).status
(Get-Command Start-EpiDeployment).Module.ModuleBase.StartsWith('$($user.FullName)')
Install-PSResource -Name EpiCloud.Native -Repository feed
(Get-Module -ListAvailable -Name EpiCloud.Native).Version.ToString()
"@
            Invoke-Process $text -Environment $environment | Should -Be @('EpiCloud', 'Succeeded', 'True', $version)
        }
        finally {
            Stop-TestEmulator -Emulator $emulator
        }
    }
}

Describe 'EpiCloud.Native' {
    It 'is found in a second copy of the same release, which serves beside the first' {
        [void](New-Item -ItemType Directory -Path (Join-Path $TestDrive 'second'))
        Copy-Item -Recurse -LiteralPath (Join-Path $env:EPI_MODULES 'EpiCloud.Native') -Destination (Join-Path $TestDrive 'second/EpiCloud.Native')
        $text = "`$ErrorActionPreference = 'Stop'; Import-Module EpiCloud.Native; Import-Module '$TestDrive/second/EpiCloud.Native'; " +
            "(Get-Module EpiCloud.Native).Count; (Connect-EpiCloud -ClientKey key -ClientSecret c2VjcmV0).ClientKey"
        Invoke-Process $text | Should -Be @('2', 'key')
    }

    It 'says so when another version is loaded already' {
        # Another build is one whose assembly has another id.
        $text = @"
Import-Module EpiCloud.Native
`$first = (Get-Module EpiCloud.Native).ModuleBase
`$other = New-Item -ItemType Directory -Path '$TestDrive/other/EpiCloud.Native'
Copy-Item -Recurse -Path "`$first/*" -Destination `$other
`$file = "`$other/lib/EpiCloud.Interop.dll"
`$bytes = [System.IO.File]::ReadAllBytes(`$file)
`$id = [EpiCloud.Interop.NativeLoader].Module.ModuleVersionId.ToByteArray()
`$latin = [System.Text.Encoding]::GetEncoding(28591)
`$at = `$latin.GetString(`$bytes).IndexOf(`$latin.GetString(`$id), [System.StringComparison]::Ordinal)
`$bytes[`$at] = `$bytes[`$at] -bxor 1
[System.IO.File]::WriteAllBytes(`$file, `$bytes)
try { Import-Module `$other -ErrorAction Stop; 'imported' } catch { `$_.Exception.Message }
"@
        $said = Invoke-Process $text
        "$said" | Should -Match '^cannot load EpiCloud\.Native: .*Another version of the module is already loaded.*start a new process'
        "$said" | Should -Not -Match 'TypeData'
    }

    It 'says why its library cannot be loaded at each call that needs it, and once' {
        [void](New-Item -ItemType Directory -Path (Join-Path $TestDrive 'broken'))
        $broken = Join-Path $TestDrive 'broken/EpiCloud.Native'
        Copy-Item -Recurse -LiteralPath (Join-Path $env:EPI_MODULES 'EpiCloud.Native') -Destination $broken
        foreach ($file in Get-ChildItem -Path (Join-Path $broken 'lib/*/epicloud.*')) {
            Set-Content -LiteralPath $file.FullName -Value 'no library'
        }
        $said = Invoke-Process @"
Import-Module '$broken/EpiCloud.Native.psd1' -ErrorAction Stop
`$key = @{ ClientKey = 'key'; ClientSecret = 'c2VjcmV0' }
`$calls = { Connect-EpiCloud @key }, { Connect-EpiCloud @key -ProjectId a }, { Get-EpiDeployment @key -ProjectId a }
foreach (`$call in `$calls) {
    `$Error.Clear()
    try { & `$call; 'went on' } catch [EpiCloud.Interop.EpiException] { "`$(`$Error.Count) `$_" }
}
@(Connect-EpiCloud @key -ErrorAction SilentlyContinue).Count
"@
        $said | Should -HaveCount 4
        $said[0..2] | Should -BeLike '1 cannot load the native library for *epicloud.*'
        $said[3] | Should -Be '0'
    }

    It 'reads what only calls need at the first call, in silence, and again after an import by force' {
        $said = Invoke-Fresh @'
$Global:WhatIfPreference = $true
$failed = { try { Add-EpiDeploymentPackage -SasUrl none -Path none -Verbose 4>&1 } catch { $_.Exception.Message } }
Import-Module EpiCloud.Native
@(Get-FormatData EpiCloud.Deployment).Count
& $failed
Import-Module EpiCloud.Native -Force
& $failed
@(Get-FormatData EpiCloud.Deployment).Count
(Get-TypeData EpiCloud.Deployment).DefaultKeyPropertySet.ReferencedProperties
'@
        $said | Should -Be @('0', 'The SasUrl is not correct', 'The SasUrl is not correct', '1', 'id')
    }
}
