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
            Write-Warning -Message $Entry.text
        }
        'message' {
            if ($Entry.level -eq 'debug') {
                Write-Debug -Message $Entry.text
            }
            else {
                Write-Verbose -Message $Entry.text
            }
        }
        'accepted' {
            $Call.Id = $Entry.id
            Write-Verbose -Message "The $($Entry.what) $($Entry.id) was accepted."
        }
        'retrying' {
            Write-Verbose -Message ("$($Entry.what) failed (attempt $($Entry.attempt)), trying again in " +
                "$($Entry.delayMs) ms: $($Entry.reason)")
        }
        'progress' {
            if ($Entry.phase -eq 'waiting' -and $Entry.status) {
                $Call.Status = $Entry.status
                if ($Call.Waiting) {
                    $percent = -1
                    if ($Call.Operation -like 'deployment.*') {
                        $percent = [Math]::Max(0, [Math]::Min(100, [int]$Entry.percent))
                        if ($percent -gt 0 -and -not $Call.IsShown) {
                            # The original begins at 0, whatever the first answer says.
                            Write-Progress -Activity $Call.Waiting -Status $Entry.status -PercentComplete 0
                        }
                    }
                    $Call.IsShown = $true
                    Write-Progress -Activity $Call.Waiting -Status $Entry.status -PercentComplete $percent
                }
            }
        }
    }
}
