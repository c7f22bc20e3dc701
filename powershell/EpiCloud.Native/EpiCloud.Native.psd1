# The version is that of both modules: what scripts ask for when they name EpiCloud, so it is higher than any of the
# original. What the native library has is another one.
@{
    RootModule             = 'EpiCloud.Native.psm1'
    ModuleVersion          = '2.0.0'
    GUID                   = '6a0c0c0e-3c55-4d2f-9d27-5b6a1f0e7c41'
    Author                 = 'The epicloud authors'
    CompanyName            = 'epicloud'
    Copyright              = '(c) The epicloud authors. MIT or Apache-2.0.'
    Description            = 'Deploys to the Optimizely DXP cloud and exports databases from it. A drop-in replacement for EpiCloud: the same cmdlets, parameters, objects and messages, with parallel and verified transfers by a native library. Not a product of Optimizely.'
    PowerShellVersion      = '5.1'
    CompatiblePSEditions   = @('Desktop', 'Core')
    DotNetFrameworkVersion = '4.7.2'
    FunctionsToExport      = @(
        'Add-EpiDeploymentPackage'
        'Complete-EpiDeployment'
        'Connect-EpiCloud'
        'Disconnect-EpiCloud'
        'Get-EpiDatabaseExport'
        'Get-EpiDeployment'
        'Get-EpiDeploymentPackageLocation'
        'Get-EpiEdgeLogLocation'
        'Get-EpiStorageContainer'
        'Get-EpiStorageContainerSasLink'
        'Reset-EpiDeployment'
        'Save-EpiDatabaseExport'
        'Start-EpiDatabaseExport'
        'Start-EpiDeployment'
        'Wait-EpiDatabaseExport'
        'Wait-EpiDeployment'
    )
    CmdletsToExport        = @()
    VariablesToExport      = @()
    AliasesToExport        = @()
    # Filled in when the module is packaged.
    FileList               = @()
    PrivateData            = @{
        PSData = @{
            Tags       = @('Optimizely', 'Episerver', 'DXP', 'EpiCloud', 'Deployment', 'PSEdition_Desktop', 'PSEdition_Core', 'Windows', 'Linux', 'MacOS')
            LicenseUri = 'https://github.com/epicloud/epicloud/blob/main/LICENSE-MIT'
            ProjectUri = 'https://github.com/epicloud/epicloud'
        }
    }
}
