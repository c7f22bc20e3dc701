function Add-EpiDeploymentPackage {
    <#
    .SYNOPSIS
    Uploads a deployment package.

    .DESCRIPTION
    Uploads a file to the location that Get-EpiDeploymentPackageLocation returns, in parallel blocks with a checksum each.
    Temporary errors are retried; a refusal ends the upload at once. An existing package of the same name is replaced
    unless it is linked to a deployment. To resume an interrupted upload, call it again with the same file and name;
    resumedBytes of the receipt of PassThru shows how much was already uploaded.

    The SAS URL must be one of Azure blob storage. Set $Global:EpiCloudAllowAnySasUrl to $true for another blob storage,
    such as an emulator.

    .PARAMETER SasUrl
    The SAS URL from Get-EpiDeploymentPackageLocation. White space around it is ignored.

    .PARAMETER Path
    The file, taken literally. LiteralPath is another name of this parameter.

    .PARAMETER BlobName
    The name to upload the package under: [name.](cms|commerce|head).app.<version>.(nupkg|zip) or
    [name.](cms|commerce).sqldb.<version>.bacpac. The default is the name of the file.

    .PARAMETER PassThru
    Returns a receipt of the upload. By default there is no output.

    .EXAMPLE
    $location = Get-EpiDeploymentPackageLocation
    Add-EpiDeploymentPackage -SasUrl $location -Path site.cms.app.1.0.0.nupkg

    Uploads a package.

    .EXAMPLE
    Get-ChildItem *.nupkg | Add-EpiDeploymentPackage -SasUrl $location

    Uploads all packages of a directory.

    .INPUTS
    Objects with the properties FullName and Name, such as files.

    .OUTPUTS
    None. With PassThru EpiCloud.PackageUpload: blobName, bytes, contentMd5, blocks, resumedBytes (more than 0 if an
    interrupted upload was resumed), retries, integrity (the checksum by which the blob storage confirmed each block:
    crc64 or contentMd5, or unverified if it did not).

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
            if ($isAsked -and -not $PSCmdlet.ShouldProcess($name, 'Upload the package, replacing an existing one of that name')) {
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
