# The client of Connect-EpiCloud, or why it cannot be used.
function Use-EpiConnection {
    param(
        [object]$Connection
    )
    if ($null -ne $Connection.Failure) {
        # Connect-EpiCloud without a project makes no call, and finds no fault in the secret; the first call does.
        throw $Connection.Failure
    }
    if ($Connection.Endpoint -ne (Get-EpiEndpoint)) {
        throw [System.InvalidOperationException]::new(
            'the URL of the service ($Global:EpiCloudApiEndpointUri or EPI_ENDPOINT) changed after ' +
            'Connect-EpiCloud; run Connect-EpiCloud again, with the key and the secret')
    }
    $Connection.Client
}

# The address of the service that the user chose, empty for the live one. Both forms of it, with and without the slash at
# its end, are the same address.
function Get-EpiEndpoint {
    ([string](Get-EpiSetting -Value $Global:EpiCloudApiEndpointUri -Variable 'EPI_ENDPOINT')).TrimEnd('/')
}
