# Shows one event of an operation: a warning, a line for -Verbose or -Debug, or how far the service is. What later text
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
                $percent = -1
                if ($Call.Operation -like 'databaseExport.*') {
                    Write-Verbose -Message "Export status: $($Entry.status)."
                }
                else {
                    $percent = [int]$Entry.percent
                    Write-Verbose -Message "Deployment status: $($Entry.status). Progress: $percent%"
                }
                if ($Call.Waiting) {
                    Write-Progress -Activity $Call.Waiting -Status $Entry.status -PercentComplete $percent
                }
            }
        }
    }
}
