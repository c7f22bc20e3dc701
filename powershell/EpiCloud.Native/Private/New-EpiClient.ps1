# Makes a native client of credentials, for the service that is chosen now. Without credentials the client can do what needs none, such as uploading by a link.
function New-EpiClient {
    param(
        [hashtable]$Account = @{}
    )
    $config = @{}
    $endpoint = Get-EpiEndpoint
    if ($endpoint) {
        $config.endpoint = $endpoint
    }
    if ($Global:EpiCloudCaFile) {
        $config.caFile = [string]$Global:EpiCloudCaFile
    }
    elseif ($env:EPI_CA_FILE) {
        $config.caFile = $env:EPI_CA_FILE
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
