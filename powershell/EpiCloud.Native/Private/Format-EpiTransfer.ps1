# What the bar of a transfer says: the percentage in the words of the original, then bytes and rate.
function Format-EpiTransfer {
    param(
        [int]$Percent,
        [EpiCloud.Interop.Progress]$Progress
    )
    $figures = '{0:0.0} of {1:0.0} MiB' -f ($Progress.BytesDone / 1MB), ($Progress.BytesTotal / 1MB)
    if ($Progress.BytesPerSecond -gt 0) {
        $figures += ', {0:0.0} MiB/s' -f ($Progress.BytesPerSecond / 1MB)
    }
    "$Percent% Complete: $figures"
}
