# Turns what a call failed with into the error that scripts written for EpiCloud know. This is the one place that holds
# the texts of the original; everything else in them comes from the members of the library's error.
#
# $Call holds Cmdlet, Operation (empty where there is no library to call), ProjectId, Id (of the deployment), Name (of the
# package) and Status (the service's word that was seen last).
function ConvertTo-EpiFailure {
    param(
        [System.Exception]$Exception,
        [hashtable]$Call
    )
    $native = $Exception
    while ($null -ne $native -and $native -isnot [EpiCloud.Interop.EpiException]) {
        $native = $native.InnerException
    }
    if ($null -eq $native) {
        # Nothing that the library said: a path that cannot be resolved, a connection that does not fit.
        $cause = $Exception.GetBaseException()
        $native = @{
            Message = $cause.Message; StatusName = ''; HttpStatus = 0; Code = $cause.GetType().Name; Errors = @()
            Field = ''; NextStep = ''
        }
    }
    # What the library says, in the words of this module.
    $message = $native.Message
    $nextStep = $native.NextStep
    if ($native.Json) {
        $parts = Microsoft.PowerShell.Utility\ConvertFrom-Json -InputObject $native.Json
        if ($parts.messageParts) {
            $message = ConvertTo-EpiText -Parts $parts.messageParts -Cmdlet $Call.Cmdlet
        }
        if ($parts.nextStepParts) {
            $nextStep = ConvertTo-EpiText -Parts $parts.nextStepParts -Cmdlet $Call.Cmdlet
        }
    }

    $said = ''
    if ($native.Errors) {
        $said = $native.Errors -join ', '
    }
    if (-not $Call.Operation) {
        # There is no library that could be called, and no text of the original for that.
        $text = $message
    }
    elseif ($native.Field -eq 'clientSecret') {
        $text = "Cannot validate argument on parameter 'ClientSecret'. The ClientSecret is invalid."
        if ($native.Code -eq 'NotBase64') {
            $text += ' The error was: it is not Base64.'
        }
    }
    elseif ($native.HttpStatus -eq 200 -and $native.StatusName -in 'REJECTED', 'CONFLICT') {
        $text = "API call failed! The error(s) was: $said"
    }
    elseif ($native.HttpStatus -ge 300) {
        # Windows PowerShell does not know the names of all of them.
        $reason = "$($native.HttpStatus)"
        $word = [System.Enum]::GetName([System.Net.HttpStatusCode], [int]$native.HttpStatus)
        if ($word) {
            $reason += " ($($word -creplace '(?<=[a-z])(?=[A-Z])', ' '))"
        }
        if (-not $said -or $native.StatusName -eq 'AMBIGUOUS') {
            $said = $message
        }
        $text = "API call failed! The error was: Response status code does not indicate success: $reason. $said"
    }
    else {
        $text = "API call failed! The error was: $message"
    }

    $isExport = $Call.Operation -like 'databaseExport.*'
    if ($native.StatusName -eq 'TIMEOUT') {
        if ($isExport) {
            $text = "Timed out during export with status: $($Call.Status)"
        }
        else {
            $text = "Timed out during deployment with status: $($Call.Status)"
        }
        if ($Call.Operation -eq 'deployment.reset') {
            $text += ". Deployment ID: $($Call.Id)"
        }
    }
    elseif ($native.StatusName -in 'JOB_FAILED', 'EXPIRED' -and $isExport -and $Call.Operation -ne 'databaseExport.save') {
        $text = "$($Call.Cmdlet): Failed. The error was: $message"
    }
    elseif ($native.StatusName -in 'JOB_FAILED', 'WARNINGS' -and -not $isExport) {
        $reasons = $message
        if ($native.Errors) {
            $reasons = $native.Errors -join '. '
        }
        $text = "$($Call.Cmdlet): Failed. Deployment Id: $($Call.Id). The error was: $reasons"
    }
    elseif ($Call.Operation -eq 'databaseExport.save') {
        $text = "Failed to save the database export. The error was: $message"
    }
    elseif ($Call.Operation -eq 'package.upload') {
        if ($native.Field -eq 'files[0].blobName') {
            $text = "The deployment package is not recognized: $($Call.Name)"
        }
        elseif ($native.Code -eq 'LeaseIdMissing') {
            # The library's sentence is the original's, with the service's own behind it.
            $text = $message
        }
        else {
            $text = "Failed to upload the blob. The error was: $message"
        }
    }
    elseif ($Call.Operation -eq 'connect') {
        $text = "Failed to validate the credentials specified for project with id $($Call.ProjectId)! Error: $text"
    }

    # The category of each row of the status table.
    $categories = @{
        INVALID_ARGUMENT      = 'InvalidArgument'
        NOT_CONFIGURED        = 'InvalidArgument'
        ABI_MISMATCH          = 'InvalidOperation'
        UNSUPPORTED           = 'NotImplemented'
        UNAUTHENTICATED       = 'AuthenticationError'
        FORBIDDEN             = 'PermissionDenied'
        NOT_FOUND             = 'ObjectNotFound'
        CONFLICT              = 'ResourceExists'
        THROTTLED             = 'LimitsExceeded'
        UNAVAILABLE           = 'ResourceUnavailable'
        REJECTED              = 'InvalidOperation'
        PROTOCOL              = 'ProtocolError'
        NETWORK               = 'ConnectionError'
        TLS                   = 'SecurityError'
        TIMEOUT               = 'OperationTimeout'
        AMBIGUOUS             = 'InvalidResult'
        JOB_FAILED            = 'OperationStopped'
        EXPIRED               = 'ResourceUnavailable'
        WARNINGS              = 'OperationStopped'
        DESTINATION_DENIED    = 'PermissionDenied'
        DESTINATION_NOT_FOUND = 'ObjectNotFound'
        IO                    = 'ReadError'
        INTEGRITY             = 'InvalidData'
        NO_SPACE              = 'WriteError'
        CANCELLED             = 'OperationStopped'
        PANIC                 = 'NotSpecified'
        INTERNAL              = 'NotSpecified'
    }
    $category = 'NotSpecified'
    if ($native.StatusName -and $categories.ContainsKey($native.StatusName)) {
        $category = $categories[$native.StatusName]
    }
    $id = $native.Code
    if (-not $id) {
        $id = $native.StatusName
    }
    if (-not $id) {
        # A status of a newer library.
        $id = 'INTERNAL'
    }
    # Only what the library said has more to tell than its text.
    $said = $native -as [EpiCloud.Interop.EpiException]
    $failure = @{ Text = $text; Id = $id; Category = $category; Target = $Call.Id; NextStep = $nextStep; Native = $said }
    New-EpiFailure -Cmdlet $Call.Cmdlet @failure
}
