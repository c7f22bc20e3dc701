# Lets scripts that name the module EpiCloud find the cmdlets of EpiCloud.Native: `Import-Module EpiCloud`,
# `#Requires -Modules EpiCloud` and `Get-Command -Module EpiCloud`. Where it lies in one folder of modules with the original,
# each in a folder named by its version, PowerShell takes the higher one, so this is higher than any of the original.
#
# The version and the functions are those of EpiCloud.Native; they and the files are filled in when it is packaged.
@{
    RootModule           = 'EpiCloud.psm1'
    ModuleVersion        = ''
    GUID                 = 'b7f3f1c4-6f0e-4f3a-8a51-0e1d3b6f7a92'
    Author               = 'The epicloud authors'
    CompanyName          = 'epicloud'
    Copyright            = '(c) The epicloud authors. MIT or Apache-2.0.'
    Description          = 'Provides the cmdlets of EpiCloud.Native to scripts that import EpiCloud. Not a product of Optimizely.'
    PowerShellVersion    = '5.1'
    CompatiblePSEditions = @('Desktop', 'Core')
    FunctionsToExport    = @()
    CmdletsToExport      = @()
    VariablesToExport    = @()
    AliasesToExport      = @()
    FileList             = @()
    PrivateData          = @{
        PSData = @{
            Tags       = @('Optimizely', 'Episerver', 'DXP', 'EpiCloud', 'Deployment', 'PSEdition_Desktop', 'PSEdition_Core')
            LicenseUri = 'https://github.com/epicloud/epicloud/blob/main/LICENSE-MIT'
            ProjectUri = 'https://github.com/epicloud/epicloud'
        }
    }
}
