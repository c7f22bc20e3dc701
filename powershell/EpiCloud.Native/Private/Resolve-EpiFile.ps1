# The full path of a file that a person named, relative to where the session is, or by a drive of it. Fails for what is in
# no file system: the library would take such a path for a file in the folder of the process.
function Resolve-EpiFile {
    param(
        [System.Management.Automation.PSCmdlet]$Cmdlet,
        [string]$Path
    )
    if ($Cmdlet.SessionState.Provider.GetAll().Count -eq 0) {
        # A restricted session has no providers, and so no place that a path could be relative to.
        if ([System.IO.Path]::IsPathRooted($Path)) {
            return $Path
        }
        throw [System.ArgumentException]::new(
            "this session has no file system provider, so the path must be a full one, which '$Path' is not")
    }
    $provider = $null
    $drive = $null
    $file = $Cmdlet.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path, [ref]$provider, [ref]$drive)
    if ($provider.Name -ne 'FileSystem') {
        throw [System.ArgumentException]::new("'$Path' is not in a file system, but belongs to the provider $($provider.Name)")
    }
    $file
}
