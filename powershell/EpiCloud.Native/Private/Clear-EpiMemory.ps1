# Gives back to the system what scripts have left so far: reading a script leaves some ten MiB, and nothing else would collect
# them while a transfer runs. Not in a host that has much in memory itself, where it would take longer than it is worth.
function Clear-EpiMemory {
    # Windows PowerShell does not know that mode.
    $mode = 'Aggressive' -as [System.GCCollectionMode]
    if ($null -ne $mode -and [System.GC]::GetTotalMemory($false) -lt 64MB) {
        [System.GC]::Collect(2, $mode, $true, $true)
    }
}
