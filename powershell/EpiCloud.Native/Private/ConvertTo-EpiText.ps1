# Puts a message or a next step of the library together from its parts, in the words of this module: parameters where
# documents have members, cmdlets where the library has operations. This is the one place that holds both.
function ConvertTo-EpiText {
    param(
        # The parts, of the document that describes an error.
        [object[]]$Parts,
        # The cmdlet at hand: two spellings of one parameter are told apart by it.
        [string]$Cmdlet
    )
    # The first one that the cmdlet has, and otherwise the first.
    $parameters = @{
        'clientKey'                    = 'ClientKey'
        'clientSecret'                 = 'ClientSecret'
        'projectId'                    = 'ProjectId'
        'files'                        = 'Path'
        'files[].path'                 = 'Path'
        'files[].blobName'             = 'BlobName'
        'sasUrl'                       = 'SasUrl'
        'targetEnvironment'            = 'TargetEnvironment'
        'packages'                     = 'DeploymentPackage'
        'sourceEnvironment'            = 'SourceEnvironment'
        'sourceApps'                   = 'SourceApp'
        'includeBlob'                  = 'IncludeBlob'
        'includeDb'                    = 'IncludeDb'
        'maintenancePage'              = 'UseMaintenancePage'
        'zeroDowntimeMode'             = 'ZeroDownTimeMode'
        'directDeploy'                 = 'DirectDeploy'
        'wait'                         = 'Wait'
        'wait.timeoutMinutes'          = 'WaitTimeoutMinutes'
        'wait.pollingIntervalSeconds'  = 'PollingIntervalSec', 'PollingIntervalSeconds'
        'strict'                       = 'Strict'
        'until'                        = 'Until'
        'id'                           = 'Id'
        'resetWithDbRollback'          = 'RollbackDatabase'
        'validateBeforeSwap'           = 'ValidateBeforeSwap'
        'complete'                     = 'Complete'
        'environment'                  = 'Environment'
        'databaseName'                 = 'DatabaseName'
        'retentionHours'               = 'RetentionHours'
        'newExport'                    = 'NewExport'
        'outputFile'                   = 'Path'
        'overwrite'                    = 'Force'
        'storageContainer'             = 'StorageContainer'
        'writable'                     = 'Writable'
    }
    # What is set by a variable of the session.
    $variables = @{
        'endpoint'           = '$EpiCloudApiEndpointUri'
        'caFile'             = '$EpiCloudCaFile'
        'callTimeoutSeconds' = '$EpiCloudCallTimeoutSeconds'
    }
    $cmdlets = @{
        'packageLocation.get' = 'Get-EpiDeploymentPackageLocation'
        'deployment.start'    = 'Start-EpiDeployment'
        'deployment.list'     = 'Get-EpiDeployment'
        'deployment.get'      = 'Get-EpiDeployment'
        'deployment.wait'     = 'Wait-EpiDeployment'
        'deployment.complete' = 'Complete-EpiDeployment'
        'deployment.reset'    = 'Reset-EpiDeployment'
        'databaseExport.get'  = 'Get-EpiDatabaseExport'
        'databaseExport.wait' = 'Wait-EpiDatabaseExport'
        'databaseExport.save' = 'Save-EpiDatabaseExport'
    }
    $text = ''
    foreach ($part in $Parts) {
        $words = [string]$part.text
        if ($part.member) {
            # The place in a list is not typed; a plain item of one is given by the list's parameter.
            $member = $part.member -replace '\[[^\]]*\]', '[]' -replace '\[\]$'
            $words = $part.member
            if ($variables.ContainsKey($member)) {
                $words = $variables[$member]
            }
            elseif ($parameters.ContainsKey($member)) {
                $names = @($parameters[$member])
                $words = '-' + @(@(Select-EpiParameter -Cmdlet $Cmdlet -Name $names) + $names)[0]
            }
        }
        elseif ($part.operation) {
            $words = $part.operation
            if ($cmdlets.ContainsKey($part.operation)) {
                $words = $cmdlets[$part.operation]
                $cmdletNamed = $words
                $given = @{}
                $order = @()
                foreach ($member in $part.request.PSObject.Properties) {
                    if ($member.Name -eq 'wait') {
                        $given['wait'] = $true
                        $order += 'wait'
                        foreach ($inner in $member.Value.PSObject.Properties) {
                            $given["wait.$($inner.Name)"] = $inner.Value
                            $order += "wait.$($inner.Name)"
                        }
                    }
                    else {
                        $given[$member.Name] = $member.Value
                        $order += $member.Name
                    }
                }
                foreach ($member in $order) {
                    $name = @(Select-EpiParameter -Cmdlet $cmdletNamed -Name $parameters[$member])[0]
                    if (-not $name) {
                        continue
                    }
                    $value = $given[$member]
                    if ($value -is [bool]) {
                        if ($value) {
                            $words += " -$name"
                        }
                        continue
                    }
                    if ("$value" -notmatch '^[A-Za-z0-9_./:\\][A-Za-z0-9_./:\\-]*$') {
                        $value = "'" + ("$value" -replace "['\u2018\u2019\u201a\u201b]", '$0$0') + "'"
                    }
                    $words += " -$name $value"
                }
            }
        }
        $text += $words
    }
    $text
}
