# Runs what may fail and gives @{ Value; Exception }. A failure that is caught here leaves no trace: PowerShell notes each
# one in $Error and for -ErrorVariable, also when it is caught, and what a user sees there is the one error of the cmdlet.
function Invoke-EpiAttempt {
    param(
        [scriptblock]$Script
    )
    $attempt = @{ Value = $null; Exception = $null }
    # By this method: a block that is called with & has the caller's -ErrorVariable, and one that is invoked has not.
    {
        $newest = $null
        if ($Global:Error.Count -gt 0) {
            $newest = $Global:Error[0]
        }
        try {
            $attempt.Value = & $Script
        }
        catch {
            $attempt.Exception = $_.Exception
            while ($Global:Error.Count -gt 0 -and -not [object]::ReferenceEquals($Global:Error[0], $newest)) {
                $Global:Error.RemoveAt(0)
            }
        }
    }.InvokeReturnAsIs()
    $attempt
}
