function Connect-EpiCloud {
    <#
    .SYNOPSIS
    Keeps credentials for the cmdlets that follow.

    .DESCRIPTION
    After this, every cmdlet of the module works without ClientKey and ClientSecret, and without ProjectId if it was set.
    With a project, the credentials are verified first; if that fails, an earlier connection is kept. Without a project, no
    request is sent.

    The native library holds the credentials for this runspace, until Disconnect-EpiCloud or another connection. They are
    not written to $PSDefaultParameterValues; entries there that would override them, as EpiCloud 1.9 created them, are
    removed.

    Called again without a key and a secret, or with the same key, it verifies the connection again and keeps the values that
    you do not pass, including the project. Another key without a project removes the project, and so does an empty
    ProjectId.

    .PARAMETER ClientKey
    The key of the API credentials.

    .PARAMETER ClientSecret
    The secret of the API credentials.

    .PARAMETER ProjectId
    The id of the project, a GUID. If it is empty, the connection has no project, and nothing is verified.

    .PARAMETER Credential
    The API credentials as one object, with the key as the user name and the secret as the password, instead of ClientKey
    and ClientSecret.

    .EXAMPLE
    Connect-EpiCloud -ClientKey $env:DXP_KEY -ClientSecret $env:DXP_SECRET -ProjectId $env:DXP_PROJECT

    Verifies the credentials and keeps them.

    .EXAMPLE
    Connect-EpiCloud -Credential (Get-Credential) -ProjectId '2a561398-d517-4634-9bc4-aab5008a8e1a'

    Prompts for the key and the secret, so that the secret is not in the history.

    .INPUTS
    None.

    .OUTPUTS
    EpiCloud.Connection: ProjectId (if set), ClientKey, AuthenticationVerified.

    .LINK
    about_EpiCloud.Native
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [OutputType('EpiCloud.Connection')]
    param(
        [Parameter()]
        [string]$ClientKey,

        [Parameter()]
        [string]$ClientSecret,

        [Parameter()]
        [string]$ProjectId,

        [Parameter()]
        [System.Management.Automation.PSCredential]$Credential
    )
    end {
        $account = Select-EpiAccount -Cmdlet $PSCmdlet -Bound $PSBoundParameters -ProjectId $ProjectId -ProjectOptional
        $outcome = @{ Error = Import-EpiLibrary -Cmdlet 'Connect-EpiCloud' }
        if ($null -eq $outcome.Error -and $account.ProjectId) {
            $call = @{ Operation = 'connect'; Request = @{}; ProjectOptional = $true }
            $outcome = Invoke-EpiOperation -Cmdlet $PSCmdlet -Bound $PSBoundParameters -ProjectId $ProjectId @call
        }
        if ($null -eq $outcome.Error) {
            if ($null -ne $account.Connection) {
                $account.Connection.ProjectId = $account.ProjectId
            }
            else {
                $made = Invoke-EpiAttempt -Script { New-EpiClient -Account $account }
                $connection = @{ Client = $made.Value; ClientKey = $account.ClientKey; ProjectId = $account.ProjectId }
                if ($null -ne $made.Exception) {
                    # Nothing was sent, so nothing is known to be wrong yet; the first call will say it.
                    $connection.Failure = $made.Exception.GetBaseException()
                    $connection.Client = [EpiCloud.Interop.Client]::new('{}', $null)
                }
                Set-EpiConnection @connection
            }
            # By their names, whatever prefix the module may have been imported with.
            $commands = @(
                'Complete-EpiDeployment', 'Connect-EpiCloud', 'Get-EpiDatabaseExport', 'Get-EpiDeployment'
                'Get-EpiDeploymentPackageLocation', 'Get-EpiEdgeLogLocation', 'Get-EpiStorageContainer'
                'Get-EpiStorageContainerSasLink', 'Reset-EpiDeployment', 'Save-EpiDatabaseExport', 'Start-EpiDatabaseExport'
                'Start-EpiDeployment', 'Wait-EpiDatabaseExport', 'Wait-EpiDeployment'
            )
            foreach ($command in $commands) {
                Microsoft.PowerShell.Utility\Write-Verbose -Message "Configuring credentials for command $command"
                foreach ($parameter in 'ClientKey', 'ClientSecret', 'ProjectId') {
                    $entry = "${command}:$parameter"
                    if ($null -ne $Global:PSDefaultParameterValues -and $Global:PSDefaultParameterValues.Contains($entry)) {
                        [void]$Global:PSDefaultParameterValues.Remove($entry)
                    }
                }
            }
            $result = [ordered]@{}
            if ($account.ProjectId) {
                $result.ProjectId = $account.ProjectId
            }
            $result.ClientKey = $account.ClientKey
            $result.AuthenticationVerified = [bool]$account.ProjectId
            $object = [pscustomobject]$result
            $object.PSObject.TypeNames.Insert(0, 'EpiCloud.Connection')
            $object
            return
        }
        throw $outcome.Error
    }
}
