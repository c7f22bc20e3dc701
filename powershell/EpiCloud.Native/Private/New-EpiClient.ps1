# Makes a native client of credentials, for the service that is chosen now. Without credentials the client can do what
# needs none, such as uploading by a link.
function New-EpiClient {
    param(
        [hashtable]$Account = @{}
    )
    $config = @{}
    $endpoint = Get-EpiEndpoint
    if ($endpoint) {
        $config.endpoint = $endpoint
    }
    $caFile = Get-EpiSetting -Value $Global:EpiCloudCaFile -Variable 'EPI_CA_FILE'
    if ($caFile) {
        $config.caFile = $caFile
    }
    $limit = Get-EpiSetting -Value $Global:EpiCloudCallTimeoutSeconds -Variable 'EPI_CALL_TIMEOUT'
    if ($limit) {
        # What is no number goes as it is, so that the library refuses it by its name.
        $number = $limit -as [int]
        $config.callTimeoutSeconds = @($limit, $number)[$null -ne $number]
    }
    $secret = $null
    try {
        if ($Account.ClientKey) {
            $config.clientKey = $Account.ClientKey
            if ($null -ne $Account.Password) {
                $secret = [EpiCloud.Interop.SecretText]::FromSecureString($Account.Password)
            }
            else {
                $secret = [System.Text.Encoding]::UTF8.GetBytes($Account.ClientSecret)
            }
        }
        [EpiCloud.Interop.Client]::new((Microsoft.PowerShell.Utility\ConvertTo-Json -InputObject $config -Compress), $secret)
    }
    finally {
        [EpiCloud.Interop.SecretText]::Clear($secret)
    }
}
