function Disconnect-EpiCloud {
    <#
    .SYNOPSIS
    Removes the credentials of Connect-EpiCloud.

    .DESCRIPTION
    Closes the connection of this runspace; the library zeroes its copy of the secret. Does nothing if there is no
    connection.

    .EXAMPLE
    Disconnect-EpiCloud

    Removes the credentials.

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
