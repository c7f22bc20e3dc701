# What the tests share: an emulator of their own, its control interface, and a look at how a command fails.

# The program that starts another PowerShell like this one. Not that of this process: where PowerShell is a tool of the
# .NET SDK, that is `dotnet`.
function Get-TestPowerShell {
    $name = @('powershell', 'pwsh')[$PSVersionTable.PSEdition -eq 'Core']
    (Get-Command -CommandType Application -Name (Join-Path $PSHOME $name)).Source
}

# A file with a script.
function New-TestScript {
    param([string]$Text)
    $file = Join-Path $TestDrive "script-$([guid]::NewGuid()).ps1"
    Set-Content -LiteralPath $file -Value $Text -Encoding ascii
    $file
}

# Runs a script in a process of its own, which has loaded no library yet.
function Invoke-Process {
    param(
        [string]$Text,
        # Variables of the environment for this process alone.
        [hashtable]$Environment = @{}
    )
    $before = @{}
    foreach ($name in $Environment.Keys) {
        $before[$name] = [System.Environment]::GetEnvironmentVariable($name)
        [System.Environment]::SetEnvironmentVariable($name, $Environment[$name])
    }
    try {
        $output = & (Get-TestPowerShell) -NoLogo -NoProfile -NonInteractive -File (New-TestScript -Text $Text) 2>&1
    }
    finally {
        foreach ($name in $before.Keys) {
            [System.Environment]::SetEnvironmentVariable($name, $before[$name])
        }
    }
    $Global:LASTEXITCODE | Should -Be 0 -Because "$output"
    @($output | ForEach-Object { "$_" })
}

# Starts an emulator and lets the module talk to it. Returns what it printed, with its process.
function Start-TestEmulator {
    param(
        [string]$Speed = 'instant',
        [string[]]$Arguments = @()
    )
    $start = [System.Diagnostics.ProcessStartInfo]::new($env:EPI_EMULATOR)
    $start.Arguments = (@('--speed', $Speed, '--export-size', '300000') + $Arguments) -join ' '
    $start.UseShellExecute = $false
    $start.RedirectStandardOutput = $true
    $process = [System.Diagnostics.Process]::Start($start)
    # It prints one line and no more, so nobody has to read on.
    $line = $process.StandardOutput.ReadLine()
    if (-not $line) {
        throw "the emulator did not start: $env:EPI_EMULATOR $($start.Arguments)"
    }
    $emulator = ConvertFrom-Json -InputObject $line
    $address = [uri]$emulator.endpoint
    Add-Member -InputObject $emulator -NotePropertyName process -NotePropertyValue $process
    Add-Member -InputObject $emulator -NotePropertyName control -NotePropertyValue "http://$($address.Authority)/__control/"
    Use-TestEmulator -Emulator $emulator
    $emulator
}

function Use-TestEmulator {
    param([object]$Emulator)
    $Global:EpiCloudApiEndpointUri = $Emulator.endpoint
    $Global:EpiCloudCaFile = $Emulator.caFile
    $Global:EpiCloudAllowAnySasUrl = $false
}

function Stop-TestEmulator {
    param([object]$Emulator)
    if ($null -eq $Emulator) {
        # It was not started; the test that needed it says why.
        return
    }
    if (-not $Emulator.process.HasExited) {
        $Emulator.process.Kill()
    }
    $Emulator.process.WaitForExit()
    $Emulator.process.Dispose()
    Remove-Variable -Scope Global -Name EpiCloudApiEndpointUri, EpiCloudCaFile, EpiCloudAllowAnySasUrl -ErrorAction SilentlyContinue
}

# The parameters that connect to an emulator.
function Get-TestCredential {
    param([object]$Emulator)
    @{ ClientKey = $Emulator.clientKey; ClientSecret = $Emulator.clientSecret; ProjectId = $Emulator.projectId }
}

function Send-Control {
    param(
        [object]$Emulator,
        [string]$What,
        [object]$Document
    )
    $body = ConvertTo-Json -InputObject $Document -Depth 10 -Compress
    [void](Invoke-RestMethod -Uri ($Emulator.control + $What) -Method Post -Body $body -ContentType 'application/json')
}

# A fault for the requests whose path fits.
function Add-TestFault {
    param(
        [object]$Emulator,
        [hashtable]$Effect,
        [hashtable]$When = @{},
        [int]$Times = 0
    )
    $rule = @{ effect = $Effect; when = $When }
    if ($Times) {
        $rule.times = $Times
    }
    Send-Control -Emulator $Emulator -What 'faults' -Document $rule
}

function Clear-TestFault {
    param([object]$Emulator)
    [void](Invoke-RestMethod -Uri ($Emulator.control + 'faults') -Method Delete)
}

# The requests that came since the last call, as 'METHOD path?query' below the project.
function Get-TestRequest {
    param([object]$Emulator)
    $seen = Invoke-RestMethod -Uri ($Emulator.control + 'requests')
    [void](Invoke-RestMethod -Uri ($Emulator.control + 'requests') -Method Delete)
    foreach ($request in $seen.requests) {
        $path = $request.path -replace "^/api/v1\.0/projects/$($Emulator.projectId)/", ''
        if ($request.query -and $path -notmatch 'blob\.core') {
            $path += '?' + $request.query
        }
        "$($request.method) $path"
    }
}

# The error record that a script block ends with; fails when it does not.
function Get-Failure {
    param([scriptblock]$Script)
    try {
        [void](& $Script)
    }
    catch {
        return $_
    }
    throw 'it did not fail'
}

# A package file of some bytes.
function New-TestPackage {
    param(
        [string]$Path,
        [int]$Length = 1000
    )
    [System.IO.File]::WriteAllBytes($Path, [byte[]]::new($Length))
    $Path
}

# A runspace of its own with the module and the settings of this one.
function New-TestShell {
    param(
        [object]$Emulator,
        [scriptblock]$Script,
        [hashtable]$Arguments = @{},
        [string]$Module = 'EpiCloud.Native'
    )
    $shell = [powershell]::Create()
    [void]$shell.AddScript({
            param($module, $endpoint, $authority)
            Import-Module $module
            $Global:EpiCloudApiEndpointUri = $endpoint
            $Global:EpiCloudCaFile = $authority
        }.ToString()).AddArgument($Module).AddArgument($Emulator.endpoint).AddArgument($Emulator.caFile)
    [void]$shell.Invoke()
    $shell.Commands.Clear()
    [void]$shell.AddScript($Script.ToString()).AddParameters($Arguments)
    $shell
}

# Waits until a condition holds.
function Wait-Until {
    param(
        [scriptblock]$Condition,
        [int]$Seconds = 20
    )
    $end = [datetime]::UtcNow.AddSeconds($Seconds)
    while (-not (& $Condition)) {
        if ([datetime]::UtcNow -gt $end) {
            throw "it did not happen within $Seconds seconds: $Condition"
        }
        Start-Sleep -Milliseconds 50
    }
}
