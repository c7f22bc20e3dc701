function Disconnect-EpiCloud {
    <#
    .SYNOPSIS
    Forgets the credentials of Connect-EpiCloud.

    .DESCRIPTION
    Forgets the connection of this runspace; the library zeroes its copy of the secret. Does nothing if there is none.

    .EXAMPLE
    Disconnect-EpiCloud

    Forgets the credentials.

    .INPUTS
    None.

    .OUTPUTS
    None.

    .LINK
    about_EpiCloud.Native
    #>
    [CmdletBinding(PositionalBinding = $false)]
    param(

    )
    [EpiCloud.Interop.Connections]::Remove([runspace]::DefaultRunspace)
}
