# Makes the record that a public function throws. The text stands in the exception, where scripts look for it.
function New-EpiErrorRecord {
    param(
        [string]$Text,
        [string]$Id,
        [System.Management.Automation.ErrorCategory]$Category,
        [object]$Target,
        [System.Exception]$Cause,
        [string]$NextStep
    )
    $record = [System.Management.Automation.ErrorRecord]::new(
        [System.Management.Automation.RuntimeException]::new($Text, $Cause), $Id, $Category, $Target)
    if ($NextStep) {
        $record.ErrorDetails = [System.Management.Automation.ErrorDetails]::new($Text)
        $record.ErrorDetails.RecommendedAction = $NextStep
    }
    $record
}
