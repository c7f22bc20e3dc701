# Draws or ends the one bar of the module. Its id is its own, so that a bar of the script that called, which has the id 0
# unless it says so, stays beside it.
function Write-EpiProgress {
    param(
        [string]$Activity,
        [string]$Status,
        [switch]$Completed,
        # -1 is unknown.
        [int]$Percent = -1,
        [int]$SecondsRemaining = -1
    )
    $bar = @{ Id = 1900; Activity = $Activity }
    if ($Completed) {
        $bar.Completed = $true
    }
    else {
        $bar.Status = $Status
        $bar.PercentComplete = $Percent
        $bar.SecondsRemaining = $SecondsRemaining
    }
    Microsoft.PowerShell.Utility\Write-Progress @bar
}
