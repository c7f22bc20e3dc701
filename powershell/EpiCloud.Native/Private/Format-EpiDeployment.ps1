# What a deployment is about to do, for those who are asked or told by -WhatIf: all that would be hard to take back.
function Format-EpiDeployment {
    param(
        [string[]]$Package,
        [string]$From,
        [string[]]$App,
        [bool]$Blob,
        [bool]$Db,
        [string]$Target,
        [switch]$Direct
    )
    $overwritten = @()
    if ($From) {
        $what = 'the content'
        if ($App) {
            $what = "the code ($($App -join ', '))"
        }
        $text = "Deploy $what of $From"
        if ($Db) {
            $overwritten += 'databases'
        }
        if ($Blob) {
            $overwritten += 'blobs'
        }
    }
    else {
        $text = "Deploy $($Package -join ', ')"
        if ($Package -like '*.bacpac') {
            $overwritten += 'databases'
        }
    }
    if ($Direct) {
        $text += ' directly to the site, without a slot and verification (DirectDeploy)'
    }
    if ($overwritten) {
        $text += "; the $($overwritten -join ' and ') of $Target will be overwritten"
    }
    $text
}
