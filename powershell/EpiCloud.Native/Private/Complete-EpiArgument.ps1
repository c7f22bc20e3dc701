# What the Tab key offers: environments, databases, and the ids of recent deployments. Additional environments and ids come
# from the connected project, if it answers within a second; without a connection nothing is asked.
function Complete-EpiArgument {
    param(
        [string]$ParameterName,
        [string]$Word
    )
    $offered = [ordered]@{}
    if ($ParameterName -eq 'DatabaseName') {
        $offered = [ordered]@{ epicms = ''; epicommerce = '' }
    }
    else {
        $recent = Invoke-EpiAttempt -Script { Find-EpiRecentDeployment }
        if ($ParameterName -ne 'Id') {
            $offered = [ordered]@{ Integration = ''; Preproduction = ''; Production = '' }
        }
        foreach ($deployment in $recent.Value) {
            $target = $deployment.parameters.targetEnvironment
            if ($ParameterName -eq 'Id') {
                $offered[[string]$deployment.id] = "$($deployment.status), $target"
            }
            else {
                foreach ($name in $target, $deployment.parameters.sourceEnvironment) {
                    $offered[[string]$name] = ''
                }
            }
        }
    }
    foreach ($text in $offered.Keys) {
        if ($text -match '^[\w.-]+$' -and $text -like "$([WildcardPattern]::Escape($Word.Trim('''"')))*") {
            $tip = "$text $($offered[$text])".Trim()
            [System.Management.Automation.CompletionResult]::new($text, $tip, 'ParameterValue', $tip)
        }
    }
}

# The deployments that the connected project lists; none if it does not answer at once.
function Find-EpiRecentDeployment {
    $connection = [EpiCloud.Interop.Connections]::Get([runspace]::DefaultRunspace)
    if ($null -eq $connection -or -not $connection.ProjectId) {
        return
    }
    $client = Use-EpiConnection -Connection $connection
    $options = [EpiCloud.Interop.OperationOptions]::new()
    $options.TimeoutMilliseconds = 1000
    $request = Microsoft.PowerShell.Utility\ConvertTo-Json -InputObject @{ projectId = $connection.ProjectId } -Compress
    $running = $client.Start('deployment.list', $request, $options)
    try {
        [void]$running.Wait(1500)
        ConvertFrom-EpiDocument -Json $running.Result() -TypeName 'EpiCloud.Deployment'
    }
    finally {
        $running.Dispose()
    }
}

# By name and not by an attribute of the parameters, whose script would not see the functions of this module.
foreach ($parameter in 'Environment', 'TargetEnvironment', 'SourceEnvironment', 'DatabaseName', 'Id') {
    $completed = @{ ParameterName = $parameter; ScriptBlock = { Complete-EpiArgument -ParameterName $args[1] -Word $args[2] } }
    $completed.CommandName = @{
        Environment       = 'Get-EpiDatabaseExport', 'Get-EpiStorageContainer', 'Get-EpiStorageContainerSasLink',
        'Save-EpiDatabaseExport', 'Start-EpiDatabaseExport', 'Wait-EpiDatabaseExport'
        TargetEnvironment = 'Start-EpiDeployment'
        SourceEnvironment = 'Start-EpiDeployment'
        DatabaseName      = 'Get-EpiDatabaseExport', 'Wait-EpiDatabaseExport'
        Id                = 'Complete-EpiDeployment', 'Get-EpiDeployment', 'Reset-EpiDeployment', 'Wait-EpiDeployment'
    }[$parameter]
    Microsoft.PowerShell.Core\Register-ArgumentCompleter @completed
}
