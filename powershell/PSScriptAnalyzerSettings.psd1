# For Invoke-ScriptAnalyzer, where it is at hand: powershell/tests/Run.ps1 uses it.
@{
    Severity     = @('Error', 'Warning')
    # Write-Progress, Write-Verbose and the global settings are the contract of the original; its parameters take the
    # secret as text, and its nouns are what they are.
    ExcludeRules = @(
        'PSAvoidGlobalVars'
        'PSAvoidUsingPlainTextForPassword'
        'PSAvoidUsingUsernameAndPasswordParams'
        'PSUseShouldProcessForStateChangingFunctions'
        'PSUseOutputTypeCorrectly'
        'PSReviewUnusedParameter'
    )
    Rules        = @{
        PSUseCompatibleSyntax = @{
            Enable         = $true
            TargetVersions = @('5.1', '7.0')
        }
    }
}
