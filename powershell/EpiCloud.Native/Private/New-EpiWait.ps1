# The member `wait` of a request. The library waits, by these two figures.
function New-EpiWait {
    param(
        [int]$Minutes,
        [int]$Seconds
    )
    @{ timeoutMinutes = $Minutes; pollingIntervalSeconds = $Seconds }
}
