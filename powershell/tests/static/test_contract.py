"""The parameters of the cmdlets against the metadata that was recorded of EpiCloud 1.9."""

import json
import re

import pytest
from grammar import POWERSHELL, functions, public

RECORDED = json.loads((POWERSHELL / "tests/data/epicloud-cmdlets.json").read_text())
COMMANDS = {command["name"]: command for command in RECORDED["commands"]}

# What may differ, and why. Nothing else does.
# Connect-EpiCloud may stand in for these, so they cannot be mandatory.
NOT_MANDATORY = {"ClientKey", "ClientSecret", "ProjectId"}
# Binding from the pipeline where spec 4.5 calls it a compatible extension.
ALSO_FROM_PIPELINE = {("Get-EpiDatabaseExport", name) for name in ("Environment", "DatabaseName", "Id")}
ADDED_ALIASES = {("Add-EpiDeploymentPackage", "Path"): ["LiteralPath", "PSPath"]}
ADDED_PARAMETERS = {"Credential", "Strict", "PassThru"}
ADDED_COMMANDS = {"Disconnect-EpiCloud", "Save-EpiDatabaseExport", "Wait-EpiDatabaseExport", "Wait-EpiDeployment"}
WITH_SHOULD_PROCESS = {
    "Add-EpiDeploymentPackage",
    "Complete-EpiDeployment",
    "Reset-EpiDeployment",
    "Save-EpiDatabaseExport",
    "Start-EpiDatabaseExport",
    "Start-EpiDeployment",
}


def differences(recorded: dict, ours) -> list[str]:
    """What differs from the recorded command, beyond what may."""
    found = []
    name = recorded["name"]
    if ours.binding.get("PositionalBinding") != "$false":
        found.append("positional binding")
    if ours.binding.get("DefaultParameterSetName") != recorded["defaultParameterSet"]:
        found.append("default parameter set")
    by_name = {parameter.name: parameter for parameter in ours.parameters}
    known = [parameter["name"] for parameter in recorded["parameters"]]
    if [parameter.name for parameter in ours.parameters if parameter.name in known] != known:
        found.append(f"names or order of parameters: {list(by_name)}")
    found += [f"new parameter {added}" for added in by_name if added not in known and added not in ADDED_PARAMETERS]
    for expected in recorded["parameters"]:
        actual = by_name.get(expected["name"])
        if actual is None:
            continue
        sets = [dict(entry) for entry in expected["sets"]]
        for entry in sets:
            if expected["name"] in NOT_MANDATORY:
                entry["mandatory"] = False
            if (name, expected["name"]) in ALSO_FROM_PIPELINE:
                entry["fromPipelineByPropertyName"] = True
        aliases = expected["aliases"] + ADDED_ALIASES.get((name, expected["name"]), [])
        for what, wanted, is_ in [
            ("type", expected["type"], actual.type),
            ("default", expected["default"], actual.default),
            ("aliases", aliases, actual.aliases),
            ("sets", sets, actual.sets),
            ("validation", expected["validation"], actual.validation),
        ]:
            if wanted != is_:
                found.append(f"{what} of {expected['name']}: {is_!r} instead of {wanted!r}")
    return found


def test_all_twelve_are_there():
    assert len(COMMANDS) == 12
    assert set(public()) == set(COMMANDS) | ADDED_COMMANDS


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_parameters_equal_the_recorded_metadata(name):
    assert differences(COMMANDS[name], public()[name]) == []


def test_what_changes_things_can_be_asked_what_it_would_do():
    asking = {name for name, function in public().items() if function.binding.get("SupportsShouldProcess") == "$true"}
    assert asking == WITH_SHOULD_PROCESS
    for name in asking:
        code = public()[name].text
        assert "Get-EpiPreference -Cmdlet $PSCmdlet -Bound $PSBoundParameters" in code, name
        # Its line for -Verbose would stand in the logs of old scripts, so it is called only where somebody is asked or told.
        assert re.search(r"if \(\$isAsked( -and -not \$PSCmdlet\.ShouldProcess\(|\) \{)", code), name
        assert "$PSCmdlet.ShouldProcess(" in code, name


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_no_new_parameter_makes_a_known_prefix_ambiguous(name):
    recorded = COMMANDS[name]
    known = {word: parameter["name"] for parameter in recorded["parameters"] for word in [parameter["name"], *parameter["aliases"]]}
    ours = {word: parameter.name for parameter in public()[name].parameters for word in [parameter.name, *parameter.aliases]}
    if name in WITH_SHOULD_PROCESS:
        ours |= {"WhatIf": "WhatIf", "wi": "WhatIf", "Confirm": "Confirm", "cf": "Confirm"}

    def meant(prefix: str, words: dict) -> set:
        return {parameter for word, parameter in words.items() if word.lower().startswith(prefix.lower())}

    for word in known:
        for length in range(3, len(word) + 1):
            before = meant(word[:length], known)
            if len(before) == 1:
                assert meant(word[:length], ours) == before, f"-{word[:length]}"


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [
        ("$WaitTimeoutMinutes = 240", "$WaitTimeoutMinutes = 241", "default of WaitTimeoutMinutes"),
        ("[ValidateRange(1, 2147483647)]", "[ValidateRange(0, 2147483647)]", "validation of WaitTimeoutMinutes"),
        ("[Alias('WaitTimeoutSec')]", "[Alias('WaitTimeoutSeconds')]", "aliases of WaitTimeoutMinutes"),
        ("[string]$TargetEnvironment", "[object]$TargetEnvironment", "type of TargetEnvironment"),
        ("[Parameter(Mandatory = $true)]", "[Parameter()]", "sets of TargetEnvironment"),
        ("ValueFromPipelineByPropertyName = $true", "ValueFromPipeline = $true", "sets of ProjectId"),
        ("$PollingIntervalSec ", "$PollingIntervalSeconds ", "names or order"),
        ("'cms', 'commerce'", "'cms'", "validation of SourceApp"),
        ("PositionalBinding = $false", "PositionalBinding = $true", "positional binding"),
        ("$DirectDeploy,", "$DirectDeploy,\n\n        [Parameter()]\n        [switch]$Extra,", "new parameter Extra"),
    ],
)
def test_each_difference_would_be_found(before, after, difference):
    source = (POWERSHELL / "EpiCloud.Native/Public/Start-EpiDeployment.ps1").read_text()
    assert before in source
    (changed,) = functions(source.replace(before, after).encode())
    found = differences(COMMANDS["Start-EpiDeployment"], changed)
    assert any(line.startswith(difference) for line in found), found


def test_the_recorded_metadata_is_the_copy_that_was_made():
    # A change of this file would be a change of the contract.
    import hashlib

    data = (POWERSHELL / "tests/data/epicloud-cmdlets.json").read_bytes()
    assert hashlib.sha256(data).hexdigest() == RECORDED_SHA256


RECORDED_SHA256 = "08e77f77dd60118e48355a5cb5d97506507ee768101925ad110c7a7d6f65742e"
