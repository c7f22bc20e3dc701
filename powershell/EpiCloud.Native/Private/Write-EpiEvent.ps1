# Shows one event of an operation: a warning, a line for -Verbose or -Debug, or how far the service is. The lines of each
# look at the service come from the library, word for word those of the original. What later text
# needs (the id of what was accepted, the status that was seen last) is kept in $Call.
function Write-EpiEvent {
    param(
        [object]$Entry,
        [hashtable]$Call
    )
    switch ($Entry.event) {
        'warning' {
            Microsoft.PowerShell.Utility\Write-Warning -Message $Entry.text
        }
        'message' {
            if ($Entry.level -eq 'debug') {
                Microsoft.PowerShell.Utility\Write-Debug -Message $Entry.text
            }
            elseif ($Entry.level -eq 'info' -and $Call.Operation -eq 'databaseExport.save') {
                # Which export a save goes on with decides about hours. The other cmdlets say what the original says.
                Microsoft.PowerShell.Utility\Write-Information -MessageData $Entry.text -InformationAction Continue
            }
            else {
                Microsoft.PowerShell.Utility\Write-Verbose -Message $Entry.text
            }
        }
        'accepted' {
            $Call.Id = $Entry.id
            Microsoft.PowerShell.Utility\Write-Verbose -Message $Entry.text
        }
        'retrying' {
            if ($Entry.warns) {
                Microsoft.PowerShell.Utility\Write-Warning -Message $Entry.text
            }
            else {
                Microsoft.PowerShell.Utility\Write-Verbose -Message $Entry.text
            }
        }
        'progress' {
            if ($Entry.phase -eq 'waiting' -and $Entry.status) {
                $Call.Status = $Entry.status
                if ($Call.Waiting) {
                    $bar = @{ Activity = $Call.Waiting; Status = $Entry.status }
                    if ($Call.Operation -like 'deployment.*') {
                        $bar.Percent = [Math]::Max(0, [Math]::Min(100, [int]$Entry.percent))
                        if ($bar.Percent -gt 0) {
                            if (-not $Call.IsShown) {
                                # The original begins at 0, whatever the first answer says.
                                Write-EpiProgress -Activity $Call.Waiting -Status $Entry.status -Percent 0
                            }
                            # The Minimal view has no figure of its own.
                            $bar.Status = "$($Entry.status), $($bar.Percent)%"
                        }
                    }
                    $Call.IsShown = $true
                    Write-EpiProgress @bar
                }
            }
        }
    }
}
