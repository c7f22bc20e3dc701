# Makes every call: starts the operation, waits for it in short slices, shows what it reports, and gives
# @{ Json; Error }. Ctrl-C takes effect between two slices; then, as on every other way out, the operation is cancelled
# and freed, which stops its requests and transfers.
#
# A failure is a value here, which the public function throws as its last act: where errors are silenced a `throw` does
# not leave the function, and nothing may follow it.
function Invoke-EpiOperation {
    param(
        [System.Management.Automation.PSCmdlet]$Cmdlet,
        [System.Collections.IDictionary]$Bound,
        # The project that was given with this object of the pipeline.
        [string]$ProjectId,
        # The name in the catalog, such as deployment.start, and the request without the project.
        [string]$Operation,
        [System.Collections.IDictionary]$Request,
        # Whether it needs neither credentials nor a project.
        [switch]$Anonymous,
        # Whether the project may be missing from the connection: for Connect-EpiCloud itself.
        [switch]$ProjectOptional,
        # The activities that progress is shown under; none when empty.
        [string]$Waiting,
        [string]$Transfer,
        # For the text of errors.
        [string]$Id,
        [string]$Name
    )
    $account = @{ Connection = $null; ClientKey = ''; ProjectId = '' }
    if (-not $Anonymous) {
        $account = Select-EpiAccount -Cmdlet $Cmdlet -Bound $Bound -ProjectId $ProjectId -ProjectOptional:$ProjectOptional
        $Request.projectId = $account.ProjectId
    }
    # A module does not see that of the script that called. It hides a bar and nothing else.
    $preference = $Cmdlet.SessionState.PSVariable.GetValue('ProgressPreference')
    if ($null -ne $preference -and -not $Bound.ContainsKey('ProgressAction')) {
        $ProgressPreference = $preference
    }
    $call = @{
        Cmdlet = $Cmdlet.MyInvocation.MyCommand.Name; Operation = $Operation; ProjectId = $account.ProjectId
        Id = $Id; Name = $Name; Status = ''; Waiting = $Waiting; IsShown = $false
    }
    $outcome = @{ Json = ''; Error = Import-EpiLibrary -Cmdlet $call.Cmdlet }
    if ($null -ne $outcome.Error) {
        return $outcome
    }
    $own = $null
    $running = $null
    $ended = $false
    $shown = ''
    try {
        $made = Invoke-EpiAttempt -Script {
            if ($null -ne $account.Connection) {
                Use-EpiConnection -Connection $account.Connection
            }
            else {
                New-EpiClient -Account $account
            }
        }
        if ($null -ne $made.Exception) {
            $outcome.Error = ConvertTo-EpiFailure -Exception $made.Exception -Call $call
            return $outcome
        }
        if ($null -eq $account.Connection) {
            $own = $made.Value
        }
        $options = [EpiCloud.Interop.OperationOptions]::new()
        # Only what will be shown is kept: 2 is what every user reads, 3 more, 4 every request.
        $options.LogLevel = 2
        if ($VerbosePreference -ne 'SilentlyContinue') {
            $options.LogLevel = 3
        }
        if ($DebugPreference -ne 'SilentlyContinue') {
            $options.LogLevel = 4
        }
        $json = Microsoft.PowerShell.Utility\ConvertTo-Json -InputObject $Request -Compress -Depth 10
        $started = Invoke-EpiAttempt -Script { $made.Value.Start($Operation, $json, $options) }
        if ($null -ne $started.Exception) {
            $outcome.Error = ConvertTo-EpiFailure -Exception $started.Exception -Call $call
            return $outcome
        }
        $running = $started.Value

        $seen = 0
        do {
            try {
                $ended = $running.Wait(200)
                $news = Microsoft.PowerShell.Utility\ConvertFrom-Json -InputObject $running.Events($seen)
                $progress = $running.GetProgress()
            }
            catch {
                # Left to itself it would end this function without an outcome, and the public one would take that for good.
                $outcome.Error = ConvertTo-EpiFailure -Exception $_.Exception -Call $call
                return $outcome
            }
            $seen = $news.lastSeq
            foreach ($entry in $news.events) {
                Write-EpiEvent -Entry $entry -Call $call
            }
            if ($Transfer -and $progress.BytesTotal -gt 0) {
                # Write-Progress refuses more than 100.
                $percent = [int][Math]::Min(100.0, [Math]::Floor(100.0 * $progress.BytesDone / $progress.BytesTotal))
                $status = Format-EpiTransfer -Percent $percent -Progress $progress
                if ($status -ne $shown) {
                    $shown = $status
                    $left = -1
                    if ($progress.EtaMilliseconds -ge 0) {
                        $left = [int][Math]::Min([double][int]::MaxValue, $progress.EtaMilliseconds / 1000.0)
                    }
                    Write-EpiProgress -Activity $Transfer -Status $status -Percent $percent -SecondsRemaining $left
                }
            }
        } until ($ended)

        $result = Invoke-EpiAttempt -Script { $running.Result() }
        if ($null -ne $result.Exception) {
            $outcome.Error = ConvertTo-EpiFailure -Exception $result.Exception -Call $call
            return $outcome
        }
        $outcome.Json = $result.Value
        if ($Transfer) {
            # A small file is over before anybody looked, and the last look may have come before the last step.
            Write-EpiProgress -Activity $Transfer -Status '100% Complete:' -Percent 100
        }
        return $outcome
    }
    finally {
        if ($null -ne $running) {
            if (-not $ended) {
                $running.Cancel()
            }
            $running.Dispose()
        }
        if ($null -ne $own) {
            $own.Dispose()
        }
        foreach ($activity in $Waiting, $Transfer) {
            if ($activity -and $null -ne $running) {
                Write-EpiProgress -Activity $activity -Completed
            }
        }
    }
}
