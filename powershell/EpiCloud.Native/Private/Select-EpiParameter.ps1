# Those of some names that a cmdlet has as parameters.
function Select-EpiParameter {
    param(
        [string]$Cmdlet,
        [string[]]$Name
    )
    $own = (Microsoft.PowerShell.Core\Get-Command -Name $Cmdlet -ErrorAction Ignore).Parameters
    foreach ($one in $Name) {
        if ($one -and $null -ne $own -and $own.ContainsKey($one)) {
            $one
        }
    }
}
