# The full path of a file that a person named, relative to where the session is, or by a drive of it. Fails for what is in
# no file system: the library would take such a path for a file in the folder of the process.
function Resolve-EpiFile {
    param(
        [System.Management.Automation.PSCmdlet]$Cmdlet,
        [string]$Path,
        # The files of earlier objects of the pipeline, if one must not be written over another.
        [System.Collections.Generic.HashSet[string]]$Taken
    )
    $place = @{ File = ''; Provider = $null }
    $found = Invoke-EpiAttempt -Script {
        $provider = $null
        $drive = $null
        $place.File = $Cmdlet.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path, [ref]$provider, [ref]$drive)
        $place.Provider = $provider
    }
    if ($null -ne $found.Exception) {
        $cause = $found.Exception.GetBaseException()
        if ([System.IO.Path]::IsPathRooted($Path) -and 'FileSystem' -notin $Cmdlet.SessionState.Provider.GetAll().Name) {
            # A restricted session may have no provider of files, and a full path needs none.
            $place.File = $Path
        }
        else {
            throw $cause
        }
    }
    elseif ($place.Provider.Name -ne 'FileSystem') {
        throw [System.ArgumentException]::new(
            "'$Path' is not in a file system; it belongs to the provider $($place.Provider.Name)")
    }
    if ($null -ne $Taken -and -not $Taken.Add($place.File)) {
        throw [System.ArgumentException]::new(
            "'$($place.File)' is already the file of an earlier object of the pipeline: use a different name for each, such as " +
            '-Path { "$($_.databaseName).bacpac" }')
    }
    $place.File
}
