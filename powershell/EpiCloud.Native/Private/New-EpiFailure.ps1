# Makes the exception that a public function throws. It is made so that
#
# - `catch [EpiCloud.Interop.EpiException]` gets an exception of that type, with the text of the cmdlet, and every other
#   `catch` a RuntimeException, as of the original: PowerShell looks at the inner one first, and puts the one that was
#   asked for into the record in place of the exception that says "contains the record";
# - the record names the cmdlet and the line that called it. A throw notes its own line, which is one of the module, unless
#   one is noted already.
function New-EpiFailure {
    param(
        [string]$Cmdlet,
        [string]$Text,
        [string]$Id,
        [System.Management.Automation.ErrorCategory]$Category,
        [object]$Target,
        [string]$NextStep,
        # What the library said, if it was the library.
        [EpiCloud.Interop.EpiException]$Native
    )
    $cause = [EpiCloud.Interop.EpiException]::Reworded($Native, $Text, $NextStep)
    $record = [System.Management.Automation.ErrorRecord]::new(
        [System.Management.Automation.ParentContainsErrorRecordException]::new($cause), $Id, $Category, $Target)
    $record.CategoryInfo.Activity = $Cmdlet
    if ($NextStep) {
        $record.ErrorDetails = [System.Management.Automation.ErrorDetails]::new($Text)
        $record.ErrorDetails.RecommendedAction = $NextStep
    }
    $failure = [System.Management.Automation.RuntimeException]::new($Text, $cause, $record)
    # ConciseView writes "Exception" in place of the cmdlet where this is true, and PowerShell itself reads the field
    # behind it, not this property.
    [void]$failure.PSObject.Properties.Add(
        [System.Management.Automation.PSNoteProperty]::new('WasThrownFromThrowStatement', $false), $true)
    # Only a throw notes a place, and only its own: so it is thrown once by a script that stands where the caller does. Where
    # no script called, or the session forbids this, the record has the line of the module.
    [void](Invoke-EpiAttempt -Script {
            # The module is two scripts.
            $own = [System.IO.Path]::Combine($PSScriptRoot, 'EpiCloud.Native.')
            foreach ($frame in Microsoft.PowerShell.Utility\Get-PSCallStack) {
                if (-not ([string]$frame.ScriptName).StartsWith($own, [System.StringComparison]::Ordinal)) {
                    & (New-EpiThrow -Extent $frame.Position) $failure
                }
            }
        })
    $failure
}

# A script that throws its argument at a place in a script.
function New-EpiThrow {
    param(
        [System.Management.Automation.Language.IScriptExtent]$Extent
    )
    $list = [System.Management.Automation.Language.VariableExpressionAst]::new($Extent, 'args', $false)
    $first = [System.Management.Automation.Language.ConstantExpressionAst]::new($Extent, 0)
    $thrown = [System.Management.Automation.Language.CommandExpressionAst]::new(
        $Extent, [System.Management.Automation.Language.IndexExpressionAst]::new($Extent, $list, $first), $null)
    $statement = [System.Management.Automation.Language.ThrowStatementAst]::new(
        $Extent, [System.Management.Automation.Language.PipelineAst]::new($Extent, $thrown))
    $block = [System.Management.Automation.Language.StatementBlockAst]::new(
        $Extent, [System.Management.Automation.Language.StatementAst[]]@($statement), $null)
    $script = [System.Management.Automation.Language.ScriptBlockAst]::new($Extent, $null, $block, $false)
    return $script.GetScriptBlock()
}
