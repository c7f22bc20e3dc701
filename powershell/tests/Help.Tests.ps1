# The help as it is shipped, a file, against the comments in the sources that it is made from: PowerShell shows both.

BeforeDiscovery {
    $functions = foreach ($file in Get-ChildItem -LiteralPath (Join-Path $PSScriptRoot '../EpiCloud.Native/Public') -Filter '*.ps1') {
        @{ Name = $file.BaseName }
    }
}

BeforeAll {
    # What is shown for these, by name, in a runspace where a script has defined or imported them and nothing else has.
    function Get-ShownHelp {
        param([string]$Start, [string[]]$Names)
        $shell = [powershell]::Create()
        try {
            # A statement of its own, so that what it defines stays.
            [void]$shell.AddScript($Start).AddStatement()
            [void]$shell.AddScript({
                    param($names)
                    $shown = @{}
                    foreach ($name in $names) {
                        $shown[$name] = (Get-Help -Name $name -Full | Out-String -Width 200) +
                            (Get-Help -Name $name -Examples | Out-String -Width 200) +
                            (Get-Help -Name $name -Parameter * -ErrorAction SilentlyContinue | Out-String -Width 200)
                    }
                    $shown
                }.ToString()).AddArgument($Names)
            $shell.Invoke()[0]
        }
        finally {
            $shell.Dispose()
        }
    }
    $sources = @(Get-ChildItem -LiteralPath (Join-Path $PSScriptRoot '../EpiCloud.Native/Public') -Filter '*.ps1')
    $start = @($sources | ForEach-Object { ". '$($_.FullName)'" }) -join "`n"
    $commented = Get-ShownHelp -Start $start -Names $sources.BaseName
    $packaged = Get-ShownHelp -Start 'Import-Module EpiCloud.Native' -Names $sources.BaseName
}

Describe 'the help of <Name>' -ForEach $functions {
    It 'is shown as the comments of its source are, to the letter' {
        $commented[$Name].Length | Should -BeGreaterThan 500
        $packaged[$Name] | Should -BeExactly $commented[$Name]
    }
}

Describe 'the help' {
    It 'is no part of the script that an import reads' {
        $script = Get-Content -Raw -LiteralPath (Join-Path $env:EPI_MODULES 'EpiCloud.Native/EpiCloud.Native.psm1')
        $script | Should -Not -MatchExactly '\.SYNOPSIS|\.PARAMETER|<#'
    }

    It 'is shown through the shim, and to users of other languages' {
        $name = 'Start-EpiDeployment'
        $start = '[System.Threading.Thread]::CurrentThread.CurrentUICulture = "de-DE"; Import-Module EpiCloud'
        (Get-ShownHelp -Start $start -Names $name)[$name] | Should -BeExactly $commented[$name]
    }
}
