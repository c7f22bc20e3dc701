# The start of EpiCloud.Native.psm1: loads the library. `cargo xtask package powershell` joins this file, then Private/
# and Public/, into that one script. Everything the cmdlets do is done by the library; the scripts only bind parameters,
# show what is reported, and shape what comes out.

# A strict mode of the caller's global scope must not reach into this module.
Set-StrictMode -Off

# Not Add-Type: nothing is compiled, and the folder `lib` is all that is searched.
try {
    [void][System.Reflection.Assembly]::LoadFrom([System.IO.Path]::Combine($PSScriptRoot, 'lib', 'EpiCloud.Interop.dll'))
    [EpiCloud.Interop.NativeLoader]::Load([System.IO.Path]::Combine($PSScriptRoot, 'lib'))
}
catch {
    # Caught and thrown again, because only a throw lets the import fail.
    throw "EpiCloud.Native cannot be loaded: $($_.Exception.GetBaseException().Message)"
}
