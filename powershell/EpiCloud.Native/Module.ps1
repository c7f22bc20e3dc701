# The start of EpiCloud.Native.psm1: loads the library. `cargo xtask package powershell` joins this file, then Private/
# and Public/, into that one script. Everything the cmdlets do is done by the library; the scripts only bind parameters,
# show what is reported, and shape what comes out.

# A strict mode of the caller's global scope must not reach into this module.
Set-StrictMode -Off

# Not Add-Type: nothing is compiled, and the folder `lib` is all that is searched.
try {
    $assembly = [System.Reflection.Assembly]::LoadFrom([System.IO.Path]::Combine($PSScriptRoot, 'lib', 'EpiCloud.Interop.dll'))
    # Its own folder, which is that of another copy if that one has loaded it before: the library there serves both.
    [EpiCloud.Interop.NativeLoader]::Load([System.IO.Path]::GetDirectoryName($assembly.Location))
}
catch {
    $reason = $_.Exception.GetBaseException()
    $text = $reason.Message
    if ($reason -is [System.IO.FileLoadException]) {
        $text += ' This process has loaded another version of the module before, and keeps it: start a new process.'
    }
    # Caught and thrown again, because only a throw lets the import fail.
    throw "EpiCloud.Native cannot be loaded: $text"
}

# What identifies an object; no member is added, because scripts write the objects out as the service gave them. By -Force, and
# not in the manifest, where a second copy of the module fails by the first one's before it can say what is wrong.
foreach ($type in 'EpiCloud.Deployment', 'EpiCloud.DatabaseExport') {
    Microsoft.PowerShell.Utility\Update-TypeData -TypeName $type -DefaultKeyPropertySet 'id' -Force
}
