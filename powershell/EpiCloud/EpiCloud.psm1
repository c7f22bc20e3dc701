# The cmdlets of EpiCloud.Native, under the name by which old scripts know them: those of an EpiCloud.Native that is loaded,
# because a process keeps the native library that it has loaded first; else those of the copy in this folder.
$native = Microsoft.PowerShell.Core\Get-Module -Name EpiCloud.Native
if ($null -eq $native) {
    # Caught and thrown again, because only a throw lets the import fail. No method of .NET is called here: a constrained
    # session would refuse it, and what the other module says of such a session is to be read.
    try {
        Microsoft.PowerShell.Core\Import-Module -Name "$PSScriptRoot/EpiCloud.Native/EpiCloud.Native.psd1" -ErrorAction Stop
    }
    catch {
        throw $_.Exception.Message
    }
}
else {
    Microsoft.PowerShell.Core\Import-Module -ModuleInfo $native
}
Export-ModuleMember -Function '*-Epi*'
