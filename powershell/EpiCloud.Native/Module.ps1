# The start of EpiCloud.Native.psm1: loads the assembly. `cargo xtask package powershell` joins this file and Public/ into
# that script, and Private/ into another. Everything the cmdlets do is done by the library; the scripts only bind parameters,
# show what is reported, and shape what comes out.

# A strict mode of the caller's global scope must not reach into this module.
Set-StrictMode -Off

# Why the assembly cannot be loaded.
function Format-EpiRefusal {
    param(
        [System.Management.Automation.ErrorRecord]$Record
    )
    # Where scripts may not call .NET there is no way to the library.
    if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
        return 'EpiCloud.Native cannot be loaded: this session is in the language mode ' +
            "$($ExecutionContext.SessionState.LanguageMode), in which scripts cannot call its library. " +
            'Use a session in FullLanguage mode, or have your administrator trust the module.'
    }
    $reason = $Record.Exception.GetBaseException()
    $text = $reason.Message
    if ($reason -is [System.IO.FileLoadException]) {
        $text += ' Another version of the module is already loaded in this process: start a new process.'
    }
    "cannot load EpiCloud.Native: $text"
}

# Not Add-Type: nothing is compiled. The native library is loaded when a cmdlet needs it, see Import-EpiLibrary. Whatever this
# script itself says is compiled by each import, so it says little.
try {
    [void][System.Reflection.Assembly]::LoadFrom("$PSScriptRoot/lib/EpiCloud.Interop.dll")
}
catch {
    # Caught and thrown again, because only a throw lets the import fail.
    throw (Format-EpiRefusal -Record $_)
}

# Reads what calls need and an import does not, at the first call of any function of Private/: until then each of those that
# Public/ calls stands here as a line that calls this and then the one that has taken its place.
function Import-EpiCall {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'EpiCloud.Native.Calls.ps1'))
    # Whatever was asked of the call is not asked of these.
    $asked = @{ WhatIf = $false; Confirm = $false; Verbose = $false; Debug = $false }
    # What identifies an object; no member is added, because scripts write the objects out as the service gave them. By
    # -Force and not in the manifest, where a second copy of the module fails by the first one's.
    foreach ($type in 'EpiCloud.Deployment', 'EpiCloud.DatabaseExport') {
        Microsoft.PowerShell.Utility\Update-TypeData -TypeName $type -DefaultKeyPropertySet 'id' -Force @asked
    }
    $views = [System.IO.Path]::Combine($PSScriptRoot, 'EpiCloud.Native.Format.ps1xml')
    Microsoft.PowerShell.Utility\Update-FormatData -AppendPath $views @asked
    [void](Clear-EpiMemory)
}

