# A setting of the session: the value of its global variable, else that of the environment variable that `epi` reads, so that
# a script which `epi-emulator run` starts does not reach the live service.
function Get-EpiSetting {
    param(
        [string]$Value,
        [string]$Variable
    )
    if (-not $Value) {
        $Value = [System.Environment]::GetEnvironmentVariable($Variable)
    }
    $Value
}
