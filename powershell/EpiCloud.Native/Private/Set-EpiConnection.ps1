# Keeps a client for the later calls of this runspace. The library's assembly holds it by the runspace, so that it
# outlives `Import-Module -Force` and ends with the runspace. The connection it takes the place of is closed.
function Set-EpiConnection {
    param(
        [object]$Client,
        [string]$ClientKey,
        [string]$ProjectId,
        # Why the credentials cannot be used, to be told by the first call.
        [System.Exception]$Failure
    )
    $connection = [EpiCloud.Interop.Connection]::new($Client, $ClientKey, $ProjectId)
    $connection.Endpoint = Get-EpiEndpoint
    $connection.Failure = $Failure
    [EpiCloud.Interop.Connections]::Set([runspace]::DefaultRunspace, $connection)
}
