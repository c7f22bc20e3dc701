# Loads the native library and gives the error of the cmdlet if that fails. By the first call and not by an import, of which it
# would be a tenth; what is loaded already is not loaded again.
function Import-EpiLibrary {
    param(
        [string]$Cmdlet
    )
    $loaded = Invoke-EpiAttempt -Script {
        # Of the folder of the assembly, which is that of another copy of the module if that one has loaded it before: the
        # library there serves both. Nothing else is searched.
        $assembly = [EpiCloud.Interop.NativeLoader].Assembly
        [EpiCloud.Interop.NativeLoader]::Load([System.IO.Path]::GetDirectoryName($assembly.Location))
    }
    if ($null -ne $loaded.Exception) {
        $failure = ConvertTo-EpiFailure -Exception $loaded.Exception -Call @{ Cmdlet = $Cmdlet; Operation = '' }
        return $failure
    }
}
