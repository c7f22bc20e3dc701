# Gives back to the system what the module's scripts left when they were read: some ten MiB, which nothing else would collect
# while a transfer runs. Not in a host that has much in memory itself, where it would take longer than it is worth.
function Clear-EpiMemory {
    # Windows PowerShell does not know that mode.
    $mode = 'Aggressive' -as [System.GCCollectionMode]
    if ($null -ne $mode -and [System.GC]::GetTotalMemory($false) -lt 64MB) {
        [System.GC]::Collect(2, $mode, $true, $true)
    }
}
