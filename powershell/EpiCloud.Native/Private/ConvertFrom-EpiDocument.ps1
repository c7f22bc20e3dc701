# The objects of a result document, with the members and types that the original's objects have on this edition of
# PowerShell: dates, integers, lists and members that nobody here knows are left to ConvertFrom-Json.
function ConvertFrom-EpiDocument {
    param(
        [string]$Json,
        [string]$TypeName,
        # The member that holds the objects, if it is not the document itself.
        [string]$Member
    )
    $document = Microsoft.PowerShell.Utility\ConvertFrom-Json -InputObject $Json
    if ($Member) {
        $document = $document.$Member
    }
    foreach ($object in $document) {
        $object.PSObject.TypeNames.Insert(0, $TypeName)
        $object
    }
}
