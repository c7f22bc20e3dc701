# The module EpiCloud, by whose name old scripts find the cmdlets.

BeforeAll {
    . (Join-Path $PSScriptRoot 'Emulator.ps1')
    # Runs a script in a process of its own, as a module that was imported once cannot be looked for again.
    function Invoke-Process {
        param([string]$Text)
        $file = Join-Path $TestDrive "script-$([guid]::NewGuid()).ps1"
        Set-Content -LiteralPath $file -Value $Text -Encoding ascii
        $program = Get-TestPowerShell
        $output = & $program -NoLogo -NoProfile -NonInteractive -File $file 2>&1
        $Global:LASTEXITCODE | Should -Be 0 -Because "$output"
        @($output | ForEach-Object { "$_" })
    }
}

Describe 'EpiCloud' {
    It 'is imported by its name' {
        $names = Invoke-Process 'Import-Module EpiCloud; (Get-Command -Module EpiCloud).Name'
        $names | Should -Contain 'Start-EpiDeployment'
        $names.Count | Should -Be 14
    }

    It 'satisfies #Requires' {
        Invoke-Process "#Requires -Modules EpiCloud`n(Get-Command Get-EpiDeployment).ModuleName" | Should -Be @('EpiCloud')
    }

    It 'is found by the name of a cmdlet, also with the module in front' {
        Invoke-Process '(Get-Command EpiCloud\Get-EpiDeployment).Version.Major' | Should -Be @('2')
        Invoke-Process 'try { Get-EpiDeployment -ClientKey a -ClientSecret b -ProjectId c } catch { $_.Exception.Message }' |
            Should -BeLike "Cannot validate argument on parameter 'ClientSecret'.*"
    }

    It 'keeps its private functions to itself' {
        Invoke-Process 'Import-Module EpiCloud; @(Get-Command Invoke-EpiOperation -ErrorAction SilentlyContinue).Count' | Should -Be @('0')
    }

    It 'connects and keeps the connection' {
        $text = '$a = Connect-EpiCloud -ClientKey key -ClientSecret c2VjcmV0; Import-Module EpiCloud -Force; (Connect-EpiCloud).ClientKey'
        Invoke-Process $text | Should -Be @('key')
    }
}
