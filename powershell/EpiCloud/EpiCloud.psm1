# The cmdlets of EpiCloud.Native, under the name by which old scripts know them: those of an EpiCloud.Native that is loaded,
# because a process keeps the native library that it has loaded first; else those of the copy in this folder.
$native = Microsoft.PowerShell.Core\Get-Module -Name EpiCloud.Native
if ($null -eq $native) {
    $copy = [System.IO.Path]::Combine($PSScriptRoot, 'EpiCloud.Native', 'EpiCloud.Native.psd1')
    Microsoft.PowerShell.Core\Import-Module -Name $copy
}
else {
    Microsoft.PowerShell.Core\Import-Module -ModuleInfo $native
}
Export-ModuleMember -Function '*-Epi*'
