function Add-EpiDeploymentPackage {
    <#
    .SYNOPSIS
    Uploads a deployment package.

    .DESCRIPTION
    Uploads a file to the place that Get-EpiDeploymentPackageLocation names: in several blocks at a time, each with a
    checksum. What fails for a passing reason is sent again; a refusal ends the upload at once. An existing package of that
    name is replaced unless it is linked to a deployment. An upload that was cut goes on where it was when it is called
    again with the same file and name; resumedBytes of the receipt of PassThru says how much was there.

    The link must lead to Azure's blob storage. Set $Global:EpiCloudAllowAnySasUrl to $true for another store, such as an
    emulator that listens elsewhere.

    .PARAMETER SasUrl
    The link from Get-EpiDeploymentPackageLocation. White space around it is taken away.

    .PARAMETER Path
    The file, taken literally. LiteralPath is another name of this parameter.

    .PARAMETER BlobName
    The package's name in the store: [name.](cms|commerce|head).app.<version>.(nupkg|zip) or
    [name.](cms|commerce).sqldb.<version>.bacpac. The file's own name when not given or empty.

    .PARAMETER PassThru
    Gives a receipt of the upload, which also says whether one that was cut was resumed. Without it there is no output.

    .EXAMPLE
    $location = Get-EpiDeploymentPackageLocation
    Add-EpiDeploymentPackage -SasUrl $location -Path site.cms.app.1.0.0.nupkg

    Uploads a package.

    .EXAMPLE
    Get-ChildItem *.nupkg | Add-EpiDeploymentPackage -SasUrl $location

    Uploads all packages of a folder.

    .INPUTS
    Objects with the properties FullName and Name, such as files.

    .OUTPUTS
    None. With PassThru EpiCloud.PackageUpload: blobName, bytes, contentMd5, blocks, resumedBytes (more than 0 when an upload
    that was cut was resumed), retries, integrity
    (crc64 or contentMd5, by which the blob storage has confirmed each block; unverified where it did not).

    .LINK
    about_EpiCloud.Native
    #>
    [CmdletBinding(SupportsShouldProcess = $true, PositionalBinding = $false)]
    [OutputType('EpiCloud.PackageUpload')]
    param(
        [Parameter(Mandatory = $true)]
        [string]$SasUrl,

        [Parameter(Mandatory = $true, ValueFromPipelineByPropertyName = $true)]
        [Alias('FullName', 'LiteralPath', 'PSPath')]
        [string]$Path,

        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [Alias('Name')]
        [string]$BlobName,

        [Parameter()]
        [switch]$PassThru
    )
    process {
        $WhatIfPreference, $ConfirmPreference, $isAsked = Get-EpiPreference -Cmdlet $PSCmdlet -Bound $PSBoundParameters
        # A link that was read from a file or a step of a pipeline often ends in a line end.
        $SasUrl = $SasUrl.Trim()
        # By the text alone, as the original does: links of emulators have these marks anywhere in them.
        $isPackageLink = $SasUrl.StartsWith('https://', [System.StringComparison]::Ordinal) -and
            $SasUrl.Contains('.blob.core.windows.net/') -and
            $SasUrl.IndexOf('deploymentpackages', [System.StringComparison]::OrdinalIgnoreCase) -ge 0
        $outcome = @{ Error = $null }
        if (-not $isPackageLink -and -not $Global:EpiCloudAllowAnySasUrl) {
            $wrong = @{ Text = 'The SasUrl is not correct'; Id = 'INVALID_ARGUMENT'; Category = 'InvalidArgument' }
            $outcome.Error = New-EpiFailure -Cmdlet 'Add-EpiDeploymentPackage' @wrong
        }
        else {
            $resolved = Invoke-EpiAttempt -Script { Resolve-EpiFile -Cmdlet $PSCmdlet -Path $Path }
            if ($null -ne $resolved.Exception) {
                $call = @{ Cmdlet = 'Add-EpiDeploymentPackage'; Operation = 'package.upload'; Name = $BlobName }
                $outcome.Error = ConvertTo-EpiFailure -Exception $resolved.Exception -Call $call
            }
        }
        if ($null -eq $outcome.Error) {
            $package = @{ path = $resolved.Value }
            $name = [System.IO.Path]::GetFileName($resolved.Value)
            if ($BlobName) {
                $package.blobName = $BlobName
                $name = $BlobName
            }
            if ($isAsked -and -not $PSCmdlet.ShouldProcess($name, 'Upload the package, over one of that name')) {
                return
            }
            Microsoft.PowerShell.Utility\Write-Verbose -Message "Uploading blob $name to storage account ..."
            $upload = @{
                Operation = 'package.upload'; Request = @{ files = @($package); sasUrl = $SasUrl }; Anonymous = $true
                Transfer = "Uploading $name"; Name = $name
            }
            $outcome = Invoke-EpiOperation -Cmdlet $PSCmdlet -Bound $PSBoundParameters @upload
        }
        if ($null -eq $outcome.Error) {
            Microsoft.PowerShell.Utility\Write-Verbose -Message 'Done!'
            if ($PassThru) {
                ConvertFrom-EpiDocument -Json $outcome.Json -TypeName 'EpiCloud.PackageUpload' -Member 'packages'
            }
            return
        }
        throw $outcome.Error
    }
}
