# Lets scripts that name the module EpiCloud find EpiCloud.Native: `Import-Module EpiCloud`, `#Requires -Modules EpiCloud`
# and `Get-Command -Module EpiCloud`. There is no script here. Where both lie in one folder of modules, each in a folder named
# by its version, PowerShell takes the higher one, so this is higher than any of the original.
@{
    ModuleVersion        = '2.0.0'
    GUID                 = 'b7f3f1c4-6f0e-4f3a-8a51-0e1d3b6f7a92'
    Author               = 'The epicloud authors'
    CompanyName          = 'epicloud'
    Copyright            = '(c) The epicloud authors. MIT or Apache-2.0.'
    Description          = 'Gives scripts that import EpiCloud the cmdlets of EpiCloud.Native. Not a product of Optimizely.'
    PowerShellVersion    = '5.1'
    CompatiblePSEditions = @('Desktop', 'Core')
    NestedModules        = @('EpiCloud.Native')
    FunctionsToExport    = @(
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
    )
    CmdletsToExport      = @()
    VariablesToExport    = @()
    AliasesToExport      = @()
    FileList             = @('EpiCloud.psd1')
    PrivateData          = @{
        PSData = @{
            Tags       = @('Optimizely', 'Episerver', 'DXP', 'EpiCloud', 'Deployment', 'PSEdition_Desktop', 'PSEdition_Core')
            LicenseUri = 'https://github.com/epicloud/epicloud/blob/main/LICENSE-MIT'
            ProjectUri = 'https://github.com/epicloud/epicloud'
        }
    }
}
